"""Several trainings inside one trial, and the learning rate that pilots choose for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from claimbench.impls.common.learner import Learning
from claimbench.impls.common.rates import choose_rate
from claimbench.impls.common.training import Optimisers, Recipe, Trained, adamw, train
from claimbench.trial import Trial

__all__ = ["Trainings", "Tuned", "train_at_best_rate"]


@dataclass
class Trainings:
    """Trainings of a trial's model, each with a checkpoint of its own and all with one progress."""

    trial: Trial
    """The trial that they belong to."""
    expected: int = 1
    """How many runs of one seed there will be, at most."""
    _done: int = 0

    def train(
        self, name: str, seeds: Sequence[int], learning: Learning, recipe: Recipe, optimisers: Optimisers = adamw
    ) -> list[Trained]:
        """Train on seeds other than the trial's own; `name` is the checkpoint's, one of each."""
        before = self._done

        def say(done: int, total: int) -> None:
            self.trial.progress(round(100 * (before + len(seeds) * done / total)), 100 * self.expected)

        one = replace(
            self.trial,
            seeds=tuple(seeds),
            scratch=self.trial.scratch and self.trial.scratch / name,
            on_progress=say,
        )
        found = train(learning, recipe, one, optimisers)
        self._done += len(seeds)
        return found


@dataclass(frozen=True)
class Tuned:
    """What was trained at the best rate."""

    log2_rate: float
    """The rate, as a power of two."""
    runs: list[Trained]
    """One a seed of the trial."""


def train_at_best_rate(
    trial: Trial,
    recipe: Recipe,
    exponents: Sequence[int],
    pilots: Sequence[int],
    learnings: tuple[Learning, Learning],
    score: Callable[[Trained], float],
) -> Tuned:
    """Train the trial's seeds at the power of two with the lowest mean score on the pilot seeds.

    `learnings` are what pilots learn and what the trial's seeds do, which differ in what is evaluated. The gate
    `rate_on_edge` says whether an end of the grid is better than all inside.
    """
    pilot, full = learnings
    trainings = Trainings(trial, len(exponents) * len(pilots) + len(trial.seeds))

    def at(exponent: int, seeds: Sequence[int], learning: Learning) -> list[Trained]:
        at_rate = replace(recipe, learning_rate=2.0**exponent)
        return trainings.train(f"{exponent}-{seeds[0]}", seeds, learning, at_rate)

    scores = [float(np.mean([score(run) for run in at(exponent, pilots, pilot)])) for exponent in exponents]
    best, on_edge = choose_rate(scores)
    trial.gate("rate_on_edge", float(on_edge))
    return Tuned(float(exponents[best]), at(exponents[best], trial.seeds, full))

"""Training at the learning rate that pilots choose, inside one trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from claimbench.impls.common.learner import Learning
from claimbench.impls.common.rates import choose_rate
from claimbench.impls.common.training import Recipe, Trained, train
from claimbench.trial import Trial

__all__ = ["Tuned", "train_at_best_rate"]


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
    todo = len(exponents) * len(pilots) + len(trial.seeds)
    done = 0

    def at(exponent: int, seeds: Sequence[int], learning: Learning) -> list[Trained]:
        nonlocal done
        before = done

        def say(some: int, total: int) -> None:
            trial.progress(round(100 * (before + len(seeds) * some / total)), 100 * todo)

        one = replace(
            trial,
            seeds=tuple(seeds),
            scratch=trial.scratch and trial.scratch / f"{exponent}-{seeds[0]}",
            on_progress=say,
        )
        found = train(learning, replace(recipe, learning_rate=2.0**exponent), one)
        done += len(seeds)
        return found

    scores = [float(np.mean([score(run) for run in at(exponent, pilots, pilot)])) for exponent in exponents]
    best, on_edge = choose_rate(scores)
    trial.gate("rate_on_edge", float(on_edge))
    return Tuned(float(exponents[best]), at(exponents[best], trial.seeds, full))

"""Training small models by Schedule-Free learning and by schedules, for a length known beforehand or for any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from claimbench.errors import SpecError
from claimbench.impls.common.rates import choose_rate
from claimbench.impls.common.training import Trained
from claimbench.impls.common.tuned import Trainings
from claimbench.impls.common.workload import workload_of
from claimbench.impls.schedule_free.methods import Setting, setting
from claimbench.impls.schedule_free.tasks import Lesson, lesson
from claimbench.papers.schedule_free.workloads import Training
from claimbench.record import Curve
from claimbench.trial import Quality, Trial

__all__ = ["front", "sensitivity"]

MARKS = {"quarter": 4, "half": 2, "full": 1}
"""Lengths after which results are taken, as divisors of the longest."""


def front(trial: Trial) -> Quality:
    """SF-07: metrics after a quarter, a half and all of the steps, one value a seed.

    A schedule is a run of its own for each length, with its own best learning rate; other methods are one run, at the
    rate that is best in the end. Rates are chosen on the workload's pilot seeds, once for each metric M of `chosen_by`.
    Values are `M_quarter`, `M_half`, `M_full`, each at the rate chosen for it, and `log2_rate_M_…`; the gate
    `rate_on_edge` counts best rates at an end of the grid.

    Options of the arm: those of `methods.setting`, and `refresh`, whether BatchNorm's statistics are taken anew.
    """
    runs = _runs(trial)
    work, pilots = runs.work, runs.work.pilots
    lengths = list(MARKS) if runs.setting.needs_horizon else ["full"]
    todo = len(lengths) * (len(runs.rates) * len(pilots) + len(work.chosen_by) * len(trial.seeds))
    runs.trainings.expected = todo
    values: dict[str, list[float]] = {}
    on_edge = 0
    for length in lengths:
        marks = [length] if runs.setting.needs_horizon else list(MARKS)
        tried = [runs.train(length, rate, pilots) for rate in runs.rates]
        chosen: dict[str, int] = {}
        for metric in work.chosen_by:
            scores = [_mean(found[length], metric) for found in tried]
            chosen[metric], edge = choose_rate(scores, [_mean(found[length], "train_loss") for found in tried])
            on_edge += edge
        found = {index: runs.train(length, runs.rates[index], trial.seeds) for index in sorted(set(chosen.values()))}
        for metric, index in chosen.items():
            for mark in marks:
                values[f"{metric}_{mark}"] = [one[metric] for one in found[index][mark]]
            values[f"log2_rate_{metric}_{length}"] = [float(np.log2(runs.rates[index]))] * len(trial.seeds)
    trial.gate("rate_on_edge", float(on_edge))
    return Quality(values)


def sensitivity(trial: Trial) -> Quality:
    """SF-13: in how many octaves of the learning rate a metric is near its best, one value a seed.

    Every rate of the grid is trained to the end on every seed. `width` counts the octaves in which the first metric of
    `chosen_by`, linear in between, is at most `near` (an option of the arm, in the metric's unit) above the seed's own
    best; the gate `rate_on_edge` counts seeds for which an end of the grid still is. The curve `sensitivity` has the
    metric over log2 of the rate.
    """
    runs = _runs(trial, "near")
    near = float(trial.option("near"))
    metric = runs.work.chosen_by[0]
    runs.trainings.expected = len(runs.rates) * len(trial.seeds)
    grid = np.log2(runs.rates)
    found = [[one[metric] for one in runs.train("full", rate, trial.seeds)["full"]] for rate in runs.rates]
    lines = np.where(np.isfinite(found), found, np.inf).T
    widths = [_width(grid, line, near) for line in lines]
    trial.gate("rate_on_edge", float(sum(min(line[0], line[-1]) <= line.min() + near for line in lines)))
    return Quality(
        {"width": widths}, {"sensitivity": Curve(x=tuple(grid.tolist()), y=tuple(map(tuple, lines.tolist())))}
    )


def _width(grid: np.ndarray, line: np.ndarray, near: float) -> float:
    """Length of the set where the line, linear between the points of the grid, is at most `near` above its least."""
    top = line.min() + near
    width = 0.0
    for (a, b), (u, v) in zip(pairwise(grid), pairwise(line), strict=True):
        low, high = min(u, v), max(u, v)
        if high <= top:
            width += b - a
        elif low <= top and np.isfinite(high):
            width += (b - a) * (top - low) / (high - low)
    return float(width)


@dataclass
class _Runs:
    """Trainings of one method for each length and at each rate."""

    trainings: Trainings
    work: Training
    setting: Setting
    lesson: Lesson
    rates: list[float]

    def train(self, length: str, rate: float, seeds: Sequence[int]) -> dict[str, list[dict[str, float]]]:
        """Mark → metrics of each seed, trained at a rate for one of the lengths."""
        steps = self.work.steps // MARKS[length]
        recipe = self.setting.recipe(
            steps,
            rate,
            round(self.work.warmup * steps),
            1 if self.setting.needs_horizon else max(MARKS.values()),
            together=self.lesson.together and len(seeds) > 1,
        )
        name = f"{length}-{rate}-{seeds[0]}"
        trained = self.trainings.train(name, seeds, self.lesson.learning, recipe, self.setting.optimiser)
        return {
            mark: [_at(run, self.work.steps // divisor) for run in trained]
            for mark, divisor in MARKS.items()
            if self.work.steps // divisor in trained[0].steps
        }


def _runs(trial: Trial, *others: str) -> _Runs:
    work = workload_of(trial, Training)
    if "refresh" in trial.options and work.task != "digits_conv":
        raise SpecError(f"{work.task} has no BatchNorm: leave out the option 'refresh'")
    options = {name: value for name, value in trial.options.items() if name not in ("refresh", *others)}
    how = setting(options, work.base, work.weight_decay)
    rates = [2.0**k for k in range(work.low, work.high + 1)]
    return _Runs(
        Trainings(trial), work, how, lesson(trial, work, refresh=bool(trial.options.get("refresh", True))), rates
    )


def _at(run: Trained, step: int) -> dict[str, float]:
    place = run.steps.index(step)
    return {metric: values[place] for metric, values in run.values.items()}


def _mean(found: Sequence[dict[str, float]], metric: str) -> float:
    return float(np.mean([one[metric] for one in found]))

"""The logs of a loop as evidence: named runs, read from their folders, and quantities computed from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np

from claimbench.impls.ai_scientist.loop.quantities import (
    Count,
    Counted,
    FlipP,
    Improvement,
    Level,
    Mean,
    Quantity,
    SeedValue,
    Spread,
)
from claimbench.impls.ai_scientist.loop.runs import Results, read_run
from claimbench.impls.ai_scientist.loop.stages import LoopStopped
from claimbench.impls.ai_scientist.loop.template import Metric, Template, printed
from claimbench.spec import Model
from claimbench.stats.intervals import Interval, paired_t
from claimbench.stats.signflip import sign_flip_p

__all__ = ["Decision", "Evidence", "Index"]

Decision = Literal["better", "worse", "undecided"]
_RATIO_DIGITS = 3


class Index(Model):
    """Which run is which: written by the loop, read by whoever checks its paper."""

    names: dict[str, str]
    """Name in the paper, such as `held_out/found`, → folder of the run."""
    uses: tuple[tuple[str, str], ...]
    """Stage and run, in the order in which runs were asked for."""


@dataclass(frozen=True)
class Evidence:
    """All that a paper may refer to."""

    template: Template
    """What was run."""
    results: dict[str, Results]
    """Name in the paper → what the run measured."""
    counts: dict[Counted, int]
    """How many there are of what."""

    @classmethod
    def read(cls, template: Template, index: Index, folder: Path) -> Evidence:
        """The runs of an index from `folder`, with their hashes checked.

        Raises LoopStopped where one has no results or has been changed.
        """
        results: dict[str, Results] = {}
        for name, key in index.names.items():
            found = read_run(folder / key).results
            if found is None:
                raise LoopStopped(f"{folder / key} has no results and is evidence of a paper: run the loop again")
            results[name] = found
        keys = {key for _, key in index.uses}
        stages: tuple[Counted, ...] = ("grid", "pilot", "search", "control")
        counts: dict[Counted, int] = {stage: sum(used == stage for used, _ in index.uses) for stage in stages}
        counts |= {
            "tuning_seeds": len(template.seeds.tuning),
            "held_out_seeds": len(template.seeds.held_out),
            "second_seeds": len(template.seeds.second),
            "failed": sum(read_run(folder / key).results is None for key in keys),
            "runs": len(keys),
        }
        return cls(template, results, counts)

    def metric(self, name: str) -> Metric:
        """The template's metric of that name."""
        return next(metric for metric in self.template.metrics if metric.name == name)

    def value(self, quantity: Quantity) -> float:
        """A quantity, computed from the runs; KeyError or ValueError where they do not hold it."""
        match quantity:
            case SeedValue(run=run, metric=metric, seed=seed):
                found = self.results[run]
                return found.values[metric][found.seeds.index(seed)]
            case Mean(run=run, metric=metric):
                return _mean(self.results[run].values[metric], self.metric(metric))
            case Spread(run=run, metric=metric):
                return float(np.std(self.results[run].values[metric], ddof=1))
            case Improvement(subject=subject, baseline=baseline, level=level, part=part):
                interval = self.improvement(subject, baseline, level)
                return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}[part]
            case FlipP(subject=subject, baseline=baseline):
                gains = self._gains(subject, baseline)
                return min(1.0, 2 * min(sign_flip_p(gains), sign_flip_p([-gain for gain in gains])))
            case Count(of=of):
                return float(self.counts[of])
            case Level(run=run, lever=lever):
                return float(self.results[run].settings[lever])

    def text(self, quantity: Quantity) -> str:
        """A quantity as it is printed."""
        value = self.value(quantity)
        match quantity:
            case Count():
                return str(int(value))
            case Level(run=run, lever=lever):
                return printed(self.results[run].settings[lever])
            case FlipP():
                return _fixed(value, 3)
            case Improvement() if self.template.metric.compare == "ratio":
                return _fixed(value, _RATIO_DIGITS)
            case Improvement():
                return _fixed(value, self.template.metric.digits)
            case _:
                return _fixed(value, self.metric(quantity.metric).digits)

    def improvement(self, subject: str, baseline: str, level: float) -> Interval:
        """Of the judged metric, paired by seed; a ratio above 1, or a difference above 0, favours the subject."""
        gains = self._gains(subject, baseline)
        found = paired_t(gains, [0.0] * len(gains), level)
        if self.template.metric.compare == "difference":
            return found
        ends = (math.exp(found.estimate), math.exp(found.low), math.exp(found.high))
        return Interval(*ends, found.level, found.se, found.df)

    def decision(self, subject: str, baseline: str, level: float) -> Decision:
        """Better or worse where interval and exact sign-flip test both say so, else undecided."""
        interval = self.improvement(subject, baseline, level)
        none = 1.0 if self.template.metric.compare == "ratio" else 0.0
        if self.value(FlipP(subject=subject, baseline=baseline)) > 1 - level:
            return "undecided"
        return "better" if interval.low > none else "worse" if interval.high < none else "undecided"

    def pool(self) -> Iterator[float]:
        """Every number of the logs: settings, seeds and all measured values."""
        for found in self.results.values():
            yield from (float(value) for value in found.settings.values() if not isinstance(value, str))
            yield from map(float, found.seeds)
            for values in found.values.values():
                yield from values

    def _gains(self, subject: str, baseline: str) -> list[float]:
        metric, ours, other = self.template.metric, self.results[subject], self.results[baseline]
        if (ours.seeds, ours.evaluate_on) != (other.seeds, other.evaluate_on):
            raise ValueError(f"{subject} and {baseline} do not share their seeds")
        sign = 1 if metric.better == "lower" else -1
        pairs = zip(ours.values[metric.name], other.values[metric.name], strict=True)
        if metric.compare == "ratio":
            return [sign * math.log(theirs / own) for own, theirs in pairs]
        return [sign * (theirs - own) for own, theirs in pairs]


def _mean(values: Sequence[float], metric: Metric) -> float:
    if metric.compare == "ratio":
        return math.exp(sum(map(math.log, values)) / len(values))
    return sum(values) / len(values)


def _fixed(value: float, digits: int) -> str:
    """The decimal that the float prints as, rounded half to even; never a negative zero."""
    text = f"{Decimal(repr(value)):.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text

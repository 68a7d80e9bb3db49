"""The size at which two arms cost the same, with an interval over processes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

__all__ = ["Crossover", "crossover"]


@dataclass(frozen=True)
class Crossover:
    """Where one arm becomes cheaper than another."""

    estimate: float
    """Geometric mean over units."""
    low: float
    """Lower end of the 95 % interval; equal to the estimate for a single unit."""
    high: float
    """Upper end."""
    units: int
    """Units in which the lines cross."""
    of: int
    """Units measured."""


def crossover(
    x: Sequence[float], first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]
) -> Crossover | None:
    """Where `first` stops being dearer than `second` (or cheaper), unit by unit; None where most units do not cross.

    Args:
        x: Sizes, ascending.
        first: Cost of one arm, one line a unit, each as long as `x`.
        second: Cost of the other; unit i was measured beside unit i of `first`.
    """
    pairs = list(zip(first, second, strict=False))
    found = [point for one, other in pairs if (point := _crossing(x, one, other)) is not None]
    if 2 * len(found) <= len(pairs):
        return None
    logs = [math.log(point) for point in found]
    middle, half = fmean(logs), 0.0
    if len(logs) > 1:
        from scipy.special import stdtrit

        half = float(stdtrit(len(logs) - 1, 0.975)) * stdev(logs) / math.sqrt(len(logs))
    low, high = math.exp(middle - half), math.exp(middle + half)
    return Crossover(math.exp(middle), low, high, len(found), len(pairs))


def _crossing(x: Sequence[float], one: Sequence[float], other: Sequence[float]) -> float | None:
    """The last size at which the two power laws between neighbouring sizes meet."""
    gaps = [math.log(a / b) for a, b in zip(one, other, strict=True)]
    for index in range(len(x) - 1, 0, -1):
        before, after = gaps[index - 1], gaps[index]
        if before == 0:
            return x[index - 1]
        if (before > 0) != (after > 0):
            part = before / (before - after)
            return x[index - 1] * (x[index] / x[index - 1]) ** part
    return None

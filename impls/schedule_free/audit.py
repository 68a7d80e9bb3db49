"""Arithmetic on the paper's printed values: differences in standard errors, and how many there are of which kind."""

from __future__ import annotations

import math
from dataclasses import dataclass

from claimbench.impls.schedule_free.published import FIGURE_3, Cell, cell, problems

__all__ = ["Z_95", "Count", "attainable", "best_schedule", "contrast", "count", "z_interval"]

Z_95 = 1.959963984540054
"""97.5 % quantile of the normal distribution."""
_SCHEDULES = ("cosine", "linear_decay", "step_wise")


@dataclass(frozen=True)
class Count:
    """On how many problems one method is above, level with or below another."""

    higher: int
    """Above, as printed."""
    equal: int
    """The same, as printed."""
    lower: int
    """Below, as printed."""
    surely_higher: int
    """Above by more than `Z_95` standard errors, whatever rounding hides."""
    surely_lower: int
    """Below by as much."""


def contrast(better: Cell, other: Cell) -> float:
    """z of a difference from two printed standard errors, positive where `better` is; ±inf where both print as 0."""
    difference = better.mean - other.mean if better.better == "higher" else other.mean - better.mean
    # Decimals such as 0.1 + 0.2: printed figures that are equal must give 0.
    difference = round(difference, 12)
    se = math.hypot(better.se, other.se)
    if se == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / se


def z_interval(better: Cell, other: Cell) -> tuple[float, float]:
    """The least and greatest z that values which print as these can have."""
    first, second = (better, other) if better.better == "higher" else (other, better)
    low = first.mean_interval[0] - second.mean_interval[1]
    high = first.mean_interval[1] - second.mean_interval[0]
    least = math.hypot(better.se_interval[0], other.se_interval[0])
    most = math.hypot(better.se_interval[1], other.se_interval[1])
    return _divide(low, most if low >= 0 else least), _divide(high, least if high >= 0 else most)


def count(figure: tuple[Cell, ...], method: str, other: str) -> Count:
    """How a method compares with another on the problems of a figure that print both."""
    pairs = [(cell(figure, name, method), cell(figure, name, other)) for name in problems(figure)]
    z = [contrast(*pair) for pair in pairs]
    ends = [z_interval(*pair) for pair in pairs]
    return Count(
        higher=sum(value > 0 for value in z),
        equal=sum(value == 0 for value in z),
        lower=sum(value < 0 for value in z),
        surely_higher=sum(low > Z_95 for low, _ in ends),
        surely_lower=sum(high < -Z_95 for _, high in ends),
    )


def best_schedule(problem: str) -> Cell:
    """The best of the schedules that Figure 3 prints for a problem."""
    found = [one for one in FIGURE_3 if one.problem == problem and one.method in _SCHEDULES]
    return max(found, key=lambda one: one.mean if one.better == "higher" else -one.mean)


def attainable(printed: Cell, rows: int, seeds: int = 10) -> bool:
    """Whether some shares of `rows`, one a seed, have a mean and a standard error that print as these per cent.

    Given their sum, shares that differ by at most one row have the least standard error there is.
    """
    low, high = printed.mean_interval
    cases = rows * seeds
    for right in range(math.floor(low / 100 * cases), math.ceil(high / 100 * cases) + 1):
        odd = right % seeds
        least = 100 / rows * math.sqrt(odd * (seeds - odd) / seeds / (seeds - 1) / seeds)
        if low <= 100 * right / cases <= high and least <= printed.se_interval[1]:
            return True
    return False


def _divide(difference: float, se: float) -> float:
    if se == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / se

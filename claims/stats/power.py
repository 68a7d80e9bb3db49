"""Power, by formulas: how likely units of a given spread exclude a bound, and how many of them it takes.

Every function speaks of the distance between the truth and the bound that is to be excluded, on the scale of the
interval (logarithms for ratios), and of a two-sided interval at `level`, of which one end decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from claimbench.stats.proportions import binomial_p, wilson
from claimbench.stats.sample_size import MOST_UNITS

__all__ = [
    "POWER",
    "Design",
    "excludes",
    "items_needed",
    "proportion_power",
    "sd_upper",
    "smallest_distance",
    "units_needed",
    "within",
]

POWER = 0.8
"""Chance that is asked for where none is given."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)


@dataclass(frozen=True)
class Design:
    """What one unit an arm tells: the spread of pairs' differences, or of each arm's own values."""

    sds: tuple[float, ...]
    """One standard deviation (a single arm, or paired differences), or one an arm of two."""

    def se(self, n: int) -> float:
        """Standard error of the effect with `n` units an arm."""
        return math.sqrt(sum(sd * sd for sd in self.sds) / n)

    def df(self, n: int) -> float:
        """Degrees of freedom with `n` units an arm, by Welch and Satterthwaite."""
        fourth = sum(sd**4 for sd in self.sds)
        return (n - 1) * (sum(sd * sd for sd in self.sds) ** 2 / fourth if fourth > 0 else len(self.sds))


def excludes(distance: float, design: Design, n: int, level: float) -> float:
    """Chance that the interval of `n` units an arm excludes a bound at `distance`: the noncentral t."""
    from scipy.special import ndtr, stdtrit

    if n < 2:
        return 0.0
    se, df = design.se(n), design.df(n)
    if se == 0:
        return float(distance > 0)
    weights, spread = _estimated(df)
    return float(weights @ ndtr(distance / se - stdtrit(df, (1 + level) / 2) * spread))


def within(margin: float, design: Design, n: int, level: float) -> float:
    """Chance that the interval lies inside ±`margin`, where the truth is in the middle: two one-sided t tests."""
    from scipy.special import ndtr, stdtrit

    if n < 2:
        return 0.0
    se, df = design.se(n), design.df(n)
    if se == 0:
        return 1.0
    weights, spread = _estimated(df)
    room = np.maximum(margin / se - stdtrit(df, (1 + level) / 2) * spread, 0.0)
    return float(weights @ (2 * ndtr(room) - 1))


def _estimated(df: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights and values over which to average what depends on the estimated standard error, as a share of the true.

    Given it, the rest is normal. scipy's noncentral t is the same to five digits, but is no number for many units.
    """
    from scipy.special import gammaincinv

    return _WEIGHTS / 2, np.sqrt(2 * gammaincinv(df / 2, (_NODES + 1) / 2) / df)


def smallest_distance(
    chance: Callable[[float, Design, int, float], float], design: Design, n: int, level: float, power: float = POWER
) -> float:
    """Smallest distance (`excludes`) or margin (`within`) that `n` units an arm decide with `power`."""
    from scipy.optimize import brentq

    scale = design.se(n)
    if n < 2 or not math.isfinite(scale):
        return math.inf
    if scale == 0:
        return 0.0
    high = scale
    while chance(high, design, n, level) < power:
        high *= 2
        if high > 1e9 * scale:
            return math.inf
    found = brentq(lambda distance: chance(distance, design, n, level) - power, 0.0, high, xtol=1e-6 * scale)
    return cast("float", found)


def units_needed(
    chance: Callable[[float, Design, int, float], float],
    distance: float,
    design: Design,
    level: float,
    power: float = POWER,
) -> int | None:
    """Fewest units an arm with which `chance` reaches `power` at `distance`; None where a million would not do."""
    return _fewest(lambda n: chance(distance, design, n, level) >= power) if distance > 0 else None


def proportion_power(share: float, bound: float, items: int, level: float) -> float:
    """Chance that Wilson's interval and the exact test both exclude `bound`, where `share` is the truth."""
    from scipy.special import bdtrc

    if share < bound:  # then it is the share of failures that is above
        share, bound = 1 - share, 1 - bound
    tail = (1 - level) / 2
    least = _fewest(lambda k: wilson(k, items, level).low >= bound and binomial_p(k, items, bound) <= tail, most=items)
    return 0.0 if least is None else float(bdtrc(least - 1, items, share))


def items_needed(share: float, bound: float, level: float, power: float = POWER) -> int | None:
    """About how many items `proportion_power` takes to reach `power`; the chance rises with them in a saw-tooth."""
    return _fewest(lambda items: proportion_power(share, bound, items, level) >= power) if share != bound else None


def sd_upper(sd: float, df: float, confidence: float = 0.8) -> float:
    """Upper confidence limit of a standard deviation: what to plan with where only pilots are known."""
    from scipy.special import gammaincinv

    return sd * math.sqrt(df / (2 * float(gammaincinv(df / 2, 1 - confidence))))


def _fewest(enough: Callable[[int], bool], most: int = MOST_UNITS) -> int | None:
    """Smallest number from 1 to `most` for which `enough` holds, given that it holds for all larger ones."""
    if not enough(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high

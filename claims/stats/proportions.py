"""Shares of items that succeed or fail: intervals, and the exact tests that guard what they decide.

The intervals cover about what they say, but not side by side: near 0 and 1 Wilson's errs up to twice as often as it
should on one side. Hence a verdict also needs the exact test, whose error rate never exceeds its level.
"""

from __future__ import annotations

import math

import numpy as np

from claimbench.stats.intervals import Interval, z_value

__all__ = ["MIN_ITEMS", "binomial_p", "paired_difference", "paired_difference_p", "wilson"]

MIN_ITEMS = 30
"""Fewest items that an interval of a share is given for.

From there on Wilson's 95 % interval covers at least 93 % wherever ten successes and ten failures are to be expected.
"""
_NUISANCE_RISK = 1e-6
"""Chance that the share of discordant pairs lies outside what is searched for the least favourable one; part of p."""
_NUISANCE_POINTS = 64


def wilson(successes: float, items: float, level: float) -> Interval:
    """Wilson's score interval of a share (1927); `items` may be an effective number, see `effective_items`."""
    z, share = z_value(level), successes / items
    shrink = 1 + z * z / items
    middle = (share + z * z / (2 * items)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / items + z * z / (4 * items * items))
    se = math.sqrt(share * (1 - share) / items)
    # At 0 and 1 the ends are the share itself, but for rounding.
    return Interval(
        share, min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share), level, se, math.inf
    )


def binomial_p(successes: float, items: float, share: float) -> float:
    """Exact p of "the share of successes is above `share`": the chance of as many, or more, where it is not.

    By the incomplete beta function, which takes effective numbers as well.
    """
    from scipy.special import betainc

    if successes <= 0 or share >= 1:
        return 1.0
    return 0.0 if share <= 0 else float(betainc(successes, items - successes + 1, share))


def paired_difference(gained: float, lost: float, pairs: float, level: float) -> Interval:
    """Interval of P(only the first succeeds) - P(only the second does), from numbers of discordant pairs.

    The adjusted Wald interval of Bonett and Price (2012), with one pair more of each kind; the estimate is as it is.
    Numbers may be effective ones, see `effective_items`.
    """
    up, down = (gained + 1) / (pairs + 2), (lost + 1) / (pairs + 2)
    se = math.sqrt((up + down - (up - down) ** 2) / (pairs + 2))
    half, middle = z_value(level) * se, up - down
    return Interval((gained - lost) / pairs, max(middle - half, -1.0), min(middle + half, 1.0), level, se, math.inf)


def paired_difference_p(gained: int, lost: int, pairs: int, bound: float) -> float:
    """Exact p of "the difference is above `bound`": the unconditional form of McNemar's test, at any bound.

    Over the share of discordant pairs, of which nothing is known, the least favourable value counts, within its exact
    interval at 1 - 1e-6, the rest being added to p (Berger and Boos 1994). Outcomes are ordered by the statistic of
    `paired_difference`, which differs from bound to bound, so p need not rise evenly with it. Raises
    ValueError where the bound is not within (-1, 1).
    """
    from scipy.special import bdtrc, betaincinv, gammaln

    if not -1 < bound < 1:
        raise ValueError(f"a difference of shares lies within -1 and 1, got the bound {bound}")
    discordant = np.arange(pairs + 1)
    least = _least_gained(discordant, pairs, bound, _statistic(gained, gained + lost, pairs, bound))
    seen, risk = gained + lost, _NUISANCE_RISK / 2
    low = float(betaincinv(seen, pairs - seen + 1, risk)) if seen else 0.0
    high = float(betaincinv(seen + 1, pairs - seen, 1 - risk)) if seen < pairs else 1.0
    # A difference of `bound` leaves at least that share discordant; the ends themselves are degenerate.
    low, high = max(low, abs(bound), 1e-9), min(max(high, abs(bound) + 1e-9), 1 - 1e-9)
    share = np.linspace(min(low, high), high, _NUISANCE_POINTS)[:, None]
    log_choose = gammaln(pairs + 1) - gammaln(discordant + 1) - gammaln(pairs - discordant + 1)
    weight = np.exp(log_choose + discordant * np.log(share) + (pairs - discordant) * np.log1p(-share))
    gain = np.clip((share + bound) / (2 * share), 0.0, 1.0)
    # bdtrc(k, n, p) is the chance of more than k of n; where not even n would do, of none.
    reached = np.where(least == 0, 1.0, bdtrc(np.maximum(least - 1, 0), np.maximum(discordant, 1), gain))
    reached = np.where(least > discordant, 0.0, reached)
    return min(1.0, float(np.max((weight * reached).sum(axis=1))) + _NUISANCE_RISK)


def _statistic(gained: np.ndarray | int, discordant: np.ndarray | int, pairs: int, bound: float) -> np.ndarray:
    up = (np.asarray(gained, dtype=np.float64) + 1) / (pairs + 2)
    down = (np.asarray(discordant, dtype=np.float64) - gained + 1) / (pairs + 2)
    return (up - down - bound) / np.sqrt((up + down - (up - down) ** 2) / (pairs + 2))


def _least_gained(discordant: np.ndarray, pairs: int, bound: float, seen: np.ndarray) -> np.ndarray:
    """For each number of discordant pairs, the fewest gained ones whose statistic is at least the one seen.

    By bisection, since it grows with the pairs gained; one more than all of them where none will do.
    """
    low, high = np.zeros_like(discordant), discordant + 1
    while np.any(low < high):
        middle = (low + high) // 2
        enough = _statistic(middle, discordant, pairs, bound) >= seen - 1e-12
        low, high = np.where(enough | (low >= high), low, middle + 1), np.where(enough, middle, high)
    return low

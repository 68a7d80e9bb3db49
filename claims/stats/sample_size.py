"""How many units: the fewest that can decide, and how many more would."""

from __future__ import annotations

import math

from claimbench.protocol import ALPHA

__all__ = ["MOST_UNITS", "detectable", "fewest_pairs", "further_units", "share"]

MOST_UNITS = 1_000_000
"""Units beyond which more of them are no advice: the estimate lies on the bound, but for rounding."""


def share(m: int) -> float:
    """Two-sided error rate of one of `m` comparisons (Bonferroni)."""
    return ALPHA / m


def fewest_pairs(alpha: float) -> int:
    """Fewest pairs with which the exact sign-flip test can reach half of the two-sided level `alpha`: 2^-n ≤ α/2."""
    return math.ceil(math.log2(2 / alpha))


def further_units(n: int, half_width: float, distance: float) -> int | None:
    """Units beyond `n` with which an interval of this spread would just exclude a bound at `distance`.

    The half-width shrinks as 1/√n: n·(half_width/distance)² in all. None where no number would do, or none that
    anyone would measure.
    """
    if distance <= 0 or not math.isfinite(half_width) or half_width > distance * math.sqrt(MOST_UNITS / n):
        return None
    return max(1, math.ceil(n * (half_width / distance) ** 2) - n)


def detectable(se: float, df: float, confidence: float, power: float = 0.8) -> float:
    """Smallest effect that a two-sided test at `confidence` would see with `power`, at this standard error."""
    from scipy.special import stdtrit

    if df < 1 or not math.isfinite(se):
        return math.inf
    return float(stdtrit(df, (1 + confidence) / 2) + stdtrit(df, power)) * se

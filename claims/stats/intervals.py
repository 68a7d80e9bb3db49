"""Two-sided Student intervals for means, differences and ratios of units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Interval", "one_sample_t", "paired_t", "t_interval", "welch_df", "welch_of", "welch_t", "z_value"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: float
    """Point estimate."""
    low: float
    """Lower end; minus infinity where there are too few units."""
    high: float
    """Upper end; infinity where there are too few units."""
    level: float
    """Two-sided confidence level."""
    se: float
    """Standard error of the estimate."""
    df: float
    """Degrees of freedom."""

    @property
    def half_width(self) -> float:
        """Half of the interval's length."""
        return (self.high - self.low) / 2


def one_sample_t(values: Sequence[float], level: float) -> Interval:
    """Interval of the mean of `values`."""
    x = np.asarray(values, dtype=np.float64)
    se = float(x.std(ddof=1)) / math.sqrt(x.size) if x.size > 1 else math.inf
    return t_interval(float(x.mean()), se, x.size - 1, level)


def paired_t(first: Sequence[float], second: Sequence[float], level: float) -> Interval:
    """Interval of the mean of `first` - `second`, unit by unit; raises ValueError where their lengths differ."""
    return one_sample_t([a - b for a, b in zip(first, second, strict=True)], level)


def welch_t(first: Sequence[float], second: Sequence[float], level: float) -> Interval:
    """Interval of mean(`first`) - mean(`second`), variances unequal, degrees of freedom by Welch and Satterthwaite."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    difference = float(a.mean() - b.mean())
    if min(a.size, b.size) < 2:
        return t_interval(difference, math.inf, 0, level)
    va, vb = float(a.var(ddof=1)) / a.size, float(b.var(ddof=1)) / b.size
    return t_interval(difference, math.sqrt(va + vb), welch_df(va, a.size - 1, vb, b.size - 1), level)


def welch_of(first: Interval, second: Interval) -> Interval:
    """Interval of the difference of two independent estimates, from their own intervals."""
    va, vb = first.se**2, second.se**2
    df = welch_df(va, first.df, vb, second.df) if math.isfinite(va + vb) else 0.0
    return t_interval(first.estimate - second.estimate, math.sqrt(va + vb), df, first.level)


def welch_df(first: float, first_df: float, second: float, second_df: float) -> float:
    """Degrees of freedom of a sum of two variances, by Welch and Satterthwaite."""
    total = first + second
    if total == 0:
        return first_df + second_df
    # Shares of the variance, not its squares: those of very small numbers would vanish.
    return 1 / ((first / total) ** 2 / first_df + (second / total) ** 2 / second_df)


def t_interval(estimate: float, se: float, df: float, level: float) -> Interval:
    """Interval of an estimate with a Student error; it bounds nothing where no spread can be estimated."""
    from scipy.special import stdtrit

    if df < 1 or not math.isfinite(se):
        return Interval(estimate, -math.inf, math.inf, level, se, df)
    half = float(stdtrit(df, (1 + level) / 2)) * se
    return Interval(estimate, estimate - half, estimate + half, level, se, df)


def z_value(level: float) -> float:
    """The normal quantile that makes a two-sided interval of this level."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))

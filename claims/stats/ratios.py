"""The ratio of two arithmetic means, by Fieller: for mean squared errors, counts and whatever else is not log-normal.

A ratio ρ is left in the interval where the t test does not exclude that `first` - ρ·`second` has the mean zero
(Fieller 1954). Nothing is linearised, so it holds where the delta method does not yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimbench.stats.intervals import Interval, welch_df

__all__ = ["log_ratio_of_means"]


@dataclass(frozen=True)
class _Means:
    """Two means with the covariance matrix of their estimates."""

    first: float
    second: float
    first_variance: float
    second_variance: float
    covariance: float
    df: float


def log_ratio_of_means(first: Sequence[float], second: Sequence[float], level: float, *, paired: bool) -> Interval:
    """Interval of log(mean(`first`) / mean(`second`)); raises ValueError where a mean is not positive.

    Its ends are the logarithms of Fieller's, infinite where the data leave that side open; its standard error is the
    delta method's. Unpaired, the degrees of freedom are those of Welch and Satterthwaite at the estimate.
    """
    from scipy.special import stdtrit

    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if min(a.mean(), b.mean()) <= 0:
        raise ValueError("a ratio of means needs means above zero")
    if min(a.size, b.size) < 2:
        return Interval(math.log(a.mean() / b.mean()), -math.inf, math.inf, level, math.inf, 0)
    means = _paired(a, b) if paired else _unpaired(a, b)
    relative = (
        means.first_variance / means.first**2
        + means.second_variance / means.second**2
        - 2 * means.covariance / (means.first * means.second)
    )
    low, high = _fieller(means, float(stdtrit(means.df, (1 + level) / 2)))
    estimate = math.log(means.first / means.second)
    return Interval(estimate, low, high, level, math.sqrt(max(relative, 0.0)), means.df)


def _paired(a: np.ndarray, b: np.ndarray) -> _Means:
    if a.size != b.size:
        raise ValueError(f"pairs must match, got {a.size} and {b.size}")
    covariances = np.cov(a, b) / a.size
    return _Means(
        float(a.mean()),
        float(b.mean()),
        float(covariances[0, 0]),
        float(covariances[1, 1]),
        float(covariances[0, 1]),
        a.size - 1,
    )


def _unpaired(a: np.ndarray, b: np.ndarray) -> _Means:
    va, vb = float(a.var(ddof=1)) / a.size, float(b.var(ddof=1)) / b.size
    scaled = vb * float(a.mean() / b.mean()) ** 2
    return _Means(float(a.mean()), float(b.mean()), va, vb, 0.0, welch_df(va, a.size - 1, scaled, b.size - 1))


def _fieller(means: _Means, t: float) -> tuple[float, float]:
    """Logarithms of the roots of (first - ρ second)² = t² Var(first - ρ second)."""
    square = means.second**2 - t * t * means.second_variance
    linear = means.first * means.second - t * t * means.covariance
    constant = means.first**2 - t * t * means.first_variance
    if square <= 0:  # the second mean might be zero: no ratio is too large
        return -math.inf, math.inf
    root = math.sqrt(max(linear * linear - square * constant, 0.0))
    low, high = (linear - root) / square, (linear + root) / square
    return (math.log(low) if low > 0 else -math.inf), math.log(high)

r"""How many votes an allocation needs, and the best there is: what no rule of sampling can beat.

With variance v(a) of one vote on pair a and votes drawn with probabilities P, the mean width of the K intervals is
2z T^−1/2 · K⁻¹ Σ √(v(a)/P(a)). Minimised over P subject to Σ P = 1, the multiplier rule gives ½ √v P^−3/2 = const,
hence

    P ∝ v^{1/3},   mean width = 2z T^−1/2 · K⁻¹ (Σ v^{1/3})^{3/2},

so that uniform sampling needs K (Σ √v)² / (Σ v^{1/3})³ times as many votes as the best allocation. For win rates
between .35 and .65 v moves between .23 and .25, and there is next to nothing to be gained.

Equation 9 draws in proportion to √v n^−1/2 − √v (n + 1)^−1/2 ≈ ½ √v n^−3/2. Where dn ∝ √v n^−3/2, n ∝ v^{1/5}: it does
not settle at the best allocation but between it and the uniform one.
"""

from __future__ import annotations

import numpy as np

from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.arrays import Floats

__all__ = ["mean_width", "optimal", "uniform_over_optimal", "votes_needed"]


def optimal(variance: Floats) -> Floats:
    """The probabilities that make the mean width of the intervals least, ∝ v^{1/3}; `variance` is (pairs,) above 0."""
    share = np.cbrt(variance)
    return share / share.sum()


def mean_width(variance: Floats, probability: Floats, votes: float, level: float = 0.95) -> float:
    """Mean width of the intervals after `votes`, where a vote on pair a has variance v(a) and probability P(a)."""
    return float(2 * z_value(level) * np.mean(np.sqrt(variance / probability)) / np.sqrt(votes))


def votes_needed(variance: Floats, probability: Floats, width: float, level: float = 0.95) -> float:
    """Votes after which the mean width of the intervals is `width`."""
    return (mean_width(variance, probability, 1.0, level) / width) ** 2


def uniform_over_optimal(variance: Floats) -> float:
    """How many times the votes of the best allocation uniform sampling needs, at any width and level."""
    return float(variance.size * np.sqrt(variance).sum() ** 2 / np.cbrt(variance).sum() ** 3)

"""Arithmetic on printed numbers: what follows from a paper's own figures, without any data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from claimbench.impls.chatbot_arena.leaderboards import Scored
from claimbench.impls.chatbot_arena.published import Confusion, Score
from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT

__all__ = [
    "Heterogeneity",
    "Rates",
    "attainable",
    "best_of",
    "detection_rates",
    "expected_maximum",
    "heterogeneity",
    "is_normalized_by_column",
    "rating_se",
    "separability",
    "two_sample_z",
    "votes_for_se",
]


@dataclass(frozen=True)
class Rates:
    """What a detector does, from a table of counts."""

    true_positive: float
    """Share of the anomalous that are flagged."""
    true_negative: float
    """Share of the normal that are passed."""
    precision: float
    """Share of the flagged that are anomalous."""
    negative_predictive: float
    """Share of the passed that are normal."""


@dataclass(frozen=True)
class Heterogeneity:
    """Pearson's test of equal proportions."""

    chi_square: float
    """Statistic."""
    df: int
    """Degrees of freedom."""
    p: float
    """Upper tail of χ²."""


def detection_rates(table: Confusion) -> Rates:
    """CA-20: the four rates that the counts of Table 5 give, whatever stands beside them."""
    tp, fn = table.anomalous_flagged[0], table.anomalous_passed[0]
    fp, tn = table.normal_flagged[0], table.normal_passed[0]
    return Rates(tp / (tp + fn), tn / (fp + tn), tp / (tp + fp), tn / (fn + tn))


def is_normalized_by_column(table: Confusion) -> bool:
    """Whether every printed total is that of its predicted column, and none that of its actual row."""
    flagged = table.anomalous_flagged[0] + table.normal_flagged[0]
    passed = table.anomalous_passed[0] + table.normal_passed[0]
    cells = (table.anomalous_flagged, table.normal_flagged, table.anomalous_passed, table.normal_passed)
    columns = (flagged, flagged, passed, passed)
    anomalous = table.anomalous_flagged[0] + table.anomalous_passed[0]
    normal = table.normal_flagged[0] + table.normal_passed[0]
    actual = (anomalous, normal, anomalous, normal)
    totals = [total for _, total in cells]
    return all(t == c for t, c in zip(totals, columns, strict=True)) and not any(
        t == r for t, r in zip(totals, actual, strict=True)
    )


def attainable(percent: float, n: int, step: float = 1.0, decimals: int = 1) -> bool:
    """Whether some multiple of `step` out of `n` prints as `percent`; halves that round either way count as printing.

    A share of 160 battles can be 72.5 % or 73.1 %, and never 72.8 %.
    """
    unit = 10.0**-decimals
    nearest = round(percent / 100 * n / step) * step
    return any(abs(100 * (nearest + shift) / n - percent) <= unit / 2 + 1e-9 for shift in (-step, 0, step))


def heterogeneity(percents: Sequence[float], n: int) -> Heterogeneity:
    """CA-28: whether proportions, in per cent and each of `n`, are of one kind."""
    from scipy.special import chdtrc

    share = np.asarray(percents, dtype=np.float64) / 100
    pooled = float(share.mean())
    chi_square = float(n * ((share - pooled) ** 2).sum() / (pooled * (1 - pooled)))
    df = share.size - 1
    return Heterogeneity(chi_square, df, float(chdtrc(df, chi_square)))


def expected_maximum(n: int) -> float:
    """CA-34, CA-35: mean of the largest of `n` independent standard normal values, ∫ x n φ(x) Φ(x)^(n−1) dx.

    By the trapezoid rule, which converges faster than any power of the step for such integrands; 1e-12 up to 10⁶.
    """
    from scipy.special import log_ndtr

    x = np.linspace(-12.0, 12.0, 4801)
    density = n * np.exp(-0.5 * x * x + (n - 1) * log_ndtr(x)) / math.sqrt(2 * math.pi)
    return float((x * density).sum() * (x[1] - x[0]))


def rating_se(votes: int, ties: float = 0.0) -> float:
    """Standard error in points of a rating from `votes` votes against equals of known strength.

    `ties` is the share of ties, which count half and have no variance between equals.
    """
    return ELO_PER_NAT * 2 * math.sqrt((1 - ties) / votes)


def votes_for_se(se: float, ties: float = 0.0) -> float:
    """Votes after which `rating_se` is `se` points."""
    return (1 - ties) * (2 * ELO_PER_NAT / se) ** 2


def best_of(n: int, votes: int, ties: float = 0.0) -> float:
    """How far above its strength the best of `n` equal models is rated on average, points."""
    return expected_maximum(n) * rating_se(votes, ties)


def two_sample_z(one: Score, other: Score) -> float:
    """CA-36: difference of two scores over its standard error; 95 % intervals, by their mean half-length."""
    se = [(score.plus + score.minus) / 2 / z_value(0.95) for score in (one, other)]
    return (one.value - other.value) / math.hypot(*se)


def separability(entries: Sequence[Scored]) -> float:
    """CA-33: share of the pairs of entries whose intervals do not overlap."""
    pairs = list(combinations(entries, 2))
    return sum(a.low > b.high or b.low > a.high for a, b in pairs) / len(pairs)

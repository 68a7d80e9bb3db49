"""Arithmetic on the paper's printed values: exact tests on counts, and what rounding leaves open."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from claimbench.impls.differential_transformer.published import Ablation, Interval, unrounded

__all__ = ["Table", "difference", "fisher", "holm", "mantel_haenszel", "sign_test", "token_share"]

Table = tuple[int, int, int]
"""Successes of one side, successes of the other, and how many each side has."""


def fisher(table: Table) -> float:
    """Two-sided p of Fisher's exact test: tables with these margins that are no more probable than this one."""
    ours, theirs, n = table
    successes = ours + theirs
    weights = [
        math.comb(n, a) * math.comb(n, successes - a) for a in range(max(0, successes - n), min(n, successes) + 1)
    ]
    observed = math.comb(n, ours) * math.comb(n, theirs)
    return sum(weight for weight in weights if weight <= observed) / sum(weights)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; the least is Bonferroni's."""
    adjusted, least = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        least = max(least, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = least
    return adjusted


def mantel_haenszel(tables: Iterable[Table]) -> float:
    """Two-sided p of Cochran's, Mantel's and Haenszel's test, data sets as strata, without continuity correction."""
    excess = variance = 0.0
    for ours, theirs, n in tables:
        successes, total = ours + theirs, 2 * n
        excess += ours - successes / 2
        variance += successes * (total - successes) / (4 * (total - 1))
    return math.erfc(abs(excess) / math.sqrt(2 * variance))


def sign_test(wins: int, pairs: int) -> float:
    """Two-sided p of so many wins in pairs of which either side is as likely to win."""
    tail = sum(math.comb(pairs, k) for k in range(max(wins, pairs - wins), pairs + 1))
    return min(1.0, 2 * tail / 2**pairs)


def difference(more: str, less: str) -> Interval:
    """The least and greatest difference of two values that print as these."""
    (a, b), (c, d) = unrounded(more), unrounded(less)
    return a - d, b - c


def token_share(row: Ablation) -> Interval:
    """The share of AR-hit tokens that a row of Table 6 implies: loss = w · AR-hit + (1 − w) · others.

    Raises ValueError where the loss on the other tokens is not at hand.
    """
    if row.others is None:
        raise ValueError("the row lacks the loss on other tokens")
    (loss_low, loss_high), (hit_low, hit_high), (others_low, others_high) = (
        unrounded(text) for text in (row.loss, row.ar_hit, row.others)
    )
    shares = [
        (others - loss) / (others - hit)
        for loss in (loss_low, loss_high)
        for hit in (hit_low, hit_high)
        for others in (others_low, others_high)
    ]
    return min(shares), max(shares)

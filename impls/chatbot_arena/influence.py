"""How few votes, well chosen, decide which of two models stands above the other.

Huang, Shen, Wei and Broderick (arXiv 2508.11847) drop the votes with the largest influence on a difference of ratings:
without vote v the difference is smaller by about cᵀ L⁺ x_v (y_v − p_v). Where all votes of a kind weigh alike the
choice is greedy; refits then say how many it takes, for the approximation does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.sandwich import pair_information
from claimbench.stats.ranking.votes import Battles

__all__ = ["Drops", "fewest_drops"]

_LEVEL = 1e-12
"""Difference, natural units, up to which two models are level: what rounding leaves of none."""


@dataclass(frozen=True)
class Drops:
    """Votes whose absence turns an order around."""

    votes: int
    """How many, after refits; a bound from above, for another choice could do with fewer."""
    predicted: int
    """How many by the influence function alone."""
    gap: float
    """What the one is then ahead of the other, natural units; at most rounding."""
    gap_before_last: float
    """The same without the last of these drops; positive."""


def fewest_drops(battles: Battles, ratings: Floats, above: int, below: int) -> Drops:
    """Drops of the most influential votes until model `above` is no longer rated above model `below`.

    Args:
        battles: folded votes, every vote weighing 1.
        ratings: (M,), the maximum on them.
        above, below: indices of the two models, the first rated higher.

    Raises VotesError where `above` is not rated higher, and where no number of drops turns the order around.
    """
    gap = float(ratings[above] - ratings[below])
    if not gap > _LEVEL:
        raise VotesError(f"{battles.models[above]} is not rated above {battles.models[below]}: name them the other way")
    values, order, counts = _by_influence(battles, ratings, above, below)
    total = np.cumsum(np.where(values > 0, counts * values, 0.0))
    if not total[-1] >= gap:
        raise VotesError("all votes that speak for the one are too few by the influence function: take closer models")
    cells = int(np.searchsorted(total, gap))
    predicted = int(counts[:cells].sum() + np.ceil((gap - (total[cells - 1] if cells else 0.0)) / values[cells]))

    def gap_without(votes: int) -> float:
        left = battles.counts.ravel().copy()
        taken = np.diff(np.minimum(np.cumsum(counts), votes), prepend=0)
        left[order] -= taken
        fit = fit_bradley_terry(Battles(battles.models, battles.first, battles.second, left.reshape(-1, 3)), ratings)
        if fit.status is not Status.IDENTIFIED:
            raise VotesError(f"without {votes} votes there are no ratings, {fit.status}: take models with more votes")
        return float(fit.ratings[above] - fit.ratings[below])

    low, high = 0, predicted
    while gap_without(high) > _LEVEL:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if gap_without(middle) > _LEVEL else (low, middle)
    return Drops(high, predicted, gap_without(high), gap_without(low) if low else gap)


def _by_influence(battles: Battles, ratings: Floats, above: int, below: int) -> tuple[Floats, Integers, Floats]:
    """(values, cells, counts), all (3 E,), the largest first: what a vote of each cell adds to the difference."""
    graph, information, _ = pair_information(battles, ratings)
    contrast = np.zeros(graph.size)
    contrast[above], contrast[below] = 1.0, -1.0
    along = graph.differences(graph.solve(information, contrast, tolerance=1e-12))
    p, _ = win_and_loss(graph.differences(ratings))
    values = (along[:, None] * (np.array([0.0, 0.5, 1.0]) - p[:, None])).ravel()
    order = np.argsort(-values, kind="stable")
    return values[order], order, battles.counts.ravel()[order]

"""Bootstrap of ratings: votes, or users with all their votes, drawn anew and fitted to the exact maximum.

Chatbot Arena (arXiv 2403.04132), §5. Draws are fitted in batches by chord steps θ += L⁺ g with the Laplacian of the
estimate, which stays near that of most draws; the others are fitted one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Booleans, Floats, Integers, win_and_loss
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.votes import Battles, fold

__all__ = ["Bootstrap", "bootstrap_ratings", "bootstrap_users"]

STEP = 1e-10
"""Largest change of a rating, natural units, at which a draw has converged."""
_CHORD_STEPS = 30
_BATCH = 1 << 18
"""Pairs times draws in a batch: its arrays stay near the cache."""


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Ratings of many draws, and the intervals that they give."""

    estimate: Floats
    """(M,), ratings of the votes themselves, natural units, mean zero."""
    ratings: Floats
    """(B, M), ratings of each draw; NaN throughout where a draw has no unique maximum."""

    @property
    def unidentified(self) -> float:
        """Share of draws without ratings: intervals are conditional on the others, so report it."""
        return float(np.isnan(self.ratings[:, 0]).mean())

    def percentile(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """(low, high), (M,) each: quantiles of the draws."""
        return self._quantiles(self._identified(), level)

    def pivot(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """(low, high), (M,) each: the percentile interval reflected at the estimate, 2θ̂ − q; the paper's."""
        low, high = self.percentile(level)
        return 2 * self.estimate - high, 2 * self.estimate - low

    def anchored(self, anchor: int, level: float = 0.95) -> tuple[Floats, Floats]:
        """(low, high), (M,) each: quantiles after every draw is shifted so that model `anchor` has its estimate.

        What FastChat reports. The anchor's own interval has no width, and the others carry its error too.
        """
        drawn = self._identified()
        return self._quantiles(drawn - drawn[:, anchor, None] + self.estimate[anchor], level)

    def _identified(self) -> Floats:
        kept = self.ratings[~np.isnan(self.ratings[:, 0])]
        if not len(kept):
            raise VotesError("no draw has a unique maximum: the votes are too few, or their groups hang by a thread")
        return kept

    @staticmethod
    def _quantiles(drawn: Floats, level: float) -> tuple[Floats, Floats]:
        if not 0 < level < 1:
            raise ValueError(f"level is {level}: a confidence between 0 and 1")
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high


def bootstrap_ratings(
    battles: Battles,
    draws: int = 1000,
    seed: int | Generator = 0,
    scheme: Literal["multinomial", "poisson"] = "multinomial",
) -> Bootstrap:
    """Votes drawn with replacement, as counts of the cells (pair, outcome).

    `multinomial` keeps the number of votes; `poisson` draws each cell by itself, which is twice as fast and the same
    but for a term of order one over the number of votes. A cell of weighted votes counts as (Σw)²/Σw² of equal weight.

    Raises VotesError where the votes themselves have no unique maximum.
    """
    counts, squares = battles.counts.ravel(), battles.dispersion.ravel()
    expected = np.divide(counts * counts, squares, out=np.zeros_like(counts), where=squares > 0)
    weight = np.divide(squares, counts, out=np.zeros_like(counts), where=counts > 0)
    total = expected.sum()

    def draw(generator: Generator, rows: int) -> Floats:
        votes = (
            generator.poisson(expected, (rows, expected.size))
            if scheme == "poisson"
            else generator.multinomial(round(total), expected / total, rows)
        )
        return votes.astype(np.float64) * weight

    return _bootstrap(battles, draws, np.random.default_rng(seed), draw)


def bootstrap_users(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    users: ArrayLike,
    models: Sequence[str],
    draws: int = 1000,
    seed: int | Generator = 0,
) -> Bootstrap:
    """Users drawn with replacement, each with all votes: right where votes of one user resemble each other.

    Args:
        a, b, outcome, models: as in `fold`.
        users: (V,), who gave each vote, of any type that sorts.

    Raises VotesError as `fold` does, and where the votes themselves have no unique maximum.
    """
    from scipy.sparse import coo_array

    battles = fold(a, b, outcome, models)
    x, y, won = (np.asarray(column, dtype=np.int64) for column in (a, b, outcome))
    voters = np.asarray(users)
    # All votes without a user would pass for those of one: only what is missing differs from itself, or is None.
    missing = np.array([user is None or user != user for user in voters.ravel().tolist()], dtype=bool)
    if missing.any():
        raise VotesError(f"vote {int(np.argmax(missing))} has no user: drop such votes, or give each its own")
    names, user = np.unique(voters, return_inverse=True)
    if user.size != x.size:
        raise VotesError(f"{user.size} users for {x.size} votes: one each")
    pair = np.searchsorted(
        battles.first * len(models) + battles.second, np.minimum(x, y) * len(models) + np.maximum(x, y)
    )
    cell = 3 * pair + np.where(x > y, 2 - won, won)
    real = x != y
    shape = (3 * battles.first.size, len(names))
    votes: Any = coo_array((np.ones(int(real.sum())), (cell[real], user[real])), shape=shape).tocsr()

    def draw(generator: Generator, rows: int) -> Floats:
        times = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), rows)
        return (votes @ times.T.astype(np.float64)).T

    return _bootstrap(battles, draws, np.random.default_rng(seed), draw)


def _bootstrap(
    battles: Battles, draws: int, generator: Generator, draw: Callable[[Generator, int], Floats]
) -> Bootstrap:
    if battles.votes == 0:
        raise VotesError("no votes: there is nothing to draw from")
    fit = fit_bradley_terry(battles)
    if fit.status is not Status.IDENTIFIED:
        raise VotesError(f"nothing to bootstrap, {fit.status}: {fit.existence.explain(battles.models)}")
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    win, loss = win_and_loss(graph.differences(fit.ratings))
    inverse = graph.pseudo_inverse(battles.games * win * loss)
    tree = _strongest_tree(battles)
    ratings = [
        _refit(battles, graph, inverse, tree, fit.ratings, draw(generator, rows).reshape(rows, -1, 3))
        for rows in _batches(draws, battles.first.size)
    ]
    return Bootstrap(fit.ratings, np.concatenate(ratings))


def _batches(draws: int, pairs: int) -> Iterator[int]:
    rows = max(1, _BATCH // max(pairs, 1))
    for start in range(0, draws, rows):
        yield min(rows, draws - start)


def _refit(
    battles: Battles, graph: PairGraph, inverse: Floats, tree: Integers, estimate: Floats, counts: Floats
) -> Floats:
    """(b, M), the ratings of each draw of `counts` (b, E, 3)."""
    # Pairs by draws, so that a row is contiguous for the sparse products.
    score = np.ascontiguousarray((counts[:, :, 2] + counts[:, :, 1] / 2).T)
    games = np.ascontiguousarray((counts[:, :, 0] + counts[:, :, 1] + counts[:, :, 2]).T)
    ratings = np.full((len(counts), estimate.size), np.nan)
    easy = np.flatnonzero(_connected(score, games, tree))
    drawn, converged = _chord(graph, inverse, estimate, score[:, easy], games[:, easy])
    ratings[easy[converged]] = drawn.T[converged]
    for one in np.flatnonzero(np.isnan(ratings[:, 0])):
        alone = Battles(battles.models, battles.first, battles.second, counts[one])
        ratings[one] = fit_bradley_terry(alone, estimate).ratings
    return ratings


def _chord(
    graph: PairGraph, inverse: Floats, estimate: Floats, score: Floats, games: Floats
) -> tuple[Floats, Booleans]:
    """Ratings (M, b), and which of them have converged."""
    incidence = graph.incidence
    transposed = incidence.T.tocsr()
    ratings = np.repeat(estimate[:, None], score.shape[1], axis=1)
    moved = np.full(score.shape[1], np.inf)
    for _ in range(_CHORD_STEPS):
        if np.all(moved < STEP):
            break
        win, _ = win_and_loss(incidence @ ratings)
        step = inverse @ (transposed @ (score - games * win))
        ratings += step
        moved = np.abs(step).max(axis=0)
    return ratings - ratings.mean(axis=0), moved < STEP


def _strongest_tree(battles: Battles) -> Integers:
    """Pairs that connect all models, in each of which both sides scored, as often as may be; empty if there are none.

    A draw in which both sides of all these pairs score again is strongly connected, which is quickly seen.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    size = len(battles.models)
    scored = np.minimum(battles.score, battles.games - battles.score)
    both = scored > 0
    ends = battles.first[both], battles.second[both]
    tree: Any = minimum_spanning_tree(coo_array((1 / scored[both], ends), shape=(size, size)).tocsr()).tocoo()
    if tree.nnz < size - 1:
        return np.zeros(0, dtype=np.int64)
    keys = tree.row.astype(np.int64) * size + tree.col
    return np.searchsorted(battles.first * size + battles.second, keys)


def _connected(score: Floats, games: Floats, tree: Integers) -> Booleans:
    """(b,), draws that the tree shows to be strongly connected; none without a tree."""
    if not tree.size:
        return np.zeros(score.shape[1], dtype=bool)
    return np.all((score[tree] > 0) & (games[tree] - score[tree] > 0), axis=0)

"""Votes folded into pairs: what every estimator of this package starts from.

Under Bradley-Terry the score of each pair is sufficient: millions of votes shrink to at most M(M − 1)/2 rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, summed

__all__ = ["Battles", "Outcome", "fold", "from_counts", "from_wins"]

DENSE_CELLS = 3_000_000
"""Cells (pair, outcome) up to which votes are counted in a table; beyond, they are sorted."""
_CHUNK = 1 << 18
"""Votes counted at a time, so that their keys stay in the cache."""


class Outcome(IntEnum):
    """How a vote of (first, second) ended; twice the score of the first."""

    SECOND = 0
    TIE = 1
    FIRST = 2


@dataclass(frozen=True, eq=False)
class Battles:
    """Votes between M models, one row for each of the E pairs that met.

    Raises VotesError where the rows are not in order, a pair stands twice, or a count is negative or not finite;
    `from_counts` brings any rows into this form.
    """

    models: tuple[str, ...]
    """Names of the M models."""
    first: Integers
    """(E,), the smaller index of each pair."""
    second: Integers
    """(E,), the larger; rows ascend by (first, second)."""
    counts: Floats
    """(E, 3), weight of the votes that the second won, that were ties, that the first won (see `Outcome`)."""
    squares: Floats | None = None
    """(E, 3), sums of squared weights, which a variance needs; None where every vote weighs 1."""
    self_play: float = 0.0
    """Weight of the votes of a model against itself, which say nothing and were dropped."""

    def __post_init__(self) -> None:
        first, second = (_frozen(x, np.int64) for x in (self.first, self.second))
        counts = _frozen(self.counts, np.float64)
        squares = counts if self.squares is None else _frozen(self.squares, np.float64)
        for name, value in (("first", first), ("second", second), ("counts", counts), ("squares", squares)):
            object.__setattr__(self, name, value)
        size, rows = len(self.models), (first.size, 3)
        if size == 0:
            raise VotesError("no models: give the names of those that were voted on")
        # Sorted, not hashed: a table of a hundred thousand names takes more memory than their votes.
        if any(one == other for one, other in pairwise(sorted(self.models))):
            raise VotesError("a name stands for two models: give each its own")
        if first.shape != second.shape or first.ndim != 1 or counts.shape != rows or squares.shape != rows:
            raise VotesError(
                f"pairs {first.shape}, {second.shape}, counts {counts.shape} and squares {squares.shape}: "
                "one row for each pair, counts of three outcomes"
            )
        if first.size and not (first[0] >= 0 and np.all(first < second) and second.max() < size):
            raise VotesError(f"pairs of {size} models need 0 <= first < second < {size}: from_counts swaps and sums")
        if np.any(np.diff(first * size + second) <= 0):
            raise VotesError("pairs out of order, or twice: from_counts sorts and sums them")
        if not (np.all(counts >= 0) and np.all(squares >= 0) and np.isfinite(counts.sum() + squares.sum())):
            raise VotesError("a count is negative or not finite: leave such rows out")

    @property
    def games(self) -> Floats:
        """(E,), weight of all votes of a pair."""
        # Three columns added are ten times faster than a sum over so short an axis.
        return self.counts[:, 0] + self.counts[:, 1] + self.counts[:, 2]

    @property
    def score(self) -> Floats:
        """(E,), wins of the first and half of the ties."""
        return self.counts[:, 2] + self.counts[:, 1] / 2

    @property
    def votes(self) -> float:
        """Weight of all votes."""
        return float(self.counts.sum())

    @property
    def dispersion(self) -> Floats:
        """(E, 3), sums of squared weights of each cell: `counts` where every vote weighs 1."""
        return self.counts if self.squares is None else self.squares

    def weighted(self, weights: ArrayLike) -> Battles:
        """The same votes, those of pair e weighing `weights[e]` times as much; weights (E,), positive."""
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != self.first.shape or not np.all((w > 0) & np.isfinite(w)):
            raise VotesError(f"{self.first.size} pairs need as many finite weights above zero, got {w.shape}")
        counts, squares = self.counts * w[:, None], self.dispersion * (w * w)[:, None]
        return Battles(self.models, self.first, self.second, counts, squares, self.self_play)

    def subset(self, members: Sequence[int]) -> Battles:
        """The votes between the models of these indices, in this order."""
        place = np.full(len(self.models), -1)
        place[np.asarray(members, dtype=np.int64)] = np.arange(len(members))
        inside = (place[self.first] >= 0) & (place[self.second] >= 0)
        return from_counts(
            place[self.first[inside]],
            place[self.second[inside]],
            self.counts[inside],
            [self.models[m] for m in members],
            self.dispersion[inside],
        )


def fold(
    a: ArrayLike, b: ArrayLike, outcome: ArrayLike, models: Sequence[str], weights: ArrayLike | None = None
) -> Battles:
    """Votes (a, b, outcome), one a row, folded into pairs.

    Needs memory for the pairs that met, not for all M² of them, beyond a table of at most 24 MB.

    Args:
        a: (V,), indices into `models` of those shown first.
        b: (V,), indices of those shown second.
        outcome: (V,), codes of `Outcome` from the point of view of a: 2 a won, 1 tie, 0 b won.
        models: names of the M models.
        weights: (V,), what each vote weighs, not negative; 1 where None.

    Raises VotesError for no votes at all, for codes out of range and for weights that are negative or not finite.
    """
    size = len(models)
    a, b = _codes(a, size, "model"), _codes(b, size, "model")
    outcome = _codes(outcome, 3, "outcome")
    if not a.shape == b.shape == outcome.shape:
        raise VotesError(f"columns of unequal length: {a.size}, {b.size} and {outcome.size} votes")
    if a.size == 0:
        raise VotesError("no votes: there is nothing to fold")
    w = None if weights is None else np.asarray(weights, dtype=np.float64)
    if w is not None:
        if w.shape != a.shape:
            raise VotesError(f"{w.size} weights for {a.size} votes: one each")
        if not np.all((w >= 0) & np.isfinite(w)):
            bad = int(np.argmin((w >= 0) & np.isfinite(w)))
            raise VotesError(f"vote {bad} weighs {w[bad]}: weights are finite and not negative")
    if 3 * size * size > DENSE_CELLS:
        return _fold_sorted(a, b, outcome, w, models)
    one = _table(a, b, outcome, w, size)
    return _from_table(one, None if w is None else _table(a, b, outcome, w * w, size), models)


def from_counts(
    a: ArrayLike, b: ArrayLike, counts: ArrayLike, models: Sequence[str], squares: ArrayLike | None = None
) -> Battles:
    """Rows (a, b, counts of b won, tie, a won), in any order and either orientation, brought into the form of Battles.

    Args:
        a: (R,), indices into `models`.
        b: (R,), indices of the opponents.
        counts: (R, 3), in the order of `Outcome`.
        models: names of the M models.
        squares: (R, 3), sums of squared weights where votes were weighted.
    """
    size = len(models)
    a, b = _codes(a, size, "model"), _codes(b, size, "model")
    tables = [np.asarray(x, dtype=np.float64) for x in (counts, squares) if x is not None]
    if a.shape != b.shape or any(table.shape != (a.size, 3) for table in tables):
        raise VotesError(f"{a.size} and {b.size} models with counts {tables[0].shape}: one row of three for each pair")
    if not all(np.all((table >= 0) & np.isfinite(table)) for table in tables):
        raise VotesError("a count is negative or not finite: leave such rows out")
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    tables = [np.where((a > b)[:, None], table[:, ::-1], table) for table in tables]
    keep = (low != high) & (tables[0].sum(axis=1) > 0)
    keys, row = np.unique(low[keep] * size + high[keep], return_inverse=True)
    sums = [
        np.stack([summed(row, table[keep, o], keys.size) for o in range(3)], axis=1).reshape(-1, 3) for table in tables
    ]
    return Battles(
        tuple(models),
        keys // size,
        keys % size,
        sums[0],
        sums[1] if squares is not None else None,
        float(tables[0][low == high].sum()),
    )


def from_wins(wins: ArrayLike, models: Sequence[str]) -> Battles:
    """Battles of a matrix (M, M) whose entry (i, j) counts how often i beat j; no ties."""
    matrix = np.asarray(wins, dtype=np.float64)
    if matrix.shape != (len(models), len(models)):
        raise VotesError(f"a matrix {matrix.shape} for {len(models)} models: one row and one column each")
    first, second = np.triu_indices(len(models), 1)
    won, lost = matrix[first, second], matrix[second, first]
    return from_counts(first, second, np.stack([lost, np.zeros_like(won), won], axis=1), models)


def _frozen(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    view = np.ascontiguousarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view


def _codes(values: ArrayLike, size: int, what: str) -> NDArray[Any]:
    """A column of codes below `size`, in the type in which it came."""
    codes = np.asarray(values)
    if codes.ndim != 1 or (codes.size and codes.dtype.kind not in "iu"):
        raise VotesError(f"{what} codes are one column of whole numbers, got {codes.dtype} {codes.shape}: encode them")
    if codes.size and (codes.min() < 0 or codes.max() >= size):
        bad = int(np.argmax((codes < 0) | (codes >= size)))
        raise VotesError(f"row {bad} has the {what} code {codes[bad]}: known are 0 to {size - 1}; encode or drop it")
    return codes


def _table(a: NDArray[Any], b: NDArray[Any], outcome: NDArray[Any], weights: Floats | None, size: int) -> Floats:
    """(M, M, 3), votes by (a, b, outcome) as they were shown."""
    cells = 3 * size * size
    table = np.zeros(cells)
    step = max(_CHUNK, cells)
    for start in range(0, a.size, step):
        part = slice(start, start + step)
        key = a[part].astype(np.int64)
        key *= size
        key += b[part]
        key *= 3
        key += outcome[part]
        table += np.bincount(key, None if weights is None else weights[part], cells)
    return table.reshape(size, size, 3)


def _from_table(table: Floats, squares: Floats | None, models: Sequence[str]) -> Battles:
    diagonal = np.arange(len(models))
    self_play = float(table[diagonal, diagonal].sum())
    # (a, b) and (b, a) are one pair seen from two sides.
    both = [table + table.transpose(1, 0, 2)[:, :, ::-1] for table in (table, squares) if table is not None]
    first, second = np.nonzero(np.triu(both[0].any(axis=2), 1))
    counts = [table[first, second] for table in both]
    return Battles(tuple(models), first, second, counts[0], counts[1] if squares is not None else None, self_play)


def _fold_sorted(
    a: NDArray[Any], b: NDArray[Any], outcome: NDArray[Any], weights: Floats | None, models: Sequence[str]
) -> Battles:
    """As the table, by sorting the keys: memory grows with the votes, not with M²."""
    size = len(models)
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    cells = (low * size + high) * 3 + np.where(a > b, 2 - outcome.astype(np.int64), outcome)
    keys, row = np.unique(cells, return_inverse=True)
    pair, outcomes = keys // 3, (keys % 3)[:, None] == np.arange(3)
    ones = np.ones(a.size) if weights is None else weights
    sums = [summed(row, w, keys.size) for w in ((ones,) if weights is None else (ones, ones * ones))]
    counts = [np.where(outcomes, total[:, None], 0.0) for total in sums]
    return from_counts(pair // size, pair % size, counts[0], models, counts[1] if weights is not None else None)

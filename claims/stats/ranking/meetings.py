"""Competitors that meet on tasks: from what single units reached to battles, and who may stand on one ladder.

A battle is one unit (a process, a seed) of two competitors on one task. It is won where the difference is beyond what
noise alone gives, else tied; who did not finish loses to who did, and between two who did not there is no battle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, summed
from claimbench.stats.ranking.votes import Battles, from_counts

__all__ = ["LEAST_TASKS", "Meetings", "battle_counts", "mean_advantage", "mean_effect", "noise_floor", "together"]

LEAST_TASKS = 3
"""Tasks on which two competitors meet before they are ranked."""
_TWO_SIDED = 1.959963984540054
"""Standard deviations that noise stays within 19 times in 20."""
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Meetings:
    """What happened between competitors, one row for each pair and task.

    Raises VotesError where columns differ in length, an index is out of range, a pair is not ascending, stands twice
    on a task or fought no battle there.
    """

    competitors: tuple[str, ...]
    """Names of the M competitors."""
    tasks: tuple[str, ...]
    """Names of the T tasks."""
    task: Integers
    """(R,), index into `tasks`."""
    first: Integers
    """(R,), the smaller index of the pair."""
    second: Integers
    """(R,), the larger."""
    counts: Floats
    """(R, 3), battles that the second won, that were ties, that the first won (see `Outcome`)."""
    effect: Floats
    """(R,), mean of what the first was ahead in units where both finished; NaN where there is none."""

    def __post_init__(self) -> None:
        columns = (self.task, self.first, self.second, self.effect)
        if any(column.shape != self.task.shape for column in columns) or self.counts.shape != (self.task.size, 3):
            raise VotesError("meetings of unequal length: one task, pair, row of counts and effect each")
        if not self.task.size:
            raise VotesError("no meetings: there is nothing to rank")
        inside = (self.task >= 0) & (self.task < len(self.tasks))
        ordered = (self.first >= 0) & (self.first < self.second) & (self.second < len(self.competitors))
        if not np.all(inside & ordered):
            raise VotesError("a task or pair out of range: indices with first < second")
        if np.unique(np.stack([self.task, self.first, self.second]), axis=1).shape[1] != self.task.size:
            raise VotesError("a pair stands twice on one task: add its battles up")
        if not (np.all(self.counts >= 0) and np.all(self.counts.sum(axis=1) > 0)):
            raise VotesError("a meeting without battles: leave it out")

    @property
    def shares(self) -> Floats:
        """(R, 3), `counts` as shares of the meeting's battles."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)

    @property
    def scores(self) -> Floats:
        """(R,), share of the battles that the first won, ties half."""
        return self.shares[:, 2] + self.shares[:, 1] / 2

    @property
    def weights(self) -> Floats:
        """(R,), what a meeting weighs: each task as much as any other, shared equally among the pairs that met on it.

        Scaled so that a meeting weighs 1 on average, which is what Firth's penalty, half a game, is measured against.
        """
        pairs = np.bincount(self.task, minlength=len(self.tasks)).astype(np.float64)
        share = 1 / pairs[self.task]
        return share * (share.size / share.sum())

    def battles(self) -> Battles:
        """All tasks folded, each meeting with its weight, however many battles it consists of."""
        return from_counts(self.first, self.second, self.shares * self.weights[:, None], self.competitors)

    def subset(self, rows: NDArray[np.bool_]) -> Meetings:
        """The meetings of these rows (R,), with the competitors and tasks that occur in them."""
        members, ends = np.unique(np.concatenate([self.first[rows], self.second[rows]]), return_inverse=True)
        kept, task = np.unique(self.task[rows], return_inverse=True)
        size = int(np.count_nonzero(rows))
        return Meetings(
            tuple(self.competitors[m] for m in members),
            tuple(self.tasks[t] for t in kept),
            task.astype(np.int64),
            ends[:size].astype(np.int64),
            ends[size:].astype(np.int64),
            self.counts[rows],
            self.effect[rows],
        )


def noise_floor(first: ArrayLike, second: ArrayLike, *, paired: bool, least_sd: float = 0.0) -> float:
    """What the difference of one unit from another stays within, by noise alone, 19 times in 20.

    Args:
        first, second: (n,), values of two competitors on one task, unit by unit.
        paired: whether units share a seed, so that what they share is no noise.
        least_sd: standard deviation of the difference of two units of the same code, seen elsewhere.

    Infinite for fewer than two units, of which nothing is known.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.size < 2:
        return math.inf
    own = float(np.std(a - b, ddof=1)) if paired else math.hypot(float(np.std(a, ddof=1)), float(np.std(b, ddof=1)))
    return _TWO_SIDED * max(own, least_sd)


def battle_counts(first: ArrayLike, second: ArrayLike, floor: float) -> Floats:
    """(3,), battles that the second won, that were ties, that the first won.

    Args:
        first, second: (n,), values unit by unit, larger is better; not finite where a unit did not finish.
        floor: largest difference that is a tie.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    finished, opponent = np.isfinite(a), np.isfinite(b)
    both = finished & opponent
    ahead = np.subtract(a, b, out=np.zeros_like(a), where=both)
    largest = floor + _ROUNDING * np.maximum(np.abs(a), np.abs(b), out=np.zeros_like(a), where=both)
    won = (finished & ~opponent) | (both & (ahead > largest))
    lost = (opponent & ~finished) | (both & (ahead < -largest))
    return np.array([lost.sum(), (both & ~won & ~lost).sum(), won.sum()], dtype=np.float64)


def mean_effect(first: ArrayLike, second: ArrayLike) -> float:
    """What the first is ahead on average over the units (n,) where both finished; NaN where there is none."""
    ahead = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    both = np.isfinite(ahead[0]) & np.isfinite(ahead[1])
    return float((ahead[0][both] - ahead[1][both]).mean()) if both.any() else math.nan


def mean_advantage(meetings: Meetings) -> Floats:
    """(M,), what each competitor is ahead of those it met: mean over tasks of the mean over opponents; NaN without."""
    size, tasks = len(meetings.competitors), len(meetings.tasks)
    known = np.isfinite(meetings.effect)
    task, effect = meetings.task[known], meetings.effect[known]
    cells = np.concatenate([meetings.first[known] * tasks + task, meetings.second[known] * tasks + task])
    total = summed(cells, np.concatenate([effect, -effect]), size * tasks).reshape(size, tasks)
    opponents = np.bincount(cells, minlength=size * tasks).reshape(size, tasks)
    ahead = np.divide(total, opponents, out=np.zeros_like(total), where=opponents > 0).sum(axis=1)
    met = (opponents > 0).sum(axis=1)
    return np.divide(ahead, met, out=np.full(size, np.nan), where=met > 0)


def together(meetings: Meetings, least: int = LEAST_TASKS) -> tuple[Meetings, ...]:
    """Groups of competitors that may be ranked, each with the meetings between its members, in order of their names.

    Two who meet on at least `least` tasks are of one group, and so are those whom such pairs connect. Whoever meets
    nobody so often is left out.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(meetings.competitors)
    pairs, often = np.unique(meetings.first * size + meetings.second, return_counts=True)
    pairs = pairs[often >= least]
    edges = coo_array((np.ones(pairs.size), (pairs // size, pairs % size)), shape=(size, size)).tocsr()
    _, group = connected_components(edges, directed=False)
    within = group[meetings.first] == group[meetings.second]
    found = [meetings.subset(within & (group[meetings.first] == one)) for one in np.unique(group[pairs // size])]
    return tuple(sorted(found, key=lambda one: one.competitors))

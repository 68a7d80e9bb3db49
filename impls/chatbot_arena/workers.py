"""Real people's votes beside those of everybody else, and bots put in their place.

Where few people vote on each pair of models, votes are compared within groups of pairs that are about equally lopsided,
judged by the votes of the others alone. A group is one of pairs as they stood on the screen, so that a preference for a
side that people share is part of what is normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.impls.chatbot_arena.ballots import OUTCOMES, Ballots
from claimbench.stats.ranking.arrays import Integers

__all__ = ["Worker", "real_workers"]


@dataclass(frozen=True)
class Worker:
    """One person."""

    ballots: Ballots
    """Votes, in order (1, votes); `pair` is the group, of pairs as they were shown, so that `swapped` is false."""
    history: Integers
    """Votes of all others by group and position (groups, 3)."""
    shown: Integers
    """Models on the left and on the right (1, votes, 2)."""

    def first_votes(self, count: int) -> Worker:
        """The first `count` votes."""
        return Worker(self.ballots.first_votes(count), self.history, self.shown[:, :count])


def real_workers(
    shown: Integers, position: Integers, worker: Integers, *, least_votes: int, groups: int = 10
) -> list[Worker]:
    """Everybody with at least `least_votes`, by number of votes.

    `shown` is (votes, 2), models on the left and on the right; `position` 2, 1, 0 for left, tie, right; `worker` who
    voted, all in the order of voting. A pair's group is the decile (for `groups` = 10) of the difference of the two
    models' mean scores in the votes of the others.
    """
    names, counts = np.unique(worker, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [_worker(shown, position, worker == names[k], groups) for k in order if counts[k] >= least_votes]


def _worker(shown: Integers, position: Integers, own: np.ndarray, groups: int) -> Worker:
    score = _mean_scores(shown[~own], position[~own], models=int(shown.max()) + 1)
    difference = score[shown[:, 0]] - score[shown[:, 1]]
    cuts = np.quantile(difference[~own], np.arange(1, groups) / groups)
    group = np.searchsorted(cuts, difference)
    history = np.zeros((groups, OUTCOMES), dtype=np.int64)
    np.add.at(history, (group[~own], position[~own]), 1)
    votes = group[own][None], position[own][None]
    return Worker(Ballots(*votes, np.zeros_like(votes[0], dtype=bool)), history, shown[own][None])


def _mean_scores(shown: Integers, position: Integers, models: int) -> np.ndarray:
    """Mean score of every model, a tie counting half, with one tie more so that nobody is without votes."""
    total, count = np.full(models, 0.5), np.ones(models)
    for side, score in ((0, position / 2), (1, 1 - position / 2)):
        np.add.at(total, shown[:, side], score)
        np.add.at(count, shown[:, side], 1)
    return total / count

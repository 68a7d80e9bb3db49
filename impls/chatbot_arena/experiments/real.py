"""The real arena that the simulations start from: its busiest models, their votes and their win rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import SpecError
from claimbench.impls.chatbot_arena.ballots import OUTCOMES
from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry

__all__ = ["RealArena", "busiest"]


@dataclass(frozen=True)
class RealArena:
    """All pairs of some models."""

    first: NDArray[np.intp]
    """Index of each pair's first model (pairs,)."""
    second: NDArray[np.intp]
    """Index of each pair's second model (pairs,)."""
    counts: Integers
    """Votes on each pair: the second won, a tie, the first won (pairs, 3); pairs that never met have none."""
    scores: Floats
    """ξ: Bradley–Terry scores of the votes, ties as half a win (models,)."""

    @property
    def shown(self) -> Integers:
        """Votes on each pair (pairs,)."""
        return self.counts.sum(axis=1)

    @property
    def win_rates(self) -> Floats:
        """θ: probability that the second model wins, under the scores (pairs,)."""
        return win_and_loss(self.scores[self.second] - self.scores[self.first])[0]


def busiest(models: int) -> RealArena:
    """The models with the most votes, by name; raises SpecError where there are not as many.

    By name, as the Arena's own code orders the two models of a pair: what a vote for the first means to a one-sided
    test, or to equation 4, depends on it.
    """
    battles = arena_table().battles()
    known = len(battles.models)
    if not 2 <= models <= known:
        raise SpecError(f"models={models}: the Arena's table has {known}; choose 2 or more, and no more")
    votes = sum(np.bincount(side, battles.games, known) for side in (battles.first, battles.second))
    chosen = np.sort(np.argsort(-votes, kind="stable")[:models])
    met = battles.subset(chosen.tolist())
    counts = np.zeros((models, models, OUTCOMES), dtype=np.int64)
    counts[met.first, met.second] = met.counts
    first, second = np.triu_indices(models, 1)
    return RealArena(first, second, counts[first, second], fit_bradley_terry(met).ratings)

"""The real arena that the simulations start from: its busiest models, their votes and their win rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import SpecError
from claimbench.impls.chatbot_arena.ballots import OUTCOMES, Integers
from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.scores import Scores
from claimbench.impls.chatbot_arena.win_matrix import Floats, Tally

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
    models: int
    """How many models."""

    @property
    def shown(self) -> Integers:
        """Votes on each pair (pairs,)."""
        return self.counts.sum(axis=1)

    def scores(self) -> Floats:
        """ξ: Bradley–Terry scores of the votes, ties as half a win, ξ_0 = 0 (models,)."""
        wins = (self.counts @ np.array([2, 1, 0]) / 2)[None]
        losses = self.shown - wins
        votes = Tally(int(self.shown.sum()), np.stack([wins] * 3), np.stack([losses] * 3), np.zeros((2, *wins.shape)))
        found = Scores(self.first, self.second, self.models)(votes).value[0]
        return np.concatenate([[0.0], found])

    def win_rates(self) -> Floats:
        """θ: probability that the second model wins, under the scores (pairs,)."""
        xi = self.scores()
        return 1 / (1 + np.exp(xi[self.first] - xi[self.second]))


def busiest(models: int) -> RealArena:
    """The models with the most votes, in order of them; raises SpecError where there are not as many."""
    table = arena_table()
    if not 2 <= models <= len(table.models):
        raise SpecError(f"models={models}: the Arena's table has {len(table.models)}; choose 2 or more, and no more")
    votes = np.zeros((len(table.models), len(table.models), OUTCOMES), dtype=np.int64)
    votes[table.first, table.second] = table.by_outcome()
    votes += votes.transpose(1, 0, 2)[..., ::-1]
    chosen = np.argsort(-votes.sum(axis=(1, 2)), kind="stable")[:models]
    first, second = np.triu_indices(models, 1)
    return RealArena(first, second, votes[chosen[first], chosen[second]], models)

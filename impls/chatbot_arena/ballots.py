"""Votes of users, and the votes of everybody else that they are compared with (Section 5.1).

An outcome is twice the score of the pair's first model: 2 it won, 1 a tie, 0 the second won. H of the paper is half of
it; there H = 1 means that the second won, but which of the two is called the second is arbitrary. What the user saw is
the outcome seen from the left: `Ballots.position` is 2 where the answer on the left won.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from claimbench.stats.ranking.arrays import Integers

__all__ = ["OUTCOMES", "Ballots", "own_votes"]

OUTCOMES = 3


@dataclass(frozen=True)
class Ballots:
    """As many votes of every user, in order; all arrays are (users, votes)."""

    pair: Integers
    """Index of the pair, or of any group of votes that are exchangeable among honest users."""
    outcome: Integers
    """2 the pair's first model won, 1 a tie, 0 the second won."""
    swapped: NDArray[np.bool_]
    """Whether the pair's first model was shown on the right."""

    @property
    def position(self) -> Integers:
        """Outcome as seen on the screen: 2 the left won, 1 a tie, 0 the right won."""
        return np.where(self.swapped, 2 - self.outcome, self.outcome)

    def voting(self, position: Integers) -> Ballots:
        """The same pairs on the same sides with other votes, given as seen on the screen."""
        return replace(self, outcome=np.where(self.swapped, 2 - position, position))

    def first_votes(self, count: int) -> Ballots:
        """The first `count` votes of every user."""
        return Ballots(self.pair[:, :count], self.outcome[:, :count], self.swapped[:, :count])

    def repeat(self, copies: int) -> Ballots:
        """Every user so many times."""
        pair, outcome = (np.repeat(x, copies, axis=0) for x in (self.pair, self.outcome))
        return Ballots(pair, outcome, np.repeat(self.swapped, copies, axis=0))


def own_votes(ballots: Ballots, *, earlier: bool) -> Integers:
    """Votes of the same user on the same pair by outcome (users, votes, 3): all of them, or those before each vote."""
    same = ballots.pair[:, :, None] == ballots.pair[:, None, :]
    if earlier:
        same &= np.tri(ballots.pair.shape[1], k=-1, dtype=bool)
    return np.stack([(same & (ballots.outcome == o)[:, None, :]).sum(axis=-1) for o in range(OUTCOMES)], axis=-1)

"""Votes of users, and the votes of everybody else that they are compared with (Section 5.1).

An outcome is 0, 1 or 2: the first model of the pair wins, a tie, the second wins, so that H of the paper is half of it.
What the user saw is the outcome seen from the left: `Ballots.position` is 0 where the answer on the left won.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["OUTCOMES", "Ballots", "Ints", "own_votes"]

OUTCOMES = 3
Ints: TypeAlias = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Ballots:
    """As many votes of every user, in order; all arrays are (users, votes)."""

    pair: Ints
    """Index of the pair, or of any group of votes that are exchangeable among honest users."""
    outcome: Ints
    """0, 1 or 2."""
    swapped: NDArray[np.bool_]
    """Whether the pair's first model was shown on the right."""

    @property
    def position(self) -> Ints:
        """Outcome as seen on the screen: 0 left wins, 1 tie, 2 right wins."""
        return np.where(self.swapped, 2 - self.outcome, self.outcome)

    def voting(self, position: Ints) -> Ballots:
        """The same pairs on the same sides with other votes, given as seen on the screen."""
        return replace(self, outcome=np.where(self.swapped, 2 - position, position))

    def first_votes(self, count: int) -> Ballots:
        """The first `count` votes of every user."""
        return Ballots(self.pair[:, :count], self.outcome[:, :count], self.swapped[:, :count])


def own_votes(ballots: Ballots, *, earlier: bool) -> Ints:
    """Votes of the same user on the same pair by outcome (users, votes, 3): all of them, or those before each vote."""
    same = ballots.pair[:, :, None] == ballots.pair[:, None, :]
    if earlier:
        same &= np.tri(ballots.pair.shape[1], k=-1, dtype=bool)
    return np.stack([(same & (ballots.outcome == o)[:, None, :]).sum(axis=-1) for o in range(OUTCOMES)], axis=-1)

"""How far judges agree, and whether it matters which answer they see first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.data import NO_VERDICT
from claimbench.impls.chatbot_arena.votes import JudgedVotes

__all__ = ["Agreement", "Sides", "agreement", "majority", "sides", "swap_consistency"]

Outcomes = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Agreement:
    """Two judges on the same items."""

    share: float
    """Items on which they give the same verdict."""
    kappa: float
    """Cohen's κ: what is left of it beyond chance; NaN where either always says the same."""
    items: int
    """Items on which both gave a verdict."""


@dataclass(frozen=True)
class Sides:
    """Votes by the side of the winner."""

    first: float
    """Share that the first, or left, won."""
    tie: float
    """Share of ties."""
    second: float
    """Share that the second won."""
    z: float
    """Wins of the first over those of the second, in standard errors of a fair coin."""


def agreement(one: Outcomes, other: Outcomes) -> Agreement:
    """Agreement on items (n,), outcomes 0, 1, 2 or NO_VERDICT; raises VotesError where both judged none."""
    both = (one != NO_VERDICT) & (other != NO_VERDICT)
    table = np.zeros((3, 3))
    np.add.at(table, (one[both], other[both]), 1)
    n = int(table.sum())
    if n == 0:
        raise VotesError("no item with a verdict of both judges")
    share = float(np.trace(table)) / n
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return Agreement(share, (share - chance) / (1 - chance) if chance < 1 else math.nan, n)


def majority(votes: JudgedVotes) -> NDArray[np.uint8]:
    """Verdict of most judges on every item, (items,); NO_VERDICT where none has most. Sides are the item's own.

    Raises VotesError where an item was judged with its sides swapped, or on another pair of models.
    """
    items = int(votes.item.max()) + 1
    for side in (votes.first, votes.second):
        seen = np.full(items, -1)
        seen[votes.item] = side
        if (seen[votes.item] != side).any():
            raise VotesError("an item has one pair of models, each on its side; this one was judged in another way")
    count = np.zeros((items, 3), dtype=np.int64)
    np.add.at(count, (votes.item, votes.outcome), 1)
    most = count.max(axis=1, keepdims=True)
    unique = (count == most).sum(axis=1) == 1
    return np.where(unique, count.argmax(axis=1), NO_VERDICT).astype(np.uint8)


def sides(votes: JudgedVotes) -> Sides:
    """Who wins, the first or the second."""
    lost, tie, won = np.bincount(votes.outcome, minlength=3).tolist()
    n = len(votes)
    return Sides(won / n, tie / n, lost / n, (won - lost) / math.sqrt(won + lost) if won + lost else 0.0)


def swap_consistency(votes: JudgedVotes) -> float:
    """Share of (item, pair of models) whose verdict stays when the answers are shown in the other order.

    Of those judged exactly once in each order; raises VotesError where there are none.
    """
    verdicts = dict[tuple[int, int, int], list[int]]()
    for item, first, second, outcome in zip(
        votes.item.tolist(), votes.first.tolist(), votes.second.tolist(), votes.outcome.tolist(), strict=True
    ):
        verdicts.setdefault((item, first, second), []).append(outcome)
    twice = [
        (shown[0], 2 - swapped[0])
        for (item, first, second), shown in verdicts.items()
        if first < second and len(swapped := verdicts.get((item, second, first), [])) == 1 and len(shown) == 1
    ]
    if not twice:
        raise VotesError("no pair was judged once in each order")
    return sum(a == b for a, b in twice) / len(twice)

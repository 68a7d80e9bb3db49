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
from claimbench.stats.ranking.arrays import Floats

__all__ = ["Agreement", "Sides", "agreement", "majority", "pairs_of", "sides", "swap_consistency", "two_orders"]

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


def pairs_of(votes: JudgedVotes) -> set[tuple[int, str, str]]:
    """Every item with the models on its sides, by name: what two sets of votes must share to be compared by item."""
    columns = (column.tolist() for column in (votes.item, votes.first, votes.second))
    return {(item, votes.models[i], votes.models[j]) for item, i, j in zip(*columns, strict=True)}


def sides(votes: JudgedVotes) -> Sides:
    """Who wins, the first or the second."""
    lost, tie, won = np.bincount(votes.outcome, minlength=3).tolist()
    n = len(votes)
    return Sides(won / n, tie / n, lost / n, (won - lost) / math.sqrt(won + lost) if won + lost else 0.0)


def two_orders(votes: JudgedVotes) -> Floats:
    """(3, 3), how often a judge gives each outcome with one answer first, and each with the other first; sums to 1.

    Outcomes are those for one and the same answer, 0, ½ and 1; pairs of answers that were not judged once in each
    order are left out. Raises VotesError where none was.
    """
    verdicts = dict[tuple[int, int, int], list[int]]()
    columns = (votes.item, votes.first, votes.second, votes.outcome)
    for item, first, second, outcome in zip(*(column.tolist() for column in columns), strict=True):
        verdicts.setdefault((item, first, second), []).append(outcome)
    table = np.zeros((3, 3))
    for (item, first, second), shown in verdicts.items():
        swapped = verdicts.get((item, second, first), [])
        if first < second and len(shown) == len(swapped) == 1:
            table[shown[0], 2 - swapped[0]] += 1
    if not table.any():
        raise VotesError("no pair of answers was judged once in each order")
    return table / table.sum()


def swap_consistency(votes: JudgedVotes) -> float:
    """Share of (item, pair of models) whose verdict stays when the answers are shown in the other order.

    Of those judged exactly once in each order; raises VotesError where there are none.
    """
    return float(np.trace(two_orders(votes)))

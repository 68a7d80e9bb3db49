"""Intervals for a model's score by a judge who sees every pair of answers twice and may call a win a strong one.

Arena-Hard's code (show_result.py, commit 005ac12) counts a strong vote as three rows, and draws rows anew as if they
were independent, though the two orders of a pair, and the copies of a vote, are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.votes import JudgedVotes
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["Judgements", "by_prompt", "by_row", "draw_judgements", "two_orders"]


@dataclass(frozen=True, eq=False)
class Judgements:
    """What a judge says in R replications of a benchmark."""

    score: Floats
    """(R, P, 2), of the model's answer to each of P prompts, in either order: 1, ½ or 0."""
    copies: Integers
    """(R, P, 2), rows that each counts as."""
    truth: float
    """The mean row, were there no end of prompts."""


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


def draw_judgements(
    table: Floats, prompts: int, strong: float, copies: int, replications: int, generator: np.random.Generator
) -> Judgements:
    """Verdicts in both orders as often as in `table`, (3, 3); a win is strong with probability `strong`."""
    cell = generator.choice(9, size=(replications, prompts), p=table.ravel())
    score = np.stack([cell // 3, cell % 3], axis=2) / 2
    is_strong = (score != 0.5) & (generator.random(score.shape) < strong)
    wins = np.array([table.sum(axis=1), table.sum(axis=0)])
    rows = 1 + strong * (copies - 1)
    truth = float(
        (wins[:, 2].sum() * rows + wins[:, 1].sum() / 2) / ((wins[:, 2] + wins[:, 0]).sum() * rows + wins[:, 1].sum())
    )
    return Judgements(score, np.where(is_strong, copies, 1), truth)


def by_row(judgements: Judgements) -> tuple[Floats, Floats]:
    """(score, standard error), (R,) each: what drawing rows anew tends to with many draws."""
    rows, mean = _mean(judgements)
    squares = (judgements.copies * (judgements.score - mean[:, None, None]) ** 2).sum(axis=(1, 2))
    return mean, np.sqrt(squares) / rows


def by_prompt(judgements: Judgements) -> tuple[Floats, Floats]:
    """(score, standard error), (R,) each: what drawing prompts anew, with all of their rows, tends to."""
    rows, mean = _mean(judgements)
    residual = (judgements.copies * (judgements.score - mean[:, None, None])).sum(axis=2)
    return mean, np.sqrt((residual**2).sum(axis=1)) / rows


def _mean(judgements: Judgements) -> tuple[Floats, Floats]:
    rows = judgements.copies.sum(axis=(1, 2)).astype(np.float64)
    return rows, (judgements.copies * judgements.score).sum(axis=(1, 2)) / rows

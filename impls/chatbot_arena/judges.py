"""Intervals for a model's score by a judge who sees every pair of answers twice and may call a win a strong one.

Arena-Hard's code (show_result.py, commit 005ac12) counts a strong vote as three rows, and draws rows anew as if they
were independent, though the two orders of a pair, and the copies of a vote, are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["Judgements", "by_prompt", "by_row", "draw_judgements"]


@dataclass(frozen=True, eq=False)
class Judgements:
    """What a judge says in R replications of a benchmark."""

    score: Floats
    """(R, P, 2), of the model's answer to each of P prompts, in either order: 1, ½ or 0."""
    copies: Integers
    """(R, P, 2), rows that each counts as."""
    truth: float
    """The mean row, were there no end of prompts."""


def draw_judgements(
    table: Floats, prompts: int, strong: float, copies: int, replications: int, generator: np.random.Generator
) -> Judgements:
    """Verdicts in both orders as often as in `table`, (3, 3), which `agreement.two_orders` gives.

    A win is strong with probability `strong`, and then counts as `copies` rows.
    """
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

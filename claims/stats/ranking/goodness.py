"""How well Bradley-Terry fits: pairs against their expectation, cycles, and votes it has not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.sandwich import pair_information
from claimbench.stats.ranking.votes import Battles

__all__ = ["HeldOut", "Pearson", "fold_of_pairs", "held_out", "pearson", "residuals", "three_cycles"]

Variance = Literal["model", "observed"]
"""Of a pair's score: `model`, np(1 − p), right without ties, which vary less and so hide a misfit; `observed`,
Σ (y − p)² over the pair's votes, right with ties and weights where the pair has many."""


@dataclass(frozen=True)
class Pearson:
    """Pearson's test that all pairs follow the model."""

    statistic: float
    """Sum of the squared standardised residuals of the pairs that met."""
    df: int
    """Pairs less the M − 1 differences that were fitted."""
    p: float
    """Probability of a larger statistic under the model, many votes a pair."""


@dataclass(frozen=True)
class HeldOut:
    """Log score of votes whose pairs took no part in the fit."""

    log_score: float
    """Mean natural logarithm of what was predicted for each vote; NaN where no fold could be predicted."""
    votes: float
    """Votes scored."""
    unidentified: tuple[int, ...]
    """Folds without which the other votes have no unique maximum; theirs are not scored."""


class Predictor(Protocol):
    """A fit that predicts."""

    @property
    def status(self) -> Status:
        """Whether it can."""
        ...

    def log_probabilities(self, first: Integers, second: Integers) -> Floats:
        """(K, 3), by `Outcome`."""
        ...


def residuals(battles: Battles, ratings: Floats, variance: Variance = "model") -> Floats:
    """(E,), standardised: (s − np)/√variance; 0 where that is 0. Raises VotesError for ratings that are not finite."""
    graph, information, scores = pair_information(battles, ratings)
    deviation = np.sqrt(information if variance == "model" else scores)
    win, loss = win_and_loss(graph.differences(ratings))
    surplus = battles.score * loss - (battles.games - battles.score) * win
    return np.divide(surplus, deviation, out=np.zeros_like(deviation), where=deviation > 0)


def pearson(battles: Battles, ratings: Floats, variance: Variance = "model") -> Pearson:
    """Goodness of fit of ratings that maximise the likelihood of `battles`; both variances as in `residuals`."""
    from scipy.special import chdtrc

    statistic = float((residuals(battles, ratings, variance) ** 2).sum())
    df = int((battles.games > 0).sum()) - (len(battles.models) - 1)
    return Pearson(statistic, df, float(chdtrc(df, statistic)) if df > 0 else 1.0)


def three_cycles(battles: Battles) -> int:
    """Triples of which each beats the next, by majority of score; no rating can order them."""
    from scipy.sparse import coo_array

    ahead, behind = battles.score > battles.games / 2, battles.score < battles.games / 2
    winners = np.concatenate([battles.first[ahead], battles.second[behind]])
    losers = np.concatenate([battles.second[ahead], battles.first[behind]])
    size = len(battles.models)
    beats: Any = coo_array((np.ones(winners.size), (winners, losers)), shape=(size, size)).tocsr()
    return round(float(((beats @ beats) * beats.T).sum()) / 3)


def fold_of_pairs(battles: Battles, folds: int, salt: str = "") -> Integers:
    """(E,), the fold of each pair by a hash of its names: the same whatever else was voted on, and in any order."""
    if folds < 2:
        raise ValueError(f"{folds} folds: at least two")

    def fold(pair: tuple[int, int]) -> int:
        text = "\0".join([salt, *sorted(battles.models[m] for m in pair)])
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % folds

    return np.array(
        [fold(pair) for pair in zip(battles.first.tolist(), battles.second.tolist(), strict=True)], dtype=np.int64
    )


def held_out(battles: Battles, fit: Callable[[Battles], Predictor], folds: int = 10, salt: str = "") -> HeldOut:
    """Fit on the pairs of all folds but one, score the votes of that one, in turn.

    Compares models by votes they have not seen; whole pairs are held out, for votes of one pair share its quirks. A
    model without ties, whose `log_probabilities` gives a tie the mean of win and loss, is on a scale of its own.
    """
    fold = fold_of_pairs(battles, folds, salt)
    total = votes = 0.0
    unidentified: list[int] = []
    for out in range(folds):
        test = fold == out
        if not test.any():
            continue
        fitted = fit(_pairs(battles, ~test))
        if fitted.status is not Status.IDENTIFIED:
            unidentified.append(out)
            continue
        logs = fitted.log_probabilities(battles.first[test], battles.second[test])
        counts = battles.counts[test]
        # An outcome that did not occur costs nothing, however unlikely.
        total += float((counts * np.where(counts > 0, logs, 0.0)).sum())
        votes += float(counts.sum())
    return HeldOut(total / votes if votes else float("nan"), votes, tuple(unidentified))


def _pairs(battles: Battles, rows: Any) -> Battles:
    return Battles(
        battles.models, battles.first[rows], battles.second[rows], battles.counts[rows], battles.dispersion[rows]
    )

"""Bradley-Terry: the first of a pair wins with probability σ(θ_first − θ_second); the exact maximum by Newton.

Chatbot Arena (arXiv 2403.04132), §4, with the sign of its equation 2: a larger rating wins more often. (Its equations
3 and 7, read literally, have the minimiser −θ.) A tie is half a win for either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, summed, win_and_loss
from claimbench.stats.ranking.existence import Existence, Status, existence
from claimbench.stats.ranking.laplacian import NoSolution, PairGraph
from claimbench.stats.ranking.votes import Battles

__all__ = ["ELO_PER_NAT", "Fit", "Maximum", "fit_bradley_terry", "maximise", "to_elo"]

ELO_PER_NAT = 400 / math.log(10)
"""Elo points of one natural unit: ten to one are 400 points."""
STEP = 1e-12
"""Largest change of a rating, natural units, at which the iteration has converged."""
_ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class Fit:
    """Ratings, or the reason why there are none."""

    ratings: Floats
    """(M,), natural units, mean zero; NaN unless `status` is IDENTIFIED."""
    status: Status
    """Whether a maximum exists and was reached."""
    existence: Existence
    """Ford's condition; names the groups where it does not hold."""
    iterations: int
    """Newton steps."""
    gradient_norm: float
    """Largest component of the gradient before the last step, in votes."""
    log_likelihood: float
    """Natural units; a tie counts half of either outcome."""

    def log_probabilities(self, first: Integers, second: Integers) -> Floats:
        """(K, 3), natural logarithms for the pairs (K,), by `Outcome`; a tie's is the mean of the other two."""
        log_odds = self.ratings[first] - self.ratings[second]
        lost, won = -np.logaddexp(0, log_odds), -np.logaddexp(0, -log_odds)
        return np.stack([lost, (lost + won) / 2, won], axis=1)


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where Newton's iteration ended."""

    ratings: Floats
    converged: bool
    iterations: int
    gradient_norm: float
    log_likelihood: float


def fit_bradley_terry(battles: Battles, start: Floats | None = None) -> Fit:
    """The maximum-likelihood ratings, after Ford's condition was checked.

    For any number of models: a hundred thousand with a million pairs take a second.

    Args:
        battles: folded votes, weighted or not.
        start: (M,), ratings from which to iterate; from the shares of wins where None, or where it leads nowhere.
    """
    found = existence(battles)
    if found.status is not Status.IDENTIFIED:
        return _without_ratings(battles, found, found.status)
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    best = maximise(graph, battles.games, battles.score, start)
    if not best.converged and start is not None:
        # So far from the maximum all outcomes may be certain, and the curvature nothing.
        best = maximise(graph, battles.games, battles.score)
    if not best.converged:
        return _without_ratings(battles, found, Status.NOT_CONVERGED, best)
    return Fit(best.ratings, found.status, found, best.iterations, best.gradient_norm, best.log_likelihood)


def maximise(graph: PairGraph, games: Floats, score: Floats, start: Floats | None = None) -> Maximum:
    """Maximise Σ score·log p + (games − score)·log(1 − p), given that a maximum exists.

    Along a step that changes no log-odds by more than r the curvature grows by at most a factor e^(rt), for
    |σ‴| ≤ σ″; hence a Newton step of length ln(1 + r)/r never lowers the likelihood, nor does a full one with r ≤ 1.79
    (Bach 2010, Electronic Journal of Statistics 4). No search along the line is needed.
    """
    ratings = _log_odds_of_wins(graph, games, score) if start is None else start
    log_odds = graph.differences(ratings)
    lost = games - score
    last, gradient_norm, iterations, converged = math.inf, math.inf, 0, False
    while not converged and iterations < _ITERATIONS:
        win, loss = win_and_loss(log_odds)
        # score − games·win, without the cancellation where one outcome is rare.
        gradient = graph.divergence(score * loss - lost * win)
        gradient_norm = float(np.abs(gradient).max())
        try:
            step = graph.solve(games * win * loss, gradient)
        except NoSolution:
            break
        change = graph.differences(step)
        largest = float(np.abs(change).max(initial=0.0))
        if not math.isfinite(largest):
            break
        length = 1.0 if largest <= 1.79 else math.log1p(largest) / largest
        ratings = ratings + length * step
        log_odds = log_odds + length * change
        moved = length * float(np.abs(step).max())
        iterations += 1
        # Where votes are many and bridges between groups few, rounding alone moves ratings by more than STEP.
        converged = moved < STEP or (moved < 1e-8 and moved > last / 2)
        last = moved
    ratings = ratings - ratings.mean()
    return Maximum(ratings, converged, iterations, gradient_norm, _log_likelihood(log_odds, games, score))


def to_elo(ratings: Floats, anchor: tuple[int, float] | None = None) -> Floats:
    """Elo points of `ratings` in natural units: mean 1000, or the model `anchor[0]` at `anchor[1]` points."""
    index, points = (None, 1000.0) if anchor is None else anchor
    if index is not None and not 0 <= index < ratings.size:
        raise VotesError(f"anchor {index} of {ratings.size} models: give the index of one of them")
    zero = ratings.mean() if index is None else ratings[index]
    return (ratings - zero) * ELO_PER_NAT + points


def _log_likelihood(log_odds: Floats, games: Floats, score: Floats) -> float:
    softplus = np.maximum(log_odds, 0) + np.log1p(np.exp(-np.abs(log_odds)))
    return float(score @ log_odds - games @ softplus)


def _log_odds_of_wins(graph: PairGraph, games: Floats, score: Floats) -> Floats:
    """Where every model met every other equally often, near the maximum; elsewhere a start like any other."""
    won = summed(graph.first, score, graph.size) + summed(graph.second, games - score, graph.size)
    played = graph.degrees(games)
    return np.log((won + 0.5) / (played - won + 0.5))


def _without_ratings(battles: Battles, found: Existence, status: Status, at: Maximum | None = None) -> Fit:
    nothing = np.full(len(battles.models), np.nan)
    if at is None:
        return Fit(nothing, status, found, 0, math.nan, math.nan)
    return Fit(nothing, status, found, at.iterations, at.gradient_norm, math.nan)

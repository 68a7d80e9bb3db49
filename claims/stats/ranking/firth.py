"""Firth's penalised Bradley-Terry: finite ratings wherever all models met, directly or through others.

It maximises log-likelihood + ½ log |information| (Firth 1993, Biometrika 80), which takes away the first-order bias:
two models of a and b wins are ln((a + ½)/(b + ½)) apart. It is another estimator than the maximum likelihood, for
votes in which some models only win or only lose.
"""

from __future__ import annotations

import math

import numpy as np

from claimbench.stats.ranking.arrays import Floats, win_and_loss
from claimbench.stats.ranking.bradley_terry import Fit, maximise
from claimbench.stats.ranking.existence import Status, existence
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.votes import Battles

__all__ = ["fit_firth"]

STEP = 1e-10
"""Largest change of a rating, natural units, at which the iteration has converged."""
_TURNS = 500


def fit_firth(battles: Battles) -> Fit:
    """Firth's ratings; the log-likelihood is that of the votes, without the penalty.

    The penalty is worth votes: a pair of leverage h counts as h further games, half of them won. It is maximised by
    turns, the leverages at the ratings and the ratings at the leverages, which beyond DENSE_MODELS models would need
    a matrix too large: VotesError.
    """
    found = existence(battles)
    size, games, score = len(battles.models), battles.games, battles.score
    nothing = np.full(size, np.nan)
    if found.status is Status.DISCONNECTED:
        return Fit(nothing, found.status, found, 0, math.nan, math.nan)
    graph = PairGraph(battles.first, battles.second, size)
    leverage = np.full(games.shape, (size - 1) / max(games.size, 1))
    best = maximise(graph, games + leverage, score + leverage / 2)
    iterations, moved = best.iterations, math.inf
    for _ in range(_TURNS):
        win, loss = win_and_loss(graph.differences(best.ratings))
        leverage = _leverage(graph, games * win * loss)
        before = best.ratings
        best = maximise(graph, games + leverage, score + leverage / 2, before)
        iterations += best.iterations
        moved = float(np.abs(best.ratings - before).max())
        if moved < STEP:
            break
    if moved >= STEP or not best.converged:
        return Fit(nothing, Status.NOT_CONVERGED, found, iterations, best.gradient_norm, math.nan)
    log_odds = graph.differences(best.ratings)
    likelihood = float(score @ log_odds - games @ np.logaddexp(0, log_odds))
    return Fit(best.ratings, Status.IDENTIFIED, found, iterations, best.gradient_norm, likelihood)


def _leverage(graph: PairGraph, information: Floats) -> Floats:
    """(E,), what share of a parameter each pair determines; they sum to M − 1."""
    inverse = graph.pseudo_inverse(information)
    own = np.diag(inverse)
    return information * (own[graph.first] + own[graph.second] - 2 * inverse[graph.first, graph.second])

"""What the Arena's and its successors' code computes in the place of the paper's estimators, written anew.

FastChat, serve/monitor/rating_systems.py (commit 2bdb2e0), and arena-rank 0.1.1, models/bradley_terry.py (commit
758bc92), as read; nothing here is their code.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from claimbench.errors import UnknownName
from claimbench.stats.ranking.arrays import Floats, summed
from claimbench.stats.ranking.sandwich import pair_information
from claimbench.stats.ranking.votes import Battles

__all__ = ["ANCHOR", "RIDGE", "anchored_errors", "index_of", "ridged_covariance", "stopped_early"]

ANCHOR = "mixtral-8x7b-instruct-v0.1"
"""The model that FastChat puts at 1114 points, in every bootstrap draw."""
RIDGE = 1e-5
"""What arena-rank adds to the diagonal of the information, per vote."""


def stopped_early(battles: Battles) -> Floats:
    """(M,), natural units, mean zero: where FastChat's optimiser stops (D1).

    L-BFGS-B from zero on unique (pair, outcome) rows, log-odds in units of ln 10, gtol 1e-6, at most 100 iterations,
    and scipy's ftol of 2.2e-9: it ends where the loss, a sum over millions of votes, falls by less than its share.
    """
    from scipy.optimize import minimize

    pair, outcome = np.nonzero(battles.counts)
    first, second, size = battles.first[pair], battles.second[pair], len(battles.models)
    score, weight, alpha = outcome / 2, battles.counts[pair, outcome], math.log(10)

    def loss_and_gradient(ratings: Floats) -> tuple[float, Floats]:
        log_odds = alpha * (ratings[first] - ratings[second])
        p = 1 / (1 + np.exp(-log_odds))
        loss = weight @ (np.logaddexp(0, log_odds) - score * log_odds)
        slope = alpha * weight * (p - score)
        return float(loss), summed(first, slope, size) - summed(second, slope, size)

    options = {"maxiter": 100, "gtol": 1e-6}
    found: Any = minimize(loss_and_gradient, np.zeros(size), jac=True, method="L-BFGS-B", options=options)
    ratings = np.asarray(found.x, dtype=np.float64) * alpha
    return ratings - ratings.mean()


def ridged_covariance(battles: Battles, ratings: Floats, ridge: float = RIDGE) -> Floats:
    """(M, M), arena-rank's sandwich (L + ridge·n·1)⁻¹ B (L + ridge·n·1)⁻¹, n the number of votes (D7).

    Not the sandwich of a penalised estimate, for the ratings are fitted without the ridge.
    """
    graph, information, scores = pair_information(battles, ratings)
    ridged = graph.laplacian(information) + ridge * battles.votes * np.eye(graph.size)
    inverse = np.linalg.inv(ridged)
    return inverse @ graph.laplacian(scores) @ inverse


def anchored_errors(covariance: Floats, anchor: int) -> Floats:
    """(M,), standard errors of ratings above the model `anchor`, to which every draw is shifted (D5)."""
    own = np.diag(covariance)
    return np.sqrt(np.maximum(own + own[anchor] - 2 * covariance[:, anchor], 0))


def index_of(model: str, battles: Battles) -> int:
    """Index of a model; raises UnknownName."""
    if model not in battles.models:
        raise UnknownName("model", model, battles.models)
    return battles.models.index(model)

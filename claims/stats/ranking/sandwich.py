"""Covariances of ratings: the sandwich V = L⁺ B L⁺, and the inverse Fisher information beside it.

Chatbot Arena (arXiv 2403.04132), §5. L is the information of the model, B the observed sum of squared scores; where
the model is wrong, or ties count as half wins, V holds and L⁺ does not. Both are singular along the constant vector:
read differences, or ratings of mean zero.
"""

from __future__ import annotations

import numpy as np

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, win_and_loss
from claimbench.stats.ranking.laplacian import NoSolution, PairGraph
from claimbench.stats.ranking.votes import Battles

__all__ = [
    "at_least",
    "contrast_variance",
    "model_covariance",
    "pair_information",
    "sandwich_covariance",
    "standard_errors",
    "variance_of",
]


def pair_information(battles: Battles, ratings: Floats) -> tuple[PairGraph, Floats, Floats]:
    """The graph and, for each pair, its weight in L and in B: np(1 − p), and Σ (y − p)² over its votes.

    Raises VotesError for ratings that are not finite.
    """
    if ratings.shape != (len(battles.models),) or not np.all(np.isfinite(ratings)):
        raise VotesError("a covariance needs a finite rating for each model: see the status of the fit")
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    win, loss = win_and_loss(graph.differences(ratings))
    squares = battles.dispersion
    scores = squares[:, 2] * loss**2 + squares[:, 1] * (0.5 - win) ** 2 + squares[:, 0] * win**2
    return graph, battles.games * win * loss, scores


def sandwich_covariance(battles: Battles, ratings: Floats, floor: bool = False) -> Floats:
    """V, (M, M), of the ratings (M,) that maximise the likelihood of `battles`; of weighted votes too.

    A tie in which the two models are rated equal has score zero: votes that are nearly all ties give V ≈ 0, whatever
    their number. `floor` then takes the matrix of least trace that is at least V and at least the model's.

    Raises VotesError for ratings that are not finite, and beyond DENSE_MODELS models.
    """
    graph, information, scores = pair_information(battles, ratings)
    inverse = _inverse(graph, information)
    sandwich = inverse @ graph.laplacian(scores) @ inverse
    sandwich = (sandwich + sandwich.T) / 2
    return at_least(sandwich, inverse) if floor else sandwich


def model_covariance(battles: Battles, ratings: Floats) -> Floats:
    """L⁺, (M, M), the inverse Fisher information: right where the model is, every vote weighs 1 and none is a tie."""
    graph, information, _ = pair_information(battles, ratings)
    return _inverse(graph, information)


def at_least(covariance: Floats, floor: Floats) -> Floats:
    """The matrix (M, M) of least trace that is at least `covariance` and at least `floor`: no contrast varies less."""
    from scipy.linalg import eigh

    lacking, vectors = eigh(floor - covariance)
    return covariance + (vectors * np.maximum(lacking, 0)) @ vectors.T


def standard_errors(covariance: Floats) -> Floats:
    """(M,), of the ratings in the gauge of `covariance`."""
    return np.sqrt(np.maximum(np.diag(covariance), 0))


def variance_of(contrast: Floats, covariance: Floats) -> float:
    """Variance of Σ a_m θ_m, which no gauge changes.

    Raises VotesError where the weights a (M,) do not sum to zero: such a sum is not determined by votes.
    """
    _check(contrast)
    return max(0.0, float(contrast @ covariance @ contrast))


def contrast_variance(battles: Battles, ratings: Floats, contrast: Floats) -> float:
    """Sandwich variance of Σ a_m θ_m by one solution and without a matrix: for any number of models."""
    _check(contrast)
    graph, information, scores = pair_information(battles, ratings)
    try:
        influence = graph.differences(graph.solve(information, contrast, tolerance=1e-12))
    except NoSolution as error:
        raise VotesError(f"the information of these votes cannot be inverted: {error}") from error
    return float(scores @ (influence * influence))


def _inverse(graph: PairGraph, information: Floats) -> Floats:
    try:
        return graph.pseudo_inverse(information)
    except NoSolution as error:
        raise VotesError(f"the information of these votes cannot be inverted: {error}") from error


def _check(contrast: Floats) -> None:
    if abs(contrast.sum()) > 1e-9 * np.abs(contrast).sum():
        raise VotesError(f"weights sum to {contrast.sum():g}: votes determine differences of ratings only")

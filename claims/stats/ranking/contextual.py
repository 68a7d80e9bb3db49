"""Bradley-Terry with covariates of the vote: logit P(first wins) = θ_first − θ_second + zᵀγ.

Style control is this with differences of length and markup as z (LMSYS, 29 August 2024); a column of ones is what the
place on the left is worth. Nothing is penalised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, summed, win_and_loss
from claimbench.stats.ranking.existence import Existence, Status, existence
from claimbench.stats.ranking.laplacian import NoSolution, PairGraph
from claimbench.stats.ranking.votes import fold

__all__ = ["ContextualFit", "fit_contextual", "style_differences"]

STEP = 1e-10
"""Largest change of a row's log-odds at which the iteration has converged."""
MOST_LOG_ODDS = 30.0
"""Log-odds of a row beyond which the covariates separate the outcomes: no number of votes tells e^30 from infinity."""
_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class ContextualFit:
    """Ratings and coefficients, or the reason why there are none."""

    ratings: Floats
    """(M,), natural units, mean zero; NaN unless `status` is IDENTIFIED."""
    coefficients: Floats
    """(d,), γ, natural units for a unit of the covariate; NaN likewise."""
    coefficient_covariance: Floats
    """(d, d), the sandwich of γ, ratings eliminated; NaN likewise."""
    status: Status
    """COLLINEAR where γ is not determined, SEPARATED also where covariates foretell the outcomes."""
    existence: Existence
    """Ford's condition on the votes without covariates, which stays necessary."""
    iterations: int
    """Newton steps."""
    gradient_norm: float
    """Largest component of the gradient before the last step."""
    log_likelihood: float
    """Natural units; a tie counts half of either outcome."""


def fit_contextual(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    covariates: ArrayLike,
    models: Sequence[str],
    counts: ArrayLike | None = None,
) -> ContextualFit:
    """The maximum-likelihood ratings and coefficients.

    Args:
        a, b, outcome, models: as in `fold`; a is the one on the left, and orientation matters.
        covariates: (V, d), of each vote, d at least 1, antisymmetric or not.
        counts: (V,), votes that each row stands for; 1 where None.

    Raises VotesError as `fold` does, and for covariates that do not match or are not finite.
    """
    left, right = np.asarray(a), np.asarray(b)
    z: Floats = np.asarray(covariates, dtype=np.float64)
    games = np.ones(left.shape) if counts is None else np.asarray(counts, dtype=np.float64)
    battles = fold(left, right, outcome, models, games)
    if z.ndim != 2 or len(z) != left.size or z.shape[1] == 0 or not np.all(np.isfinite(z)):
        raise VotesError(f"covariates {z.shape} of {left.size} votes: one finite row each, at least one column")
    found = existence(battles)
    if found.status is not Status.IDENTIFIED:
        return _without(len(models), z.shape[1], found, found.status)
    used = (left != right) & (games > 0)
    rows = _Rows(left[used], right[used], np.asarray(outcome)[used] / 2, z[used], games[used], len(models))
    return _maximise(rows, found)


def style_differences(features_a: ArrayLike, features_b: ArrayLike) -> Floats:
    """(V, d), differences (f_a − f_b)/(f_a + f_b) of features that are not negative, each scaled to mean square 1.

    0 where neither has any. Unlike FastChat's they are not centred: shown in the other order, they change their sign.
    """
    fa, fb = np.asarray(features_a, dtype=np.float64), np.asarray(features_b, dtype=np.float64)
    if fa.shape != fb.shape or fa.ndim != 2 or not (np.all(fa >= 0) and np.all(fb >= 0)):
        raise VotesError(f"features {fa.shape} and {fb.shape}: two tables of one shape, nothing negative")
    share = np.divide(fa - fb, fa + fb, out=np.zeros_like(fa), where=fa + fb > 0)
    scale = np.sqrt((share**2).mean(axis=0))
    return share / np.where(scale > 0, scale, 1.0)


class _Rows:
    """Votes with covariates, and sums over them; x is a row's +1 and −1, z its covariates."""

    def __init__(self, left: Integers, right: Integers, score: Floats, z: Floats, games: Floats, size: int) -> None:
        self.left, self.right, self.score, self.z, self.games = left, right, score, z, games
        low, high = np.minimum(left, right).astype(np.int64), np.maximum(left, right).astype(np.int64)
        pairs, self.pair = np.unique(low * size + high, return_inverse=True)
        self.sign = np.where(left < right, 1.0, -1.0)
        self.graph = PairGraph(pairs // size, pairs % size, size)

    def differences(self, ratings: Floats) -> Floats:
        """xᵀθ of each row, for ratings (M,) or columns (M, d)."""
        return ratings[self.left] - ratings[self.right]

    def divergence(self, flow: Floats) -> Floats:
        """Σ x·flow, (M,)."""
        return self.graph.divergence(summed(self.pair, self.sign * flow, self.graph.first.size))

    def solve(self, weights: Floats, right: Floats) -> Floats:
        """(Σ weight·x xᵀ)⁺ right."""
        return self.graph.solve(summed(self.pair, weights, self.graph.first.size), right, tolerance=1e-12)


@dataclass(frozen=True, eq=False)
class _Point:
    """Score and information at one point, with the ratings eliminated."""

    scores: Floats
    """(V,), score − p."""
    gradient_norm: float
    """Largest component of the whole gradient."""
    along: Floats
    """(M,), Newton step of the ratings if γ stayed."""
    across: Floats
    """(M, d), by what the ratings make up for a unit of each coefficient."""
    gradient: Floats
    """(d,), of γ."""
    information: Floats
    """(d, d), of γ."""
    alone: Floats
    """(d,), information of each coefficient if all else were known."""


def _approximate(rows: _Rows, log_odds: Floats) -> _Point:
    win, loss = win_and_loss(log_odds)
    scores = rows.score * loss - (1 - rows.score) * win
    information = rows.games * win * loss
    weighted = information[:, None] * rows.z
    residual = rows.games * scores
    of_ratings, of_coefficients = rows.divergence(residual), rows.z.T @ residual
    border = np.stack([rows.divergence(column) for column in weighted.T], axis=1)
    solved = rows.solve(information, np.column_stack([of_ratings, border]))
    along, across = solved[:, 0], solved[:, 1:]
    full = rows.z.T @ weighted
    return _Point(
        scores,
        float(max(np.abs(of_ratings).max(), np.abs(of_coefficients).max())),
        along,
        across,
        of_coefficients - border.T @ along,
        full - border.T @ across,
        np.diag(full),
    )


def _maximise(rows: _Rows, found: Existence) -> ContextualFit:
    """Newton, with the steps of `bradley_terry.maximise`: the bound on the curvature is the same."""
    size, d = rows.graph.size, rows.z.shape[1]
    ratings, coefficients, log_odds = np.zeros(size), np.zeros(d), np.zeros(rows.left.size)
    for iteration in range(_ITERATIONS):
        try:
            at = _approximate(rows, log_odds)
            if iteration == 0 and _collinear(at):
                return _without(size, d, found, Status.COLLINEAR)
            step = np.linalg.solve(at.information, at.gradient)
        except (NoSolution, np.linalg.LinAlgError):
            break
        moved = at.along - at.across @ step
        change = rows.differences(moved) + rows.z @ step
        largest = float(np.abs(change).max())
        if largest < STEP:
            likelihood = float(rows.games @ (rows.score * log_odds - np.logaddexp(0, log_odds)))
            return ContextualFit(
                ratings - ratings.mean(),
                coefficients,
                _sandwich(rows, at),
                found.status,
                found,
                iteration,
                at.gradient_norm,
                likelihood,
            )
        length = 1.0 if largest <= 1.79 else math.log1p(largest) / largest
        ratings, coefficients = ratings + length * moved, coefficients + length * step
        log_odds = log_odds + length * change
        if np.abs(log_odds).max() > MOST_LOG_ODDS:
            return _without(size, d, found, Status.SEPARATED)
    return _without(size, d, found, Status.NOT_CONVERGED)


def _collinear(at: _Point) -> bool:
    if not np.all(at.alone > 0):
        return True
    scale = np.sqrt(at.alone)
    return bool(np.linalg.eigvalsh(at.information / np.outer(scale, scale))[0] < 1e-10)


def _sandwich(rows: _Rows, at: _Point) -> Floats:
    unexplained = rows.z - rows.differences(at.across)
    scores = unexplained * (np.sqrt(rows.games) * at.scores)[:, None]
    inverse = np.linalg.inv(at.information)
    return inverse @ (scores.T @ scores) @ inverse


def _without(size: int, d: int, found: Existence, status: Status) -> ContextualFit:
    ratings, coefficients, covariance = (np.full(shape, np.nan) for shape in (size, d, (d, d)))
    return ContextualFit(ratings, coefficients, covariance, status, found, 0, math.nan, math.nan)

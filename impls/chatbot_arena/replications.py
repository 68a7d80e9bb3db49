"""Bradley–Terry on many small arenas at once: votes, fits, covariances and ranks over replications (Figure 6).

Every pair of every arena meets. One fit at a time, and for arenas of any shape, is `claimbench.stats.ranking`; the
tests hold the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.errors import MeasurementRefused, VotesError
from claimbench.stats.ranking.arrays import Booleans, Floats, Integers, win_and_loss

__all__ = ["Fits", "draw_counts", "fit_all", "laplacians", "misses", "rank_sets"]

_STEP = 1e-10
_ITERATIONS = 50


@dataclass(frozen=True, eq=False)
class Fits:
    """Ratings of R arenas of M models."""

    ratings: Floats
    """(R, M), natural units, mean zero."""
    covariance: Floats
    """(R, M, M), the sandwich, in the same gauge."""

    def standard_errors(self, reference: int | None = None) -> Floats:
        """(R, M), of the ratings of mean zero, or of those above model `reference` (ξ_1 = 0 in the paper)."""
        own = np.diagonal(self.covariance, axis1=1, axis2=2)
        if reference is None:
            return np.sqrt(own)
        return np.sqrt(np.maximum(own + own[:, reference, None] - 2 * self.covariance[:, :, reference], 0))


def draw_counts(strengths: Floats, votes: int, generator: np.random.Generator, tie_rate: float = 0.0) -> Floats:
    """(R, E, 3), votes that the second won, ties, that the first won, of `votes` on uniformly drawn pairs.

    Pairs are the rows of the upper triangle, strengths (R, M). A tie has probability 4 t p (1 − p), as in `simulate`.
    Raises VotesError for a tie rate outside [0, ½].
    """
    if not 0 <= tie_rate <= 0.5:
        raise VotesError(f"the tie rate lies between 0 and ½, got {tie_rate}")
    first, second = np.triu_indices(strengths.shape[1], 1)
    p, _ = win_and_loss(strengths[:, first] - strengths[:, second])
    tie = 4 * tie_rate * p * (1 - p)
    games = generator.multinomial(votes, np.full(first.size, 1 / first.size), size=len(strengths))
    outcomes = np.stack([1 - p - tie / 2, tie, p - tie / 2], axis=-1)
    return generator.multinomial(games, outcomes).astype(np.float64)


def fit_all(counts: Floats) -> Fits:
    """The exact maximum and the sandwich of each arena, from counts (R, E, 3), all pairs by rows.

    By Newton's method with the step that never lowers the likelihood (see `stats.ranking.bradley_terry.maximise`).
    Raises MeasurementRefused where an arena has no finite maximum: some model won or lost every vote.
    """
    size = round((1 + np.sqrt(1 + 8 * counts.shape[1])) / 2)
    first, second = np.triu_indices(size, 1)
    games = counts.sum(axis=2)
    score = counts[:, :, 2] + counts[:, :, 1] / 2
    ratings = np.zeros((len(counts), size))
    for _ in range(_ITERATIONS):
        win, loss = win_and_loss(ratings[:, first] - ratings[:, second])
        flow = score * loss - (games - score) * win
        gradient = _scatter(flow, first, size) - _scatter(flow, second, size)
        # An arena that falls apart has a singular matrix, or one that moves its models without end.
        try:
            step = np.linalg.solve(_completed(games * win * loss, size), gradient[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        reach = np.abs(step[:, first] - step[:, second]).max(axis=1)
        length = np.where(reach <= 1.79, 1.0, np.log1p(reach) / np.maximum(reach, 1e-300))
        ratings += length[:, None] * step
        if reach.max() < _STEP:
            return Fits(ratings - ratings.mean(axis=1, keepdims=True), _sandwich(counts, ratings, size))
    raise MeasurementRefused(
        f"an arena of {size} models has no maximum within {_ITERATIONS} steps: give its pairs more votes"
    )


def rank_sets(fits: Fits, critical: Floats | float, *, pairs: bool) -> tuple[Integers, Integers]:
    """(best, worst) rank of every model, (R, M) each, as `stats.ranking.rank_intervals` has them for one arena.

    `critical` (R,) or one number: standard errors that bound differences where `pairs`, and else single ratings,
    of which two are apart where their intervals do not meet.
    """
    critical = np.broadcast_to(np.asarray(critical, dtype=np.float64), len(fits.ratings))[:, None, None]
    if pairs:
        own = np.diagonal(fits.covariance, axis1=1, axis2=2)
        spread = np.sqrt(np.maximum(own[:, :, None] + own[:, None, :] - 2 * fits.covariance, 0))
    else:
        errors = fits.standard_errors()
        spread = errors[:, :, None] + errors[:, None, :]
    above = fits.ratings[:, :, None] - fits.ratings[:, None, :] > critical * spread
    return 1 + above.sum(axis=1), fits.ratings.shape[1] - above.sum(axis=2)


def misses(sets: tuple[Integers, Integers], strengths: Floats) -> Booleans:
    """(R,), whether any model's rank lies outside its interval; models of equal strength may stand in any order."""
    truly = strengths[:, :, None] > strengths[:, None, :]
    best, worst = 1 + truly.sum(axis=1), strengths.shape[1] - truly.sum(axis=2)
    return ((sets[0] > best) | (sets[1] < worst)).any(axis=1)


def _sandwich(counts: Floats, ratings: Floats, size: int) -> Floats:
    first, second = np.triu_indices(size, 1)
    win, loss = win_and_loss(ratings[:, first] - ratings[:, second])
    scores = counts[:, :, 2] * loss**2 + counts[:, :, 1] * (0.5 - win) ** 2 + counts[:, :, 0] * win**2
    inverse = np.linalg.inv(_completed(counts.sum(axis=2) * win * loss, size))
    # Scores sum to zero over models, so what the completion adds to the inverse drops out of the product but for
    # rounding, which centring takes away.
    covariance = inverse @ laplacians(scores, first, second, size) @ inverse
    covariance -= covariance.mean(axis=1, keepdims=True)
    return covariance - covariance.mean(axis=2, keepdims=True)


def _completed(weights: Floats, size: int) -> Floats:
    """(R, M, M), Laplacians made regular along the constant vector."""
    laplacian = laplacians(weights, *np.triu_indices(size, 1), size)
    degrees = np.trace(laplacian, axis1=1, axis2=2) / size
    return laplacian + (degrees / size)[:, None, None]


def laplacians(weights: Floats, first: Integers, second: Integers, size: int) -> Floats:
    """(R, M, M), Laplacians of R graphs on the same pairs (first, second), each once, with weights (R, E)."""
    matrix = np.zeros((len(weights), size, size))
    matrix[:, first, second] = matrix[:, second, first] = -weights
    diagonal = np.arange(size)
    matrix[:, diagonal, diagonal] = -matrix.sum(axis=2)
    return matrix


def _scatter(values: Floats, index: Integers, size: int) -> Floats:
    """(R, M), `values` (R, E) added up by `index`."""
    onto = np.zeros((index.size, size))
    onto[np.arange(index.size), index] = 1.0
    return values @ onto

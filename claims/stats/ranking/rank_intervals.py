"""Intervals of ranks, all valid at once with probability 1 − α.

Each method turns a covariance of ratings into a critical value c. On coordinates, c·SE_m bounds every rating, and a
model is above another where their intervals do not meet; on pairs, c·SE_km bounds every difference, which is sharper.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
from numpy.random import Generator

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers
from claimbench.stats.ranking.sandwich import standard_errors

__all__ = ["Method", "critical_value", "rank_intervals"]

Method = Literal["chi2", "bonferroni", "max_t", "max_t_pairs"]
"""`chi2`: the paper's, √χ²_{1−α, M−1}, the confidence set after equation 8 (which compares a vector with a scalar;
here the quadratic form) projected on each rating. `bonferroni`: normal quantile at α/2M. `max_t`: quantile of the
largest |Z_m|/SE_m, Z normal with the covariance. `max_t_pairs`: of the largest |Z_k − Z_m|/SE_km."""
DRAWS = 20_000
"""Draws of Z; the quantile at α = .05 then has a standard error of about a fifth of a percent."""
_CHUNK = 4_000_000
"""Numbers drawn at a time (32 MB)."""


def rank_intervals(
    ratings: Floats,
    covariance: Floats,
    alpha: float = 0.05,
    method: Method = "max_t_pairs",
    seed: int | Generator = 0,
    draws: int = DRAWS,
) -> tuple[Integers, Integers]:
    """(best, worst) rank of each model, 1 the best; with probability 1 − α all true ranks lie between them.

    Args:
        ratings: (M,), in any gauge for `max_t_pairs`, else in that of `covariance` (mean zero).
        covariance: (M, M); the sandwich.
        alpha: probability that any interval misses.
        method: see `Method`.
        seed: a seed or a generator; `chi2` and `bonferroni` draw nothing.
        draws: draws of Z.

    A pair whose difference has variance zero is decided by any difference.

    Raises VotesError for ratings or a covariance that are not finite or of different sizes.
    """
    if covariance.shape != (len(ratings), len(ratings)):
        raise VotesError(f"{len(ratings)} ratings with a covariance {covariance.shape}: one row and column each")
    if not (np.all(np.isfinite(ratings)) and np.all(np.isfinite(covariance))):
        raise VotesError("ranks need finite ratings and a finite covariance: see the status of the fit")
    critical = critical_value(covariance, alpha, method, seed, draws)
    if method == "max_t_pairs":
        reach = critical * np.sqrt(_pair_variances(covariance))
    else:
        errors = standard_errors(covariance)
        reach = critical * (errors[:, None] + errors)
    above = ratings[:, None] - ratings > reach
    return 1 + above.sum(axis=0), len(ratings) - above.sum(axis=1)


def critical_value(
    covariance: Floats,
    alpha: float = 0.05,
    method: Method = "max_t_pairs",
    seed: int | Generator = 0,
    draws: int = DRAWS,
) -> float:
    """Standard errors that bound all ratings (or, for `max_t_pairs`, all differences) with probability 1 − α.

    Raises ValueError for an unknown method, for α outside (0, 1) and for too few draws to have such a quantile.
    """
    from scipy.special import chdtri, ndtri

    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}: a probability between 0 and 1")
    if method not in get_args(Method):
        raise ValueError(f"no method {method!r}: choose one of {', '.join(get_args(Method))}")
    size = len(covariance)
    if size < 2:
        return 0.0
    if method == "chi2":
        return math.sqrt(chdtri(size - 1, alpha))
    if method == "bonferroni":
        return float(-ndtri(alpha / (2 * size)))
    # So many draws at or above the quantile that a further draw exceeds it with probability α at most.
    most = draws + 1 - math.ceil((1 - alpha) * (draws + 1))
    if most < 1:
        raise ValueError(f"{draws} draws have no quantile at {1 - alpha:g}: draw at least {math.ceil(1 / alpha)}")
    generator = np.random.default_rng(seed)
    top = _top_of_pairs if method == "max_t_pairs" else _top_of_coordinates
    return top(covariance, most, draws, generator)


def _top_of_coordinates(covariance: Floats, most: int, draws: int, generator: Generator) -> float:
    """The `most`-th largest of max_m |Z_m|/SE_m."""
    inverse = _reciprocal(standard_errors(covariance))
    largest = [np.abs(z * inverse).max(axis=1) for z in _normal(covariance, draws, generator)]
    return float(np.partition(np.concatenate(largest), -most)[-most])


def _top_of_pairs(covariance: Floats, most: int, draws: int, generator: Generator) -> float:
    """The `most`-th largest of max_{k<m} |Z_k − Z_m|/SE_km, exactly, though few draws are looked at pair by pair.

    With D_k + D_m ≤ SE²_km for all pairs, |Z_k − Z_m|²/SE²_km is at most Z_k²/D_k + Z_m²/D_m where the signs differ
    (Cauchy and Schwarz), and at most the larger of the two where they agree. So (max Z/√D)² + (min Z/√D)² bounds a
    draw. Draws are looked at in the order of their bounds, until no bound reaches the `most`-th largest so far.
    """
    variances = _pair_variances(covariance)
    inverse = _reciprocal(np.sqrt(variances))
    own = np.diag(covariance)
    sums = own[:, None] + own
    share = np.divide(variances, sums, out=np.ones_like(sums), where=(variances > 0) & (variances < sums))
    scale = _reciprocal(np.sqrt(own * share.min(axis=1)))
    top = np.zeros(most)
    for z in _normal(covariance, draws, generator):
        scaled = z * scale
        bounds = np.maximum(scaled.max(axis=1), 0) ** 2 + np.minimum(scaled.min(axis=1), 0) ** 2
        order = np.argsort(-bounds)
        for start in range(0, len(order), 256):
            batch = order[start : start + 256]
            if bounds[batch[0]] < top[0] ** 2:
                break
            top = np.sort(np.concatenate([top, _largest_pair(z[batch], inverse)]))[-most:]
    return float(top[0])


def _largest_pair(z: Floats, inverse: Floats) -> Floats:
    """max_{k<m} |Z_k − Z_m|·inverse_km of each draw (b, M)."""
    columns = np.ascontiguousarray(z.T)
    largest = np.zeros(len(z))
    for k in range(len(columns) - 1):
        apart = columns[k + 1 :] - columns[k]
        np.abs(apart, out=apart)
        apart *= inverse[k, k + 1 :, None]
        np.maximum(largest, apart.max(axis=0), out=largest)
    return largest


def _normal(covariance: Floats, draws: int, generator: Generator) -> Iterator[Floats]:
    """Draws of N(0, V), some rows (b, M) at a time; V may be singular."""
    from scipy.linalg import eigh

    values, vectors = eigh(covariance)
    # The symmetric root: unlike eigenvectors, it hardly changes where the covariance does.
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    rows = max(1, _CHUNK // len(root))
    for start in range(0, draws, rows):
        yield generator.standard_normal((min(rows, draws - start), len(root))) @ root


def _pair_variances(covariance: Floats) -> Floats:
    """(M, M), variances of the differences; those within rounding of zero are zero."""
    own = np.diag(covariance)
    sums = own[:, None] + own
    variances = sums - 2 * covariance
    return np.where(variances > 1e-13 * sums, variances, 0.0)


def _reciprocal(values: Floats) -> Floats:
    """1/x, and 0 where x is 0: what does not vary does not decide."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)

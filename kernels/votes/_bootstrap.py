"""What `bootstrap_ratings` returns, and what its backends share."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from claimbench.kernels.votes._draws import draw_half_votes
from claimbench.kernels.votes._newton import laplacian, newton, strongly_connected

__all__ = ["MOST_CHORDS", "TOO_FAR", "Bootstrap", "Scheme", "Status", "finish", "half_inverse", "refit"]

Scheme = Literal["poisson", "multinomial"]

MOST_CHORDS = 40
"""Steps with the fixed matrix before a replicate is left to Newton's method."""
TOO_FAR = 1e3
"""A step of so many nats does not come back: the replicate is left to Newton's method at once."""
CHUNK = 64
"""Replicates that PyTorch refits at a time."""


class Status(IntEnum):
    """How the fit of a replicate ended."""

    CONVERGED = 0
    """By steps with the fixed matrix."""
    CONVERGED_BY_NEWTON = 1
    """By Newton's method, each step with a matrix of its own; what `naive` does everywhere."""
    UNIDENTIFIED = 2
    """The draw has no finite maximum, or several: some models never score against the others. Its ratings are NaN."""
    NOT_CONVERGED = 3
    """It has one, but it was not found. Its ratings are NaN."""


class Bootstrap(NamedTuple):
    """Ratings of bootstrap replicates."""

    ratings: Tensor
    """(replicates, models), float64, natural units, of mean 0; NaN where there are none."""
    status: Tensor
    """(replicates,), int8, `Status`."""
    steps: Tensor
    """(replicates,), int64: of the method that ended."""


def half_inverse(first: Tensor, second: Tensor, counts: Tensor, ratings: Tensor) -> Tensor:
    """Half the pseudo-inverse (models, models) of the Laplacian at ratings, Σ n p (1 - p) (e_i - e_j)(e_i - e_j)ᵀ.

    Half, because gradients are taken of half votes. Raises ValueError where it cannot be found.
    """
    models = ratings.numel()
    p = torch.sigmoid(ratings[first.long()] - ratings[second.long()])
    matrix = laplacian(first, second, counts.sum(1) * p * (1 - p), models)
    scale = matrix.diagonal().mean().clamp(min=torch.finfo(torch.float64).tiny)
    flat = torch.full_like(matrix, 1.0 / models)
    factor, failed = torch.linalg.cholesky_ex(matrix + scale * flat)
    if int(failed) or not bool(factor.isfinite().all()):
        raise ValueError("ratings lie so far apart that the likelihood is flat there: start from its maximum")
    return (torch.cholesky_inverse(factor) - flat / scale) / 2


def refit(
    first: Tensor,
    second: Tensor,
    counts: Tensor,
    ratings: Tensor,
    replicates: Tensor,
    seed: int,
    scheme: Scheme,
    tolerance: float,
) -> Bootstrap:
    """Draws and fits the replicates (numbers, not how many) by Newton's method."""
    models = ratings.numel()
    half_votes = draw_half_votes(counts, replicates, seed, scheme)
    identified = strongly_connected(first, second, half_votes, models)
    out = ratings.new_full((replicates.numel(), models), torch.nan)
    status = torch.full_like(replicates, Status.UNIDENTIFIED, dtype=torch.int8)
    steps = torch.zeros_like(replicates)
    found, converged, taken = newton(first, second, half_votes[..., identified], ratings, tolerance)
    out[identified] = torch.where(converged[:, None], found, torch.nan)
    ended = torch.where(converged, Status.CONVERGED_BY_NEWTON, Status.NOT_CONVERGED)
    status[identified], steps[identified] = ended.to(torch.int8), taken
    return Bootstrap(out, status, steps)


def finish(
    found: Bootstrap,
    first: Tensor,
    second: Tensor,
    counts: Tensor,
    ratings: Tensor,
    seed: int,
    scheme: Scheme,
    tolerance: float,
) -> Bootstrap:
    """`found` with what chords did not fit drawn and fitted again, by Newton's method, in place."""
    left = (found.status == Status.NOT_CONVERGED).nonzero()[:, 0]
    for numbers in left.split(CHUNK) if left.numel() else ():
        again = refit(first, second, counts, ratings, numbers, seed, scheme, tolerance)
        for whole, part in zip(found, again, strict=True):
            whole[numbers] = part
    return found

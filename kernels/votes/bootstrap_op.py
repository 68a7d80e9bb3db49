"""`bootstrap_ratings`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from claimbench.kernels._backend import Backend
from claimbench.kernels.votes._bootstrap import Bootstrap, Scheme
from claimbench.kernels.votes._checks import check_dtype, check_seed, chosen
from claimbench.kernels.votes._draws import half_votes_of
from claimbench.kernels.votes._newton import strongly_connected

__all__ = ["MOST_VOTES", "bootstrap_ratings"]

MOST_VOTES = 2**28
"""Votes of a pair: half votes of a draw are counted in 32 bits."""


def bootstrap_ratings(
    first: Tensor,
    second: Tensor,
    counts: Tensor,
    ratings: Tensor,
    replicates: int,
    seed: int,
    scheme: Scheme = "poisson",
    tolerance: float = 1e-10,
    backend: Backend | None = None,
) -> Bootstrap:
    """Bradley–Terry ratings of bootstrap replicates of a table of votes, each the exact maximum of its likelihood.

    A replicate counts vote v of the table as often as it was drawn, ties as half a win for either side. Replicate r
    depends on the table, the seed and r alone: not on how many there are, on threads or on the backend, but for
    rounding. No gradient is taken.

    Args:
        first: (pairs,), int32 or int64: one model of each pair.
        second: (pairs,) of the same dtype: the other.
        counts: (pairs, 3), int32 or int64: votes that second won, ties, votes that first won.
        ratings: (models,), float64, natural units: the maximum of the table's likelihood, where every fit starts.
        replicates: How many.
        seed: At least 0 and below 2^63.
        scheme: "poisson" draws the count of each cell (pair, outcome) from Poisson(count); "multinomial" as many votes
            as the table has, by replacement. They agree to O(1 / votes).
        tolerance: A fit ends with a step whose largest part is below it, natural units.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: ratings (replicates, models), float64, of mean 0, `Status` (replicates,) and steps (replicates,). A draw
    without a unique maximum, or whose maximum was not found, has NaN: whoever leaves it out says how many there were.

    Raises TypeError for other dtypes; ValueError for shapes, devices or codes that do not fit, and for a table that has
    no unique maximum itself, as no replicate would have one.
    """
    given = {"first": first, "second": second, "counts": counts, "ratings": ratings}
    backend = chosen(backend, **given)
    _check(**given)
    if replicates < 1:
        raise ValueError(f"replicates is {replicates}; it must be at least 1")
    check_seed(seed)
    if scheme not in get_args(Scheme):
        raise ValueError(f"scheme={scheme!r}: choose one of {', '.join(get_args(Scheme))}")
    if not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}; it must be above 0")
    counts, ratings = counts.long(), ratings.detach() - ratings.detach().mean()
    if backend == "cpu":
        from claimbench.kernels.votes.bootstrap_cpu import bootstrap
    elif backend == "triton":
        from claimbench.kernels.votes.bootstrap_triton import bootstrap
    else:
        from claimbench.kernels.votes.bootstrap_naive import bootstrap
    return bootstrap(first, second, counts, ratings, replicates, seed, scheme, tolerance)


def _check(first: Tensor, second: Tensor, counts: Tensor, ratings: Tensor) -> None:
    check_dtype("first", first, torch.int32, torch.int64)
    check_dtype("second", second, first.dtype)
    check_dtype("counts", counts, torch.int32, torch.int64)
    check_dtype("ratings", ratings, torch.float64)
    if ratings.ndim != 1 or not ratings.numel() or not bool(ratings.isfinite().all()):
        raise ValueError(f"ratings has shape {tuple(ratings.shape)}; it must be (models,), at least one, and finite")
    if first.ndim != 1 or second.shape != first.shape or counts.shape != (*first.shape, 3):
        shapes = ", ".join(str(tuple(x.shape)) for x in (first, second, counts))
        raise ValueError(f"first, second and counts are {shapes}; they must be (pairs,), (pairs,) and (pairs, 3)")
    models = ratings.numel()
    codes = torch.stack((first, second))
    if bool(((codes < 0) | (codes >= models)).any()) or bool((first == second).any()):
        raise ValueError(f"first and second must be two different models from 0 to {models - 1} in every pair")
    # Every count by itself too: the sum of three large ones wraps around to a negative number.
    if bool(((counts < 0) | (counts > MOST_VOTES)).any()) or bool((counts.long().sum(1) > MOST_VOTES).any()):
        raise ValueError(f"counts must be at least 0, and at most {MOST_VOTES} for a pair")
    half_votes = half_votes_of(counts.long())
    if not bool(strongly_connected(first, second, half_votes[..., None], models)):
        raise ValueError(
            "some models never score against the others, so the table has no unique maximum, nor has any replicate: "
            "leave them out, or rank each part by itself"
        )

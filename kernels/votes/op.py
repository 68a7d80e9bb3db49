"""`fold_votes`: checks its arguments and hands them to a backend; `pairs_of`: the pairs that were played."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from claimbench.kernels._backend import Backend
from claimbench.kernels.votes._checks import check_dtype, check_refused, check_votes, chosen

__all__ = ["MOST_MODELS", "fold_votes", "pairs_of"]

MOST_MODELS = 2048
"""A dense table of more takes hundreds of megabytes, nearly all of them zeros."""


def fold_votes(
    a: Tensor,
    b: Tensor,
    outcome: Tensor,
    models: int,
    weights: Tensor | None = None,
    backend: Backend | None = None,
) -> Tensor:
    """Votes counted by pair of models and outcome, which is all that Bradley–Terry models look at.

    Row r of the result is the pair (i, j) = `torch.triu_indices(models, models, 1)[:, r]`, i < j; its columns count
    the votes that j won, ties, and those that i won, whichever of the two was shown first. `pairs_of` lists the rows
    with votes. No gradient is taken.

    Args:
        a: (votes,), int32 or int64: codes from 0 to models - 1.
        b: (votes,) of the same dtype.
        outcome: (votes,), uint8: 0 if b wins, 1 for a tie, 2 if a wins.
        models: At most `MOST_MODELS`.
        weights: (votes,), float32 or float64, not negative: what each vote counts.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: (models (models - 1) / 2, 3), int64, or float64 with weights.

    Raises TypeError for other dtypes; ValueError for shapes or devices that do not fit, for too many models, and
    for votes that cannot be counted, saying how many for which reason: a code that is none, a model against itself, a
    weight that is none. Nothing is counted then.
    """
    given = {"a": a, "b": b, "outcome": outcome, "weights": weights}
    backend = chosen(backend, **given)
    check_votes(a, b, outcome, models)
    if models > MOST_MODELS:
        raise ValueError(
            f"{models} models are more than the {MOST_MODELS} of a dense table: use claimbench.stats.ranking.fold, "
            "whose table is sparse"
        )
    if weights is not None:
        check_dtype("weights", weights, torch.float32, torch.float64)
        if weights.shape != a.shape:
            raise ValueError(f"weights has shape {tuple(weights.shape)}; it must be that of a, {tuple(a.shape)}")
        weights = weights.detach()
        if bool(weights.isfinite().all()) and not bool(weights.sum(dtype=torch.float64).isfinite()):
            raise ValueError("the sum of weights is too large for float64: divide them by a common factor")
    if backend == "cpu":
        from claimbench.kernels.votes.cpu import fold
    elif backend == "triton":
        from claimbench.kernels.votes.triton import fold
    else:
        from claimbench.kernels.votes.naive import fold
    counts, refused = fold(a, b, outcome, models, weights)
    check_refused(refused, a.numel(), models)
    return counts


def pairs_of(counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """first, second (pairs,), int32, and counts (pairs, 3) of the pairs with votes, in order, from what
    `fold_votes` returns: what `bootstrap_ratings` takes.
    """
    models = (1 + math.isqrt(1 + 8 * counts.shape[0])) // 2
    played = (counts > 0).any(1)
    first, second = torch.triu_indices(models, models, 1, dtype=torch.int32, device=counts.device)[:, played]
    return first, second, counts[played]

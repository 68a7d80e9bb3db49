"""`elo_lanes`: checks its arguments and hands them to a backend."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from claimbench.kernels._backend import Backend
from claimbench.kernels.votes._checks import (
    MODEL_BITS,
    check_dtype,
    check_refused,
    check_seed,
    check_votes,
    chosen,
)

__all__ = ["elo_lanes"]


def elo_lanes(
    a: Tensor,
    b: Tensor,
    outcome: Tensor,
    models: int,
    permutations: int | Tensor,
    seed: int = 0,
    k: float = 4.0,
    scale: float = 400.0,
    base: float = 10.0,
    initial: float = 1000.0,
    backend: Backend | None = None,
) -> Tensor:
    """Online Elo ratings after the votes in many orders, one a lane (arXiv 2403.04132, §4, where k is 4).

    From R = initial, vote by vote: E = 1 / (1 + base^((R_b - R_a) / scale)), R_a += k (y - E), R_b -= k (y - E), y = 1
    for a win of a, ½ for a tie, 0 for a win of b. Ratings are float64. Lane l of seeded orders depends on the votes,
    the seed and l alone.

    Args:
        a: (votes,), int32 or int64: codes from 0 to models - 1.
        b: (votes,) of the same dtype.
        outcome: (votes,), uint8: 0 if b wins, 1 for a tie, 2 if a wins.
        models: At most 32768.
        permutations: How many random orders, each of all votes; or the orders themselves, (lanes, length), int32 or
            int64, numbers of votes, which need not be all of them.
        seed: Of the random orders; at least 0 and below 2^63.
        k: Size of an update.
        scale: Gap of ratings at which the odds are base to 1.
        base: Above 1.
        initial: Rating before the first vote.
        backend: "naive" or "cpu"; by default the latter. There is no Triton form: a lane is one long chain of reads and
            writes of the same ratings, whose order Triton does not promise.

    Returns: (lanes, models), float64.

    Raises TypeError for other dtypes; ValueError for shapes that do not fit, tensors on a GPU, and votes that cannot be
    counted, saying how many for which reason.
    """
    orders = permutations if isinstance(permutations, Tensor) else None
    if backend == "triton" or not a.is_cpu:
        raise ValueError("elo_lanes runs on processors only: move the votes there, and leave backend out")
    backend = chosen(backend, a=a, b=b, outcome=outcome, permutations=orders)
    check_votes(a, b, outcome, models)
    if models > 1 << MODEL_BITS:
        raise ValueError(f"models is {models}; it must be at most {1 << MODEL_BITS}")
    if orders is not None:
        check_dtype("permutations", orders, torch.int32, torch.int64)
        if orders.ndim != 2:
            raise ValueError(f"permutations has shape {tuple(orders.shape)}; it must be (lanes, length)")
    elif permutations < 0:
        raise ValueError(f"permutations is {permutations}; it must be at least 0")
    check_seed(seed)
    if not (scale > 0 and base > 1 and math.isfinite(k * scale * base * initial)):
        raise ValueError(f"k={k}, scale={scale}, base={base}, initial={initial}: finite, scale above 0, base above 1")
    if backend == "cpu":
        from claimbench.kernels.votes.elo_cpu import play
    else:
        from claimbench.kernels.votes.elo_naive import play
    ratings, refused, unknown = play(a, b, outcome, models, permutations, seed, k, scale, base, initial)
    check_refused(refused, a.numel(), models)
    if unknown:
        raise ValueError(f"permutations has {unknown} numbers outside 0 … {a.numel() - 1}, which are no votes")
    return ratings

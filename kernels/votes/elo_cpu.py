"""Online Elo on a processor: numba kernels, as many threads as PyTorch has, the same bits with any number of them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from claimbench.kernels._simd import LANES
from claimbench.kernels._threads import in_turns
from claimbench.kernels.votes import _cpu_elo as kernels
from claimbench.kernels.votes._checks import REFUSALS
from claimbench.kernels.votes._cpu_fold import pack

__all__ = ["ROOM_BYTES", "play", "warm"]

ROOM_BYTES = 2**27
"""What the reordered votes of a thread may take, at least those of one lane."""


def play(
    a: Tensor,
    b: Tensor,
    outcome: Tensor,
    models: int,
    permutations: int | Tensor,
    seed: int,
    k: float,
    scale: float,
    base: float,
    initial: float,
) -> tuple[Tensor, Tensor, int]:
    """Results as of `elo_naive.play`."""
    votes, refused = np.empty(a.numel(), np.uint32), torch.zeros(len(REFUSALS), dtype=torch.int64)
    pack(*(x.contiguous().numpy() for x in (a, b, outcome)), models, votes, refused.numpy())
    orders = permutations.contiguous().numpy() if isinstance(permutations, Tensor) else None
    lanes, length = (permutations, votes.size) if orders is None else orders.shape
    ratings = torch.empty(lanes, models, dtype=torch.float64)
    if int(refused.sum()):
        return ratings, refused, 0
    filled, slope, key = ratings.numpy(), math.log(base) / scale, np.uint64(seed)
    unknown: list[int] = []

    def run(begin: int, end: int) -> None:
        ordered = np.empty((end - begin, length), np.uint32)
        for lane in range(begin, end):
            if orders is None:
                kernels.shuffle(key, lane, votes, ordered[lane - begin])
            else:
                unknown.append(kernels.gather(votes, orders[lane], ordered[lane - begin]))
        if not any(unknown):
            kernels.play(ordered, k, slope, initial, filled[begin:end])

    most = max(1, min(LANES, ROOM_BYTES // max(1, 4 * length)))
    pieces = max(min(torch.get_num_threads(), lanes), -(-lanes // most))
    edges = [lanes * piece // pieces for piece in range(pieces + 1)] if pieces else []
    in_turns(run, list(pairwise(edges)))
    return ratings, refused, sum(unknown)


def warm() -> None:
    """Compiles the kernels, or fetches them from the cache."""
    outcome = torch.zeros(1, dtype=torch.uint8)
    for dtype in (torch.int32, torch.int64):
        a = torch.zeros(1, dtype=dtype)
        for permutations in (1, a[None]):
            play(a, a + 1, outcome, 2, permutations, 0, 4.0, 400.0, 10.0, 1000.0)

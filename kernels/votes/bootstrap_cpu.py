"""Bootstrap of ratings on a processor: numba kernels, as many threads as PyTorch has, the same bits with any number."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from claimbench.kernels._simd import LANES
from claimbench.kernels._threads import in_turns, on_one_thread
from claimbench.kernels.votes import _cpu_chord as chords
from claimbench.kernels.votes import _cpu_draws as draws
from claimbench.kernels.votes._bootstrap import MOST_CHORDS, Bootstrap, Scheme, finish, half_inverse
from claimbench.kernels.votes._draws import rates_of

__all__ = ["ROOM_BYTES", "bootstrap", "warm"]

ROOM_BYTES = 2**25
"""What the draws of a thread may take, at least those of LANES replicates; the kernel draws a cell for all of them."""


def bootstrap(
    first: Tensor,
    second: Tensor,
    counts: Tensor,
    ratings: Tensor,
    replicates: int,
    seed: int,
    scheme: Scheme,
    tolerance: float,
) -> Bootstrap:
    """Arguments and results as in `claimbench.kernels.bootstrap_ratings`."""
    models, pairs = ratings.numel(), first.numel()
    with on_one_thread():
        inverse = half_inverse(first, second, counts, ratings)
    inverse = F.pad(inverse, (0, 0, 0, chords.ROWS - 1)).flatten().numpy()
    rates = rates_of(counts, scheme).numpy()
    cumulative = counts.flatten().cumsum(0).numpy() if scheme == "multinomial" else None
    i, j, start, key = first.int().numpy(), second.int().numpy(), ratings.numpy(), np.uint64(seed)

    blocks = -(-replicates // LANES)
    out = torch.empty(blocks * LANES, models, dtype=torch.float64)
    status, steps = torch.empty(blocks * LANES, dtype=torch.int8), torch.empty(blocks * LANES, dtype=torch.int64)
    found = Bootstrap(out, status, steps)
    filled = [x.numpy() for x in found]

    def run(begin: int, end: int) -> None:
        half_votes = np.empty((end - begin, pairs, 2 * LANES), np.int32)
        draws.draw_poisson(key, rates, begin * LANES, half_votes)
        if cumulative is not None and pairs:
            draws.top_up(key, cumulative, begin * LANES, half_votes)
        rows = [x[begin * LANES : end * LANES] for x in filled]
        chords.fit(i, j, half_votes.reshape(-1), inverse, start, tolerance, MOST_CHORDS, *rows)

    threads = torch.get_num_threads()
    room = max(1, ROOM_BYTES // max(1, 8 * LANES * pairs))
    at_once = max(1, min(room, -(-blocks // threads)))
    in_turns(run, [(begin, min(begin + at_once, blocks)) for begin in range(0, blocks, at_once)])
    found = Bootstrap(*(x[:replicates] for x in found))
    with on_one_thread():
        return finish(found, first, second, counts, ratings, seed, scheme, tolerance)


def warm() -> None:
    """Compiles the kernels, or fetches them from the cache."""
    pair, ratings = torch.tensor([0]), torch.zeros(2, dtype=torch.float64)
    for scheme in ("poisson", "multinomial"):
        bootstrap(pair, pair + 1, torch.full((1, 3), 9), ratings, 1, 0, scheme, 1e-6)

"""Online Elo for numba: up to LANES orders of the votes side by side, their expected scores one vector."""

from __future__ import annotations

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._simd import LANES, aligned, load, store
from claimbench.kernels._simd.doubles import logistic
from claimbench.kernels.votes._checks import MODEL_BITS
from claimbench.kernels.votes._cpu_draws import uniform, words

__all__ = ["gather", "play", "shuffle"]


@compiled
def shuffle(key, lane, votes, out):
    """Fills out with the votes in a random order, by Fisher and Yates: README.md says which uniforms it takes."""
    out[:] = votes
    even, odd = np.empty(512, np.uint64), np.empty(512, np.uint64)
    block = 2 * even.size
    for start in range((votes.size - 1) // block * block, -1, -block):
        words(key, start // 2, lane, 2, even, odd)
        for i in range(min(start + block, votes.size) - 1, max(start, 1) - 1, -1):
            at = i - start
            j = np.int64(uniform(odd[at // 2] if at % 2 else even[at // 2]) * (i + 1))
            out[i], out[j] = out[j], out[i]


@compiled
def gather(votes, order, out):
    """Fills out with the votes in the order given by their numbers; returns how many are none."""
    refused = 0
    for t in range(order.size):
        if 0 <= order[t] < votes.size:
            out[t] = votes[order[t]]
        else:
            refused += 1
    return refused


@compiled
def play(orders, k, slope, initial, out):
    """Fills out (lanes, models) with the ratings after the packed votes (lanes, votes), at most LANES lanes.

    slope is ln(base) / scale, which turns gaps into logits.
    """
    lanes, votes = orders.shape
    mask = (1 << MODEL_BITS) - 1
    out[:] = initial
    gaps = aligned(LANES, out)
    gaps[:] = 0
    for t in range(votes):
        for lane in range(lanes):
            vote = np.int64(orders[lane, t])
            gaps[lane] = (out[lane, vote >> (MODEL_BITS + 2)] - out[lane, (vote >> 2) & mask]) * slope
        store(gaps, 0, logistic(load(gaps, 0)))
        for lane in range(lanes):
            vote = np.int64(orders[lane, t])
            change = k * (0.5 * (vote & 3) - gaps[lane])
            out[lane, vote >> (MODEL_BITS + 2)] += change
            out[lane, (vote >> 2) & mask] -= change

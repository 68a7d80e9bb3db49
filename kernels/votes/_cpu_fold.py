"""Folding and packing votes for numba: every code is checked before it becomes an address."""

from __future__ import annotations

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels.votes._checks import MODEL_BITS

__all__ = ["fold", "pack"]


@compiled
def _reason(a, b, outcome, models):
    """Which of `_checks.REFUSALS` fits, -1 if none of those that codes can meet."""
    if a < 0 or a >= models or b < 0 or b >= models:
        return 0
    if outcome > 2:
        return 1
    return 2 if a == b else -1


@compiled
def fold(a, b, outcome, weights, models, table, counts, refused):
    """Fills counts (pairs, 3) and refused; weights may be None. table (models, models, 3) must be zero.

    Votes are counted as they stand, a before b, and the two halves of the table added at the end: which of the two is
    the smaller is a coin toss, and a branch on it, taken wrongly half of the time, would cost more than the counting.
    """
    for t in range(a.size):
        x, y, z = np.int64(a[t]), np.int64(b[t]), np.int64(outcome[t])
        reason = _reason(x, y, z, models)
        if reason >= 0:
            refused[reason] += 1
        elif weights is None:
            table[x, y, z] += 1
        elif 0 <= weights[t] < np.inf:
            table[x, y, z] += weights[t]
        else:
            refused[3] += 1
    pair = 0
    for x in range(models):
        for y in range(x + 1, models):
            for z in range(3):
                counts[pair, z] = table[x, y, z] + table[y, x, 2 - z]
            pair += 1


@compiled
def pack(a, b, outcome, models, packed, refused):
    """Fills packed (votes,), uint32, and refused: from the highest bit down a and b, MODEL_BITS each, and outcome."""
    for t in range(a.size):
        x, y, z = np.int64(a[t]), np.int64(b[t]), np.int64(outcome[t])
        reason = _reason(x, y, z, models)
        if reason >= 0:
            refused[reason] += 1
            packed[t] = 0
        else:
            packed[t] = (x << (MODEL_BITS + 2)) | (y << 2) | z

"""The rotation by position for numba: addresses, with the strides of x's batch, time and head.

`sense` is 1, or -1 for the turn back, and has the dtype of all; cos and sin are (length, half).
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import LANES, broadcast, load_first, store_first

__all__ = ["halves", "neighbours"]


@intrinsic
def _swapped(typing, x):
    """Lanes 1, 0, 3, 2, …"""

    def generate(context, builder, signature, arguments):
        order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [lane ^ 1 for lane in range(LANES)])
        return builder.shuffle_vector(arguments[0], arguments[0], order)

    return x(x), generate


@compiled
def halves(sense, x_at, x_batch, x_time, x_head, cos_at, sin_at, batch, length, heads, dim, half, out_at):
    """Fills out, (batch, length, heads, dim), turning dimensions i and i + half."""
    x, cos, sin, out = flat(x_at, sense), flat(cos_at, sense), flat(sin_at, sense), flat(out_at, sense)
    forwards = broadcast(sense)
    for b in range(batch):
        for t in range(length):
            for head in range(heads):
                source = b * x_batch + t * x_time + head * x_head
                target = ((b * length + t) * heads + head) * dim
                for i in range(0, half, LANES):
                    count = min(LANES, half - i)
                    c = load_first(cos, t * half + i, count)
                    s = load_first(sin, t * half + i, count) * forwards
                    first = load_first(x, source + i, count)
                    second = load_first(x, source + half + i, count)
                    store_first(out, target + i, first * c - second * s, count)
                    store_first(out, target + half + i, second * c + first * s, count)
                for i in range(2 * half, dim, LANES):
                    count = min(LANES, dim - i)
                    store_first(out, target + i, load_first(x, source + i, count), count)


@compiled
def neighbours(sense, x_at, x_batch, x_time, x_head, cos_at, sin_at, batch, length, heads, dim, half, out_at):
    """Fills out, (batch, length, heads, dim), turning dimensions 2i and 2i + 1."""
    x, cos, sin, out = flat(x_at, sense), flat(cos_at, sense), flat(sin_at, sense), flat(out_at, sense)
    # A row of cos and one of sin as they meet x and its swapped neighbours: c0 c0 c1 c1 …, -s0 s0 -s1 s1 …
    own, other = np.empty(2 * half, cos.dtype), np.empty(2 * half, cos.dtype)
    for t in range(length):
        for i in range(half):
            own[2 * i] = own[2 * i + 1] = cos[t * half + i]
            other[2 * i + 1] = sense * sin[t * half + i]
            other[2 * i] = -other[2 * i + 1]
        for b in range(batch):
            for head in range(heads):
                source = b * x_batch + t * x_time + head * x_head
                target = ((b * length + t) * heads + head) * dim
                for i in range(0, 2 * half, LANES):
                    count = min(LANES, 2 * half - i)
                    value = load_first(x, source + i, count)
                    turned = value * load_first(own, i, count) + _swapped(value) * load_first(other, i, count)
                    store_first(out, target + i, turned, count)
                for i in range(2 * half, dim, LANES):
                    count = min(LANES, dim - i)
                    store_first(out, target + i, load_first(x, source + i, count), count)

"""One decoding step for numba: a channel's states lie in lanes, 16 channels are read out at once.

Tensors come as addresses and strides, an absent one as the address 0; `zero` has the dtype of all.
"""

from __future__ import annotations

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import (
    LANES,
    broadcast,
    broadcast_at,
    exp2,
    like,
    load_first,
    scratch,
    sigmoid,
    softplus,
    store,
    store_first,
    totals,
)

__all__ = ["update"]

_LOG2E = 1.4426950408889634
STEP, STEP_X, COLUMN, READ, END = 0, LANES, 2 * LANES, 3 * LANES, (3 + LANES) * LANES
"""Where in `work` lie, of 16 channels: Δ log2(e); Δx; one vector that is gathered; what is to be summed over states."""


@compiled
def _channels(array, at, stride, count, work):
    """`count` elements, `stride` apart."""
    if stride == 1:
        return load_first(array, at, count)
    for lane in range(count):
        work[COLUMN + lane] = array[at + lane * stride]
    return load_first(work, COLUMN, count)


@compiled
def update(
    zero, batch, heads, dim, states, groups,
    state_at, state_strides, x_at, x_strides, dt_at, dt_strides, A_at, A_strides, A_tied,
    B_at, B_strides, B_groups, C_at, C_strides, C_groups,
    D_at, D_strides, z_at, z_strides, bias_at, bias_strides,
    dt_softplus, out_at,
):  # fmt: skip
    """Updates state and fills out, (batch, heads, dim).

    Strides are those of batch, head, channel, state; of head and channel (D, bias); of batch, group, state (B, C).
    States are contiguous, but where A is tied, one number for all states, whole vectors of them. `groups` is the number
    of runs of channels that share both B and C; it divides the heads, or dim where there is one head.
    """
    state, x, dt, A = flat(state_at, zero), flat(x_at, zero), flat(dt_at, zero), flat(A_at, zero)
    B, C, D, z = flat(B_at, zero), flat(C_at, zero), flat(D_at, zero), flat(z_at, zero)
    bias, out = flat(bias_at, zero), flat(out_at, zero)
    work = scratch(zero, END)
    nothing = like(broadcast(zero), 0.0)
    for i in range(0, END, LANES):
        store(work, i, nothing)
    width = min(dim, heads * dim // groups)
    for b in range(batch):
        for head in range(heads):
            for first in range(0, dim, width):
                run = head * dim + first
                B_from = b * B_strides[0] + run * B_groups // (heads * dim) * B_strides[1]
                C_from = b * C_strides[0] + run * C_groups // (heads * dim) * C_strides[1]
                for d in range(first, first + width, LANES):
                    count = min(LANES, first + width - d)
                    own = b * x_strides[0] + head * x_strides[1] + d * x_strides[2]
                    u = _channels(x, own, x_strides[2], count, work)
                    own = b * dt_strides[0] + head * dt_strides[1] + d * dt_strides[2]
                    step = _channels(dt, own, dt_strides[2], count, work)
                    if bias_at != 0:
                        own = head * bias_strides[0] + d * bias_strides[1]
                        step = step + _channels(bias, own, bias_strides[1], count, work)
                    if dt_softplus:
                        step = softplus(step)
                    store(work, STEP, step * like(step, _LOG2E))
                    store(work, STEP_X, step * u)

                    own = b * state_strides[0] + head * state_strides[1] + d * state_strides[2]
                    A_own = head * A_strides[0] + d * A_strides[1]
                    for i in range(count):
                        step = broadcast_at(work, STEP + i)
                        step_x = broadcast_at(work, STEP_X + i)
                        read = nothing
                        for n in range(0, states, LANES):
                            part = min(LANES, states - n)
                            a = broadcast_at(A, A_own) if A_tied else load_first(A, A_own + n, part)
                            h = exp2(step * a) * load_first(state, own + n, part)
                            h = h + step_x * load_first(B, B_from + n, part)
                            store_first(state, own + n, h, part)
                            read = read + h * load_first(C, C_from + n, part)
                        store(work, READ + i * LANES, read)
                        own += state_strides[2]
                        A_own += A_strides[1]

                    y = totals(work, READ)
                    if D_at != 0:
                        own = head * D_strides[0] + d * D_strides[1]
                        y = y + _channels(D, own, D_strides[1], count, work) * u
                    if z_at != 0:
                        own = b * z_strides[0] + head * z_strides[1] + d * z_strides[2]
                        gate = _channels(z, own, z_strides[2], count, work)
                        y = y * (gate * sigmoid(gate))
                    store_first(out, (b * heads + head) * dim + d, y, count)

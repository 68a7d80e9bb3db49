"""The selective scan, forward and backward, for numba; README.md derives what is computed here.

Channels lie in tiles of LANES. What belongs to a channel and a state is stored [tile, state, lane]; time is worked
through in chunks of CHUNK steps, all channels of a chunk before the next, so that a chunk's inputs and its B and C
stay in cache. u, Δ, z and their like come as flat arrays with a stride for batch and one for time, channels being
contiguous. Every array is of one dtype, float32 or float64.
"""

from __future__ import annotations

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._simd import (
    EXP2_RANGE,
    LANES,
    all_at_most,
    broadcast_at,
    exp2,
    exp2_product,
    like,
    load,
    load_first,
    magnitude,
    maximum,
    prefetch,
    sigmoid,
    softplus,
    store,
    store_first,
    total,
)

__all__ = ["CHUNK", "backward", "forward", "tiles"]

CHUNK = 16
"""Steps between checkpoints. States and decays of a chunk, (2 · 16 steps + 1) · 16 states, fit a 48 kB L1 cache."""

_LOG2E = 1.4426950408889634
_LN2 = 0.6931471805599453


def tiles(dim: int, groups: int) -> int:
    """Tiles of `dim` channels; none holds channels of two groups."""
    return groups * -(-(dim // groups) // LANES)


@compiled
def _aligned(size, like):
    """An uninitialised array whose vectors do not straddle cache lines."""
    space = np.empty(size + LANES, like.dtype)
    offset = (-space.ctypes.data % 64) // like.itemsize
    return space[offset : offset + size]


@compiled
def _to_tiles(matrix, groups, scale, out):
    """(dim, state) to [tile, state, lane], times `scale`; lanes without a channel are 0."""
    dim, states = matrix.shape
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    out[:] = 0
    for d in range(dim):
        group, channel = d // width, d % width
        tile, lane = group * per_group + channel // LANES, channel % LANES
        for n in range(states):
            out[(tile * states + n) * LANES + lane] = matrix[d, n] * scale


@compiled
def _reach(a2, states, like_this):
    """[tile, lane]: the largest |Δ| whose exponents all lie within what `exp2_product` takes."""
    n_tiles = a2.size // (states * LANES)
    reach = _aligned(n_tiles * LANES, like_this)
    for tile in range(n_tiles):
        steepest = like(load(a2, 0), 1e-30)
        for n in range(states):
            steepest = maximum(magnitude(load(a2, (tile * states + n) * LANES)), steepest)
        store(reach, tile * LANES, like(steepest, EXP2_RANGE) / steepest)
    return reach


@compiled
def _from_tiles(tiled, groups, out):
    """[tile, state, lane] to (dim, state)."""
    dim, states = out.shape
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    for d in range(dim):
        group, channel = d // width, d % width
        tile, lane = group * per_group + channel // LANES, channel % LANES
        for n in range(states):
            out[d, n] = tiled[(tile * states + n) * LANES + lane]


@compiled
def _gather(weights, layout, b, groups, states, start, steps, out):
    """Steps `start` to `start + steps` of B or C to [group, step, state]."""
    own, by_batch, by_group, by_state, by_time = layout
    for group in range(groups):
        for t in range(steps):
            source = b * by_batch + group * own // groups * by_group + (start + t) * by_time
            to = (group * CHUNK + t) * states
            whole = states - states % LANES if by_state == 1 else 0
            for n in range(0, whole, LANES):
                store(out, to + n, load(weights, source + n))
            for n in range(whole, states):
                out[to + n] = weights[source + n * by_state]


@compiled
def forward(
    u, u_batch, u_time,
    delta, delta_batch, delta_time,
    z, z_batch, z_time,
    A, B, B_layout, C, C_layout,
    D, bias, initial,
    has_D, has_z, has_bias, has_initial, delta_softplus,
    groups, length,
    out, last, checkpoints,
):  # fmt: skip
    """Fills out (batch, length, dim), last (batch, dim, state) and, unless it is empty, the state before every chunk
    but the first, checkpoints (batch, chunk - 1, tile, state, lane).

    B and C come flat; a layout is (groups, stride of batch, of group, of state, of time). With 0 groups they are
    (dim, state), the same at all times.
    """
    batch, dim, states = last.shape
    B_fixed, C_fixed = B_layout[0] == 0, C_layout[0] == 0
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    size = groups * per_group * states * LANES
    n_chunks = (length + CHUNK - 1) // CHUNK
    keep = checkpoints.size > 0

    a2 = _aligned(size, out)
    _to_tiles(A, groups, _LOG2E, a2)
    b_fixed = np.empty(size if B_fixed else 0, out.dtype)
    c_fixed = np.empty(size if C_fixed else 0, out.dtype)
    if B_fixed:
        _to_tiles(B.reshape(dim, states), groups, 1.0, b_fixed)
    if C_fixed:
        _to_tiles(C.reshape(dim, states), groups, 1.0, c_fixed)
    b_chunk = np.empty(groups * CHUNK * states, out.dtype)
    c_chunk = np.empty(groups * CHUNK * states, out.dtype)
    h = _aligned(size, out)
    step_chunk = _aligned(CHUNK * LANES, out)
    step_x_chunk = _aligned(CHUNK * LANES, out)
    y_chunk = _aligned(CHUNK * LANES, out)
    reach = _reach(a2, states, out)

    for b in range(batch):
        if has_initial:
            _to_tiles(initial[b], groups, 1.0, h)
        else:
            h[:] = 0
        for chunk in range(n_chunks):
            start = chunk * CHUNK
            steps = min(CHUNK, length - start)
            if keep and chunk > 0:
                at = (b * (n_chunks - 1) + chunk - 1) * size
                checkpoints[at : at + size] = h
            if not B_fixed:
                _gather(B, B_layout, b, groups, states, start, steps, b_chunk)
            if not C_fixed:
                _gather(C, C_layout, b, groups, states, start, steps, c_chunk)
            for tile in range(groups * per_group):
                group = tile // per_group
                channel = group * width + (tile % per_group) * LANES
                count = min(LANES, (group + 1) * width - channel)
                state_at = tile * states * LANES
                weights_at = group * CHUNK * states
                shift = load_first(bias, channel, count) if has_bias else like(load(h, 0), 0.0)
                skip = load_first(D, channel, count) if has_D else like(shift, 0.0)
                largest = like(shift, 0.0)
                for t in range(steps):
                    x = load_first(u, b * u_batch + (start + t) * u_time + channel, count)
                    step = load_first(delta, b * delta_batch + (start + t) * delta_time + channel, count) + shift
                    if delta_softplus:
                        step = softplus(step)
                    largest = maximum(magnitude(step), largest)
                    store(step_chunk, t * LANES, step)
                    store(step_x_chunk, t * LANES, step * x)
                    store(y_chunk, t * LANES, skip * x)
                in_range = all_at_most(largest, load(reach, tile * LANES))
                for t in range(steps):
                    step = load(step_chunk, t * LANES)
                    step_x = load(step_x_chunk, t * LANES)
                    y = load(y_chunk, t * LANES)
                    prefetch(u, b * u_batch + (start + t) * u_time + channel + LANES)
                    prefetch(delta, b * delta_batch + (start + t) * delta_time + channel + LANES)
                    if has_z:
                        prefetch(z, b * z_batch + (start + t) * z_time + channel + LANES)
                    prefetch(out, (b * length + start + t) * dim + channel + LANES)
                    for n in range(states):
                        at = state_at + n * LANES
                        decay = exp2_product(step, load(a2, at)) if in_range else exp2(step * load(a2, at))
                        weight_b = load(b_fixed, at) if B_fixed else broadcast_at(b_chunk, weights_at + t * states + n)
                        weight_c = load(c_fixed, at) if C_fixed else broadcast_at(c_chunk, weights_at + t * states + n)
                        state = decay * load(h, at) + step_x * weight_b
                        store(h, at, state)
                        y = y + state * weight_c
                    store(y_chunk, t * LANES, y)
                for t in range(steps):
                    y = load(y_chunk, t * LANES)
                    if has_z:
                        gate = load_first(z, b * z_batch + (start + t) * z_time + channel, count)
                        y = y * (gate * sigmoid(gate))
                    store_first(out, (b * length + start + t) * dim + channel, y, count)
        _from_tiles(h, groups, last[b])


@compiled
def backward(
    grad_out, grad_out_batch, grad_out_time,
    u, u_batch, u_time,
    delta, delta_batch, delta_time,
    z, z_batch, z_time,
    A, B, B_layout, C, C_layout,
    D, bias, initial, grad_last,
    has_D, has_z, has_bias, has_initial, has_grad_last, delta_softplus,
    groups, batch, length, checkpoints,
    grad_u, grad_delta, grad_z, grad_A, grad_B, grad_C, grad_D, grad_bias, grad_initial,
):  # fmt: skip
    """Fills the gradients, given that of out and, where there is one, of last.

    grad_u, grad_delta and grad_z are (batch, length, dim), flat; grad_B and grad_C are (batch, length, groups, state),
    or, where B or C is fixed, (1, 1, dim, state); grad_initial is (batch, dim, state) or empty.
    """
    dim, states = A.shape
    B_fixed, C_fixed = B_layout[0] == 0, C_layout[0] == 0
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    n_tiles = groups * per_group
    size = n_tiles * states * LANES
    n_chunks = (length + CHUNK - 1) // CHUNK

    a2 = _aligned(size, grad_u)
    _to_tiles(A, groups, _LOG2E, a2)
    reach = _reach(a2, states, grad_u)
    b_fixed = _aligned(size if B_fixed else 0, grad_u)
    c_fixed = _aligned(size if C_fixed else 0, grad_u)
    if B_fixed:
        _to_tiles(B.reshape(dim, states), groups, 1.0, b_fixed)
    if C_fixed:
        _to_tiles(C.reshape(dim, states), groups, 1.0, c_fixed)
    b_chunk = np.empty(groups * CHUNK * states, grad_u.dtype)
    c_chunk = np.empty(groups * CHUNK * states, grad_u.dtype)

    # Of one tile and chunk: inputs, then the states before each step and their decays, which the way back reads.
    x_chunk = _aligned(CHUNK * LANES, grad_u)
    step_chunk = _aligned(CHUNK * LANES, grad_u)
    slope_chunk = _aligned(CHUNK * LANES, grad_u)
    y_chunk = _aligned(CHUNK * LANES, grad_u)
    grad_y_chunk = _aligned(CHUNK * LANES, grad_u)
    h = _aligned((CHUNK + 1) * states * LANES, grad_u)
    decays = _aligned(CHUNK * states * LANES, grad_u)

    # Sums over channels stay apart by lane until all tiles of a group have been added, sums over time by chunk.
    grad_b_chunk = _aligned(CHUNK * states * LANES, grad_u)
    grad_c_chunk = _aligned(CHUNK * states * LANES, grad_u)
    grad_a_chunk = _aligned(states * LANES, grad_u)
    grad_a = _aligned(size, grad_u)
    grad_b_fixed = _aligned(size if B_fixed else 0, grad_u)
    grad_c_fixed = _aligned(size if C_fixed else 0, grad_u)
    grad_skip = _aligned(n_tiles * LANES, grad_u)
    grad_shift = _aligned(n_tiles * LANES, grad_u)
    grad_h = _aligned(size, grad_u)
    for total_of in (grad_a, grad_b_fixed, grad_c_fixed, grad_skip, grad_shift):
        total_of[:] = 0
    start_state = _aligned(size, grad_u)

    for b in range(batch):
        if has_grad_last:
            _to_tiles(grad_last[b], groups, 1.0, grad_h)
        else:
            grad_h[:] = 0
        if has_initial:
            _to_tiles(initial[b], groups, 1.0, start_state)
        else:
            start_state[:] = 0
        for chunk in range(n_chunks - 1, -1, -1):
            start = chunk * CHUNK
            steps = min(CHUNK, length - start)
            if not B_fixed:
                _gather(B, B_layout, b, groups, states, start, steps, b_chunk)
            if not C_fixed:
                _gather(C, C_layout, b, groups, states, start, steps, c_chunk)
            for tile in range(n_tiles):
                group = tile // per_group
                channel = group * width + (tile % per_group) * LANES
                count = min(LANES, (group + 1) * width - channel)
                state_at = tile * states * LANES
                weights_at = group * CHUNK * states
                shift = load_first(bias, channel, count) if has_bias else like(load(a2, 0), 0.0)
                skip = load_first(D, channel, count) if has_D else like(shift, 0.0)
                zero = like(shift, 0.0)
                if B_fixed or tile % per_group == 0:
                    grad_b_chunk[:] = 0
                if C_fixed or tile % per_group == 0:
                    grad_c_chunk[:] = 0
                grad_a_chunk[:] = 0

                largest = zero
                for t in range(steps):
                    x = load_first(u, b * u_batch + (start + t) * u_time + channel, count)
                    step = load_first(delta, b * delta_batch + (start + t) * delta_time + channel, count) + shift
                    slope = like(shift, 1.0)
                    if delta_softplus:
                        slope = sigmoid(step)
                        step = softplus(step)
                    largest = maximum(magnitude(step), largest)
                    store(x_chunk, t * LANES, x)
                    store(step_chunk, t * LANES, step)
                    store(slope_chunk, t * LANES, slope)
                    store(y_chunk, t * LANES, skip * x)
                in_range = all_at_most(largest, load(reach, tile * LANES))

                for n in range(states):
                    at = state_at + n * LANES
                    if chunk > 0:
                        store(h, n * LANES, load(checkpoints, (b * (n_chunks - 1) + chunk - 1) * size + at))
                    else:
                        store(h, n * LANES, load(start_state, at))
                for t in range(steps):
                    step = load(step_chunk, t * LANES)
                    step_x = step * load(x_chunk, t * LANES)
                    y = load(y_chunk, t * LANES)
                    for n in range(states):
                        at = state_at + n * LANES
                        now = (t * states + n) * LANES
                        decay = exp2_product(step, load(a2, at)) if in_range else exp2(step * load(a2, at))
                        weight_b = load(b_fixed, at) if B_fixed else broadcast_at(b_chunk, weights_at + t * states + n)
                        weight_c = load(c_fixed, at) if C_fixed else broadcast_at(c_chunk, weights_at + t * states + n)
                        state = decay * load(h, now) + step_x * weight_b
                        store(decays, now, decay)
                        store(h, now + states * LANES, state)
                        y = y + state * weight_c
                    store(y_chunk, t * LANES, y)

                for t in range(steps):
                    grad_y = load_first(grad_out, b * grad_out_batch + (start + t) * grad_out_time + channel, count)
                    if has_z:
                        gate = load_first(z, b * z_batch + (start + t) * z_time + channel, count)
                        opening = sigmoid(gate)
                        silu = gate * opening
                        silu_slope = opening + silu * (like(gate, 1.0) - opening)
                        grad_gate = grad_y * load(y_chunk, t * LANES) * silu_slope
                        store_first(grad_z, (b * length + start + t) * dim + channel, grad_gate, count)
                        grad_y = grad_y * silu
                    store(grad_y_chunk, t * LANES, grad_y)

                skip_sum = zero
                shift_sum = zero
                for t in range(steps - 1, -1, -1):
                    x = load(x_chunk, t * LANES)
                    step = load(step_chunk, t * LANES)
                    step_x = step * x
                    grad_y = load(grad_y_chunk, t * LANES)
                    by_exponent = zero
                    by_input = zero
                    for n in range(states):
                        at = state_at + n * LANES
                        now = (t * states + n) * LANES
                        weight_b = load(b_fixed, at) if B_fixed else broadcast_at(b_chunk, weights_at + t * states + n)
                        weight_c = load(c_fixed, at) if C_fixed else broadcast_at(c_chunk, weights_at + t * states + n)
                        to_b = n * LANES if B_fixed else now
                        to_c = n * LANES if C_fixed else now
                        grad_state = grad_y * weight_c + load(grad_h, at)
                        store(grad_c_chunk, to_c, load(grad_c_chunk, to_c) + grad_y * load(h, now + states * LANES))
                        store(grad_b_chunk, to_b, load(grad_b_chunk, to_b) + grad_state * step_x)
                        by_input = by_input + grad_state * weight_b
                        before = grad_state * load(decays, now)
                        store(grad_h, at, before)
                        grad_exponent = before * load(h, now)
                        by_exponent = by_exponent + grad_exponent * load(a2, at)
                        store(grad_a_chunk, n * LANES, load(grad_a_chunk, n * LANES) + grad_exponent * step)
                    grad_step = (by_exponent * like(zero, _LN2) + by_input * x) * load(slope_chunk, t * LANES)
                    at = (b * length + start + t) * dim + channel
                    store_first(grad_u, at, by_input * step + grad_y * skip, count)
                    store_first(grad_delta, at, grad_step, count)
                    skip_sum = skip_sum + grad_y * x
                    shift_sum = shift_sum + grad_step

                at = tile * LANES
                store(grad_skip, at, load(grad_skip, at) + skip_sum)
                store(grad_shift, at, load(grad_shift, at) + shift_sum)
                for n in range(states):
                    at = state_at + n * LANES
                    store(grad_a, at, load(grad_a, at) + load(grad_a_chunk, n * LANES))
                    if B_fixed:
                        store(grad_b_fixed, at, load(grad_b_fixed, at) + load(grad_b_chunk, n * LANES))
                    if C_fixed:
                        store(grad_c_fixed, at, load(grad_c_fixed, at) + load(grad_c_chunk, n * LANES))
                if tile % per_group == per_group - 1:
                    for t in range(steps):
                        for n in range(states):
                            now = (t * states + n) * LANES
                            if not B_fixed:
                                grad_B[b, start + t, group, n] = total(load(grad_b_chunk, now))
                            if not C_fixed:
                                grad_C[b, start + t, group, n] = total(load(grad_c_chunk, now))
        if grad_initial.size > 0:
            _from_tiles(grad_h, groups, grad_initial[b])

    _from_tiles(grad_a, groups, grad_A)
    if B_fixed:
        _from_tiles(grad_b_fixed, groups, grad_B[0, 0])
    if C_fixed:
        _from_tiles(grad_c_fixed, groups, grad_C[0, 0])
    for tile in range(n_tiles):
        channel = tile // per_group * width + (tile % per_group) * LANES
        count = min(LANES, (tile // per_group + 1) * width - channel)
        store_first(grad_D, channel, load(grad_skip, tile * LANES), count)
        store_first(grad_bias, channel, load(grad_shift, tile * LANES), count)

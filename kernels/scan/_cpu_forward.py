"""The selective scan's forward pass for numba; README.md derives what is computed here, _cpu_tiles.py lays it out.

Tensors come as addresses, an absent one as 0; u, Δ, z and their like with a stride for batch and one for time, channels
being contiguous, the others contiguous. `zero` has the dtype of all, float32 or float64.
"""

from __future__ import annotations

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import (
    LANES,
    aligned,
    all_at_most,
    broadcast_rows,
    exp2,
    exp2_product,
    fold,
    like,
    load,
    load_first,
    load_like,
    load_stack,
    magnitude,
    maximum,
    prefetch,
    repeat,
    rows_of,
    sigmoid,
    softplus,
    stack_rows,
    store,
    store_first,
)
from claimbench.kernels.scan._cpu_tiles import (
    CHUNK,
    LOG2E,
    from_tiles,
    gather,
    place,
    reach,
    to_tiles,
    weights_size,
)

__all__ = ["forward"]

STEP, STEP_X, Y, END = (i * CHUNK * LANES for i in range(4))
"""Where the rows of a chunk begin in `work`, [step, lane]: Δ, Δu, and the output before its gate."""


@compiled
def _advance(stack, work, first, stop, states, steps, in_range, B_fixed, C_fixed, a2_at, h_at, b_at, c_at):
    """Takes states `first` to `stop` of a tile through a chunk, as many at a time as `stack` has rows, and adds their
    part of the output to Y.
    """
    for n in range(first, stop, rows_of(stack)):
        at = n * LANES
        a2 = load_like(stack, work, a2_at + at)
        h = load_like(stack, work, h_at + at)
        for t in range(steps):
            step = repeat(stack, load(work, STEP + t * LANES))
            step_x = repeat(stack, load(work, STEP_X + t * LANES))
            decay = exp2_product(step, a2) if in_range else exp2(step * a2)
            weights = t * states + n
            weight_b = load_like(stack, work, b_at + at) if B_fixed else broadcast_rows(stack, work, b_at + weights)
            weight_c = load_like(stack, work, c_at + at) if C_fixed else broadcast_rows(stack, work, c_at + weights)
            h = decay * h + step_x * weight_b
            store(work, Y + t * LANES, load(work, Y + t * LANES) + fold(h * weight_c))
        store(work, h_at + at, h)


@compiled
def forward(
    zero, batch, dim, states, length, groups,
    u_at, u_batch, u_time,
    delta_at, delta_batch, delta_time,
    z_at, z_batch, z_time,
    A_at, B_at, B_layout, C_at, C_layout,
    D_at, bias_at, initial_at, delta_softplus,
    out_at, last_at, checkpoints_at,
):  # fmt: skip
    """Fills out (batch, length, dim), last (batch, dim, state) and, where they have an address, checkpoints (batch,
    chunk - 1, tile, state, lane): the state before every chunk but the first.

    A layout of B or C is (groups, stride of batch, of group, of state, of time). With 0 groups it is (dim, state), the
    same at all times.
    """
    u, delta, z, A, B, C = (
        flat(u_at, zero), flat(delta_at, zero), flat(z_at, zero), flat(A_at, zero), flat(B_at, zero), flat(C_at, zero)
    )  # fmt: skip
    D, bias, initial = flat(D_at, zero), flat(bias_at, zero), flat(initial_at, zero)
    out, last, checkpoints = flat(out_at, zero), flat(last_at, zero), flat(checkpoints_at, zero)
    B_fixed, C_fixed = B_layout[0] == 0, C_layout[0] == 0
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    n_tiles = groups * per_group
    size = n_tiles * states * LANES
    n_chunks = (length + CHUNK - 1) // CHUNK

    a2 = END
    h = a2 + size
    weights_b = h + size
    weights_c = weights_b + weights_size(B_fixed, n_tiles, groups, states)
    work = aligned(weights_c + weights_size(C_fixed, n_tiles, groups, states), out)
    to_tiles(A, 0, dim, states, groups, LOG2E, work, a2)
    if B_fixed:
        to_tiles(B, 0, dim, states, groups, 1.0, work, weights_b)
    if C_fixed:
        to_tiles(C, 0, dim, states, groups, 1.0, work, weights_c)
    furthest = reach(work, a2, n_tiles, states)
    whole = states - states % stack_rows(work)

    for b in range(batch):
        if initial_at != 0:
            to_tiles(initial, b * dim * states, dim, states, groups, 1.0, work, h)
        else:
            work[h : h + size] = 0
        for chunk in range(n_chunks):
            start = chunk * CHUNK
            steps = min(CHUNK, length - start)
            if checkpoints_at != 0 and chunk > 0:
                kept = (b * (n_chunks - 1) + chunk - 1) * size
                for i in range(0, size, LANES):
                    store(checkpoints, kept + i, load(work, h + i))
            if not B_fixed:
                gather(B, B_layout, b, groups, states, start, steps, work, weights_b)
            if not C_fixed:
                gather(C, C_layout, b, groups, states, start, steps, work, weights_c)
            for tile in range(n_tiles):
                group, channel, count = place(tile, per_group, width)
                shift = load_first(bias, channel, count) if bias_at != 0 else like(load(work, a2), 0.0)
                skip = load_first(D, channel, count) if D_at != 0 else like(shift, 0.0)
                largest = like(shift, 0.0)
                for t in range(steps):
                    from_u = b * u_batch + (start + t) * u_time + channel
                    from_delta = b * delta_batch + (start + t) * delta_time + channel
                    x = load_first(u, from_u, count)
                    step = load_first(delta, from_delta, count) + shift
                    prefetch(u, from_u + LANES)
                    prefetch(delta, from_delta + LANES)
                    prefetch(out, (b * length + start + t) * dim + channel + LANES)
                    if z_at != 0:
                        prefetch(z, b * z_batch + (start + t) * z_time + channel + LANES)
                    if delta_softplus:
                        step = softplus(step)
                    largest = maximum(magnitude(step), largest)
                    store(work, STEP + t * LANES, step)
                    store(work, STEP_X + t * LANES, step * x)
                    store(work, Y + t * LANES, skip * x)

                in_range = all_at_most(largest, load(furthest, tile * LANES))
                of_tile = tile * states * LANES
                b_now = weights_b + (of_tile if B_fixed else group * CHUNK * states)
                c_now = weights_c + (of_tile if C_fixed else group * CHUNK * states)
                options = in_range, B_fixed, C_fixed
                places = a2 + of_tile, h + of_tile, b_now, c_now
                _advance(load_stack(work, 0), work, 0, whole, states, steps, *options, *places)
                _advance(load(work, 0), work, whole, states, states, steps, *options, *places)

                for t in range(steps):
                    y = load(work, Y + t * LANES)
                    if z_at != 0:
                        gate = load_first(z, b * z_batch + (start + t) * z_time + channel, count)
                        y = y * (gate * sigmoid(gate))
                    store_first(out, (b * length + start + t) * dim + channel, y, count)
        from_tiles(work, h, dim, states, groups, last, b * dim * states)

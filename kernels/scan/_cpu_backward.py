"""The selective scan's backward pass for numba; README.md derives what is computed here, _cpu_tiles.py lays it out.

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
    LN2,
    LOG2E,
    add,
    from_tiles,
    gather,
    place,
    reach,
    sum_lanes,
    to_tiles,
    weights_size,
)

__all__ = ["backward"]

X, STEP, STEP_X, SLOPE, GRAD_Y, TO_GATE, Y, BY_INPUT, BY_EXPONENT, END = (i * CHUNK * LANES for i in range(10))
"""Where the rows of a chunk begin in `work`, [step, lane]: u, Δ, Δu, dΔ/ddelta, ȳ, what y is multiplied by to give ∂z,
y, and the two sums over states of which ∂u and ∂Δ are made, Σ h̄ B and Σ h̄ a h A log2(e).
"""


@compiled
def _there_and_back(
    stack, work, first, stop, states, steps,
    in_range, has_z, B_fixed, C_fixed,
    a2_at, before_at, grad_h_at, grad_a_at, b_at, c_at, grad_b_at, grad_c_at, decays, kept,
):  # fmt: skip
    """Takes states `first` to `stop` of a tile through a chunk and their gradients back, as many at a time as `stack`
    has rows. It adds to Y, BY_INPUT, BY_EXPONENT and the gradients of A, B and C, and carries that of h on.
    """
    rows = rows_of(stack)
    for n in range(first, stop, rows):
        at = n * LANES
        a2 = load_like(stack, work, a2_at + at)
        h = load_like(stack, work, before_at + at)
        for t in range(steps):
            step = repeat(stack, load(work, STEP + t * LANES))
            step_x = repeat(stack, load(work, STEP_X + t * LANES))
            decay = exp2_product(step, a2) if in_range else exp2(step * a2)
            weights = t * states + n
            weight_b = load_like(stack, work, b_at + at) if B_fixed else broadcast_rows(stack, work, b_at + weights)
            store(work, decays + t * rows * LANES, decay)
            store(work, kept + t * rows * LANES, h)
            h = decay * h + step_x * weight_b
            if has_z:
                weight_c = load_like(stack, work, c_at + at) if C_fixed else broadcast_rows(stack, work, c_at + weights)
                store(work, Y + t * LANES, load(work, Y + t * LANES) + fold(h * weight_c))

        grad_h = load_like(stack, work, grad_h_at + at)
        grad_a = like(a2, 0.0)
        for t in range(steps - 1, -1, -1):
            step = repeat(stack, load(work, STEP + t * LANES))
            step_x = repeat(stack, load(work, STEP_X + t * LANES))
            grad_y = repeat(stack, load(work, GRAD_Y + t * LANES))
            weights = t * states + n
            weight_b = load_like(stack, work, b_at + at) if B_fixed else broadcast_rows(stack, work, b_at + weights)
            weight_c = load_like(stack, work, c_at + at) if C_fixed else broadcast_rows(stack, work, c_at + weights)
            grad_h = grad_y * weight_c + grad_h
            to_b = grad_b_at + (n if B_fixed else weights) * LANES
            to_c = grad_c_at + (n if C_fixed else weights) * LANES
            store(work, to_c, load_like(stack, work, to_c) + grad_y * h)
            store(work, to_b, load_like(stack, work, to_b) + grad_h * step_x)
            store(work, BY_INPUT + t * LANES, load(work, BY_INPUT + t * LANES) + fold(grad_h * weight_b))
            grad_h = grad_h * load_like(stack, work, decays + t * rows * LANES)
            h = load_like(stack, work, kept + t * rows * LANES)
            grad_exponent = grad_h * h
            store(work, BY_EXPONENT + t * LANES, load(work, BY_EXPONENT + t * LANES) + fold(grad_exponent * a2))
            grad_a = grad_a + grad_exponent * step
        store(work, grad_h_at + at, grad_h)
        store(work, grad_a_at + at, load_like(stack, work, grad_a_at + at) + grad_a)


@compiled
def backward(
    zero, batch, dim, states, length, groups,
    grad_out_at, grad_out_batch, grad_out_time,
    u_at, u_batch, u_time,
    delta_at, delta_batch, delta_time,
    z_at, z_batch, z_time,
    A_at, B_at, B_layout, C_at, C_layout,
    D_at, bias_at, initial_at, grad_last_at, delta_softplus, checkpoints_at,
    grad_u_at, grad_delta_at, grad_z_at, grad_A_at, grad_B_at, grad_C_at, grad_D_at, grad_bias_at, grad_initial_at,
):  # fmt: skip
    """Fills the gradients, given that of out and, where there is one, of last.

    grad_u, grad_delta and grad_z are (batch, length, dim); grad_B and grad_C are (batch, length, groups, state), or,
    where B or C is fixed, (dim, state); grad_initial is (batch, dim, state) or absent. Sums over channels stay apart by
    lane until all tiles of a group have been added, sums over time by chunk.
    """
    grad_out, u, delta, z = flat(grad_out_at, zero), flat(u_at, zero), flat(delta_at, zero), flat(z_at, zero)
    A, B, C, D, bias = flat(A_at, zero), flat(B_at, zero), flat(C_at, zero), flat(D_at, zero), flat(bias_at, zero)
    initial, grad_last = flat(initial_at, zero), flat(grad_last_at, zero)
    checkpoints, grad_initial = flat(checkpoints_at, zero), flat(grad_initial_at, zero)
    grad_u, grad_delta, grad_z = flat(grad_u_at, zero), flat(grad_delta_at, zero), flat(grad_z_at, zero)
    grad_A, grad_B, grad_C = flat(grad_A_at, zero), flat(grad_B_at, zero), flat(grad_C_at, zero)
    grad_D, grad_bias = flat(grad_D_at, zero), flat(grad_bias_at, zero)
    has_z = z_at != 0
    B_fixed, C_fixed = B_layout[0] == 0, C_layout[0] == 0
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    n_tiles = groups * per_group
    size = n_tiles * states * LANES
    n_chunks = (length + CHUNK - 1) // CHUNK

    # Of one tile and chunk: decays and states of a stack, the states before the chunk, gradients of B and C by lane.
    rows = stack_rows(grad_u)
    decays = END
    kept = decays + CHUNK * rows * LANES
    before = kept + CHUNK * rows * LANES
    grad_b = before + states * LANES
    grad_c = grad_b + CHUNK * states * LANES
    # Of all tiles; what is summed over time and batch comes last.
    a2 = grad_c + CHUNK * states * LANES
    start_state = a2 + size
    grad_h = start_state + size
    weights_b = grad_h + size
    weights_c = weights_b + weights_size(B_fixed, n_tiles, groups, states)
    grad_a = weights_c + weights_size(C_fixed, n_tiles, groups, states)
    grad_b_sum = grad_a + size
    grad_c_sum = grad_b_sum + (size if B_fixed else 0)
    grad_skip = grad_c_sum + (size if C_fixed else 0)
    grad_shift = grad_skip + n_tiles * LANES
    end = grad_shift + n_tiles * LANES

    work = aligned(end, grad_u)
    work[grad_a:end] = 0
    to_tiles(A, 0, dim, states, groups, LOG2E, work, a2)
    if B_fixed:
        to_tiles(B, 0, dim, states, groups, 1.0, work, weights_b)
    if C_fixed:
        to_tiles(C, 0, dim, states, groups, 1.0, work, weights_c)
    furthest = reach(work, a2, n_tiles, states)
    whole = states - states % rows

    for b in range(batch):
        of_batch = b * dim * states
        if grad_last_at != 0:
            to_tiles(grad_last, of_batch, dim, states, groups, 1.0, work, grad_h)
        else:
            work[grad_h : grad_h + size] = 0
        if initial_at != 0:
            to_tiles(initial, of_batch, dim, states, groups, 1.0, work, start_state)
        else:
            work[start_state : start_state + size] = 0
        for chunk in range(n_chunks - 1, -1, -1):
            start = chunk * CHUNK
            steps = min(CHUNK, length - start)
            if not B_fixed:
                gather(B, B_layout, b, groups, states, start, steps, work, weights_b)
            if not C_fixed:
                gather(C, C_layout, b, groups, states, start, steps, work, weights_c)
            for tile in range(n_tiles):
                group, channel, count = place(tile, per_group, width)
                of_tile = tile * states * LANES
                shift = load_first(bias, channel, count) if bias_at != 0 else like(load(work, a2), 0.0)
                skip = load_first(D, channel, count) if D_at != 0 else like(shift, 0.0)
                none = like(shift, 0.0)
                if B_fixed or tile % per_group == 0:
                    work[grad_b : grad_b + steps * states * LANES] = 0
                if C_fixed or tile % per_group == 0:
                    work[grad_c : grad_c + steps * states * LANES] = 0

                largest = none
                for t in range(steps):
                    from_u = b * u_batch + (start + t) * u_time + channel
                    from_delta = b * delta_batch + (start + t) * delta_time + channel
                    from_grad_out = b * grad_out_batch + (start + t) * grad_out_time + channel
                    to = (b * length + start + t) * dim + channel
                    x = load_first(u, from_u, count)
                    step = load_first(delta, from_delta, count) + shift
                    grad_y = load_first(grad_out, from_grad_out, count)
                    prefetch(u, from_u + LANES)
                    prefetch(delta, from_delta + LANES)
                    prefetch(grad_out, from_grad_out + LANES)
                    prefetch(grad_u, to + LANES)
                    prefetch(grad_delta, to + LANES)
                    slope = like(shift, 1.0)
                    if delta_softplus:
                        slope = sigmoid(step)
                        step = softplus(step)
                    largest = maximum(magnitude(step), largest)
                    if has_z:
                        from_z = b * z_batch + (start + t) * z_time + channel
                        gate = load_first(z, from_z, count)
                        prefetch(z, from_z + LANES)
                        prefetch(grad_z, to + LANES)
                        opening = sigmoid(gate)
                        silu = gate * opening
                        store(work, TO_GATE + t * LANES, grad_y * (opening + silu * (like(gate, 1.0) - opening)))
                        grad_y = grad_y * silu
                    store(work, X + t * LANES, x)
                    store(work, STEP + t * LANES, step)
                    store(work, STEP_X + t * LANES, step * x)
                    store(work, SLOPE + t * LANES, slope)
                    store(work, GRAD_Y + t * LANES, grad_y)
                    store(work, Y + t * LANES, skip * x)
                    store(work, BY_INPUT + t * LANES, none)
                    store(work, BY_EXPONENT + t * LANES, none)
                checkpoint = (b * (n_chunks - 1) + chunk - 1) * size + of_tile
                for i in range(0, states * LANES, LANES):
                    if chunk > 0:
                        store(work, before + i, load(checkpoints, checkpoint + i))
                        prefetch(checkpoints, checkpoint + states * LANES + i)
                    else:
                        store(work, before + i, load(work, start_state + of_tile + i))

                in_range = all_at_most(largest, load(furthest, tile * LANES))
                b_now = weights_b + (of_tile if B_fixed else group * CHUNK * states)
                c_now = weights_c + (of_tile if C_fixed else group * CHUNK * states)
                options = in_range, has_z, B_fixed, C_fixed
                places = (
                    a2 + of_tile, before, grad_h + of_tile, grad_a + of_tile,
                    b_now, c_now, grad_b, grad_c, decays, kept,
                )  # fmt: skip
                _there_and_back(load_stack(work, 0), work, 0, whole, states, steps, *options, *places)
                _there_and_back(load(work, 0), work, whole, states, states, steps, *options, *places)

                skip_sum = none
                shift_sum = none
                for t in range(steps):
                    x = load(work, X + t * LANES)
                    grad_y = load(work, GRAD_Y + t * LANES)
                    by_input = load(work, BY_INPUT + t * LANES)
                    by_exponent = load(work, BY_EXPONENT + t * LANES) * like(none, LN2)
                    grad_step = (by_exponent + by_input * x) * load(work, SLOPE + t * LANES)
                    to = (b * length + start + t) * dim + channel
                    store_first(grad_u, to, by_input * load(work, STEP + t * LANES) + grad_y * skip, count)
                    store_first(grad_delta, to, grad_step, count)
                    if has_z:
                        grad_gate = load(work, TO_GATE + t * LANES) * load(work, Y + t * LANES)
                        store_first(grad_z, to, grad_gate, count)
                    skip_sum = skip_sum + grad_y * x
                    shift_sum = shift_sum + grad_step
                at = tile * LANES
                store(work, grad_skip + at, load(work, grad_skip + at) + skip_sum)
                store(work, grad_shift + at, load(work, grad_shift + at) + shift_sum)
                if B_fixed:
                    add(work, grad_b_sum + of_tile, grad_b, states * LANES)
                if C_fixed:
                    add(work, grad_c_sum + of_tile, grad_c, states * LANES)

                if tile % per_group == per_group - 1:
                    to = ((b * length + start) * groups + group) * states
                    if not B_fixed:
                        sum_lanes(work, grad_b, steps, states, grad_B, to, groups * states)
                    if not C_fixed:
                        sum_lanes(work, grad_c, steps, states, grad_C, to, groups * states)
        if grad_initial_at != 0:
            from_tiles(work, grad_h, dim, states, groups, grad_initial, of_batch)

    from_tiles(work, grad_a, dim, states, groups, grad_A, 0)
    if B_fixed:
        from_tiles(work, grad_b_sum, dim, states, groups, grad_B, 0)
    if C_fixed:
        from_tiles(work, grad_c_sum, dim, states, groups, grad_C, 0)
    for tile in range(n_tiles):
        _, channel, count = place(tile, per_group, width)
        store_first(grad_D, channel, load(work, grad_skip + tile * LANES), count)
        store_first(grad_bias, channel, load(work, grad_shift + tile * LANES), count)

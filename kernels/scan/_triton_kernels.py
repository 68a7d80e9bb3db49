"""The selective scan, forward and backward, for Triton; README.md derives what is computed here.

A program takes BLOCK_D channels of one sequence and walks through time with their states [BLOCK_N, BLOCK_D] in
registers: a lane owns a channel and all its states, so that reading out a state needs no exchange between lanes.
The compiler lays a tensor out for the widest loads and stores
that it can prove, which would spread a channel's states over lanes: `unit`, always 1, keeps the proof from it, and
lanes still read neighbouring addresses.
Everything is computed in float32. Names ending in _batch, _channel, _time, _group, _state are strides.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["selective_scan_bwd_kernel", "selective_scan_fwd_kernel"]


@triton.jit
def _softplus(x):
    """log(1 + e^x), to the last digits at both ends: Kahan's form of log1p."""
    e = tl.exp(-tl.abs(x))
    w = 1.0 + e
    exact = w == 1.0
    return tl.maximum(x, 0.0) + tl.where(exact, e, tl.log(w) * (e / tl.where(exact, 1.0, w - 1.0)))


@triton.jit
def _sigmoid(x):
    return 1.0 / (1.0 + tl.exp(-x))


@triton.jit(do_not_specialize=["unit"])
def selective_scan_fwd_kernel(
    u_ptr, u_batch, u_channel, u_time,
    delta_ptr, delta_batch, delta_channel, delta_time,
    z_ptr, z_batch, z_channel, z_time,
    A_ptr,
    B_ptr, B_groups, B_batch, B_group, B_state, B_time,
    C_ptr, C_groups, C_batch, C_group, C_state, C_time,
    D_ptr, bias_ptr, initial_ptr,
    out_ptr, last_ptr, checkpoints_ptr,
    dim, states, length, groups, unit,
    HAS_Z: tl.constexpr, HAS_D: tl.constexpr, HAS_BIAS: tl.constexpr, HAS_INITIAL: tl.constexpr,
    SOFTPLUS: tl.constexpr, B_FIXED: tl.constexpr, C_FIXED: tl.constexpr, KEEP: tl.constexpr,
    CHUNK: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """out (batch, length, dim); last and initial (batch, dim, state); A, and B or C where fixed, (dim, state);
    checkpoints (batch, chunk - 1, state, dim), the state before every chunk but the first.
    """
    tile, b = tl.program_id(0), tl.program_id(1).to(tl.int64)
    width = dim // groups
    tiles = tl.cdiv(width, BLOCK_D)
    group = tile // tiles
    d = group * width + (tile % tiles) * BLOCK_D + tl.arange(0, BLOCK_D)  # [BLOCK_D]
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    d_mask = d < (group + 1) * width
    n_mask = n < states
    mask = n_mask[:, None] & d_mask[None, :]  # [BLOCK_N, BLOCK_D]
    matrix = d[None, :] * states + n[:, None] * unit

    a2 = tl.load(A_ptr + matrix, mask=mask, other=0.0).to(tl.float32) * 1.4426950408889634
    h = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    if HAS_INITIAL:
        h = tl.load(initial_ptr + b * dim * states + matrix, mask=mask, other=0.0).to(tl.float32)
    shift = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_BIAS:
        shift = tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    skip = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_D:
        skip = tl.load(D_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    if B_FIXED:
        weight_b = tl.load(B_ptr + matrix, mask=mask, other=0.0).to(tl.float32)
    if C_FIXED:
        weight_c = tl.load(C_ptr + matrix, mask=mask, other=0.0).to(tl.float32)

    u_at = u_ptr + b * u_batch + d * u_channel
    delta_at = delta_ptr + b * delta_batch + d * delta_channel
    if HAS_Z:
        z_at = z_ptr + b * z_batch + d * z_channel
    B_at = B_ptr + b * B_batch + group * B_groups // groups * B_group + n * B_state
    C_at = C_ptr + b * C_batch + group * C_groups // groups * C_group + n * C_state
    out_at = out_ptr + b * length * dim + d
    keep_at = checkpoints_ptr + b * (tl.cdiv(length, CHUNK) - 1) * states * dim + n[:, None] * dim + d[None, :] * unit
    for t in range(length):
        if KEEP and t > 0 and t % CHUNK == 0:
            tl.store(keep_at, h, mask=mask)
            keep_at += states * dim
        x = tl.load(u_at, mask=d_mask, other=0.0).to(tl.float32)
        step = tl.load(delta_at, mask=d_mask, other=0.0).to(tl.float32) + shift
        if SOFTPLUS:
            step = _softplus(step)
        if not B_FIXED:
            weight_b = tl.load(B_at, mask=n_mask, other=0.0).to(tl.float32)[:, None]
        if not C_FIXED:
            weight_c = tl.load(C_at, mask=n_mask, other=0.0).to(tl.float32)[:, None]
        h = tl.exp2(step[None, :] * a2) * h + (step * x)[None, :] * weight_b
        y = tl.sum(h * weight_c, 0) + skip * x
        if HAS_Z:
            gate = tl.load(z_at, mask=d_mask, other=0.0).to(tl.float32)
            y = y * gate * _sigmoid(gate)
            z_at += z_time
        tl.store(out_at, y, mask=d_mask)
        u_at += u_time
        delta_at += delta_time
        B_at += B_time
        C_at += C_time
        out_at += dim
    tl.store(last_ptr + b * dim * states + matrix, h, mask=mask)


@triton.jit(do_not_specialize=["unit"])
def selective_scan_bwd_kernel(
    grad_out_ptr, grad_out_batch, grad_out_channel, grad_out_time,
    u_ptr, u_batch, u_channel, u_time,
    delta_ptr, delta_batch, delta_channel, delta_time,
    z_ptr, z_batch, z_channel, z_time,
    A_ptr,
    B_ptr, B_groups, B_batch, B_group, B_state, B_time,
    C_ptr, C_groups, C_batch, C_group, C_state, C_time,
    D_ptr, bias_ptr, initial_ptr, grad_last_ptr, checkpoints_ptr, scratch_ptr,
    grad_u_ptr, grad_delta_ptr, grad_z_ptr, grad_A_ptr, grad_B_ptr, grad_C_ptr, grad_D_ptr, grad_bias_ptr,
    grad_initial_ptr,
    dim, states, length, groups, unit,
    HAS_Z: tl.constexpr, HAS_D: tl.constexpr, HAS_BIAS: tl.constexpr, HAS_INITIAL: tl.constexpr,
    HAS_GRAD_LAST: tl.constexpr, SOFTPLUS: tl.constexpr, B_FIXED: tl.constexpr, C_FIXED: tl.constexpr,
    CHUNK: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """grad_u, grad_delta, grad_z (batch, length, dim). What is summed over programs is written apart, to be summed in a
    fixed order: grad_A (batch, dim, state); grad_D, grad_bias (batch, dim); grad_B, grad_C (tile of the group, batch,
    length, groups, state), or, where fixed, (batch, dim, state).
    scratch (program, CHUNK, BLOCK_N, BLOCK_D): the states before each step of the chunk at hand.
    """
    tile, b = tl.program_id(0), tl.program_id(1).to(tl.int64)
    width = dim // groups
    tiles = tl.cdiv(width, BLOCK_D)
    group = tile // tiles
    d = group * width + (tile % tiles) * BLOCK_D + tl.arange(0, BLOCK_D)  # [BLOCK_D]
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    d_mask = d < (group + 1) * width
    n_mask = n < states
    mask = n_mask[:, None] & d_mask[None, :]  # [BLOCK_N, BLOCK_D]
    matrix = d[None, :] * states + n[:, None] * unit
    batch_matrix = b * dim * states + matrix

    a2 = tl.load(A_ptr + matrix, mask=mask, other=0.0).to(tl.float32) * 1.4426950408889634
    shift = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_BIAS:
        shift = tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    skip = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_D:
        skip = tl.load(D_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    if B_FIXED:
        weight_b = tl.load(B_ptr + matrix, mask=mask, other=0.0).to(tl.float32)
        grad_b_sum = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    if C_FIXED:
        weight_c = tl.load(C_ptr + matrix, mask=mask, other=0.0).to(tl.float32)
        grad_c_sum = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    grad_h = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)  # what reaches h_t from the steps after t
    if HAS_GRAD_LAST:
        grad_h = tl.load(grad_last_ptr + batch_matrix, mask=mask, other=0.0).to(tl.float32)
    grad_a = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    grad_skip = tl.zeros((BLOCK_D,), tl.float32)
    grad_shift = tl.zeros((BLOCK_D,), tl.float32)

    u_base = u_ptr + b * u_batch + d * u_channel
    delta_base = delta_ptr + b * delta_batch + d * delta_channel
    if HAS_Z:
        z_base = z_ptr + b * z_batch + d * z_channel
    grad_out_base = grad_out_ptr + b * grad_out_batch + d * grad_out_channel
    B_base = B_ptr + b * B_batch + group * B_groups // groups * B_group + n * B_state
    C_base = C_ptr + b * C_batch + group * C_groups // groups * C_group + n * C_state
    program = b * tl.num_programs(0) + tile
    scratch = scratch_ptr + program * CHUNK * BLOCK_N * BLOCK_D
    scratch_at = scratch + tl.arange(0, BLOCK_N)[:, None] * BLOCK_D + tl.arange(0, BLOCK_D)[None, :] * unit
    chunks = tl.cdiv(length, CHUNK)
    partial = ((tile % tiles) * tl.num_programs(1) + b) * length  # row of this program's share of grad_B and grad_C

    for reverse in range(chunks):
        chunk = chunks - 1 - reverse
        start = b * 0 + chunk * CHUNK  # 64 bits, like b
        steps = tl.minimum(CHUNK, length - chunk * CHUNK)
        h = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
        if chunk > 0:
            kept = checkpoints_ptr + (b * (chunks - 1) + chunk - 1) * states * dim
            h = tl.load(kept + n[:, None] * dim + d[None, :] * unit, mask=mask, other=0.0)
        elif HAS_INITIAL:
            h = tl.load(initial_ptr + batch_matrix, mask=mask, other=0.0).to(tl.float32)
        for i in range(steps):
            t = start + i
            tl.store(scratch_at + i * BLOCK_N * BLOCK_D, h)
            x = tl.load(u_base + t * u_time, mask=d_mask, other=0.0).to(tl.float32)
            step = tl.load(delta_base + t * delta_time, mask=d_mask, other=0.0).to(tl.float32) + shift
            if SOFTPLUS:
                step = _softplus(step)
            if not B_FIXED:
                weight_b = tl.load(B_base + t * B_time, mask=n_mask, other=0.0).to(tl.float32)[:, None]
            h = tl.exp2(step[None, :] * a2) * h + (step * x)[None, :] * weight_b
        tl.debug_barrier()
        for j in range(steps):
            i = steps - 1 - j
            t = start + i
            x = tl.load(u_base + t * u_time, mask=d_mask, other=0.0).to(tl.float32)
            step = tl.load(delta_base + t * delta_time, mask=d_mask, other=0.0).to(tl.float32) + shift
            slope = tl.full((BLOCK_D,), 1.0, tl.float32)
            if SOFTPLUS:
                slope = _sigmoid(step)
                step = _softplus(step)
            if not B_FIXED:
                weight_b = tl.load(B_base + t * B_time, mask=n_mask, other=0.0).to(tl.float32)[:, None]
            if not C_FIXED:
                weight_c = tl.load(C_base + t * C_time, mask=n_mask, other=0.0).to(tl.float32)[:, None]
            grad_y = tl.load(grad_out_base + t * grad_out_time, mask=d_mask, other=0.0).to(tl.float32)
            before = tl.load(scratch_at + i * BLOCK_N * BLOCK_D)
            decay = tl.exp2(step[None, :] * a2)
            h = decay * before + (step * x)[None, :] * weight_b
            out_at = (b * length + t) * dim + d
            if HAS_Z:
                gate = tl.load(z_base + t * z_time, mask=d_mask, other=0.0).to(tl.float32)
                opening = _sigmoid(gate)
                y = tl.sum(h * weight_c, 0) + skip * x
                grad_gate = grad_y * y * opening * (1.0 + gate * (1.0 - opening))
                tl.store(grad_z_ptr + out_at, grad_gate, mask=d_mask)
                grad_y = grad_y * gate * opening
            grad_state = grad_y[None, :] * weight_c + grad_h
            if C_FIXED:
                grad_c_sum += grad_y[None, :] * h
            else:
                grad_c = tl.sum(grad_y[None, :] * h, 1)
                tl.store(grad_C_ptr + ((partial + t) * groups + group) * states + n, grad_c, mask=n_mask)
            if B_FIXED:
                grad_b_sum += grad_state * (step * x)[None, :]
            else:
                grad_b = tl.sum(grad_state * (step * x)[None, :], 1)
                tl.store(grad_B_ptr + ((partial + t) * groups + group) * states + n, grad_b, mask=n_mask)
            by_input = tl.sum(grad_state * weight_b, 0)
            grad_h = grad_state * decay
            grad_exponent = grad_h * before
            grad_a += grad_exponent * step[None, :]
            by_exponent = tl.sum(grad_exponent * a2, 0) * 0.6931471805599453
            grad_step = (by_exponent + by_input * x) * slope
            tl.store(grad_delta_ptr + out_at, grad_step, mask=d_mask)
            tl.store(grad_u_ptr + out_at, by_input * step + grad_y * skip, mask=d_mask)
            grad_skip += grad_y * x
            grad_shift += grad_step
        tl.debug_barrier()

    tl.store(grad_A_ptr + batch_matrix, grad_a, mask=mask)
    tl.store(grad_D_ptr + b * dim + d, grad_skip, mask=d_mask)
    tl.store(grad_bias_ptr + b * dim + d, grad_shift, mask=d_mask)
    tl.store(grad_initial_ptr + batch_matrix, grad_h, mask=mask)
    if B_FIXED:
        tl.store(grad_B_ptr + batch_matrix, grad_b_sum, mask=mask)
    if C_FIXED:
        tl.store(grad_C_ptr + batch_matrix, grad_c_sum, mask=mask)

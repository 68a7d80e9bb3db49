"""What lets the splits of a long sequence run side by side, for Triton; README.md derives it.

A split decays the state that it is given by exp(A ΣΔ) and adds what its own inputs leave behind; going backward the
same holds for the gradient of the state. So a first kernel finds ΣΔ and that share for every split, a second one
combines them in order, and the scan itself then starts every split from the right state, or gradient.
Layouts are those of _triton_kernels.py.
"""

from __future__ import annotations

import triton
import triton.language as tl

from claimbench.kernels.scan._triton_kernels import _channels, _exponents, _rows, _sigmoid, _step_size

__all__ = ["combine_splits_kernel", "split_gradients_kernel", "split_states_kernel"]


@triton.jit(do_not_specialize=["origin"])
def split_states_kernel(
    u_ptr, u_batch, u_channel, u_time,
    delta_ptr, delta_batch, delta_channel, delta_time,
    A_ptr, B_ptr, packed_ptr, bias_ptr, states_ptr, sums_ptr,
    dim, length, groups, split_steps, origin,
    HAS_BIAS: tl.constexpr, SOFTPLUS: tl.constexpr, B_FIXED: tl.constexpr,
    CHUNK: tl.constexpr, STAGES: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """states (batch, split) in tiles: the state that a split leaves if it starts from 0, in the place of the next one;
    sums (batch, split, tile, BLOCK_D): its ΣΔ, likewise. The last split has no program.
    """
    STEPS: tl.constexpr = 4
    TILE: tl.constexpr = BLOCK_N * BLOCK_D
    tile, b, split = tl.program_id(0), tl.program_id(1).to(tl.int64), tl.program_id(2)
    group, d, d_mask = _channels(tile, dim, groups, BLOCK_D)
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    in_tile = n[:, None] * BLOCK_D + (tl.arange(0, BLOCK_D) + origin)[None, :]  # [BLOCK_N, BLOCK_D]

    a2 = _exponents(A_ptr + tile * TILE + in_tile)
    shift = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_BIAS:
        shift = tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    if B_FIXED:
        weight_b = tl.load(B_ptr + tile * TILE + in_tile)
    h = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    total = tl.zeros((BLOCK_D,), tl.float32)

    start = split * split_steps
    i = tl.arange(0, STEPS)  # [STEPS]
    t_first = start + b * 0  # 64 bits, like b
    u_at = u_ptr + b * u_batch + t_first * u_time + (i[:, None] * u_time + d[None, :] * u_channel)
    delta_at = delta_ptr + b * delta_batch + t_first * delta_time
    delta_at += i[:, None] * delta_time + d[None, :] * delta_channel
    packed_at = packed_ptr + ((b * groups + group) * tl.cdiv(length, CHUNK) * CHUNK + start) * (2 * BLOCK_N)
    packed_at += i[:, None] * (2 * BLOCK_N) + n[None, :]
    loaded = (i >= 0)[:, None] & d_mask[None, :]
    for _ in tl.range(0, split_steps, STEPS, num_stages=STAGES):
        u_rows = _rows(tl.load(u_at, mask=loaded, other=0.0))
        delta_rows = _rows(tl.load(delta_at, mask=loaded, other=0.0))
        if not B_FIXED:
            b_rows = _rows(tl.load(packed_at))
        for k in tl.static_range(STEPS):
            step = _step_size(delta_rows[k], shift, d_mask, SOFTPLUS)
            if not B_FIXED:
                weight_b = b_rows[k][:, None]
            h = tl.exp2(step[None, :] * a2) * h + (step * u_rows[k].to(tl.float32))[None, :] * weight_b
            total += step
        u_at += STEPS * u_time
        delta_at += STEPS * delta_time
        packed_at += STEPS * 2 * BLOCK_N
    place = (b * (tl.num_programs(2) + 1) + split + 1) * tl.num_programs(0) + tile
    tl.store(states_ptr + place * TILE + in_tile, h)
    tl.store(sums_ptr + place * BLOCK_D + tl.arange(0, BLOCK_D), total)


@triton.jit(do_not_specialize=["origin"])
def split_gradients_kernel(
    grad_out_ptr, grad_out_batch, grad_out_channel, grad_out_time,
    delta_ptr, delta_batch, delta_channel, delta_time,
    z_ptr, z_batch, z_channel, z_time,
    A_ptr, C_ptr, packed_ptr, bias_ptr, gradients_ptr, sums_ptr,
    dim, length, groups, split_steps, origin,
    HAS_Z: tl.constexpr, HAS_BIAS: tl.constexpr, SOFTPLUS: tl.constexpr, C_FIXED: tl.constexpr,
    CHUNK: tl.constexpr, STAGES: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """gradients (batch, split) in tiles: the gradient of the state before a split through the outputs of that split
    alone, in the place of the one before; sums (batch, split, tile, BLOCK_D): its ΣΔ, likewise. The first split has no
    program.
    """
    STEPS: tl.constexpr = 4
    TILE: tl.constexpr = BLOCK_N * BLOCK_D
    tile, b, split = tl.program_id(0), tl.program_id(1).to(tl.int64), tl.program_id(2) + 1
    group, d, d_mask = _channels(tile, dim, groups, BLOCK_D)
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    in_tile = n[:, None] * BLOCK_D + (tl.arange(0, BLOCK_D) + origin)[None, :]  # [BLOCK_N, BLOCK_D]

    a2 = _exponents(A_ptr + tile * TILE + in_tile)
    shift = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_BIAS:
        shift = tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    if C_FIXED:
        weight_c = tl.load(C_ptr + tile * TILE + in_tile)
    grad_h = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    total = tl.zeros((BLOCK_D,), tl.float32)

    start = split * split_steps
    turns = tl.cdiv(tl.minimum(split_steps, length - start), STEPS)
    i = tl.arange(0, STEPS)  # [STEPS]
    t = start + (turns - 1) * STEPS + i + b * 0  # [STEPS], of the last turn; 64 bits, like b
    grad_out_at = grad_out_ptr + b * grad_out_batch + (t[:, None] * grad_out_time + d[None, :] * grad_out_channel)
    delta_at = delta_ptr + b * delta_batch + (t[:, None] * delta_time + d[None, :] * delta_channel)
    if HAS_Z:
        z_at = z_ptr + b * z_batch + (t[:, None] * z_time + d[None, :] * z_channel)
    packed_at = packed_ptr + (b * groups + group) * tl.cdiv(length, CHUNK) * CHUNK * (2 * BLOCK_N) + BLOCK_N
    packed_at += t[:, None] * (2 * BLOCK_N) + n[None, :]
    for turn in tl.range(turns, num_stages=STAGES):
        left = length - start - (turns - 1 - turn) * STEPS
        loaded = (i < left)[:, None] & d_mask[None, :]
        grad_out_rows = _rows(tl.load(grad_out_at, mask=loaded, other=0.0))
        delta_rows = _rows(tl.load(delta_at, mask=loaded, other=0.0))
        if HAS_Z:
            z_rows = _rows(tl.load(z_at, mask=loaded, other=0.0))
            z_at -= STEPS * z_time
        if not C_FIXED:
            c_rows = _rows(tl.load(packed_at))
        for k in tl.static_range(STEPS - 1, -1, -1):
            step = _step_size(delta_rows[k], shift, k < left, SOFTPLUS)
            grad_y = grad_out_rows[k].to(tl.float32)
            if HAS_Z:
                gate = z_rows[k].to(tl.float32)
                grad_y = grad_y * gate * _sigmoid(gate)
            if not C_FIXED:
                weight_c = c_rows[k][:, None]
            grad_h = tl.exp2(step[None, :] * a2) * (grad_y[None, :] * weight_c + grad_h)
            total += step
        grad_out_at -= STEPS * grad_out_time
        delta_at -= STEPS * delta_time
        packed_at -= STEPS * 2 * BLOCK_N
    place = (b * (tl.num_programs(2) + 1) + split - 1) * tl.num_programs(0) + tile
    tl.store(gradients_ptr + place * TILE + in_tile, grad_h)
    tl.store(sums_ptr + place * BLOCK_D + tl.arange(0, BLOCK_D), total)


@triton.jit(do_not_specialize=["splits"])
def combine_splits_kernel(
    A_ptr, states_ptr, sums_ptr, splits,
    REVERSE: tl.constexpr, STAGES: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr, ROWS: tl.constexpr,
):  # fmt: skip
    """In place, (batch, split) in tiles: the share of its neighbour that every split but the first was given becomes
    all that reaches it. From the first split, which holds what reaches it, to the last; REVERSE from the last to the
    first.
    """
    tile, b = tl.program_id(0), tl.program_id(1).to(tl.int64)
    lane = tl.arange(0, BLOCK_D)
    in_tile = (tl.program_id(2) * ROWS + tl.arange(0, ROWS))[:, None] * BLOCK_D + lane[None, :]  # [ROWS, BLOCK_D]
    place = b * splits * tl.num_programs(0) + tile
    onward = tl.num_programs(0)
    if REVERSE:
        place += (splits - 1) * onward
        onward = -onward

    a2 = _exponents(A_ptr + tile * (BLOCK_N * BLOCK_D) + in_tile)
    state_at = states_ptr + place * (BLOCK_N * BLOCK_D) + in_tile
    sum_at = sums_ptr + place * BLOCK_D + lane
    reaching = tl.load(state_at)
    for _ in tl.range(1, splits, num_stages=STAGES):
        state_at += onward * (BLOCK_N * BLOCK_D)
        sum_at += onward * BLOCK_D
        decay = tl.exp2(tl.load(sum_at)[None, :] * a2)
        # A growth beyond float32 must not make a NaN of a state that is still 0.
        reaching = tl.where(reaching == 0.0, 0.0, decay * reaching) + tl.load(state_at)
        tl.store(state_at, reaching)

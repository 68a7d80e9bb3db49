"""The selective scan backward, for Triton; README.md derives what is computed here and says why it is laid out so.

A program takes the chunks of one split of BLOCK_D channels from the last to the first. Of each it first works out what
depends on a step and a channel alone, then runs the states forward again from the checkpoint, then goes back in time,
and last turns what the way back summed over states into gradients. A step of the two inner parts is a tensor
[BLOCK_N / OVER, OVER, BLOCK_D], states n = OVER i + j: four channels lie in a lane and OVER states over lanes, so that
∂B and ∂C, summed over channels, and ∂u and ∂Δ, summed over states, cost few exchanges between lanes each.
Layouts in memory are those of _triton_kernels.py.
"""

from __future__ import annotations

import triton
import triton.language as tl

from claimbench.kernels.scan._triton_kernels import _channels, _exponents, _sigmoid, _step_size

__all__ = ["BY_ROW", "selective_scan_bwd_kernel"]

BY_ROW = 4
"""Numbers that a program keeps of every step and channel of a chunk."""
_BY_ROW = tl.constexpr(BY_ROW)
# Δ; Δu, then its gradient; the gradient of the output before the gate, then that output; the gradient of log2(decay).
_STEP, _DRIVE, _GRAD_Y, _BY_EXPONENT = (tl.constexpr(place) for place in range(BY_ROW))
_BY_INPUT, _READ = _DRIVE, _GRAD_Y
_LN2 = tl.constexpr(0.6931471805599453)


@triton.jit
def _rectangle(x_ptr, x_batch, x_channel, x_time, b, t, d, inside):
    """Steps t of channels d, 0 outside."""
    at = x_ptr + b * x_batch + (t[:, None] * x_time + d[None, :] * x_channel)
    return tl.load(at, mask=inside, other=0.0).to(tl.float32)


@triton.jit
def _apart(x, OVER: tl.constexpr):
    """[BLOCK_N, BLOCK_D] as [BLOCK_N / OVER, OVER, BLOCK_D]."""
    return tl.reshape(x, (x.shape[0] // OVER, OVER, x.shape[1]))


@triton.jit
def _together(x):
    """[BLOCK_N / OVER, OVER, BLOCK_D] as [BLOCK_N, BLOCK_D]."""
    return tl.reshape(x, (x.shape[0] * x.shape[1], x.shape[2]))


@triton.jit
def _step_back(h, before, decay, step, drive, grad_y, weight_b, weight_c, a2, grad_h, grad_a):
    """One step of the way back: grad_h for the step before, grad_a, and products [.., OVER, BLOCK_D] yet to be summed,
    over channels for ∂B and ∂C, over states for y, ∂(Δu) and ∂ log(decay).
    """
    grad_state = grad_y * weight_c + grad_h
    by_b = grad_state * drive
    by_c = grad_y * h
    by_input = grad_state * weight_b
    grad_h = grad_state * decay
    grad_exponent = grad_h * before
    grad_a += grad_exponent * step
    return grad_h, grad_a, by_b, by_c, h * weight_c, by_input, grad_exponent * a2


@triton.jit
def _store_sum(at, products, mask):
    """Sums over states; every lane has them, those of the first states write."""
    sums = tl.sum(tl.sum(products, 0), 0)[None, :]
    tl.store(at, tl.broadcast_to(sums, at.shape), mask=mask)


@triton.jit(do_not_specialize=["split_chunks"])
def selective_scan_bwd_kernel(
    grad_out_ptr, grad_out_batch, grad_out_channel, grad_out_time,
    u_ptr, u_batch, u_channel, u_time,
    delta_ptr, delta_batch, delta_channel, delta_time,
    z_ptr, z_batch, z_channel, z_time,
    A_ptr, B_ptr, C_ptr, packed_ptr, D_ptr, bias_ptr, ends_ptr, checkpoints_ptr, rows_ptr, scratch_ptr,
    grad_u_ptr, grad_delta_ptr, grad_z_ptr, grad_A_ptr, grad_B_ptr, grad_C_ptr, grad_packed_ptr, grad_D_ptr,
    grad_bias_ptr, grad_initial_ptr,
    dim, length, groups, split_chunks,
    HAS_Z: tl.constexpr, HAS_D: tl.constexpr, HAS_BIAS: tl.constexpr, HAS_ENDS: tl.constexpr,
    SOFTPLUS: tl.constexpr, B_FIXED: tl.constexpr, C_FIXED: tl.constexpr, CHUNK: tl.constexpr, STAGES: tl.constexpr,
    ROWS: tl.constexpr, OVER: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """grad_u, grad_delta, grad_z (batch, length, dim). What is summed over programs is written apart, to be summed in a
    fixed order: grad_A, and grad_B or grad_C where fixed, (split, batch) in tiles; grad_D, grad_bias (split, batch,
    tile, BLOCK_D); grad_packed (tile of the group, batch, length, groups, 2, BLOCK_N), ∂B then ∂C. grad_initial (batch)
    in tiles. ends, the gradients of the states after the splits, (batch, split) in tiles.
    rows (program, BY_ROW, CHUNK, BLOCK_D); scratch (program, CHUNK / 2, BLOCK_N, BLOCK_D), every second state of the
    chunk at hand.
    """
    TILE: tl.constexpr = BLOCK_N * BLOCK_D
    tile, b, split = tl.program_id(0), tl.program_id(1).to(tl.int64), tl.program_id(2)
    group, d, d_mask = _channels(tile, dim, groups, BLOCK_D)
    tiles = tl.num_programs(0)
    program = (split * tl.num_programs(1) + b) * tiles + tile
    over = tl.arange(0, OVER)
    n = tl.arange(0, BLOCK_N // OVER)[:, None] * OVER + over[None, :]  # [.., OVER]
    lane = tl.arange(0, BLOCK_D)  # [BLOCK_D]
    in_tile = tl.arange(0, BLOCK_N)[:, None] * BLOCK_D + lane[None, :]  # [BLOCK_N, BLOCK_D]

    a2 = _apart(_exponents(A_ptr + tile * TILE + in_tile), OVER)
    grad_h = tl.zeros_like(a2)  # what reaches h_t from the steps after t
    if HAS_ENDS:
        end_at = ends_ptr + ((b * tl.num_programs(2) + split) * tiles + tile) * TILE + in_tile
        grad_h = _apart(tl.load(end_at), OVER)
    if B_FIXED:
        weight_b = _apart(tl.load(B_ptr + tile * TILE + in_tile), OVER)
        grad_b = tl.zeros_like(a2)
    if C_FIXED:
        weight_c = _apart(tl.load(C_ptr + tile * TILE + in_tile), OVER)
        grad_c = tl.zeros_like(a2)
    grad_a = tl.zeros_like(a2)
    grad_skip = tl.zeros((ROWS, BLOCK_D), tl.float32)
    grad_shift = tl.zeros((ROWS, BLOCK_D), tl.float32)

    chunks = tl.cdiv(length, CHUNK)
    first = split * split_chunks
    last = tl.minimum(first + split_chunks, chunks)
    i = tl.arange(0, ROWS)  # [ROWS]
    every_row = over[:, None] * 0 + lane[None, :]  # [OVER, BLOCK_D]
    one_row = (over == 0)[:, None] & (lane >= 0)[None, :]
    rows_at = rows_ptr + program * (_BY_ROW * CHUNK * BLOCK_D)
    scratch_at = scratch_ptr + program * (CHUNK // 2 * TILE) + in_tile
    packed_of = packed_ptr + (b * groups + group) * chunks * CHUNK * (2 * BLOCK_N) + n
    share = tile % (tiles // groups) * tl.num_programs(1) + b
    for reverse in range(last - first):
        start = (last - 1 - reverse) * CHUNK
        for part in range(CHUNK // ROWS):
            t = start + part * ROWS + i + b * 0  # [ROWS], 64 bits, like b
            inside = (t < length)[:, None] & d_mask[None, :]
            x = _rectangle(u_ptr, u_batch, u_channel, u_time, b, t, d, inside)
            delta = _rectangle(delta_ptr, delta_batch, delta_channel, delta_time, b, t, d, inside)
            grad_y = _rectangle(grad_out_ptr, grad_out_batch, grad_out_channel, grad_out_time, b, t, d, inside)
            if HAS_Z:
                gate = _rectangle(z_ptr, z_batch, z_channel, z_time, b, t, d, inside)
                grad_y = grad_y * gate * _sigmoid(gate)
            shift = 0.0
            if HAS_BIAS:
                shift = tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)[None, :]
            step = _step_size(delta, shift, inside, SOFTPLUS)
            at = rows_at + (part * ROWS + i[:, None]) * BLOCK_D + lane[None, :]
            tl.store(at + _STEP * CHUNK * BLOCK_D, step)
            tl.store(at + _DRIVE * CHUNK * BLOCK_D, step * x)
            tl.store(at + _GRAD_Y * CHUNK * BLOCK_D, grad_y)
        kept_at = checkpoints_ptr + ((b * chunks + start // CHUNK) * tiles + tile) * TILE
        h = _apart(tl.load(kept_at + in_tile), OVER)
        packed_at = packed_of + (start + b * 0) * (2 * BLOCK_N)
        tl.debug_barrier()
        for pair in tl.range(CHUNK // 2, num_stages=STAGES):
            tl.store(scratch_at + pair * TILE, _together(h))
            for k in tl.static_range(2):
                at = rows_at + (2 * pair + k) * BLOCK_D + every_row
                step = tl.load(at + _STEP * CHUNK * BLOCK_D)[None, :, :]
                drive = tl.load(at + _DRIVE * CHUNK * BLOCK_D)[None, :, :]
                if not B_FIXED:
                    weight_b = tl.load(packed_at + (2 * pair + k) * (2 * BLOCK_N))[:, :, None]
                h = tl.exp2(step * a2) * h + drive * weight_b
        tl.debug_barrier()
        for reverse_pair in tl.range(CHUNK // 2, num_stages=STAGES):
            t = 2 * (CHUNK // 2 - 1 - reverse_pair)  # of the pair's first step, in the chunk
            states = (_apart(tl.load(scratch_at + t // 2 * TILE), OVER),)
            steps, drives, decays, weights_b = (), (), (), ()
            for k in tl.static_range(2):
                at = rows_at + (t + k) * BLOCK_D + every_row
                steps += (tl.load(at + _STEP * CHUNK * BLOCK_D)[None, :, :],)
                drives += (tl.load(at + _DRIVE * CHUNK * BLOCK_D)[None, :, :],)
                if not B_FIXED:
                    weight_b = tl.load(packed_at + (t + k) * (2 * BLOCK_N))[:, :, None]
                weights_b += (weight_b,)
                decays += (tl.exp2(steps[k] * a2),)
                states += (decays[k] * states[k] + drives[k] * weight_b,)
            for k in tl.static_range(1, -1, -1):
                at = rows_at + (t + k) * BLOCK_D + every_row
                grad_y = tl.load(at + _GRAD_Y * CHUNK * BLOCK_D)
                if not C_FIXED:
                    weight_c = tl.load(packed_at + (t + k) * (2 * BLOCK_N) + BLOCK_N)[:, :, None]
                grad_h, grad_a, by_b, by_c, read, by_input, by_exponent = _step_back(
                    states[k + 1], states[k], decays[k], steps[k], drives[k], grad_y[None, :, :],
                    weights_b[k], weight_c, a2, grad_h, grad_a,
                )  # fmt: skip
                weights_at = grad_packed_ptr + ((share * length + start + t + k) * groups + group) * (2 * BLOCK_N) + n
                if B_FIXED:
                    grad_b += by_b
                else:
                    tl.store(weights_at, tl.sum(by_b, 2), mask=(n >= 0) & (start + t + k < length))
                if C_FIXED:
                    grad_c += by_c
                else:
                    tl.store(weights_at + BLOCK_N, tl.sum(by_c, 2), mask=(n >= 0) & (start + t + k < length))
                if HAS_Z:
                    _store_sum(at + _READ * CHUNK * BLOCK_D, read, one_row)
                _store_sum(at + _BY_INPUT * CHUNK * BLOCK_D, by_input, one_row)
                _store_sum(at + _BY_EXPONENT * CHUNK * BLOCK_D, by_exponent, one_row)
        tl.debug_barrier()
        for part in range(CHUNK // ROWS):
            t = start + part * ROWS + i + b * 0  # [ROWS], 64 bits, like b
            inside = (t < length)[:, None] & d_mask[None, :]
            x = _rectangle(u_ptr, u_batch, u_channel, u_time, b, t, d, inside)
            at = rows_at + (part * ROWS + i[:, None]) * BLOCK_D + lane[None, :]
            by_input = tl.load(at + _BY_INPUT * CHUNK * BLOCK_D)
            grad_y = _rectangle(grad_out_ptr, grad_out_batch, grad_out_channel, grad_out_time, b, t, d, inside)
            grad_step = tl.load(at + _BY_EXPONENT * CHUNK * BLOCK_D) * _LN2 + by_input * x
            if SOFTPLUS:
                delta = _rectangle(delta_ptr, delta_batch, delta_channel, delta_time, b, t, d, inside)
                if HAS_BIAS:
                    delta += tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)[None, :]
                grad_step *= _sigmoid(delta)
            grad_x = by_input * tl.load(at + _STEP * CHUNK * BLOCK_D)
            out_at = (b * length + t)[:, None] * dim + d[None, :]
            if HAS_D:
                skip = tl.load(D_ptr + d, mask=d_mask, other=0.0).to(tl.float32)[None, :]
            if HAS_Z:
                gate = _rectangle(z_ptr, z_batch, z_channel, z_time, b, t, d, inside)
                opening = _sigmoid(gate)
                y = tl.load(at + _READ * CHUNK * BLOCK_D)
                if HAS_D:
                    y += skip * x
                tl.store(grad_z_ptr + out_at, grad_y * y * opening * (1.0 + gate * (1.0 - opening)), mask=inside)
                grad_y = grad_y * gate * opening
            if HAS_D:
                grad_x += skip * grad_y
            tl.store(grad_delta_ptr + out_at, grad_step, mask=inside)
            tl.store(grad_u_ptr + out_at, grad_x, mask=inside)
            grad_skip += grad_y * x
            grad_shift += tl.where(inside, grad_step, 0.0)
        tl.debug_barrier()

    tl.store(grad_A_ptr + program * TILE + in_tile, _together(grad_a))
    if B_FIXED:
        tl.store(grad_B_ptr + program * TILE + in_tile, _together(grad_b))
    if C_FIXED:
        tl.store(grad_C_ptr + program * TILE + in_tile, _together(grad_c))
    tl.store(grad_D_ptr + program * BLOCK_D + lane, tl.sum(grad_skip, 0))
    tl.store(grad_bias_ptr + program * BLOCK_D + lane, tl.sum(grad_shift, 0))
    if split == 0:
        tl.store(grad_initial_ptr + (b * tiles + tile) * TILE + in_tile, _together(grad_h))

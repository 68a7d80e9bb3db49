"""The selective scan forward, for Triton; README.md derives what is computed here and says why it is laid out so.

A program takes BLOCK_D channels of one sequence, or of one split of it, and walks through time with their states
[BLOCK_N, BLOCK_D] in registers: a lane owns a channel and all its states, so that reading out a state needs no exchange
between lanes. The compiler lays a tensor out for the widest loads and stores that it can prove, which would give a lane
several channels and spread their states over lanes: `origin`, always 0, keeps from it that addresses are aligned.

STEPS steps are loaded in one go, and `num_stages` turns these loads into asynchronous copies to shared memory that run
some turns ahead: what is loaded early into registers the assembler loads late again, to save registers.

Everything is computed in float32. Names ending in _batch, _channel, _time, _group, _state are strides. What is
(dim, state) elsewhere comes "in tiles", (tile, BLOCK_N, BLOCK_D), 0 in places that have no channel or no state.
`packed` is what pack_weights_kernel writes.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["pack_weights_kernel", "selective_scan_fwd_kernel"]

_LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def _softplus(x):
    """log(1 + e^x), to the last digits at both ends: log1p is a polynomial, relative error 3e-8 on [0, 1]."""
    e = tl.exp2(-tl.abs(x) * _LOG2E)
    p = 0.0052326940931379795 * e - 0.029505237936973572
    p = p * e + 0.07822595536708832
    p = p * e - 0.13663245737552643
    p = p * e + 0.19106006622314453
    p = p * e - 0.2484298199415207
    p = p * e + 0.3331909775733948
    p = p * e - 0.4999949336051941
    p = p * e + 0.9999999403953552
    return tl.maximum(x, 0.0) + p * e


@triton.jit
def _sigmoid(x):
    return 1.0 / (1.0 + tl.exp2(-x * _LOG2E))


@triton.jit
def _step_size(delta, shift, inside, SOFTPLUS: tl.constexpr):
    """Δ; 0 past the end, where a step must leave the state as it is."""
    step = delta.to(tl.float32) + shift
    if SOFTPLUS:
        step = _softplus(step)
    return tl.where(inside, step, 0.0)


@triton.jit
def _channels(tile, dim, groups, BLOCK_D: tl.constexpr):
    """Group of a tile, its channels [BLOCK_D] and which of them exist; no tile has channels of two groups."""
    width = dim // groups
    tiles = tl.cdiv(width, BLOCK_D)
    group = tile // tiles
    d = group * width + tile % tiles * BLOCK_D + tl.arange(0, BLOCK_D)
    return group, d.to(tl.int64), d < (group + 1) * width


@triton.jit
def _exponents(A_at):
    """A log2(e), so that a decay is exp2(Δ a2); finite, since a step of 0 must not decay even where A is -inf."""
    return tl.maximum(tl.load(A_at) * _LOG2E, -3e38, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def _rows(x):
    """The four rows of x [4, width]."""
    width: tl.constexpr = x.shape[1]
    early, late = tl.split(tl.permute(tl.reshape(x, (2, 2, width)), (1, 2, 0)))
    row0, row1 = tl.split(tl.trans(early))
    row2, row3 = tl.split(tl.trans(late))
    return row0, row1, row2, row3


@triton.jit
def pack_weights_kernel(
    B_ptr, B_groups, B_batch, B_group, B_state, B_time,
    C_ptr, C_groups, C_batch, C_group, C_state, C_time,
    packed_ptr, length, steps, groups,
    STATES: tl.constexpr, B_FIXED: tl.constexpr, C_FIXED: tl.constexpr,
    BLOCK_T: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """packed (batch, groups, steps, 2, BLOCK_N) in float32: B and C of every step as all channels of a group read them,
    0 in steps past the end and in states past the last; the place of what is fixed is left alone.
    """
    group, b = tl.program_id(1), tl.program_id(2).to(tl.int64)
    t = tl.program_id(0).to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)  # [BLOCK_T]
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    mask = (t < length)[:, None] & (n < STATES)[None, :]
    written = (t < steps)[:, None] & (n >= 0)[None, :]
    packed_at = packed_ptr + ((b * groups + group) * steps + t)[:, None] * (2 * BLOCK_N) + n[None, :]
    if not B_FIXED:
        B_at = B_ptr + b * B_batch + group * B_groups // groups * B_group + t[:, None] * B_time + n[None, :] * B_state
        tl.store(packed_at, tl.load(B_at, mask=mask, other=0.0).to(tl.float32), mask=written)
    if not C_FIXED:
        C_at = C_ptr + b * C_batch + group * C_groups // groups * C_group + t[:, None] * C_time + n[None, :] * C_state
        tl.store(packed_at + BLOCK_N, tl.load(C_at, mask=mask, other=0.0).to(tl.float32), mask=written)


@triton.jit(do_not_specialize=["origin"])
def selective_scan_fwd_kernel(
    u_ptr, u_batch, u_channel, u_time,
    delta_ptr, delta_batch, delta_channel, delta_time,
    z_ptr, z_batch, z_channel, z_time,
    A_ptr, B_ptr, C_ptr, packed_ptr, D_ptr, bias_ptr, starts_ptr,
    out_ptr, last_ptr, checkpoints_ptr,
    dim, length, groups, split_steps, origin,
    HAS_Z: tl.constexpr, HAS_D: tl.constexpr, HAS_BIAS: tl.constexpr, HAS_STARTS: tl.constexpr,
    SOFTPLUS: tl.constexpr, B_FIXED: tl.constexpr, C_FIXED: tl.constexpr, KEEP: tl.constexpr,
    STATES: tl.constexpr, CHUNK: tl.constexpr, STAGES: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """out (batch, length, dim); last (batch, dim, state); A, and B or C where fixed, in tiles; starts, the states
    before the splits, (batch, split) in tiles; checkpoints, the states before the chunks, (batch, chunk) in tiles.
    """
    STEPS: tl.constexpr = 4
    TILE: tl.constexpr = BLOCK_N * BLOCK_D
    tile, b, split = tl.program_id(0), tl.program_id(1).to(tl.int64), tl.program_id(2)
    group, d, d_mask = _channels(tile, dim, groups, BLOCK_D)
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    in_tile = n[:, None] * BLOCK_D + (tl.arange(0, BLOCK_D) + origin)[None, :]  # [BLOCK_N, BLOCK_D]

    a2 = _exponents(A_ptr + tile * TILE + in_tile)
    h = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    if HAS_STARTS:
        h = tl.load(starts_ptr + ((b * tl.num_programs(2) + split) * tl.num_programs(0) + tile) * TILE + in_tile)
    shift = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_BIAS:
        shift = tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    skip = tl.zeros((BLOCK_D,), tl.float32)
    if HAS_D:
        skip = tl.load(D_ptr + d, mask=d_mask, other=0.0).to(tl.float32)
    if B_FIXED:
        weight_b = tl.load(B_ptr + tile * TILE + in_tile)
    if C_FIXED:
        weight_c = tl.load(C_ptr + tile * TILE + in_tile)

    start = split * split_steps
    stop = tl.minimum(start + split_steps, length)
    chunks = tl.cdiv(length, CHUNK)
    i = tl.arange(0, STEPS)  # [STEPS]
    t_first = start + b * 0  # 64 bits, like b
    u_at = u_ptr + b * u_batch + t_first * u_time + (i[:, None] * u_time + d[None, :] * u_channel)
    delta_at = delta_ptr + b * delta_batch + t_first * delta_time
    delta_at += i[:, None] * delta_time + d[None, :] * delta_channel
    if HAS_Z:
        z_at = z_ptr + b * z_batch + t_first * z_time + (i[:, None] * z_time + d[None, :] * z_channel)
    packed_at = packed_ptr + ((b * groups + group) * chunks * CHUNK + start) * (2 * BLOCK_N)
    packed_at += i[:, None] * (2 * BLOCK_N) + n[None, :]
    out_at = out_ptr + (b * length + start) * dim + d
    for t in tl.range(start, stop, STEPS, num_stages=STAGES):
        if KEEP and t % CHUNK == 0:
            tl.store(checkpoints_ptr + ((b * chunks + t // CHUNK) * tl.num_programs(0) + tile) * TILE + in_tile, h)
        loaded = (t + i < stop)[:, None] & d_mask[None, :]
        u_rows = _rows(tl.load(u_at, mask=loaded, other=0.0))
        delta_rows = _rows(tl.load(delta_at, mask=loaded, other=0.0))
        if HAS_Z:
            z_rows = _rows(tl.load(z_at, mask=loaded, other=0.0))
            z_at += STEPS * z_time
        if not B_FIXED:
            b_rows = _rows(tl.load(packed_at))
        if not C_FIXED:
            c_rows = _rows(tl.load(packed_at + BLOCK_N))
        for k in tl.static_range(STEPS):
            x = u_rows[k].to(tl.float32)
            step = _step_size(delta_rows[k], shift, t + k < stop, SOFTPLUS)
            if not B_FIXED:
                weight_b = b_rows[k][:, None]
            if not C_FIXED:
                weight_c = c_rows[k][:, None]
            h = tl.exp2(step[None, :] * a2) * h + (step * x)[None, :] * weight_b
            y = tl.sum(h * weight_c, 0) + skip * x
            if HAS_Z:
                gate = z_rows[k].to(tl.float32)
                y = y * gate * _sigmoid(gate)
            tl.store(out_at + k * dim, y, mask=d_mask & (t + k < stop))
        u_at += STEPS * u_time
        delta_at += STEPS * delta_time
        packed_at += STEPS * 2 * BLOCK_N
        out_at += STEPS * dim
    if stop == length:
        last_at = last_ptr + (b * dim + d)[None, :] * STATES + n[:, None]
        tl.store(last_at, h, mask=(n < STATES)[:, None] & d_mask[None, :])

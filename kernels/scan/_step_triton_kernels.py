"""One decoding step for Triton: a program takes BLOCK_D channels of one head and all their states [BLOCK_D, BLOCK_N].

Everything is computed in float32. Names ending in _batch, _head, _channel, _group, _state are strides.
"""

from __future__ import annotations

import triton
import triton.language as tl

from claimbench.kernels.scan._triton_kernels import _sigmoid, _softplus

__all__ = ["selective_state_update_kernel"]


@triton.jit
def _weights(
    ptr, by_batch, by_group, by_state, own_groups, b, head, heads, d, dim, n, mask,
    PER_CHANNEL: tl.constexpr,
):  # fmt: skip
    """B or C, [1, BLOCK_N], or [BLOCK_D, BLOCK_N] where channels of one head are of different groups."""
    if PER_CHANNEL:
        group = (tl.minimum(d, dim - 1) * own_groups // dim)[:, None]
    else:
        group = head * own_groups // heads
    at = ptr + b * by_batch + group * by_group + n[None, :] * by_state
    return tl.load(at, mask=mask[None, :], other=0.0).to(tl.float32)


@triton.jit
def selective_state_update_kernel(
    state_ptr, state_batch, state_head, state_channel, state_state,
    x_ptr, x_batch, x_head, x_channel,
    dt_ptr, dt_batch, dt_head, dt_channel,
    A_ptr, A_head, A_channel, A_state,
    B_ptr, B_batch, B_group, B_state, B_groups,
    C_ptr, C_batch, C_group, C_state, C_groups,
    D_ptr, D_head, D_channel,
    z_ptr, z_batch, z_head, z_channel,
    bias_ptr, bias_head, bias_channel,
    out_ptr, heads, dim, states,
    HAS_D: tl.constexpr, HAS_Z: tl.constexpr, HAS_BIAS: tl.constexpr, SOFTPLUS: tl.constexpr,
    PER_CHANNEL: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """Updates state; out (batch, heads, dim). Groups divide the heads, or dim where there is one head."""
    tiles = tl.cdiv(dim, BLOCK_D)
    program = tl.program_id(0)
    head = program // tiles % heads
    b = (program // tiles // heads).to(tl.int64)
    d = program % tiles * BLOCK_D + tl.arange(0, BLOCK_D)  # [BLOCK_D]
    n = tl.arange(0, BLOCK_N)  # [BLOCK_N]
    d_mask = d < dim
    n_mask = n < states
    mask = d_mask[:, None] & n_mask[None, :]  # [BLOCK_D, BLOCK_N]

    u = tl.load(x_ptr + b * x_batch + head * x_head + d * x_channel, mask=d_mask, other=0.0).to(tl.float32)
    step = tl.load(dt_ptr + b * dt_batch + head * dt_head + d * dt_channel, mask=d_mask, other=0.0).to(tl.float32)
    if HAS_BIAS:
        step += tl.load(bias_ptr + head * bias_head + d * bias_channel, mask=d_mask, other=0.0).to(tl.float32)
    if SOFTPLUS:
        step = _softplus(step)
    A_at = A_ptr + head * A_head + d[:, None] * A_channel + n[None, :] * A_state
    a2 = tl.load(A_at, mask=mask, other=0.0).to(tl.float32) * 1.4426950408889634
    weight_b = _weights(
        B_ptr, B_batch, B_group, B_state, B_groups, b, head, heads, d, dim, n, n_mask, PER_CHANNEL
    )  # fmt: skip
    weight_c = _weights(
        C_ptr, C_batch, C_group, C_state, C_groups, b, head, heads, d, dim, n, n_mask, PER_CHANNEL
    )  # fmt: skip

    state_at = state_ptr + b * state_batch + head * state_head + d[:, None] * state_channel + n[None, :] * state_state
    h = tl.load(state_at, mask=mask, other=0.0).to(tl.float32)
    h = tl.exp2(step[:, None] * a2) * h + (step * u)[:, None] * weight_b
    tl.store(state_at, h, mask=mask)
    y = tl.sum(h * weight_c, 1)
    if HAS_D:
        y += tl.load(D_ptr + head * D_head + d * D_channel, mask=d_mask, other=0.0).to(tl.float32) * u
    if HAS_Z:
        gate = tl.load(z_ptr + b * z_batch + head * z_head + d * z_channel, mask=d_mask, other=0.0).to(tl.float32)
        y = y * gate * _sigmoid(gate)
    tl.store(out_ptr + (b * heads + head) * dim + d, y, mask=d_mask)

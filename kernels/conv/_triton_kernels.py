"""The causal convolution, forward and backward, for Triton: a program takes BLOCK_T steps of BLOCK_D channels.

Everything is computed in float32. Names ending in _batch, _channel, _time are strides.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["causal_conv1d_bwd_kernel", "causal_conv1d_fwd_kernel"]


@triton.jit
def _linear(
    x_at, x_time, weight_at, bias_ptr, t, d, d_mask, HAS_BIAS: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """The convolution before its activation at steps t [BLOCK_T] of channels d; x_at points to step 0."""
    y = tl.zeros((BLOCK_T, BLOCK_D), tl.float32)
    if HAS_BIAS:
        y += tl.load(bias_ptr + d, mask=d_mask, other=0.0).to(tl.float32)[None, :]
    for k in tl.static_range(WIDTH):
        past = t - (WIDTH - 1) + k
        tap = tl.load(weight_at + k, mask=d_mask, other=0.0).to(tl.float32)
        mask = (past >= 0)[:, None] & d_mask[None, :]
        y += tl.load(x_at + past[:, None] * x_time, mask=mask, other=0.0).to(tl.float32) * tap[None, :]
    return y


@triton.jit
def causal_conv1d_fwd_kernel(
    x_ptr, x_batch, x_channel, x_time, weight_ptr, bias_ptr, out_ptr, dim, length,
    HAS_BIAS: tl.constexpr, ACTIVATED: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """out (batch, length, dim); weight (dim, WIDTH)."""
    b = tl.program_id(2).to(tl.int64)
    t = tl.program_id(0).to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)  # [BLOCK_T]
    d = tl.program_id(1) * BLOCK_D + tl.arange(0, BLOCK_D)  # [BLOCK_D]
    d_mask = d < dim
    x_at = x_ptr + b * x_batch + d[None, :] * x_channel
    inside = t < length
    # Steps past the end repeat the last one: they are read but not written.
    at = tl.minimum(t, length - 1)
    y = _linear(x_at, x_time, weight_ptr + d * WIDTH, bias_ptr, at, d, d_mask, HAS_BIAS, WIDTH, BLOCK_T, BLOCK_D)
    if ACTIVATED:
        y = y / (1.0 + tl.exp(-y))
    tl.store(out_ptr + (b * length + t[:, None]) * dim + d[None, :], y, mask=inside[:, None] & d_mask[None, :])


@triton.jit
def causal_conv1d_bwd_kernel(
    grad_out_ptr, grad_out_batch, grad_out_channel, grad_out_time,
    x_ptr, x_batch, x_channel, x_time, weight_ptr, bias_ptr,
    grad_x_ptr, grad_weight_ptr, grad_bias_ptr, dim, length,
    HAS_BIAS: tl.constexpr, ACTIVATED: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """grad_x (batch, length, dim). Each program writes its share of grad_weight (batch, block of steps, WIDTH, dim) and
    grad_bias (batch, block of steps, dim), to be summed in a fixed order.
    """
    b = tl.program_id(2).to(tl.int64)
    block = tl.program_id(0)
    t = block.to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)  # [BLOCK_T]
    d = tl.program_id(1) * BLOCK_D + tl.arange(0, BLOCK_D)  # [BLOCK_D]
    d_mask = d < dim
    x_at = x_ptr + b * x_batch + d[None, :] * x_channel
    grad_out_at = grad_out_ptr + b * grad_out_batch + d[None, :] * grad_out_channel
    share = b * tl.num_programs(0) + block

    grad_x = tl.zeros((BLOCK_T, BLOCK_D), tl.float32)
    for ahead in tl.static_range(WIDTH):
        later = t + ahead
        at = tl.minimum(later, length - 1)
        mask = (later < length)[:, None] & d_mask[None, :]
        grad = tl.load(grad_out_at + at[:, None] * grad_out_time, mask=mask, other=0.0).to(tl.float32)
        if ACTIVATED:
            y = _linear(
                x_at, x_time, weight_ptr + d * WIDTH, bias_ptr, at, d, d_mask, HAS_BIAS, WIDTH, BLOCK_T, BLOCK_D
            )
            opening = 1.0 / (1.0 + tl.exp(-y))
            grad = grad * opening * (1.0 + y * (1.0 - opening))
        tap = tl.load(weight_ptr + d * WIDTH + WIDTH - 1 - ahead, mask=d_mask, other=0.0).to(tl.float32)
        grad_x += grad * tap[None, :]
        if ahead == 0:
            for k in tl.static_range(WIDTH):
                past = t - (WIDTH - 1) + k
                past_mask = ((past >= 0) & (past < length))[:, None] & d_mask[None, :]
                x = tl.load(x_at + past[:, None] * x_time, mask=past_mask, other=0.0).to(tl.float32)
                tl.store(grad_weight_ptr + (share * WIDTH + k) * dim + d, tl.sum(grad * x, 0), mask=d_mask)
            tl.store(grad_bias_ptr + share * dim + d, tl.sum(grad, 0), mask=d_mask)
    inside = (t < length)[:, None] & d_mask[None, :]
    tl.store(grad_x_ptr + (b * length + t[:, None]) * dim + d[None, :], grad_x, mask=inside)

"""The rotation by position for Triton: a program takes BLOCK_R rows, a row being one head at one step.

Everything is computed in float32. Names ending in _batch, _time, _head are strides; what is written is contiguous.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["rope_kernel"]


@triton.jit
def rope_kernel(
    x_ptr, x_batch, x_time, x_head, cos_ptr, sin_ptr, out_ptr, length, heads, dim, half,
    INTERLEAVED: tl.constexpr, BACKWARD: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_P: tl.constexpr, BLOCK_REST: tl.constexpr,
):  # fmt: skip
    """out (batch, length, heads, dim); cos and sin (length, half). BACKWARD turns back."""
    blocks = tl.cdiv(length * heads, BLOCK_R)
    b = (tl.program_id(0) // blocks).to(tl.int64)
    row = (tl.program_id(0) % blocks) * BLOCK_R + tl.arange(0, BLOCK_R)[:, None]  # [BLOCK_R, 1]
    inside = row < length * heads
    step = (row // heads).to(tl.int64)
    head = (row % heads).to(tl.int64)
    x_at = x_ptr + b * x_batch + step * x_time + head * x_head
    out_at = out_ptr + (b * length * heads + row) * dim

    p = tl.arange(0, BLOCK_P)[None, :]  # [1, BLOCK_P]
    mask = inside & (p < half)
    cos = tl.load(cos_ptr + step * half + p, mask=mask, other=0.0).to(tl.float32)
    sin = tl.load(sin_ptr + step * half + p, mask=mask, other=0.0).to(tl.float32)
    if BACKWARD:
        sin = -sin
    if INTERLEAVED:
        d = tl.arange(0, 2 * BLOCK_P)[None, :]
        both = inside & (d < 2 * half)
        x = tl.load(x_at + d, mask=both, other=0.0).to(tl.float32)
        first, second = tl.split(tl.reshape(x, (BLOCK_R, BLOCK_P, 2)))
        turned = tl.join(first * cos - second * sin, second * cos + first * sin)
        tl.store(out_at + d, tl.reshape(turned, (BLOCK_R, 2 * BLOCK_P)), mask=both)
    else:
        first = tl.load(x_at + p, mask=mask, other=0.0).to(tl.float32)
        second = tl.load(x_at + half + p, mask=mask, other=0.0).to(tl.float32)
        tl.store(out_at + p, first * cos - second * sin, mask=mask)
        tl.store(out_at + half + p, second * cos + first * sin, mask=mask)
    if BLOCK_REST > 0:
        d = 2 * half + tl.arange(0, BLOCK_REST)[None, :]
        mask = inside & (d < dim)
        tl.store(out_at + d, tl.load(x_at + d, mask=mask, other=0.0), mask=mask)

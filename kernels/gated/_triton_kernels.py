"""SwiGLU, forward and backward, for Triton: a program takes BLOCK_R rows of BLOCK_D elements.

Everything is computed in float32. Names ending in _row are strides between rows; what is written is contiguous.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["swiglu_bwd_kernel", "swiglu_fwd_kernel"]


@triton.jit
def _place(rows, dim, BLOCK_R: tl.constexpr, BLOCK_D: tl.constexpr):
    """Rows [BLOCK_R, 1] and columns [1, BLOCK_D] of a program, and which of them exist [BLOCK_R, BLOCK_D]."""
    blocks = tl.cdiv(dim, BLOCK_D)
    row = (tl.program_id(0) // blocks).to(tl.int64) * BLOCK_R + tl.arange(0, BLOCK_R)
    # A contiguous matrix comes as a single row, which may be longer than 32 bits count.
    d = (tl.program_id(0) % blocks).to(tl.int64) * BLOCK_D + tl.arange(0, BLOCK_D)
    return row[:, None], d[None, :], (row < rows)[:, None] & (d < dim)[None, :]


@triton.jit
def swiglu_fwd_kernel(
    gate_ptr, gate_row, up_ptr, up_row, out_ptr, rows, dim, BLOCK_R: tl.constexpr, BLOCK_D: tl.constexpr
):  # fmt: skip
    """out (rows, dim)."""
    row, d, mask = _place(rows, dim, BLOCK_R, BLOCK_D)
    x = tl.load(gate_ptr + row * gate_row + d, mask=mask, other=0.0).to(tl.float32)
    up = tl.load(up_ptr + row * up_row + d, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + row * dim + d, x / (1.0 + tl.exp(-x)) * up, mask=mask)


@triton.jit
def swiglu_bwd_kernel(
    grad_out_ptr, grad_out_row, gate_ptr, gate_row, up_ptr, up_row, grad_gate_ptr, grad_up_ptr, rows, dim,
    BLOCK_R: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """grad_gate and grad_up (rows, dim)."""
    row, d, mask = _place(rows, dim, BLOCK_R, BLOCK_D)
    grad = tl.load(grad_out_ptr + row * grad_out_row + d, mask=mask, other=0.0).to(tl.float32)
    x = tl.load(gate_ptr + row * gate_row + d, mask=mask, other=0.0).to(tl.float32)
    up = tl.load(up_ptr + row * up_row + d, mask=mask, other=0.0).to(tl.float32)
    opening = 1.0 / (1.0 + tl.exp(-x))
    silu = x * opening
    tl.store(grad_gate_ptr + row * dim + d, grad * up * (opening + silu * (1.0 - opening)), mask=mask)
    tl.store(grad_up_ptr + row * dim + d, grad * silu, mask=mask)

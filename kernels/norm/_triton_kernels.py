"""RMSNorm, forward and backward, for Triton: a program takes BLOCK_R rows, in N_BLOCKS blocks of BLOCK_D columns.

Everything is computed in float32. Names ending in _row are strides between rows; what is written is contiguous.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["rms_norm_bwd_kernel", "rms_norm_fwd_kernel"]


@triton.jit
def _values(x_ptr, x_row, residual_ptr, residual_row, summed_ptr, row, d, mask, HAS_RESIDUAL: tl.constexpr):
    """What is normalised, [BLOCK_R, BLOCK_D]: x, or its sum with the residual, rounded as it is stored."""
    value = tl.load(x_ptr + row * x_row + d, mask=mask, other=0.0).to(tl.float32)
    if HAS_RESIDUAL:
        value += tl.load(residual_ptr + row * residual_row + d, mask=mask, other=0.0).to(tl.float32)
        value = value.to(summed_ptr.dtype.element_ty).to(tl.float32)
    return value


@triton.jit
def rms_norm_fwd_kernel(
    x_ptr, x_row, residual_ptr, residual_row, weight_ptr, summed_ptr, out_ptr, rows, dim, EPS: tl.constexpr,
    HAS_RESIDUAL: tl.constexpr, HAS_WEIGHT: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_D: tl.constexpr, N_BLOCKS: tl.constexpr,
):  # fmt: skip
    """out and, with a residual, summed = x + residual (rows, dim)."""
    row = tl.program_id(0).to(tl.int64) * BLOCK_R + tl.arange(0, BLOCK_R)[:, None]  # [BLOCK_R, 1]
    squares = tl.zeros((BLOCK_R, 1), tl.float32)
    value = tl.zeros((BLOCK_R, BLOCK_D), tl.float32)
    for block in range(N_BLOCKS):
        d = block * BLOCK_D + tl.arange(0, BLOCK_D)[None, :]  # [1, BLOCK_D]
        mask = (row < rows) & (d < dim)
        value = _values(x_ptr, x_row, residual_ptr, residual_row, summed_ptr, row, d, mask, HAS_RESIDUAL)
        if HAS_RESIDUAL:
            tl.store(summed_ptr + row * dim + d, value, mask=mask)
        squares += tl.sum(value * value, 1, keep_dims=True)
    scale = 1.0 / tl.sqrt(squares / dim + EPS)
    for block in range(N_BLOCKS):
        d = block * BLOCK_D + tl.arange(0, BLOCK_D)[None, :]
        mask = (row < rows) & (d < dim)
        if N_BLOCKS > 1:  # else the row is still in registers
            value = _values(x_ptr, x_row, residual_ptr, residual_row, summed_ptr, row, d, mask, HAS_RESIDUAL)
        out = value * scale
        if HAS_WEIGHT:
            out *= tl.load(weight_ptr + d, mask=d < dim, other=0.0).to(tl.float32)
        tl.store(out_ptr + row * dim + d, out, mask=mask)


@triton.jit
def rms_norm_bwd_kernel(
    grad_out_ptr, grad_out_row, grad_sum_ptr, grad_sum_row, x_ptr, x_row, weight_ptr, grad_x_ptr, grad_weight_ptr,
    rows, dim, EPS: tl.constexpr, HAS_GRAD_SUM: tl.constexpr, HAS_WEIGHT: tl.constexpr, HAS_GRAD_WEIGHT: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_D: tl.constexpr, N_BLOCKS: tl.constexpr, STEPS: tl.constexpr,
):  # fmt: skip
    """grad_x (rows, dim); x stands for the sum where there was a residual. A program takes STEPS times BLOCK_R rows
    (STEPS is 1 where N_BLOCKS is not) and writes its share of grad_weight (programs, dim), to be summed in order.
    """
    if HAS_GRAD_WEIGHT:
        share_at = grad_weight_ptr + tl.program_id(0).to(tl.int64) * dim
    gathered = tl.zeros((BLOCK_R, BLOCK_D), tl.float32)
    for step in range(STEPS):
        row = (tl.program_id(0).to(tl.int64) * STEPS + step) * BLOCK_R + tl.arange(0, BLOCK_R)[:, None]  # [BLOCK_R, 1]
        squares = tl.zeros((BLOCK_R, 1), tl.float32)
        products = tl.zeros((BLOCK_R, 1), tl.float32)
        value = tl.zeros((BLOCK_R, BLOCK_D), tl.float32)
        grad = tl.zeros((BLOCK_R, BLOCK_D), tl.float32)
        weight = tl.full((1, BLOCK_D), 1.0, tl.float32)
        for block in range(N_BLOCKS):
            d = block * BLOCK_D + tl.arange(0, BLOCK_D)[None, :]  # [1, BLOCK_D]
            mask = (row < rows) & (d < dim)
            value = tl.load(x_ptr + row * x_row + d, mask=mask, other=0.0).to(tl.float32)
            grad = tl.load(grad_out_ptr + row * grad_out_row + d, mask=mask, other=0.0).to(tl.float32)
            if HAS_WEIGHT:
                weight = tl.load(weight_ptr + d, mask=d < dim, other=0.0).to(tl.float32)
            squares += tl.sum(value * value, 1, keep_dims=True)
            products += tl.sum(grad * weight * value, 1, keep_dims=True)
        # Rows past the end are zero, and so must their scale be where eps is.
        scale = tl.where(row < rows, 1.0 / tl.sqrt(squares / dim + EPS), 0.0)
        share = scale * scale * scale * products / dim
        for block in range(N_BLOCKS):
            d = block * BLOCK_D + tl.arange(0, BLOCK_D)[None, :]
            mask = (row < rows) & (d < dim)
            if N_BLOCKS > 1:  # else the rows are still in registers
                value = tl.load(x_ptr + row * x_row + d, mask=mask, other=0.0).to(tl.float32)
                grad = tl.load(grad_out_ptr + row * grad_out_row + d, mask=mask, other=0.0).to(tl.float32)
                if HAS_WEIGHT:
                    weight = tl.load(weight_ptr + d, mask=d < dim, other=0.0).to(tl.float32)
            grad *= scale
            if HAS_GRAD_WEIGHT:
                if N_BLOCKS > 1:
                    tl.store(share_at + d, tl.sum(grad * value, 0, keep_dims=True), mask=d < dim)
                else:
                    gathered += grad * value
            grad_x = grad * weight - value * share
            if HAS_GRAD_SUM:
                grad_x += tl.load(grad_sum_ptr + row * grad_sum_row + d, mask=mask, other=0.0).to(tl.float32)
            tl.store(grad_x_ptr + row * dim + d, grad_x, mask=mask)
    if HAS_GRAD_WEIGHT and N_BLOCKS == 1:
        d = tl.arange(0, BLOCK_D)[None, :]
        tl.store(share_at + d, tl.sum(gathered, 0, keep_dims=True), mask=d < dim)

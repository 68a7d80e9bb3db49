"""RMSNorm on NVIDIA and AMD GPUs: Triton kernels behind autograd, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
import triton
from torch import Tensor

from claimbench.kernels._function import Function, Gradient
from claimbench.kernels._rows import matrix
from claimbench.kernels.norm import _triton_kernels as kernels

__all__ = ["MOST_STEPS", "PROGRAMS", "TILE", "WIDEST", "RMSNorm", "blocks", "rms_norm"]

TILE = 2048
"""Elements that a program takes at a time, unless one row has more."""
WIDEST = 8192
"""Longest row that stays in registers; longer ones are read twice."""
MOST_STEPS = 16
"""How many times that many rows a program of the backward pass takes at most: each writes a row of partial sums."""
PROGRAMS = 256
"""It takes fewer where there would not be so many programs: the card must be busy."""


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None) -> Tensor | tuple[Tensor, Tensor]:
    """Shapes as in `claimbench.kernels.rms_norm`."""
    return RMSNorm.call(x, weight, eps, residual)


class RMSNorm(Function):
    """The forward kernel; it keeps what is normalised, and the weight."""

    @staticmethod
    def forward(
        x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None
    ) -> Tensor | tuple[Tensor, Tensor]:
        dim, out, summed = x.shape[-1], x.new_empty(x.shape), None
        added, added_row = None, 0
        if residual is not None:
            summed = x.new_empty(x.shape, dtype=torch.promote_types(x.dtype, residual.dtype))
            added, added_row = matrix(residual)
        rows = x.numel() // dim
        tile = blocks(dim)
        kernels.rms_norm_fwd_kernel[(triton.cdiv(rows, tile["BLOCK_R"]),)](
            *matrix(x),
            added,
            added_row,
            None if weight is None else weight.contiguous(),
            summed,
            out,
            rows,
            dim,
            EPS=eps,
            HAS_RESIDUAL=residual is not None,
            HAS_WEIGHT=weight is not None,
            **tile,
        )
        return out if summed is None else (out, summed)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, weight, eps, residual = inputs
        ctx.save_for_backward(x if residual is None else output[1], weight)
        ctx.eps, ctx.x_dtype, ctx.residual_dtype = eps, x.dtype, None if residual is None else residual.dtype
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor | None, grad_sum: Tensor | None = None) -> tuple[Tensor | None, ...]:
        grad_x, grad_weight = grad_sum, None
        if grad_out is not None:
            wanted = ctx.needs_input_grad[1]
            grad_x, *grads = RMSNormGradient.call(grad_out, grad_sum, *ctx.saved_tensors, ctx.eps, wanted)
            grad_weight = grads[0] if wanted else None
        if grad_x is None:
            return None, None, None, None
        grad_residual = None if ctx.residual_dtype is None else grad_x.to(ctx.residual_dtype)
        return grad_x.to(ctx.x_dtype), grad_weight, None, grad_residual


class RMSNormGradient(Gradient):
    """The backward kernel; the gradient of what was normalised, and the weight's."""

    @staticmethod
    def forward(
        grad_out: Tensor, grad_sum: Tensor | None, stream: Tensor, weight: Tensor | None, eps: float, weighted: bool
    ) -> tuple[Tensor, ...]:
        dim = stream.shape[-1]
        rows = stream.numel() // dim
        tile = blocks(dim)
        steps = _steps(rows, tile)
        programs = triton.cdiv(rows, tile["BLOCK_R"] * steps)
        grad_x = stream.new_empty(stream.shape)
        grad_weight = stream.new_empty(programs, dim, dtype=torch.float32) if weighted else None
        kernels.rms_norm_bwd_kernel[(programs,)](
            *matrix(grad_out),
            *((None, 0) if grad_sum is None else matrix(grad_sum)),
            *matrix(stream),
            None if weight is None else weight.contiguous(),
            grad_x,
            grad_weight,
            rows,
            dim,
            EPS=eps,
            HAS_GRAD_SUM=grad_sum is not None,
            HAS_WEIGHT=weight is not None,
            HAS_GRAD_WEIGHT=weighted,
            STEPS=steps,
            **tile,
        )
        return (grad_x,) if grad_weight is None else (grad_x, grad_weight.sum(0).to(weight.dtype))


def blocks(dim: int) -> dict[str, int]:
    """What a program takes at a time of rows of `dim` elements: 16 elements a thread."""
    if dim > WIDEST:
        block_r, block_d = 8, WIDEST // 8
    else:
        block_d = triton.next_power_of_2(dim)
        block_r = max(1, TILE // block_d)
    n_blocks = triton.cdiv(dim, block_d)
    return {"BLOCK_R": block_r, "BLOCK_D": block_d, "N_BLOCKS": n_blocks, "num_warps": max(1, block_r * block_d // 512)}


def _steps(rows: int, tile: dict[str, int]) -> int:
    steps = 1
    while tile["N_BLOCKS"] == 1 and 2 * steps <= MOST_STEPS and rows >= 2 * steps * tile["BLOCK_R"] * PROGRAMS:
        steps *= 2
    return steps

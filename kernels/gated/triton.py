"""SwiGLU on NVIDIA and AMD GPUs: Triton kernels behind autograd, the same bits every time."""

from __future__ import annotations

from typing import Any

import triton
from torch import Tensor

from claimbench.kernels._function import Function, Gradient
from claimbench.kernels._rows import matrix, sizes
from claimbench.kernels.gated import _triton_kernels as kernels

__all__ = ["NUM_WARPS", "TILE", "SwiGLU", "swiglu"]

TILE = 2048
"""Elements of a program: 16 a thread, two loads of 16 bytes in a half type."""
NUM_WARPS = 4


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """Shapes as in `claimbench.kernels.swiglu`."""
    return SwiGLU.call(gate, up)


class SwiGLU(Function):
    """The forward kernel; it keeps its inputs alone."""

    @staticmethod
    def forward(gate: Tensor, up: Tensor) -> Tensor:
        out = gate.new_empty(gate.shape)
        (gates, gate_row), (ups, up_row) = matrix(gate), matrix(up)
        rows, dim = sizes(gate, gate_row, up_row)
        grid, blocks = _blocks(rows, dim)
        kernels.swiglu_fwd_kernel[grid](gates, gate_row, ups, up_row, out, rows, dim, **blocks)
        return out

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor, Tensor]:
        return SwiGLUGradient.call(grad_out, *ctx.saved_tensors)


class SwiGLUGradient(Gradient):
    """The backward kernel."""

    @staticmethod
    def forward(grad_out: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
        grad_gate, grad_up = gate.new_empty(gate.shape), gate.new_empty(gate.shape)
        (grads, grad_row), (gates, gate_row), (ups, up_row) = matrix(grad_out), matrix(gate), matrix(up)
        rows, dim = sizes(gate, grad_row, gate_row, up_row)
        grid, blocks = _blocks(rows, dim)
        kernels.swiglu_bwd_kernel[grid](
            grads, grad_row, gates, gate_row, ups, up_row, grad_gate, grad_up, rows, dim, **blocks
        )
        return grad_gate, grad_up


def _blocks(rows: int, dim: int) -> tuple[tuple[int], dict[str, int]]:
    """The grid, and what a program takes."""
    block_d = min(triton.next_power_of_2(dim), TILE)
    block_r = min(triton.next_power_of_2(rows), TILE // block_d)
    grid = (triton.cdiv(rows, block_r) * triton.cdiv(dim, block_d),)
    return grid, {"BLOCK_R": block_r, "BLOCK_D": block_d, "num_warps": NUM_WARPS}

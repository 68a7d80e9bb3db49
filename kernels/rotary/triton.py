"""The rotation by position on NVIDIA and AMD GPUs: a Triton kernel behind autograd, the same bits every time."""

from __future__ import annotations

from typing import Any

import triton
from torch import Tensor

from claimbench.kernels._function import Function
from claimbench.kernels.rotary import _triton_kernels as kernels

__all__ = ["NUM_WARPS", "TILE", "Rope", "blocks", "rope"]

TILE = 1024
"""Pairs of dimensions that a program turns, unless one head has more."""
NUM_WARPS = 4


def rope(x: Tensor, cos: Tensor, sin: Tensor, interleaved: bool) -> Tensor:
    """Shapes as in `claimbench.kernels.rope`."""
    return Rope.call(x, cos, sin, interleaved, 1)


class Rope(Function):
    """A turn, or with a sense of -1 the turn back, each the other's gradient; it keeps the angles alone."""

    @staticmethod
    def forward(x: Tensor, cos: Tensor, sin: Tensor, interleaved: bool, sense: int) -> Tensor:
        batch, length, heads, dim = x.shape
        out = x.new_empty(x.shape)
        values = x if x.stride(3) == 1 else x.contiguous()
        tile = blocks(length * heads, dim, cos.shape[1])
        kernels.rope_kernel[(batch * triton.cdiv(length * heads, tile["BLOCK_R"]),)](
            values,
            *values.stride()[:3],
            cos.contiguous(),
            sin.contiguous(),
            out,
            length,
            heads,
            dim,
            cos.shape[1],
            INTERLEAVED=interleaved,
            BACKWARD=sense < 0,
            **tile,
        )
        return out

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, cos, sin, ctx.interleaved, ctx.sense = inputs
        ctx.save_for_backward(cos, sin)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        return Rope.call(grad_out, *ctx.saved_tensors, ctx.interleaved, -ctx.sense), None, None, None, None


def blocks(rows: int, dim: int, half: int) -> dict[str, int]:
    """What a program takes of `rows` rows of a sequence."""
    block_p = triton.next_power_of_2(half)
    rest = dim - 2 * half
    return {
        "BLOCK_R": max(1, min(triton.next_power_of_2(rows), TILE // block_p)),
        "BLOCK_P": block_p,
        "BLOCK_REST": triton.next_power_of_2(rest) if rest else 0,
        "num_warps": NUM_WARPS,
    }

"""The causal convolution on NVIDIA and AMD GPUs: Triton kernels behind autograd, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
import triton
from torch import Tensor

from claimbench.kernels._function import Function, Gradient
from claimbench.kernels.conv import _triton_kernels as kernels

__all__ = ["BLOCK_D", "BLOCK_T", "NUM_WARPS", "CausalConv1d", "causal_conv1d"]

BLOCK_T = 32
"""Steps of a program."""
BLOCK_D = 32
"""Channels of a program: one a lane."""
NUM_WARPS = 4


def causal_conv1d(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
    """Shapes as in `claimbench.kernels.causal_conv1d`."""
    return CausalConv1d.call(x, weight, bias, activated)


class CausalConv1d(Function):
    """The forward kernel; it keeps its inputs alone."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
        batch, dim, length = x.shape
        out = x.new_empty(batch, length, dim)
        kernels.causal_conv1d_fwd_kernel[_grid(batch, dim, length)](
            x,
            *x.stride(),
            weight.contiguous(),
            bias if bias is None else bias.contiguous(),
            out,
            dim,
            length,
            **_constants(weight, bias, activated),
        )
        return out.transpose(1, 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None, bool], output: Tensor) -> None:
        x, weight, bias, ctx.activated = inputs
        ctx.save_for_backward(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        grad_x, grad_weight, *grad_bias = CausalConv1dGradient.call(grad_out, *ctx.saved_tensors, ctx.activated)
        return grad_x, grad_weight, grad_bias[0] if grad_bias else None, None


class CausalConv1dGradient(Gradient):
    """The backward kernel: gradients of x, weight and, where there is one, bias."""

    @staticmethod
    def forward(
        grad_out: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool
    ) -> tuple[Tensor, ...]:
        batch, dim, length = x.shape
        grid = _grid(batch, dim, length)
        grad_x = x.new_empty(batch, length, dim)
        grad_weight = x.new_empty(batch * grid[0], weight.shape[1], dim, dtype=torch.float32)
        grad_bias = x.new_empty(batch * grid[0], dim, dtype=torch.float32)
        kernels.causal_conv1d_bwd_kernel[grid](
            grad_out,
            *grad_out.stride(),
            x,
            *x.stride(),
            weight.contiguous(),
            bias if bias is None else bias.contiguous(),
            grad_x,
            grad_weight,
            grad_bias,
            dim,
            length,
            **_constants(weight, bias, activated),
        )
        found = grad_x.transpose(1, 2), grad_weight.sum(0).t().to(weight.dtype)
        return found if bias is None else (*found, grad_bias.sum(0).to(bias.dtype))


def _grid(batch: int, dim: int, length: int) -> tuple[int, int, int]:
    return triton.cdiv(length, BLOCK_T), triton.cdiv(dim, BLOCK_D), batch


def _constants(weight: Tensor, bias: Tensor | None, activated: bool) -> dict[str, Any]:
    return {
        "HAS_BIAS": bias is not None,
        "ACTIVATED": activated,
        "WIDTH": weight.shape[1],
        "BLOCK_T": BLOCK_T,
        "BLOCK_D": BLOCK_D,
        "num_warps": NUM_WARPS,
    }

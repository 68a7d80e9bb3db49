"""The causal convolution on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._arrays import array, optional_array, rows
from claimbench.kernels._backend import working_dtype
from claimbench.kernels._function import Function, Gradient
from claimbench.kernels.conv import _cpu_kernels as kernels

__all__ = ["CausalConv1d", "causal_conv1d", "warm"]


def causal_conv1d(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
    """Shapes as in `claimbench.kernels.causal_conv1d`."""
    return CausalConv1d.call(x, weight, bias, activated)


class CausalConv1d(Function):
    """The forward kernel; it keeps its inputs alone."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
        batch, dim, length = x.shape
        dtype = working_dtype(x, weight)
        out = torch.empty(batch, length, dim, dtype=dtype)
        kernels.forward(
            *rows(x, dtype),
            array(weight, dtype),
            optional_array(bias, dtype, 1),
            bias is not None,
            activated,
            batch,
            length,
            out.view(-1).numpy(),
        )
        return out.to(x.dtype).transpose(1, 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        *tensors, ctx.activated = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        grad_x, grad_weight, grad_bias = CausalConv1dGradient.call(grad_out, *ctx.saved_tensors, ctx.activated)
        return grad_x, grad_weight, grad_bias if ctx.needs_input_grad[2] else None, None


class CausalConv1dGradient(Gradient):
    """The backward kernel: gradients of x, weight and bias, the last of no use where there is none."""

    @staticmethod
    def forward(
        grad_out: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, dim, length = x.shape
        dtype = working_dtype(x, weight)
        grad_x = torch.empty(batch, length, dim, dtype=dtype)
        grad_weight = torch.empty(weight.shape, dtype=dtype)
        grad_bias = torch.empty(dim, dtype=dtype)
        kernels.backward(
            *rows(grad_out, dtype),
            *rows(x, dtype),
            array(weight, dtype),
            optional_array(bias, dtype, 1),
            bias is not None,
            activated,
            batch,
            length,
            grad_x.view(-1).numpy(),
            grad_weight.numpy(),
            grad_bias.numpy(),
        )
        bias = weight if bias is None else bias
        return grad_x.to(x.dtype).transpose(1, 2), grad_weight.to(weight.dtype), grad_bias.to(bias.dtype)


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, 1, 1, dtype=dtype, requires_grad=True)
        causal_conv1d(x, x[0], None, False).sum().backward()

"""The causal convolution on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._arrays import contiguous, placed, rows
from claimbench.kernels._backend import working_dtype
from claimbench.kernels._function import Function, Gradient
from claimbench.kernels._memory import SCALARS, address
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
        inputs, taps, shift = rows(x, dtype), contiguous(weight, dtype), contiguous(bias, dtype)
        kernels.forward(
            SCALARS[dtype](0),
            batch,
            dim,
            length,
            weight.shape[1],
            *placed(inputs),
            address(taps),
            address(shift),
            activated,
            out.data_ptr(),
        )
        return (out if x.dtype is dtype else out.to(x.dtype)).transpose(1, 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        *tensors, ctx.activated = inputs
        ctx.save_for_backward(*tensors)

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
        dtype = working_dtype(x, weight)
        grad_x = torch.empty(batch, length, dim, dtype=dtype)
        grad_weight = torch.empty(weight.shape, dtype=dtype)
        grad_bias = None if bias is None else torch.empty(dim, dtype=dtype)
        grads, inputs = rows(grad_out, dtype), rows(x, dtype)
        taps, shift = contiguous(weight, dtype), contiguous(bias, dtype)
        kernels.backward(
            SCALARS[dtype](0),
            batch,
            dim,
            length,
            weight.shape[1],
            *placed(grads),
            *placed(inputs),
            address(taps),
            address(shift),
            activated,
            grad_x.data_ptr(),
            grad_weight.data_ptr(),
            address(grad_bias),
        )
        found = grad_x.to(x.dtype).transpose(1, 2), grad_weight.to(weight.dtype)
        return found if bias is None else (*found, grad_bias.to(bias.dtype))


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, 1, 1, dtype=dtype, requires_grad=True)
        causal_conv1d(x, x[0], None, False).sum().backward()

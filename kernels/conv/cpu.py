"""The causal convolution on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from claimbench.kernels._arrays import array, optional_array, rows
from claimbench.kernels.conv import _cpu_kernels as kernels

__all__ = ["CausalConv1d", "causal_conv1d", "warm"]


def causal_conv1d(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
    """Shapes as in `claimbench.kernels.causal_conv1d`."""
    return CausalConv1d.apply(x, weight, bias, activated)  # pyright: ignore[reportReturnType]


class CausalConv1d(torch.autograd.Function):
    """The kernels' forward and backward; it keeps its inputs alone."""

    @staticmethod
    def forward(*inputs: Any) -> Tensor:
        # PyTorch binds arguments to names at every call, which would take as long as the rest of a short one.
        return _forward(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        *tensors, ctx.activated = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias = ctx.saved_tensors
        batch, dim, length = x.shape
        dtype = _dtype(x, weight)
        grad_x = torch.empty(batch, length, dim, dtype=dtype)
        grad_weight = torch.empty(weight.shape, dtype=dtype)
        grad_bias = torch.empty(dim, dtype=dtype)
        kernels.backward(
            *rows(grad_out, dtype),
            *rows(x, dtype),
            array(weight, dtype),
            optional_array(bias, dtype, 1),
            bias is not None,
            ctx.activated,
            batch,
            length,
            grad_x.view(-1).numpy(),
            grad_weight.numpy(),
            grad_bias.numpy(),
        )
        return (
            grad_x.to(x.dtype).transpose(1, 2),
            grad_weight.to(weight.dtype),
            None if bias is None else grad_bias.to(bias.dtype),
            None,
        )


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
    batch, dim, length = x.shape
    dtype = _dtype(x, weight)
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


def _dtype(*tensors: Tensor) -> torch.dtype:
    """What the kernels compute in."""
    return torch.float64 if torch.float64 in {x.dtype for x in tensors} else torch.float32


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, 1, 1, dtype=dtype, requires_grad=True)
        causal_conv1d(x, x[0], None, False).sum().backward()

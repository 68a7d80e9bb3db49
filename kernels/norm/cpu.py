"""RMSNorm on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from claimbench.kernels._backend import working_dtype
from claimbench.kernels._memory import SCALARS, address
from claimbench.kernels._rows import matrix
from claimbench.kernels._vmap import apply, sequential
from claimbench.kernels.norm import _cpu_kernels as kernels

__all__ = ["RMSNorm", "rms_norm", "warm"]


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None) -> Tensor | tuple[Tensor, Tensor]:
    """Shapes as in `claimbench.kernels.rms_norm`."""
    return apply(RMSNorm, x, weight, eps, residual)


class RMSNorm(torch.autograd.Function):
    """The kernels' forward and backward; it keeps what is normalised, and the weight."""

    @staticmethod
    def forward(
        x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None
    ) -> Tensor | tuple[Tensor, Tensor]:
        dtype = working_dtype(x, weight, residual)
        stream, fused = x, False
        if residual is not None:
            # A sum of a narrower dtype must be rounded before it is normalised.
            fused = torch.promote_types(x.dtype, residual.dtype) is dtype
            stream = torch.empty(x.shape, dtype=dtype) if fused else x + residual
        values, row = matrix(x if fused else stream, dtype)
        added, added_row = matrix(residual, dtype) if fused else (None, 0)
        factors = None if weight is None else matrix(weight, dtype)[0]
        out = torch.empty(x.shape, dtype=dtype)
        dim = x.shape[-1]
        kernels.forward(
            SCALARS[dtype](eps),
            values.data_ptr(),
            row,
            address(added),
            added_row,
            address(factors),
            x.numel() // dim,
            dim,
            stream.data_ptr() if fused else 0,
            out.data_ptr(),
        )
        out = out if x.dtype is dtype else out.to(x.dtype)
        return out if residual is None else (out, stream)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, weight, eps, residual = inputs
        ctx.save_for_backward(x if residual is None else output[1], weight)
        ctx.eps, ctx.dtype, ctx.x_dtype = eps, working_dtype(x, weight, residual), x.dtype
        ctx.residual_dtype = None if residual is None else residual.dtype
        ctx.set_materialize_grads(False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_out: Tensor | None, grad_sum: Tensor | None = None) -> tuple[Tensor | None, ...]:
        stream, weight = ctx.saved_tensors
        dtype, dim = ctx.dtype, stream.shape[-1]
        grad_x, grad_weight = grad_sum, None
        if grad_out is not None:
            grad_x = torch.empty(stream.shape, dtype=dtype)
            if ctx.needs_input_grad[1]:
                grad_weight = torch.empty(dim, dtype=dtype)
            grads, grad_row = matrix(grad_out, dtype)
            added, added_row = (None, 0) if grad_sum is None else matrix(grad_sum, dtype)
            values, row = matrix(stream, dtype)
            factors = None if weight is None else matrix(weight, dtype)[0]
            kernels.backward(
                SCALARS[dtype](ctx.eps),
                grads.data_ptr(),
                grad_row,
                address(added),
                added_row,
                values.data_ptr(),
                row,
                address(factors),
                stream.numel() // dim,
                dim,
                grad_x.data_ptr(),
                address(grad_weight),
            )
        return (
            _converted(grad_x, ctx.x_dtype),
            None if grad_weight is None else _converted(grad_weight, weight.dtype),
            None,
            None if ctx.residual_dtype is None else _converted(grad_x, ctx.residual_dtype),
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> tuple[Any, Any]:
        return sequential(RMSNorm.apply, info, in_dims, *arguments)


def _converted(x: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    return x if x is None or x.dtype is dtype else x.to(dtype)


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        rms_norm(x, None, 1e-5, None).sum().backward()

"""RMSNorm on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._backend import working_dtype
from claimbench.kernels._function import Function, Gradient
from claimbench.kernels._memory import SCALARS, address
from claimbench.kernels._rows import matrix
from claimbench.kernels.norm import _cpu_kernels as kernels

__all__ = ["RMSNorm", "rms_norm", "warm"]


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None) -> Tensor | tuple[Tensor, Tensor]:
    """Shapes as in `claimbench.kernels.rms_norm`."""
    return RMSNorm.call(x, weight, eps, residual)


class RMSNorm(Function):
    """The forward kernel; it keeps what is normalised, and the weight."""

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
    """The backward kernel; the gradient of what was normalised, in a dtype that may be wider, and the weight's."""

    @staticmethod
    def forward(
        grad_out: Tensor, grad_sum: Tensor | None, stream: Tensor, weight: Tensor | None, eps: float, weighted: bool
    ) -> tuple[Tensor, ...]:
        dtype, dim = working_dtype(stream, weight), stream.shape[-1]
        grad_x = torch.empty(stream.shape, dtype=dtype)
        grad_weight = torch.empty(dim, dtype=dtype) if weighted else None
        grads, grad_row = matrix(grad_out, dtype)
        added, added_row = (None, 0) if grad_sum is None else matrix(grad_sum, dtype)
        values, row = matrix(stream, dtype)
        factors = None if weight is None else matrix(weight, dtype)[0]
        kernels.backward(
            SCALARS[dtype](eps),
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
        return (grad_x,) if grad_weight is None else (grad_x, grad_weight.to(weight.dtype))


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        rms_norm(x, None, 1e-5, None).sum().backward()

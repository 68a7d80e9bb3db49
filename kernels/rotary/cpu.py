"""The rotation by position on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._backend import working_dtype
from claimbench.kernels._function import Function
from claimbench.kernels._memory import SCALARS
from claimbench.kernels.rotary import _cpu_kernels as kernels

__all__ = ["Rope", "rope", "warm"]


def rope(x: Tensor, cos: Tensor, sin: Tensor, interleaved: bool) -> Tensor:
    """Shapes as in `claimbench.kernels.rope`."""
    return Rope.call(x, cos, sin, interleaved, 1)


class Rope(Function):
    """A turn, or with a sense of -1 the turn back, each the other's gradient; it keeps the angles alone."""

    @staticmethod
    def forward(x: Tensor, cos: Tensor, sin: Tensor, interleaved: bool, sense: int) -> Tensor:
        dtype = working_dtype(x, cos, sin)
        out = torch.empty(x.shape, dtype=dtype)
        values, cosines, sines = (y if y.dtype is dtype else y.to(dtype) for y in (x, cos, sin))
        if values.stride(3) != 1:
            values = values.contiguous()
        cosines, sines = cosines.contiguous(), sines.contiguous()
        turn = kernels.neighbours if interleaved else kernels.halves
        turn(
            SCALARS[dtype](sense),
            values.data_ptr(),
            *values.stride()[:3],
            cosines.data_ptr(),
            sines.data_ptr(),
            *x.shape,
            cos.shape[1],
            out.data_ptr(),
        )
        return out if x.dtype is dtype else out.to(x.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, cos, sin, ctx.interleaved, ctx.sense = inputs
        ctx.save_for_backward(cos, sin)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        return Rope.call(grad_out, *ctx.saved_tensors, ctx.interleaved, -ctx.sense), None, None, None, None


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x, angle = torch.zeros(1, 1, 1, 2, dtype=dtype), torch.zeros(1, 1, dtype=dtype)
        for interleaved in (False, True):
            rope(x, angle, angle, interleaved)

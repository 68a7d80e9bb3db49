"""SwiGLU on a processor: numba kernels behind autograd, one thread, the same bits every time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._backend import working_dtype
from claimbench.kernels._function import Function, Gradient
from claimbench.kernels._memory import SCALARS
from claimbench.kernels._rows import matrix, sizes
from claimbench.kernels.gated import _cpu_kernels as kernels

__all__ = ["SwiGLU", "swiglu", "warm"]


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """Shapes as in `claimbench.kernels.swiglu`."""
    return SwiGLU.call(gate, up)


class SwiGLU(Function):
    """The forward kernel; it keeps its inputs alone."""

    @staticmethod
    def forward(gate: Tensor, up: Tensor) -> Tensor:
        dtype = working_dtype(gate)
        out = torch.empty(gate.shape, dtype=dtype)
        (gates, gate_row), (ups, up_row) = matrix(gate, dtype), matrix(up, dtype)
        kernels.forward(
            SCALARS[dtype](1),
            gates.data_ptr(),
            gate_row,
            ups.data_ptr(),
            up_row,
            *sizes(gate, gate_row, up_row),
            out.data_ptr(),
        )
        return out if gate.dtype is dtype else out.to(gate.dtype)

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
        dtype = working_dtype(gate)
        grad_gate, grad_up = torch.empty(gate.shape, dtype=dtype), torch.empty(gate.shape, dtype=dtype)
        (grads, grad_row), (gates, gate_row), (ups, up_row) = (matrix(x, dtype) for x in (grad_out, gate, up))
        kernels.backward(
            SCALARS[dtype](1),
            grads.data_ptr(),
            grad_row,
            gates.data_ptr(),
            gate_row,
            ups.data_ptr(),
            up_row,
            *sizes(gate, grad_row, gate_row, up_row),
            grad_gate.data_ptr(),
            grad_up.data_ptr(),
        )
        return (grad_gate, grad_up) if gate.dtype is dtype else (grad_gate.to(gate.dtype), grad_up.to(gate.dtype))


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, dtype=dtype, requires_grad=True)
        swiglu(x, x).sum().backward()

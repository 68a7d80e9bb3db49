"""The selective scan on a processor: numba kernels behind autograd, one thread, the same bits every time.

What it keeps for backward is its inputs and one state in CHUNK steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._arrays import contiguous, of_dtype, placed, rows
from claimbench.kernels._backend import working_dtype
from claimbench.kernels._function import Function, Gradient, recorded
from claimbench.kernels._memory import SCALARS, address
from claimbench.kernels._simd import LANES
from claimbench.kernels.scan._cpu_backward import backward
from claimbench.kernels.scan._cpu_forward import forward
from claimbench.kernels.scan._cpu_tiles import CHUNK, tiles
from claimbench.kernels.scan._forms import common_groups, ungrouped

__all__ = ["SelectiveScan", "selective_scan", "warm"]


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    delta_bias: Tensor | None,
    delta_softplus: bool,
    initial_state: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """(output, last state); shapes as in `claimbench.kernels.selective_scan`."""
    inputs = (u, delta, A, B, C, D, z, delta_bias, initial_state)
    return SelectiveScan.call(*inputs, delta_softplus, recorded(*inputs))[:2]


class SelectiveScan(Function):
    """The forward kernel: output, last state, and the checkpoints, none unless they are to be kept."""

    @staticmethod
    def forward(
        u: Tensor,
        delta: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        D: Tensor | None,
        z: Tensor | None,
        delta_bias: Tensor | None,
        initial_state: Tensor | None,
        delta_softplus: bool,
        keep: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, dim, length = u.shape
        states, dtype, groups = A.shape[1], working_dtype(u, delta, A, B, C), common_groups(B, C)
        out = torch.empty(batch, length, dim, dtype=dtype)
        last = torch.empty(batch, dim, states, dtype=dtype)
        checkpoints = torch.empty(_checkpoint_size(batch, dim, states, length, groups) if keep else 0, dtype=dtype)
        given, places = _placed(dtype, u, delta, A, B, C, D, z, delta_bias, initial_state)
        forward(
            SCALARS[dtype](0),
            batch,
            dim,
            states,
            length,
            groups,
            *places,
            delta_softplus,
            out.data_ptr(),
            last.data_ptr(),
            checkpoints.data_ptr(),
        )
        del given  # the addresses were good until here
        return (out if u.dtype is dtype else out.to(u.dtype)).transpose(1, 2), last, checkpoints

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
        *tensors, ctx.delta_softplus, _ = inputs
        ctx.save_for_backward(*tensors, output[2])
        ctx.mark_non_differentiable(output[2])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor | None, grad_last: Tensor | None, _: None) -> tuple[Tensor | None, ...]:
        wanted = ctx.needs_input_grad[:9]
        gradients = SelectiveScanGradient.call(grad_out, grad_last, *ctx.saved_tensors, ctx.delta_softplus, *wanted)
        found = iter(gradients)
        return *(next(found) if needed else None for needed in wanted), None, None


class SelectiveScanGradient(Gradient):
    """The backward kernel: the gradients of those tensors that are wanted."""

    @staticmethod
    def forward(
        grad_out: Tensor | None,
        grad_last: Tensor | None,
        u: Tensor,
        delta: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        D: Tensor | None,
        z: Tensor | None,
        delta_bias: Tensor | None,
        initial_state: Tensor | None,
        checkpoints: Tensor,
        delta_softplus: bool,
        *wanted: bool,
    ) -> tuple[Tensor, ...]:
        batch, dim, length = u.shape
        states, dtype, groups = A.shape[1], checkpoints.dtype, common_groups(B, C)
        if checkpoints.numel() != _checkpoint_size(batch, dim, states, length, groups):
            raise RuntimeError("the forward pass kept no checkpoints, because nothing asked for gradients then")
        if grad_out is None:
            grad_out = u.new_zeros(1, 1, 1).expand(batch, length, dim).transpose(1, 2)

        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, dtype=dtype)

        grad_u, grad_delta = empty(batch, length, dim), empty(batch, length, dim)
        grad_z = None if z is None else empty(batch, length, dim)
        grad_A, grad_D, grad_bias = empty(dim, states), empty(dim), empty(dim)
        grad_B, grad_C = (
            empty(dim, states) if weights.ndim == 2 else empty(batch, length, groups, states) for weights in (B, C)
        )
        grad_initial = None if initial_state is None else empty(batch, dim, states)
        given, places = _placed(dtype, u, delta, A, B, C, D, z, delta_bias, initial_state)
        grad_out, grad_last = rows(grad_out, dtype), contiguous(grad_last, dtype)
        backward(
            SCALARS[dtype](0),
            batch,
            dim,
            states,
            length,
            groups,
            *placed(grad_out),
            *places,
            address(grad_last),
            delta_softplus,
            checkpoints.data_ptr(),
            *(
                address(gradient)
                for gradient in (grad_u, grad_delta, grad_z, grad_A, grad_B, grad_C, grad_D, grad_bias, grad_initial)
            ),
        )
        del given  # the addresses were good until here
        gradients = (
            (u, grad_u.transpose(1, 2)),
            (delta, grad_delta.transpose(1, 2)),
            (A, grad_A),
            (B, grad_B if B.ndim == 2 else ungrouped(grad_B, B)),
            (C, grad_C if C.ndim == 2 else ungrouped(grad_C, C)),
            (D, grad_D),
            (z, None if grad_z is None else grad_z.transpose(1, 2)),
            (delta_bias, grad_bias),
            (initial_state, grad_initial),
        )
        return tuple(gradient.to(x.dtype) for needed, (x, gradient) in zip(wanted, gradients, strict=True) if needed)


def _checkpoint_size(batch: int, dim: int, states: int, length: int, groups: int) -> int:
    """Numbers of the states before every chunk but the first."""
    return batch * ((length - 1) // CHUNK) * tiles(dim, groups) * states * LANES


def _placed(
    dtype: torch.dtype,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    delta_bias: Tensor | None,
    initial_state: Tensor | None,
) -> tuple[tuple[Tensor | None, ...], tuple[Any, ...]]:
    """The tensors as both kernels take them, to be kept until these return, and where they lie."""
    u, delta, z = rows(u, dtype), rows(delta, dtype), rows(z, dtype)
    B, C = (contiguous(weights, dtype) if weights.ndim == 2 else of_dtype(weights, dtype) for weights in (B, C))
    A, D, bias, initial = (contiguous(x, dtype) for x in (A, D, delta_bias, initial_state))
    places = (
        *placed(u),
        *placed(delta),
        *placed(z),
        address(A),
        address(B),
        _layout(B),
        address(C),
        _layout(C),
        address(D),
        address(bias),
        address(initial),
    )
    return (u, delta, z, A, B, C, D, bias, initial), places


def _layout(weights: Tensor) -> tuple[int, int, int, int, int]:
    """Groups of B or C, and the strides of batch, group, state and time; groups 0: fixed."""
    if weights.ndim == 2:
        return 0, 0, 0, 0, 0
    strides = weights.stride()
    return (1, strides[0], 0, *strides[1:]) if weights.ndim == 3 else (weights.shape[1], *strides)


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        u = torch.zeros(1, 1, 1, dtype=dtype, requires_grad=True)
        selective_scan(u, u, u[0], u, u, None, None, None, False, None)[0].sum().backward()

"""The selective scan on NVIDIA and AMD GPUs: Triton kernels behind autograd, the same bits every time.

What it keeps for backward is its inputs and one state in CHUNK steps.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
from torch import Tensor
from torch.autograd.function import once_differentiable

from claimbench.kernels.scan import _triton_kernels as kernels
from claimbench.kernels.scan._forms import common_groups, ungrouped

__all__ = ["BLOCK_D", "CHUNK", "NUM_WARPS", "SelectiveScan", "selective_scan"]

CHUNK = 32
"""Steps between checkpoints."""
BLOCK_D = 32
"""Channels of a program: one a lane."""
NUM_WARPS = 1


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
    """(output, last state); shapes as in `claimbench.kernels.selective_scan`. Raises TypeError for float64."""
    for name, x in {"u": u, "delta": delta, "A": A, "B": B, "C": C, "z": z, "initial_state": initial_state}.items():
        if x is not None and x.dtype == torch.float64:
            raise TypeError(f"{name} is float64, which the Triton kernels do not compute in: pass backend='naive'")
    return SelectiveScan.apply(u, delta, A, B, C, D, z, delta_bias, initial_state, delta_softplus)  # pyright: ignore[reportReturnType]


class SelectiveScan(torch.autograd.Function):
    """The kernels' forward and backward."""

    @staticmethod
    def forward(
        ctx: Any,
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
    ) -> tuple[Tensor, Tensor]:
        batch, dim, length = u.shape
        states, groups = A.shape[1], common_groups(B, C)
        keep = any(ctx.needs_input_grad)
        out = u.new_empty(batch, length, dim)
        last = u.new_empty(batch, dim, states, dtype=torch.float32)
        n_kept = -(-length // CHUNK) - 1 if keep else 0
        checkpoints = u.new_empty(batch, n_kept, states, dim, dtype=torch.float32)
        kernels.selective_scan_fwd_kernel[_grid(batch, dim, groups)](
            *_strided(u),
            *_strided(delta),
            *_strided(z),
            A.contiguous(),
            *_weights(B),
            *_weights(C),
            *(_given(x) for x in (D, delta_bias, initial_state)),
            out,
            last,
            checkpoints,
            dim,
            states,
            length,
            groups,
            1,
            HAS_Z=z is not None,
            HAS_D=D is not None,
            HAS_BIAS=delta_bias is not None,
            HAS_INITIAL=initial_state is not None,
            SOFTPLUS=delta_softplus,
            B_FIXED=B.ndim == 2,
            C_FIXED=C.ndim == 2,
            KEEP=n_kept > 0,
            CHUNK=CHUNK,
            BLOCK_D=BLOCK_D,
            BLOCK_N=triton.next_power_of_2(states),
            num_warps=NUM_WARPS,
        )
        ctx.save_for_backward(u, delta, A, B, C, D, z, delta_bias, initial_state, checkpoints)
        ctx.delta_softplus = delta_softplus
        ctx.set_materialize_grads(False)
        return out.transpose(1, 2), last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_out: Tensor | None, grad_last: Tensor | None) -> tuple[Tensor | None, ...]:
        u, delta, A, B, C, D, z, delta_bias, initial_state, checkpoints = ctx.saved_tensors
        batch, dim, length = u.shape
        states, groups = A.shape[1], common_groups(B, C)
        if grad_out is None:
            grad_out = u.new_zeros(1, 1, 1).expand(batch, dim, length)
        grid = _grid(batch, dim, groups)
        block_n = triton.next_power_of_2(states)

        def empty(*shape: int) -> Tensor:
            return u.new_empty(shape, dtype=torch.float32)

        grad_u, grad_delta = u.new_empty(batch, length, dim), delta.new_empty(batch, length, dim)
        grad_z = None if z is None else z.new_empty(batch, length, dim)
        grad_A, grad_initial = empty(batch, dim, states), empty(batch, dim, states)
        grad_D, grad_bias = empty(batch, dim), empty(batch, dim)
        tiles = grid[0] // groups
        grad_B, grad_C = (
            empty(*((batch, dim, states) if x.ndim == 2 else (tiles, batch, length, groups, states))) for x in (B, C)
        )
        kernels.selective_scan_bwd_kernel[grid](
            *_strided(grad_out),
            *_strided(u),
            *_strided(delta),
            *_strided(z),
            A.contiguous(),
            *_weights(B),
            *_weights(C),
            *(_given(x) for x in (D, delta_bias, initial_state, grad_last)),
            checkpoints,
            empty(grid[0] * batch, CHUNK, block_n, BLOCK_D),
            grad_u,
            grad_delta,
            grad_z,
            grad_A,
            grad_B,
            grad_C,
            grad_D,
            grad_bias,
            grad_initial,
            dim,
            states,
            length,
            groups,
            1,
            HAS_Z=z is not None,
            HAS_D=D is not None,
            HAS_BIAS=delta_bias is not None,
            HAS_INITIAL=initial_state is not None,
            HAS_GRAD_LAST=grad_last is not None,
            SOFTPLUS=ctx.delta_softplus,
            B_FIXED=B.ndim == 2,
            C_FIXED=C.ndim == 2,
            CHUNK=CHUNK,
            BLOCK_D=BLOCK_D,
            BLOCK_N=block_n,
            num_warps=NUM_WARPS,
        )
        grad_B, grad_C = (
            grad.sum(0).to(x.dtype) if x.ndim == 2 else ungrouped(grad.sum(0), x)
            for x, grad in ((B, grad_B), (C, grad_C))
        )
        return (
            grad_u.transpose(1, 2),
            grad_delta.transpose(1, 2),
            grad_A.sum(0).to(A.dtype),
            grad_B,
            grad_C,
            None if D is None else grad_D.sum(0).to(D.dtype),
            None if grad_z is None else grad_z.transpose(1, 2),
            None if delta_bias is None else grad_bias.sum(0).to(delta_bias.dtype),
            None if initial_state is None else grad_initial.to(initial_state.dtype),
            None,
        )


def _grid(batch: int, dim: int, groups: int) -> tuple[int, int]:
    """Tiles of channels, none with channels of two groups, and sequences."""
    return groups * triton.cdiv(dim // groups, BLOCK_D), batch


def _strided(x: Tensor | None) -> tuple[Tensor | None, int, int, int]:
    return (None, 0, 0, 0) if x is None else (x, *x.stride())


def _given(x: Tensor | None) -> Tensor | None:
    return None if x is None else x.contiguous()


def _weights(weights: Tensor) -> tuple[Tensor, int, int, int, int, int]:
    """B or C with its number of groups and the strides of batch, group, state and time."""
    if weights.ndim == 2:
        return weights.contiguous(), 1, 0, 0, 0, 0
    if weights.ndim == 3:
        weights = weights[:, None]
    return weights, weights.shape[1], *weights.stride()

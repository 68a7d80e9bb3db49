"""The selective scan on NVIDIA and AMD GPUs: Triton kernels behind autograd, the same bits every time.

What it keeps for backward is its inputs, B and C in float32, and one state in CHUNK steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._function import Function, Gradient, recorded
from claimbench.kernels.scan import _triton_launch as launch
from claimbench.kernels.scan._forms import ungrouped
from claimbench.kernels.scan._triton_backward_kernels import BY_ROW, selective_scan_bwd_kernel
from claimbench.kernels.scan._triton_kernels import selective_scan_fwd_kernel
from claimbench.kernels.scan._triton_launch import Cut, contiguous, strided

__all__ = ["SelectiveScan", "selective_scan"]


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
    tensors = (u, delta, A, B, C, D, z, delta_bias, initial_state)
    return SelectiveScan.call(*tensors, delta_softplus, recorded(*tensors))[:2]


class SelectiveScan(Function):
    """The forward kernels: output, last state, and what backward needs of them, None unless it is to be kept."""

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
    ) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        cut = Cut.of(u, A, B, C)
        out = u.new_empty(cut.batch, cut.length, cut.dim)
        last = u.new_empty(cut.batch, cut.dim, cut.states, dtype=torch.float32)
        packed = launch.pack_weights(cut, B, C)
        A, B, C = _tiled(cut, A, B, C)
        starts = launch.split_starts(cut, u, delta, A, B, packed, delta_bias, initial_state, delta_softplus)
        checkpoints = cut.tiles_like(u, cut.batch, cut.chunks) if keep else None
        selective_scan_fwd_kernel[cut.tiles, cut.batch, cut.splits](
            *strided(u),
            *strided(delta),
            *strided(z),
            A,
            B,
            C,
            packed,
            contiguous(D),
            contiguous(delta_bias),
            starts,
            out,
            last,
            checkpoints,
            cut.dim,
            cut.length,
            cut.groups,
            cut.split_steps,
            0,
            HAS_Z=z is not None,
            HAS_D=D is not None,
            HAS_BIAS=delta_bias is not None,
            HAS_STARTS=starts is not None,
            SOFTPLUS=delta_softplus,
            B_FIXED=cut.b_fixed,
            C_FIXED=cut.c_fixed,
            KEEP=keep,
            STATES=cut.states,
            **cut.constants,
        )
        return out.transpose(1, 2), last, checkpoints, packed if keep else None

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor | None, ...]) -> None:
        *tensors, delta_softplus, _ = inputs
        kept = output[2:]
        ctx.mark_non_differentiable(*(x for x in kept if x is not None))
        ctx.save_for_backward(*tensors, *kept)
        ctx.delta_softplus = delta_softplus
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor | None, grad_last: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        wanted = ctx.needs_input_grad[:9]
        gradients = SelectiveScanGradient.call(grad_out, grad_last, *ctx.saved_tensors, ctx.delta_softplus, *wanted)
        found = iter(gradients)
        return *(next(found) if needed else None for needed in wanted), None, None


class SelectiveScanGradient(Gradient):
    """The backward kernels: the gradients of those tensors that are wanted."""

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
        packed: Tensor,
        delta_softplus: bool,
        *wanted: bool,
    ) -> tuple[Tensor, ...]:
        cut = Cut.of(u, A, B, C)
        batch, dim, length = u.shape
        if grad_out is None:
            grad_out = u.new_zeros(1, 1, 1).expand(batch, dim, length)
        tiled_A, fixed_B, fixed_C = _tiled(cut, A, B, C)
        ends = launch.split_ends(
            cut, grad_out, delta, tiled_A, fixed_C, z, packed, delta_bias, grad_last, delta_softplus
        )

        def empty(*shape: int) -> Tensor:
            return u.new_empty(shape, dtype=torch.float32)

        grad_u, grad_delta = u.new_empty(batch, length, dim), delta.new_empty(batch, length, dim)
        grad_z = None if z is None else z.new_empty(batch, length, dim)
        shares = cut.splits, batch
        grad_A, grad_initial = cut.tiles_like(u, *shares), cut.tiles_like(u, batch)
        grad_B, grad_C = (cut.tiles_like(u, *shares) if x.ndim == 2 else None for x in (B, C))
        varying = 0 if cut.b_fixed and cut.c_fixed else length
        grad_packed = empty(cut.tiles // cut.groups, batch, varying, cut.groups, 2, cut.block_n)
        grad_D, grad_bias = (empty(*shares, cut.tiles, 1, launch.BLOCK_D) for _ in range(2))
        programs = cut.splits * batch * cut.tiles
        selective_scan_bwd_kernel[cut.tiles, batch, cut.splits](
            *strided(grad_out),
            *strided(u),
            *strided(delta),
            *strided(z),
            tiled_A,
            fixed_B,
            fixed_C,
            packed,
            contiguous(D),
            contiguous(delta_bias),
            ends,
            checkpoints,
            empty(programs, BY_ROW, launch.CHUNK, launch.BLOCK_D),
            empty(programs, launch.CHUNK // 2, cut.block_n, launch.BLOCK_D),
            grad_u,
            grad_delta,
            grad_z,
            grad_A,
            grad_B,
            grad_C,
            grad_packed,
            grad_D,
            grad_bias,
            grad_initial,
            dim,
            length,
            cut.groups,
            cut.split_chunks,
            HAS_Z=z is not None,
            HAS_D=D is not None,
            HAS_BIAS=delta_bias is not None,
            HAS_ENDS=ends is not None,
            SOFTPLUS=delta_softplus,
            B_FIXED=cut.b_fixed,
            C_FIXED=cut.c_fixed,
            ROWS=min(launch.ROWS, launch.CHUNK),
            OVER=min(launch.OVER, cut.block_n),
            **(cut.constants | {"STAGES": launch.BACKWARD_STAGES}),
        )
        grad_packed = grad_packed.sum(0)[..., : cut.states]
        grad_B, grad_C = (
            ungrouped(grad_packed[..., place, :], x) if grad is None else cut.out_of_tiles(grad.sum((0, 1))).to(x.dtype)
            for place, (x, grad) in enumerate(((B, grad_B), (C, grad_C)))
        )
        grad_D, grad_bias = (cut.out_of_tiles(x.sum((0, 1)))[:, 0] for x in (grad_D, grad_bias))
        gradients = (
            (u, grad_u.transpose(1, 2)),
            (delta, grad_delta.transpose(1, 2)),
            (A, cut.out_of_tiles(grad_A.sum((0, 1)))),
            (B, grad_B),
            (C, grad_C),
            (D, grad_D),
            (z, None if grad_z is None else grad_z.transpose(1, 2)),
            (delta_bias, grad_bias),
            (initial_state, cut.out_of_tiles(grad_initial)),
        )
        return tuple(gradient.to(x.dtype) for needed, (x, gradient) in zip(wanted, gradients, strict=True) if needed)


def _tiled(cut: Cut, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """A, and B and C where fixed, in tiles."""
    return cut.in_tiles(A), *(cut.in_tiles(x) if x.ndim == 2 else None for x in (B, C))

"""One decoding step on NVIDIA and AMD GPUs: a single launch, the same bits every time."""

from __future__ import annotations

import torch
import triton
from torch import Tensor

from claimbench.kernels.scan import _step_triton_kernels as kernels
from claimbench.kernels.scan._forms import strides_with

__all__ = ["NUMBERS", "NUM_WARPS", "block_d", "selective_state_update"]

NUMBERS = 512
"""Numbers of the state that a program takes, at least one channel's: four a thread."""
NUM_WARPS = 4


def block_d(states: int) -> int:
    """Channels of a program."""
    return max(NUMBERS // triton.next_power_of_2(states), 1)


def selective_state_update(
    state: Tensor,
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    dt_bias: Tensor | None,
    dt_softplus: bool,
) -> Tensor:
    """Shapes as in `claimbench.kernels.selective_state_update`."""
    batch, *heads, dim, states = state.shape
    heads = heads[0] if heads else 1
    groups = [weights.shape[1] if weights.ndim == 3 else 1 for weights in (B, C)]
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    tile = block_d(states)
    kernels.selective_state_update_kernel[(batch * heads * triton.cdiv(dim, tile),)](
        state,
        *strides_with(1, state, 4),
        x,
        *strides_with(1, x, 3),
        dt,
        *strides_with(1, dt, 3),
        A,
        *strides_with(0, A, 3),
        B,
        *strides_with(1, B, 3),
        groups[0],
        C,
        *strides_with(1, C, 3),
        groups[1],
        D,
        *strides_with(0, D, 2),
        z,
        *strides_with(1, z, 3),
        dt_bias,
        *strides_with(0, dt_bias, 2),
        out,
        heads,
        dim,
        states,
        HAS_D=D is not None,
        HAS_Z=z is not None,
        HAS_BIAS=dt_bias is not None,
        SOFTPLUS=dt_softplus,
        PER_CHANNEL=max(groups) > heads,
        BLOCK_D=tile,
        BLOCK_N=triton.next_power_of_2(states),
        num_warps=NUM_WARPS,
    )
    torch.autograd.graph.increment_version(state)
    return out

"""How a selective scan is cut into programs for a GPU, and the launches that prepare its Triton kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as functional
import triton
from torch import Tensor

from claimbench.kernels.scan._forms import common_groups
from claimbench.kernels.scan._triton_kernels import pack_weights_kernel
from claimbench.kernels.scan._triton_split_kernels import (
    combine_splits_kernel,
    split_gradients_kernel,
    split_states_kernel,
)

__all__ = [
    "BACKWARD_STAGES",
    "BLOCK_D",
    "CHUNK",
    "COMBINE_ROWS",
    "NUM_WARPS",
    "OVER",
    "PACK_STEPS",
    "PROGRAMS",
    "ROWS",
    "SPLIT_STEPS",
    "STAGES",
    "Cut",
    "contiguous",
    "pack_weights",
    "split_ends",
    "split_starts",
    "strided",
]

CHUNK = 16
"""Steps between checkpoints; a multiple of 4, the steps of one load."""
BLOCK_D = 32
"""Channels of a program: one a lane."""
NUM_WARPS = 1
STAGES = 3
"""Loads under way at a time, the one in use among them."""
BACKWARD_STAGES = 2
"""Likewise, on the way back, whose steps take longer."""
PACK_STEPS = 64
"""Steps of a program that packs B and C."""
COMBINE_ROWS = 4
"""States of a program that combines splits."""
ROWS = 8
"""Steps that backward works out at a time before and after its way through the states."""
OVER = 4
"""Lanes over which backward spreads the states of a channel."""
PROGRAMS = 2112
"""Programs that occupy a GPU: 4 on each of the 528 schedulers of an H100 or H200. A constant, so that results do not
depend on the device."""
SPLIT_STEPS = 64
"""A split has no fewer steps."""
_FEWEST_SPLITS = 4
"""Fewer do not pay for the additional pass that splitting takes."""


@dataclass(frozen=True)
class Cut:
    """A scan in tiles of channels, chunks of steps, and splits of chunks."""

    batch: int
    dim: int
    length: int
    states: int
    groups: int
    """Groups of channels that share both B and C."""
    b_fixed: bool
    c_fixed: bool

    @classmethod
    def of(cls, u: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Cut:
        """The cut of a scan of these tensors."""
        return cls(*u.shape, A.shape[1], common_groups(B, C), B.ndim == 2, C.ndim == 2)

    @property
    def block_n(self) -> int:
        return triton.next_power_of_2(self.states)

    @property
    def tiles(self) -> int:
        """Tiles of channels, none with channels of two groups."""
        return self.groups * triton.cdiv(self.dim // self.groups, BLOCK_D)

    @property
    def chunks(self) -> int:
        return triton.cdiv(self.length, CHUNK)

    @property
    def split_chunks(self) -> int:
        """Chunks of a split, the last split perhaps excepted: all, unless batch and channels leave the GPU idle."""
        splits = min(PROGRAMS // (self.batch * self.tiles), self.length // SPLIT_STEPS)
        return self.chunks if splits < _FEWEST_SPLITS else triton.cdiv(self.chunks, splits)

    @property
    def splits(self) -> int:
        return triton.cdiv(self.chunks, self.split_chunks)

    @property
    def split_steps(self) -> int:
        return self.split_chunks * CHUNK

    @property
    def constants(self) -> dict[str, Any]:
        """What all kernels that walk through time are compiled for."""
        return {
            "CHUNK": CHUNK,
            "STAGES": STAGES,
            "BLOCK_D": BLOCK_D,
            "BLOCK_N": self.block_n,
            "num_warps": NUM_WARPS,
        }

    def tiles_like(self, like: Tensor, *lead: int) -> Tensor:
        """An empty float32 tensor (*lead) in tiles: (*lead, tile, BLOCK_N, BLOCK_D)."""
        return like.new_empty(*lead, self.tiles, self.block_n, BLOCK_D, dtype=torch.float32)

    def in_tiles(self, x: Tensor) -> Tensor:
        """(..., dim, state) as (..., tile, BLOCK_N, BLOCK_D) in float32, 0 where there is no channel or no state."""
        width = self.dim // self.groups
        places = self.tiles // self.groups * BLOCK_D
        x = x.to(torch.float32).unflatten(-2, (self.groups, width))
        x = functional.pad(x, (0, self.block_n - self.states, 0, places - width))
        return x.unflatten(-2, (-1, BLOCK_D)).flatten(-4, -3).transpose(-1, -2).contiguous()

    def out_of_tiles(self, x: Tensor) -> Tensor:
        """(..., tile, BLOCK_N, BLOCK_D) as (..., dim, state)."""
        x = x.unflatten(-3, (self.groups, -1)).transpose(-1, -2).flatten(-3, -2)
        return x[..., : self.dim // self.groups, : self.states].flatten(-3, -2)


def pack_weights(cut: Cut, B: Tensor, C: Tensor) -> Tensor:
    """B and C as the kernels read them; empty where both are fixed."""
    if cut.b_fixed and cut.c_fixed:
        return B.new_empty(0, dtype=torch.float32)
    steps = cut.chunks * CHUNK
    packed = B.new_empty(cut.batch, cut.groups, steps, 2, cut.block_n, dtype=torch.float32)
    pack_weights_kernel[triton.cdiv(steps, PACK_STEPS), cut.groups, cut.batch](
        *_varying(B),
        *_varying(C),
        packed,
        cut.length,
        steps,
        cut.groups,
        STATES=cut.states,
        B_FIXED=cut.b_fixed,
        C_FIXED=cut.c_fixed,
        BLOCK_T=PACK_STEPS,
        BLOCK_N=cut.block_n,
        num_warps=NUM_WARPS,
    )
    return packed


def split_starts(
    cut: Cut,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor | None,
    packed: Tensor,
    bias: Tensor | None,
    initial: Tensor | None,
    softplus: bool,
) -> Tensor | None:
    """The states before the splits, (batch, split) in tiles; None where there is one split, which starts from 0. A, and
    B where fixed, in tiles, as everywhere below.
    """
    if cut.splits == 1:
        return None if initial is None else cut.in_tiles(initial)
    states = cut.tiles_like(u, cut.batch, cut.splits)
    sums = u.new_empty(cut.batch, cut.splits, cut.tiles, BLOCK_D, dtype=torch.float32)
    split_states_kernel[cut.tiles, cut.batch, cut.splits - 1](
        *strided(u),
        *strided(delta),
        A,
        B,
        packed,
        contiguous(bias),
        states,
        sums,
        cut.dim,
        cut.length,
        cut.groups,
        cut.split_steps,
        0,
        HAS_BIAS=bias is not None,
        SOFTPLUS=softplus,
        B_FIXED=cut.b_fixed,
        **cut.constants,
    )
    states[:, 0] = 0 if initial is None else cut.in_tiles(initial)
    _combine(cut, A, states, sums, reverse=False)
    return states


def split_ends(
    cut: Cut,
    grad_out: Tensor,
    delta: Tensor,
    A: Tensor,
    C: Tensor | None,
    z: Tensor | None,
    packed: Tensor,
    bias: Tensor | None,
    grad_last: Tensor | None,
    softplus: bool,
) -> Tensor | None:
    """The gradients of the states after the splits, (batch, split) in tiles; None for one split and no `grad_last`."""
    if cut.splits == 1:
        return None if grad_last is None else cut.in_tiles(grad_last)
    gradients = cut.tiles_like(delta, cut.batch, cut.splits)
    sums = delta.new_empty(cut.batch, cut.splits, cut.tiles, BLOCK_D, dtype=torch.float32)
    split_gradients_kernel[cut.tiles, cut.batch, cut.splits - 1](
        *strided(grad_out),
        *strided(delta),
        *strided(z),
        A,
        C,
        packed,
        contiguous(bias),
        gradients,
        sums,
        cut.dim,
        cut.length,
        cut.groups,
        cut.split_steps,
        0,
        HAS_Z=z is not None,
        HAS_BIAS=bias is not None,
        SOFTPLUS=softplus,
        C_FIXED=cut.c_fixed,
        **cut.constants,
    )
    gradients[:, -1] = 0 if grad_last is None else cut.in_tiles(grad_last)
    _combine(cut, A, gradients, sums, reverse=True)
    return gradients


def _combine(cut: Cut, A: Tensor, shares: Tensor, sums: Tensor, *, reverse: bool) -> None:
    rows = min(COMBINE_ROWS, cut.block_n)
    combine_splits_kernel[cut.tiles, cut.batch, cut.block_n // rows](
        A,
        shares,
        sums,
        cut.splits,
        REVERSE=reverse,
        STAGES=STAGES,
        BLOCK_D=BLOCK_D,
        BLOCK_N=cut.block_n,
        ROWS=rows,
        num_warps=NUM_WARPS,
    )


def strided(x: Tensor | None) -> tuple[Tensor | None, int, int, int]:
    """A kernel's arguments for (batch, dim, length)."""
    return (None, 0, 0, 0) if x is None else (x, *x.stride())


def contiguous(x: Tensor | None) -> Tensor | None:
    """A tensor as kernels without strides read it."""
    return None if x is None else x.contiguous()


def _varying(weights: Tensor) -> tuple[Tensor | None, int, int, int, int, int]:
    """B or C with its number of groups and the strides of batch, group, state and time."""
    if weights.ndim == 2:
        return None, 1, 0, 0, 0, 0
    if weights.ndim == 3:
        weights = weights[:, None]
    return weights, weights.shape[1], *weights.stride()

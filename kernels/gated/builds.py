"""SwiGLU's kernels as they are compiled ahead of time: halves of one projection, 14336 wide."""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.gated import _triton_kernels as kernels
from claimbench.kernels.gated.triton import NUM_WARPS, TILE

__all__ = ["BUILDS"]

_BLOCKS = {"BLOCK_R": 1, "BLOCK_D": TILE}

BUILDS = (
    Build("gated", kernels.swiglu_fwd_kernel, _BLOCKS, NUM_WARPS, ()),
    Build("gated", kernels.swiglu_bwd_kernel, _BLOCKS, NUM_WARPS, ()),
)

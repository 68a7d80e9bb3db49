"""The rotation's kernel as it is compiled ahead of time: 32 heads of 128, all turned, either kind of pairs."""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.rotary import _triton_kernels as kernels
from claimbench.kernels.rotary.triton import NUM_WARPS, blocks

__all__ = ["BUILDS"]

_CONSTANTS = {k: v for k, v in blocks(2048 * 32, 128, 64).items() if k != "num_warps"} | {"BACKWARD": False}
_FLOAT32 = ("cos_ptr", "sin_ptr")

BUILDS = (
    Build("rotary", kernels.rope_kernel, _CONSTANTS | {"INTERLEAVED": False}, NUM_WARPS, _FLOAT32, "halves"),
    Build("rotary", kernels.rope_kernel, _CONSTANTS | {"INTERLEAVED": True}, NUM_WARPS, _FLOAT32, "interleaved"),
)

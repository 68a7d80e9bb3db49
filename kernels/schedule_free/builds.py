"""The Schedule-Free step as it is compiled ahead of time: all in float32; all in bfloat16, rounded stochastically; and
float32 with a bfloat16 copy for the model.
"""

from __future__ import annotations

import triton.language as tl

from claimbench.kernels._build import Build
from claimbench.kernels.schedule_free import _triton_kernels as kernels
from claimbench.kernels.schedule_free.triton import BLOCK, DECAY_AT, NUM_WARPS

__all__ = ["BUILDS"]

_TYPES = {"tensors_ptr": "*i64", "blocks_ptr": "*i32", "scalars_ptr": "*fp64", "seed": "i64"}


def _build(variant: str, *, y, grad, v, copy=None, stochastic: bool = False) -> Build:
    constants = {
        "Y": y, "G": grad, "Z": y, "V": v, "COPY": copy or tl.float32, "HAS_V": True, "HAS_COPY": copy is not None,
        "DECAY_AT": DECAY_AT["y"], "ADAPTIVE": True, "STOCHASTIC": stochastic, "ALIGNED": True, "BLOCK": BLOCK,
    }  # fmt: skip
    kernel = kernels.schedule_free_step_kernel
    return Build("schedule_free", kernel, constants, NUM_WARPS, (), variant, _TYPES)


BUILDS = (
    _build("float32", y=tl.float32, grad=tl.float32, v=tl.float32),
    _build("bfloat16", y=tl.bfloat16, grad=tl.bfloat16, v=tl.bfloat16, stochastic=True),
    _build("copied", y=tl.float32, grad=tl.bfloat16, v=tl.float32, copy=tl.bfloat16),
)

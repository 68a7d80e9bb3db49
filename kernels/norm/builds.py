"""RMSNorm's kernels as they are compiled ahead of time: weight and residual, the longest rows that stay in registers,
and longer ones.
"""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.norm import _triton_kernels as kernels
from claimbench.kernels.norm.triton import MOST_STEPS, WIDEST, blocks

__all__ = ["BUILDS"]

_FLOAT32 = ("weight_ptr", "grad_weight_ptr")
_FORWARD = {"EPS": 1e-5, "HAS_WEIGHT": True, "HAS_RESIDUAL": True}
_BACKWARD = {"EPS": 1e-5, "HAS_WEIGHT": True, "HAS_GRAD_SUM": True, "HAS_GRAD_WEIGHT": True}


def _builds(dim: int, steps: int) -> tuple[Build, ...]:
    tile = blocks(dim)
    warps = tile.pop("num_warps")
    return (
        Build("norm", kernels.rms_norm_fwd_kernel, _FORWARD | tile, warps, _FLOAT32, str(dim)),
        Build("norm", kernels.rms_norm_bwd_kernel, _BACKWARD | tile | {"STEPS": steps}, warps, _FLOAT32, str(dim)),
    )


BUILDS = (*_builds(WIDEST, MOST_STEPS), *_builds(2 * WIDEST, 1))

"""The convolution's kernels as they are compiled ahead of time: Mamba's form, width 4 with bias and SiLU."""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.conv import _triton_kernels as kernels
from claimbench.kernels.conv import triton as launch

__all__ = ["BUILDS"]

_FORWARD = {
    "x_channel": 1, "HAS_BIAS": True, "ACTIVATED": True, "WIDTH": 4, "BLOCK_T": launch.BLOCK_T,
    "BLOCK_D": launch.BLOCK_D,
}  # fmt: skip
_BACKWARD = _FORWARD | {"grad_out_channel": 1}
_FLOAT32 = ("weight_ptr", "bias_ptr", "grad_weight_ptr", "grad_bias_ptr")

BUILDS = (
    Build("conv", kernels.causal_conv1d_fwd_kernel, _FORWARD, launch.NUM_WARPS, _FLOAT32),
    Build("conv", kernels.causal_conv1d_bwd_kernel, _BACKWARD, launch.NUM_WARPS, _FLOAT32),
)

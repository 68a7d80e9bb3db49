"""The decoding step's kernel as it is compiled ahead of time: Mamba's form, one head."""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.scan._step_triton_kernels import selective_state_update_kernel
from claimbench.kernels.scan.step_triton import NUM_WARPS, block_d

__all__ = ["BUILDS"]

_CONSTANTS = {
    "state_state": 1, "x_channel": 1, "dt_channel": 1, "A_state": 1, "B_state": 1, "C_state": 1, "B_groups": 1,
    "C_groups": 1, "D_channel": 1, "z_channel": 1, "bias_channel": 1, "heads": 1, "HAS_D": True, "HAS_Z": True,
    "HAS_BIAS": True, "SOFTPLUS": True, "PER_CHANNEL": False, "BLOCK_D": block_d(16), "BLOCK_N": 16,
}  # fmt: skip
_FLOAT32 = ("state_ptr", "A_ptr", "D_ptr", "bias_ptr")

BUILDS = (Build("scan", selective_state_update_kernel, _CONSTANTS, NUM_WARPS, _FLOAT32),)

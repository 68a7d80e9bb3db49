"""The scan's kernels and the decoding step's as they are compiled ahead of time: Mamba's form, long enough to split."""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.scan import _triton_backward_kernels as backward
from claimbench.kernels.scan import _triton_kernels as forward
from claimbench.kernels.scan import _triton_launch as launch
from claimbench.kernels.scan import _triton_split_kernels as splits
from claimbench.kernels.scan import step_triton as step
from claimbench.kernels.scan._step_triton_kernels import selective_state_update_kernel

__all__ = ["BUILDS"]

_SCAN = {
    "grad_out_channel": 1, "u_channel": 1, "delta_channel": 1, "z_channel": 1, "B_state": 1, "C_state": 1,
    "B_groups": 1, "C_groups": 1, "groups": 1, "HAS_Z": True, "HAS_D": True, "HAS_BIAS": True, "HAS_STARTS": True,
    "HAS_ENDS": True, "SOFTPLUS": True, "KEEP": True, "REVERSE": False, "B_FIXED": False, "C_FIXED": False,
    "STATES": 16, "CHUNK": launch.CHUNK, "STAGES": launch.STAGES, "OVER": launch.OVER, "BLOCK_T": launch.PACK_STEPS,
    "BLOCK_D": launch.BLOCK_D, "BLOCK_N": 16,
}  # fmt: skip
_SCAN_FLOAT32 = (
    "A_ptr", "packed_ptr", "D_ptr", "bias_ptr", "last_ptr", "checkpoints_ptr", "rows_ptr", "scratch_ptr", "starts_ptr",
    "states_ptr", "sums_ptr", "gradients_ptr", "ends_ptr", "grad_A_ptr", "grad_B_ptr", "grad_C_ptr", "grad_packed_ptr",
    "grad_D_ptr", "grad_bias_ptr", "grad_initial_ptr",
)  # fmt: skip
_STEP = {
    "state_state": 1, "x_channel": 1, "dt_channel": 1, "A_state": 1, "B_state": 1, "C_state": 1, "B_groups": 1,
    "C_groups": 1, "D_channel": 1, "z_channel": 1, "bias_channel": 1, "heads": 1, "HAS_D": True, "HAS_Z": True,
    "HAS_BIAS": True, "SOFTPLUS": True, "PER_CHANNEL": False, "BLOCK_D": step.block_d(16), "BLOCK_N": 16,
}  # fmt: skip
_STEP_FLOAT32 = ("state_ptr", "A_ptr", "D_ptr", "bias_ptr")

BUILDS = (
    *(
        Build("scan", kernel, _SCAN | more, launch.NUM_WARPS, _SCAN_FLOAT32)
        for kernel, more in (
            (forward.pack_weights_kernel, {}),
            (forward.selective_scan_fwd_kernel, {}),
            (backward.selective_scan_bwd_kernel, {"ROWS": launch.ROWS, "STAGES": launch.BACKWARD_STAGES}),
            (splits.split_states_kernel, {}),
            (splits.split_gradients_kernel, {}),
            (splits.combine_splits_kernel, {"ROWS": launch.COMBINE_ROWS}),
        )
    ),
    Build("scan", selective_state_update_kernel, _STEP, step.NUM_WARPS, _STEP_FLOAT32),
)

"""Selective scan: the recurrence of a selective state-space model."""

from claimbench.kernels.scan.cost import bytes, flops, step_bytes, step_flops
from claimbench.kernels.scan.op import selective_scan
from claimbench.kernels.scan.step_op import selective_state_update

__all__ = ["bytes", "flops", "selective_scan", "selective_state_update", "step_bytes", "step_flops"]

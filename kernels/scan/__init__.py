"""Selective scan: the recurrence of a selective state-space model."""

from claimbench.kernels.scan.cost import bytes, flops
from claimbench.kernels.scan.op import selective_scan

__all__ = ["bytes", "flops", "selective_scan"]

"""Rotary position embedding."""

from claimbench.kernels.rotary.cost import bytes, flops
from claimbench.kernels.rotary.op import rope

__all__ = ["bytes", "flops", "rope"]

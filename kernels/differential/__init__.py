"""Differential attention: the difference of two softmax maps, applied to values once."""

from claimbench.kernels.differential.cost import bytes, flops
from claimbench.kernels.differential.op import differential_attention

__all__ = ["bytes", "differential_attention", "flops"]

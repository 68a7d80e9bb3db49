"""The gated linear unit with SiLU."""

from claimbench.kernels.gated.cost import bytes, flops
from claimbench.kernels.gated.op import swiglu

__all__ = ["bytes", "flops", "swiglu"]

"""Root-mean-square normalisation, with the residual sum in front of it."""

from claimbench.kernels.norm.cost import bytes, flops
from claimbench.kernels.norm.op import rms_norm

__all__ = ["bytes", "flops", "rms_norm"]

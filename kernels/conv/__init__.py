"""Causal depthwise convolution over time."""

from claimbench.kernels.conv.cost import bytes, flops
from claimbench.kernels.conv.op import causal_conv1d

__all__ = ["bytes", "causal_conv1d", "flops"]

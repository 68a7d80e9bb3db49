"""The truth: SiLU(gate) · up in PyTorch."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from claimbench.kernels._backend import working_dtype

__all__ = ["swiglu"]


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """SiLU(gate) · up; float64 or float32 inside."""
    dtype = working_dtype(gate, up)
    return (F.silu(gate.to(dtype)) * up.to(dtype)).to(gate.dtype)

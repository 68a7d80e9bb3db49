"""The truth: PyTorch's own depthwise convolution over a sequence padded on the left."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["causal_conv1d"]


def causal_conv1d(x: Tensor, weight: Tensor, bias: Tensor | None, activated: bool) -> Tensor:
    """out_t = SiLU(bias + Σ_k weight_k x_{t - width + 1 + k}), x 0 before the start; float64 or float32 inside."""
    dtype = torch.float64 if torch.float64 in (x.dtype, weight.dtype) else torch.float32
    dim, width = weight.shape
    padded = F.pad(x.to(dtype), (width - 1, 0))
    out = F.conv1d(padded, weight.to(dtype)[:, None], None if bias is None else bias.to(dtype), groups=dim)
    return (F.silu(out) if activated else out).to(x.dtype)

"""The truth: RMSNorm in PyTorch, as arXiv 1910.07467 writes it."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._backend import working_dtype

__all__ = ["rms_norm"]


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None) -> Tensor | tuple[Tensor, Tensor]:
    """x / √(mean x² + eps) · weight, or that of s = x + residual, and s; float64 or float32 inside."""
    dtype = working_dtype(x, weight, residual)
    s = x if residual is None else x + residual
    values = s.to(dtype)
    out = values * torch.rsqrt(values.square().mean(-1, keepdim=True) + eps)
    if weight is not None:
        out = out * weight.to(dtype)
    out = out.to(x.dtype)
    return out if residual is None else (out, s)

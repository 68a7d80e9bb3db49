"""The truth: each pair of dimensions turned by its angle, in PyTorch, as arXiv 2104.09864 writes it (Equation 34)."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._backend import working_dtype

__all__ = ["rope"]


def rope(x: Tensor, cos: Tensor, sin: Tensor, interleaved: bool) -> Tensor:
    """(a, b) → (a cos - b sin, b cos + a sin) for each pair; float64 or float32 inside."""
    dtype = working_dtype(x, cos, sin)
    half = cos.shape[1]
    turned, rest = x[..., : 2 * half].to(dtype), x[..., 2 * half :].to(dtype)
    a, b = (turned[..., 0::2], turned[..., 1::2]) if interleaved else (turned[..., :half], turned[..., half:])
    cos, sin = cos.to(dtype)[:, None], sin.to(dtype)[:, None]
    a, b = a * cos - b * sin, b * cos + a * sin
    turned = torch.stack((a, b), dim=-1).flatten(-2) if interleaved else torch.cat((a, b), dim=-1)
    return torch.cat((turned, rest), dim=-1).to(x.dtype)

"""The truth: differential attention in PyTorch, as Equation 1 of arXiv 2410.05258 writes it, and grouped heads."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._backend import working_dtype
from claimbench.kernels.norm.naive import rms_norm

__all__ = ["differential_attention"]


def differential_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lambda_: Tensor,
    norm_weight: Tensor | None,
    causal: bool,
    scale: float,
    norm_scale: float,
    eps: float,
) -> Tensor:
    """(softmax(q₁ k₁ᵀ) - λ softmax(q₂ k₂ᵀ)) v and its norm; λ (B, H, T), float64 or float32 inside."""
    dtype, groups = working_dtype(q, k, v, lambda_, norm_weight), v.shape[1]
    pairs = q.to(dtype).unflatten(1, (groups, -1, 2))  # [B, H_kv, heads of a group, 2, T, d]
    scores = scale * pairs @ k.to(dtype).unflatten(1, (groups, 1, 2)).mT
    if causal:
        queries, keys = scores.shape[-2:]
        future = torch.ones(queries, keys, dtype=torch.bool, device=q.device).triu(keys - queries + 1)
        scores = scores.masked_fill(future, -torch.inf)
    first, second = scores.softmax(-1).unbind(3)
    maps = first - lambda_.to(dtype).unflatten(1, (groups, -1))[..., None] * second
    out = (maps @ v.to(dtype)[:, :, None]).flatten(1, 2)
    if norm_weight is not None:
        normed = rms_norm(out, norm_weight, eps, None)
        assert isinstance(normed, Tensor)
        out = norm_scale * normed
    return out.to(q.dtype)

"""The truth of one decoding step: the recurrence as `naive.py` has it, for a single token."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from claimbench.kernels._backend import working_dtype

__all__ = ["selective_state_update"]


def selective_state_update(
    state: Tensor,
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    dt_bias: Tensor | None,
    dt_softplus: bool,
) -> Tensor:
    """h ← exp(Δ A) h + Δ x B in `state`; returns C h + D x, gated by SiLU(z). Any dtype, computed in float64 where a
    tensor has it, else in float32; shapes as in `claimbench.kernels.selective_state_update`.
    """
    dtype = working_dtype(state, x, dt, A, B, C)
    u, step = x.to(dtype), dt.to(dtype)
    if dt_bias is not None:
        step = step + dt_bias.to(dtype)
    if dt_softplus:
        step = torch.logaddexp(step, torch.zeros_like(step))
    B, C = (_per_channel(weights.to(dtype), x) for weights in (B, C))
    h = torch.exp(step[..., None] * A.to(dtype)) * state.to(dtype) + (step * u)[..., None] * B
    out = (h * C).sum(-1)
    if D is not None:
        out = out + D.to(dtype) * u
    if z is not None:
        out = out * F.silu(z.to(dtype))
    state.copy_(h)
    return out.to(x.dtype)


def _per_channel(weights: Tensor, x: Tensor) -> Tensor:
    """B or C as (batch, dim, state), or (batch, heads, 1, state) where x has heads."""
    if weights.ndim == 2:
        weights = weights[:, None]
    weights = weights.repeat_interleave(x.shape[1] // weights.shape[1], dim=1)
    return weights if x.ndim == 2 else weights[:, :, None]

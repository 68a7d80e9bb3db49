"""The truth: the recurrence step by step, in the order in which Section 3.2 of the paper writes it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["selective_scan"]


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    delta_bias: Tensor | None,
    delta_softplus: bool,
    initial_state: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """(output, last state) of h ← exp(Δ A) h + Δ u B, y = C h + D u, gated by SiLU(z); any dtype, autograd backward.

    It computes in float64 where a tensor has it, else in float32. Shapes as in `claimbench.kernels.selective_scan`.
    """
    dtype = torch.float64 if torch.float64 in {t.dtype for t in (u, delta, A, B, C)} else torch.float32
    x, delta, A = u.to(dtype), delta.to(dtype), A.to(dtype)
    if delta_bias is not None:
        delta = delta + delta_bias.to(dtype)[:, None]
    if delta_softplus:
        delta = torch.logaddexp(delta, torch.zeros_like(delta))
    B, C = _per_channel(B.to(dtype), u), _per_channel(C.to(dtype), u)
    h = x.new_zeros(u.shape[0], *A.shape) if initial_state is None else initial_state.to(dtype)
    driven, y = delta * x, []
    for t in range(u.shape[2]):
        h = torch.exp(delta[:, :, t, None] * A) * h + driven[:, :, t, None] * B[..., t]
        y.append((h * C[..., t]).sum(-1))
    out = torch.stack(y, dim=-1)
    if D is not None:
        out = out + D.to(dtype)[:, None] * x
    if z is not None:
        out = out * F.silu(z.to(dtype))
    return out.to(u.dtype), h


def _per_channel(weights: Tensor, u: Tensor) -> Tensor:
    """B or C in any of its three forms as (batch, dim, state, length)."""
    batch, dim, length = u.shape
    if weights.ndim == 2:
        return weights[None, :, :, None].expand(batch, -1, -1, length)
    if weights.ndim == 3:
        weights = weights[:, None]
    return weights.repeat_interleave(dim // weights.shape[1], dim=1)

"""State space models in plain PyTorch: Equations 2 and 4 of the paper, as a reader would write them.

Shapes follow the paper's Algorithm 2: x and Δ are (B, L, D), A is (D, N), B and C are (B, L, N) where they are
selective and (D, N) where they are not, the state h is (B, D, N). The fast path of the same recurrence is
`claimbench.kernels.selective_scan`; this module is for what the kernel does not do, such as the exact
zero-order hold, and for reading.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

__all__ = ["Discretization", "discretize", "recurrence"]

Discretization = Literal["euler", "zoh"]


def discretize(delta: Tensor, A: Tensor, B: Tensor, rule: Discretization) -> tuple[Tensor, Tensor]:
    """Ā and B̄ of Equation 4, both (B, L, D, N).

    Ā = exp(ΔA) under both rules. `zoh` is the paper's B̄ = (ΔA)⁻¹ (exp(ΔA) − 1) ΔB; `euler` is B̄ = ΔB, its first
    order in Δ, which the authors' code computes. A must have no zero.
    """
    exponent = delta[..., None] * A
    per_channel = B[:, :, None, :] if B.dim() == 3 else B
    if rule == "zoh":
        return torch.exp(exponent), torch.expm1(exponent) / A * per_channel
    return torch.exp(exponent), delta[..., None] * per_channel


def recurrence(A_bar: Tensor, B_bar: Tensor, C: Tensor, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Equation 2: h_t = Ā h_{t−1} + B̄ x_t and y_t = C h_t, one step after the other.

    `h` is the state before the first step, zero by default. Returns y (B, L, D) and the last state (B, D, N).
    """
    batch, length, channels = x.shape
    state = x.new_zeros(batch, channels, A_bar.shape[-1]) if h is None else h
    driven = B_bar * x[..., None]
    states: list[Tensor] = []
    for t in range(length):
        state = torch.addcmul(driven[:, t], A_bar[:, t], state)
        states.append(state)
    output_map = C[:, :, None, :] if C.dim() == 3 else C
    return (torch.stack(states, dim=1) * output_map).sum(-1), state

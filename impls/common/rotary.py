"""Tables of cosines and sines for positions: RoPE (arXiv 2104.09864) and xPos (arXiv 2212.10554)."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

__all__ = ["Positions", "rotary_tables"]

Positions = Literal["rope", "xpos"]
_BASE = 10_000.0
_XPOS_GAMMA = 0.4
_XPOS_SCALE = 512


@lru_cache(maxsize=16)
def rotary_tables(
    kind: Positions, length: int, head_dim: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """cos and sin for queries, cos and sin for keys, each (length, head_dim / 2), float32.

    xPos stretches the queries' by ζ^n and the keys' by ζ^−n, so that a score decays with the distance. Raises
    ValueError where that leaves float32's range.
    """
    frequency = _BASE ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    position = torch.arange(length, dtype=torch.float64)
    angle = position[:, None] * frequency
    stretch = torch.ones_like(angle)
    if kind == "xpos":
        zeta = (torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim + _XPOS_GAMMA) / (1 + _XPOS_GAMMA)
        stretch = zeta ** (position / _XPOS_SCALE)[:, None]
        if stretch.min() < 1e-30:
            raise ValueError(f"xPos at {length} positions leaves the range of float32")
    tables = (angle.cos() * stretch, angle.sin() * stretch, angle.cos() / stretch, angle.sin() / stretch)
    cos_q, sin_q, cos_k, sin_k = (table.to(device, torch.float32) for table in tables)
    return cos_q, sin_q, cos_k, sin_k

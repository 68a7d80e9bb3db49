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


def rotary_tables(
    kind: Positions, length: int, head_dim: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """cos and sin for queries, cos and sin for keys, each (length, head_dim / 2), float32.

    xPos stretches the queries' by ζ^n and the keys' by ζ^−n, so that a score decays with the distance. Raises
    ValueError where that leaves float32's range.
    """
    if kind == "xpos" and (_XPOS_GAMMA / (1 + _XPOS_GAMMA)) ** (length / _XPOS_SCALE) < 1e-30:
        raise ValueError(f"xPos at {length} positions leaves the range of float32")
    # Decoding asks for one position more every time: a table for each power of two serves it.
    cos_q, sin_q, cos_k, sin_k = _tables(kind, 1 << (length - 1).bit_length(), head_dim, device)
    return cos_q[:length], sin_q[:length], cos_k[:length], sin_k[:length]


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # a table that is made while decoding may be used in training
def _tables(
    kind: Positions, capacity: int, head_dim: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    frequency = _BASE ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    position = torch.arange(capacity, dtype=torch.float64)
    angle = position[:, None] * frequency
    stretch = torch.ones_like(angle)
    if kind == "xpos":
        zeta = (torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim + _XPOS_GAMMA) / (1 + _XPOS_GAMMA)
        stretch = zeta ** (position / _XPOS_SCALE)[:, None]
    tables = (angle.cos() * stretch, angle.sin() * stretch, angle.cos() / stretch, angle.sin() / stretch)
    cos_q, sin_q, cos_k, sin_k = (table.to(device, torch.float32) for table in tables)
    return cos_q, sin_q, cos_k, sin_k

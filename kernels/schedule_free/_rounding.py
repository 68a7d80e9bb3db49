"""Rounding to bfloat16, to nearest or stochastically, in PyTorch; README.md says which bits are drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._philox import philox

__all__ = ["random_bits", "rounded_by", "write"]

_LOW16 = 0xFFFF


def random_bits(seed: int, count: int, number: int, elements: int, device: torch.device) -> tuple[Tensor, ...]:
    """16 random bits for each element (elements,), int64, of y, of z and of v: two elements share a counter."""
    pair = torch.arange((elements + 1) // 2, device=device)
    fixed = torch.zeros_like(pair)
    words = philox(seed, pair & 0xFFFFFFFF, pair >> 32, fixed + number, fixed + (count & 0xFFFFFFFF))
    first, second = (torch.stack((words[i], words[i + 2]), 1).flatten()[:elements] for i in (0, 1))
    return first & _LOW16, first >> 16, second & _LOW16


def rounded_by(x: Tensor, bits: Tensor) -> Tensor:
    """float32 x, cut to bfloat16 after adding `bits` (16 of them) below its last place: with the probability of what
    is cut off, away from zero. NaN and infinities stay what they are.
    """
    moved = (x.view(torch.int32).long() + bits.view(x.shape)) & ~_LOW16
    moved = torch.where(moved >= 2**31, moved - 2**32, moved).int().view(torch.float32)
    return torch.where(x.isfinite(), moved, x).to(torch.bfloat16)


def write(target: Tensor, value: Tensor, bits: Tensor | None) -> None:
    """Fills target with value, rounded to nearest, or by random bits where target is bfloat16 and they are given."""
    if bits is not None and target.dtype is torch.bfloat16:
        target.copy_(rounded_by(value.float(), bits))
    else:
        target.copy_(value)

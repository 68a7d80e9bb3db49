"""Folding votes on NVIDIA and AMD GPUs: integer atomics on a few copies of the table, the same bits every time."""

from __future__ import annotations

import torch
import triton
from torch import Tensor

from claimbench.kernels.votes import _triton_kernels as kernels
from claimbench.kernels.votes._checks import REFUSALS

__all__ = ["BLOCK", "COPIES", "NUM_WARPS", "fold"]

BLOCK = 2048
"""Votes of a program."""
COPIES = 16
"""Copies of the table that programs take in turns, so that fewer add to one cell at a time; 4 bytes a cell each."""
NUM_WARPS = 4


def fold(a: Tensor, b: Tensor, outcome: Tensor, models: int, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Counts as in `claimbench.kernels.fold_votes`, and how many votes were refused for each reason.

    Sums of weights are rounded to 2^-62 of the sum of all.
    """
    votes, cells = a.numel(), 3 * (models * (models - 1) // 2)
    wide = weights is not None or votes >= 2**31
    counts = torch.zeros(COPIES, cells, dtype=torch.int64 if wide else torch.int32, device=a.device)
    refused = torch.zeros(len(REFUSALS), dtype=torch.int64, device=a.device)
    scale = None
    if weights is not None:
        # A power of two, so that weights are multiplied without rounding and whole sums of theirs fit 62 bits.
        total = weights.double().nan_to_num(posinf=0).clamp(min=0).sum()
        scale = torch.exp2(61 - torch.log2(total.clamp(min=torch.finfo(torch.float64).tiny)).ceil().clamp(min=-900))
    if votes:
        kernels.fold_kernel[(triton.cdiv(votes, BLOCK),)](
            a.contiguous(),
            b.contiguous(),
            outcome.contiguous(),
            None if weights is None else weights.contiguous(),
            scale,
            counts,
            refused,
            votes,
            models,
            cells,
            HAS_WEIGHTS=weights is not None,
            COPIES=COPIES,
            BLOCK=BLOCK,
            num_warps=NUM_WARPS,
        )
    summed = counts.sum(0).view(-1, 3)
    return summed if scale is None else summed / scale, refused

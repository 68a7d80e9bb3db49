"""Folding votes on a processor: one pass of one thread, the same bits every time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from claimbench.kernels.votes import _cpu_fold as kernels
from claimbench.kernels.votes._checks import REFUSALS

__all__ = ["fold", "warm"]


def fold(a: Tensor, b: Tensor, outcome: Tensor, models: int, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Counts as in `claimbench.kernels.fold_votes`, and how many votes were refused for each reason."""
    dtype = torch.int64 if weights is None else torch.float64
    counts = torch.empty(models * (models - 1) // 2, 3, dtype=dtype)
    refused = torch.zeros(len(REFUSALS), dtype=torch.int64)
    kernels.fold(
        *(x.contiguous().numpy() for x in (a, b, outcome)),
        None if weights is None else weights.contiguous().numpy(),
        models,
        np.zeros((models, models, 3), np.int64 if weights is None else np.float64),
        counts.numpy(),
        refused.numpy(),
    )
    return counts, refused


def warm() -> None:
    """Compiles all kernels of the family, or fetches them from the cache."""
    from claimbench.kernels.votes import bootstrap_cpu, elo_cpu

    outcome = torch.zeros(1, dtype=torch.uint8)
    for dtype in (torch.int32, torch.int64):
        a = torch.zeros(1, dtype=dtype)
        for weights in (None, torch.ones(1), torch.ones(1, dtype=torch.float64)):
            fold(a, a + 1, outcome, 2, weights)
    bootstrap_cpu.warm()
    elo_cpu.warm()

"""The truth: votes folded by `torch.bincount`."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels.votes._checks import refusals

__all__ = ["fold"]


def fold(a: Tensor, b: Tensor, outcome: Tensor, models: int, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Counts as in `claimbench.kernels.fold_votes`, and how many votes were refused for each reason."""
    good, refused = refusals(a, b, outcome, models, weights)
    a, b, outcome = a[good].long(), b[good].long(), outcome[good].long()
    first, second = torch.minimum(a, b), torch.maximum(a, b)
    pair = first * (2 * models - 3 - first) // 2 + second - 1
    cell = 3 * pair + torch.where(a < b, outcome, 2 - outcome)
    if weights is not None:
        weights = weights[good].double()
    pairs = models * (models - 1) // 2
    counts = torch.bincount(cell, weights, minlength=3 * pairs).view(pairs, 3)
    return counts.to(torch.int64 if weights is None else torch.float64), refused  # that of nothing is int64

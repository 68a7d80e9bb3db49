"""The residual stream of pre-norm models."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from claimbench.kernels import rms_norm

__all__ = ["AddNorm"]


class AddNorm(nn.Module):
    """Adds what the last branch computed to the residual stream and normalises the sum for the next branch.

    x ← x + branch; h = RMSNorm(x): the two halves of a pre-norm block, fused where they meet.
    """

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.eps = eps

    def forward(self, x: Tensor, branch: Tensor | None) -> tuple[Tensor, Tensor]:
        """h and the new x, both (…, width); before the first branch there is nothing to add."""
        if branch is None:
            return rms_norm(x, self.weight, self.eps), x
        return rms_norm(branch, self.weight, self.eps, residual=x)

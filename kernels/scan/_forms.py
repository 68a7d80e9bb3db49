"""The three forms in which B and C may come, (dim, state), (batch, state, length), (batch, groups, state, length)."""

from __future__ import annotations

import math

from torch import Tensor

__all__ = ["common_groups", "ungrouped"]


def common_groups(B: Tensor, C: Tensor) -> int:
    """The number of groups of channels that share both B and C."""
    return math.lcm(*(weights.shape[1] if weights.ndim == 4 else 1 for weights in (B, C)))


def ungrouped(gradient: Tensor, weights: Tensor) -> Tensor:
    """The gradient of B or C, given as (batch, length, common groups, state), in the form and dtype of `weights`."""
    batch, length, groups, states = gradient.shape
    own = weights.shape[1] if weights.ndim == 4 else 1
    if own < groups:
        gradient = gradient.view(batch, length, own, groups // own, states).sum(3)
    gradient = gradient.permute(0, 2, 3, 1).to(weights.dtype)
    return gradient if weights.ndim == 4 else gradient[:, 0]

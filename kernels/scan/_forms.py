"""The forms in which tensors may come: for a scan B and C as (dim, state), (batch, state, length) or (batch, groups,
state, length); for a decoding step everything with heads or without.
"""

from __future__ import annotations

import math

from torch import Tensor

__all__ = ["common_groups", "strides_with", "ungrouped"]


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


def strides_with(absent: int, x: Tensor | None, n: int) -> tuple[int, ...]:
    """`n` strides of x, 0 for the dimension of heads or groups, the one at `absent`, where x has none."""
    if x is None:
        return (0,) * n
    strides = x.stride()
    return strides if len(strides) == n else (*strides[:absent], 0, *strides[absent:])

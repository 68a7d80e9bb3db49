"""Differential attention by PyTorch's own attention, in the forms that it offers, for claims about speed.

They take (q, k, v, lambda_) of `claimbench.kernels.differential_attention` without grouped heads, λ a scalar or one a
head, see later keys where there is one query, and compute the same but for rounding: what two calls return is rounded
before it is subtracted, and so is λ, as in the authors' code (microsoft/unilm, Diff-Transformer).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["four_calls", "one_call", "two_calls", "two_padded_calls"]


def two_calls(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor) -> Tensor:
    """One call a map, values twice as wide as keys, which not every kernel of PyTorch takes (multihead_flashdiff_1)."""
    first, second = (_attend(q[:, i::2], k[:, i::2], v) for i in (0, 1))
    return first - _rate(lambda_, q) * second


def two_padded_calls(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor) -> Tensor:
    """One call a map, queries and keys padded by zeros to the width of values."""
    dim = q.shape[-1]
    q, k = (F.pad(x, (0, v.shape[-1] - dim)) for x in (q, k))
    first, second = (_attend(q[:, i::2], k[:, i::2], v, dim**-0.5) for i in (0, 1))
    return first - _rate(lambda_, q) * second


def four_calls(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor) -> Tensor:
    """One call a map and half of the values (multihead_flashdiff_2)."""
    halves = [_attend(q[:, i::2], k[:, i::2], half) for half in v.chunk(2, -1) for i in (0, 1)]
    rate = _rate(lambda_, q)
    return torch.cat((halves[0] - rate * halves[1], halves[2] - rate * halves[3]), -1)


def one_call(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor) -> Tensor:
    """All maps and halves of values in one call."""
    halves = torch.stack(v.chunk(2, -1), 2).repeat_interleave(2, 1).flatten(1, 2)
    out = _attend(q.repeat_interleave(2, 1), k.repeat_interleave(2, 1), halves).unflatten(1, (-1, 2, 2))
    return (out[:, :, 0] - _rate(lambda_, q)[..., None] * out[:, :, 1]).transpose(2, 3).flatten(3)


def _attend(q: Tensor, k: Tensor, v: Tensor, scale: float | None = None) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] > 1, scale=scale)


def _rate(lambda_: Tensor, q: Tensor) -> Tensor:
    return lambda_.to(q.dtype).reshape(-1, 1, 1)

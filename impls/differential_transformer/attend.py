"""Softmax attention and differential attention with their maps written out (Section 2.1, Equation 1).

Causal, aligned at the end: the last query sees every key, so that the same lines serve a prompt, a chunk of it and a
single token. The map that differential attention multiplies values with is P₁ − λ P₂; its rows sum to 1 − λ.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "attend",
    "attention_logits",
    "attention_maps",
    "causal",
    "differential_maps",
    "repeat_heads",
    "round_logits",
]


def attend(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor, bits: int | None = None) -> Tensor:
    """(softmax(q₁ k₁ᵀ / √d) − λ softmax(q₂ k₂ᵀ / √d)) v for every pair of heads.

    Args:
        q: (batch, 2 heads, queries, d); heads 2j and 2j + 1 are the two of pair j.
        k: (batch, 2 kv heads, keys, d), pairs likewise, each for as many neighbouring pairs of q as there are to one.
        v: (batch, kv heads, keys, 2 d), likewise.
        lambda_: λ, a scalar or (heads,).
        bits: Round the logits to so many bits, as `round_logits` does.

    Returns: (batch, heads, queries, 2 d).
    """
    maps = differential_maps(q, k, lambda_, bits)
    return maps.to(v.dtype) @ repeat_heads(v, maps.shape[1])


def differential_maps(q: Tensor, k: Tensor, lambda_: Tensor, bits: int | None = None) -> Tensor:
    """P₁ − λ P₂ for every pair of heads, (batch, heads, queries, keys), at least float32."""
    pairs = repeat_heads(k.unflatten(1, (-1, 2)), q.shape[1] // 2).flatten(1, 2)
    maps = attention_maps(q, pairs, bits)
    return maps[:, 0::2] - lambda_.view(-1, 1, 1) * maps[:, 1::2]


def attention_maps(q: Tensor, k: Tensor, bits: int | None = None) -> Tensor:
    """softmax(q kᵀ / √d) over the keys that a query may see, (batch, heads, queries, keys), at least float32."""
    logits = attention_logits(q, k)
    seen = causal(logits)
    if bits is not None:
        logits = round_logits(logits, seen, bits)
    return logits.masked_fill(~seen, -torch.inf).softmax(dim=-1)


def attention_logits(q: Tensor, k: Tensor) -> Tensor:
    """q kᵀ / √d, masked nowhere, (batch, heads, queries, keys), at least float32."""
    logits = q @ repeat_heads(k, q.shape[1]).transpose(-1, -2)
    return logits.to(torch.promote_types(logits.dtype, torch.float32)) * q.shape[-1] ** -0.5


def causal(logits: Tensor) -> Tensor:
    """Whether a query may see a key, (queries, keys)."""
    queries, keys = logits.shape[-2:]
    return torch.ones(queries, keys, dtype=torch.bool, device=logits.device).tril(keys - queries)


def round_logits(logits: Tensor, seen: Tensor, bits: int) -> Tensor:
    """Logits on a grid of 2^bits − 1 values, symmetric about zero, up to the largest that is seen in the tensor.

    One scale for all heads and queries of a layer (absmax quantisation after training, Figure 8). Raises ValueError
    for fewer than two bits.
    """
    if bits < 2:
        raise ValueError(f"{bits} bits have no step on either side of zero: take 2 or more")
    step = logits.abs().masked_fill(~seen, 0).amax() / (2 ** (bits - 1) - 1)
    return torch.where(step > 0, (logits / step).round() * step, logits)


def repeat_heads(x: Tensor, heads: int) -> Tensor:
    """Each head of (batch, fewer heads, …) for its group of neighbours among `heads`."""
    return x if x.shape[1] == heads else x.repeat_interleave(heads // x.shape[1], dim=1)

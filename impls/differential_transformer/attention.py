"""Multi-head differential attention (Section 2.1 and Figure 2), beside the softmax attention that it is compared with.

Both are Transformer++'s attention (`impls.common.transformer`) but for what happens between the projections: queries,
keys and values are projected, split and rotated alike, and matrices have the same names and shapes, so that both start
from the same values. A config's `n_head` counts heads of width d: of the softmax attention as they are, of the
differential one in pairs, which is h = d_model / 2d of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from claimbench.impls.common.transformer import Attention, TransformerConfig
from claimbench.impls.differential_transformer.attend import (
    attend,
    attention_logits,
    attention_maps,
    differential_maps,
    repeat_heads,
)
from claimbench.kernels import differential_attention, rms_norm

__all__ = ["DifferentialAttention", "Options", "SoftmaxAttention", "lambda_init"]

_EPS = 1e-5


@dataclass(frozen=True)
class Options:
    """What can be left out of differential attention; the paper's own is the default."""

    norm: bool = True
    """RMSNorm of every head's output, with one gain for all heads; the paper draws it as GroupNorm."""
    factor: bool = True
    """1 − λ_init behind it."""
    constant: float | None = None
    """λ_init of every layer; None is the paper's, by depth."""
    learned: bool = True
    """Whether λ is learned; otherwise it stays at λ_init."""


def lambda_init(index: int) -> float:
    """λ_init = 0.8 − 0.6 exp(−0.3 (l − 1)) of the layer l = index + 1."""
    return 0.8 - 0.6 * math.exp(-0.3 * index)


class SoftmaxAttention(Attention):
    """Transformer++'s attention, whose maps can be looked at, and its logits rounded."""

    written_out: bool = False
    """Whether maps are formed and then multiplied with values, where a fused kernel does the same otherwise."""
    bits: int | None = None
    """Bits that logits are rounded to, written out; None leaves them."""

    def logits(self, x: Tensor) -> Tensor:
        """q kᵀ / √d of every head of width d, masked nowhere, (batch, n_head, length, length)."""
        q, k, _ = self._heads(x, first=0)
        return attention_logits(q, k)

    def maps(self, x: Tensor) -> Tensor:
        """What values are multiplied with, (batch, heads, length, length), a row for each query."""
        q, k, _ = self._heads(x, first=0)
        return self._maps(q, k)

    def _maps(self, q: Tensor, k: Tensor) -> Tensor:
        return attention_maps(q, k, self.bits)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, *, causal: bool = False, seen: Tensor | None = None) -> Tensor:
        if not self._in_full():
            return super()._attend(q, k, v, causal=causal, seen=seen)
        # Every mask of the base class is the causal one, aligned at the end.
        maps = self._maps(q, k)
        return maps.to(v.dtype) @ repeat_heads(v, maps.shape[1])

    def _in_full(self) -> bool:
        return self.written_out or self.bits is not None


class DifferentialAttention(SoftmaxAttention):
    """head_j = (1 − λ_init) RMSNorm((P₁ − λ P₂) v_j), P₁ and P₂ of the heads 2j and 2j + 1, v_j of width 2d.

    λ = exp(λ_q1 · λ_k1) − exp(λ_q2 · λ_k2) + λ_init (Equation 2), in float32 at least whatever the parameters are. It
    is not clamped. Four vectors and the norm's gain are one for all heads of a layer.
    """

    def __init__(self, config: TransformerConfig, index: int, options: Options | None = None) -> None:
        super().__init__(config)
        if config.n_head % 2 or config.kv_heads % 2:
            raise ValueError(f"{config.n_head} heads over {config.kv_heads} key heads: both must be even, for pairs")
        self.options = options or Options()
        start = self.options.constant
        self.lambda_init = lambda_init(index) if start is None else start
        if self.options.learned:
            self.lambda_q1, self.lambda_k1, self.lambda_q2, self.lambda_k2 = (
                nn.Parameter(torch.empty(config.head_dim)) for _ in range(4)
            )
        if self.options.norm:
            self.head_norm = nn.Parameter(torch.empty(2 * config.head_dim))

    def lambda_(self) -> Tensor:
        """λ, a scalar."""
        if not self.options.learned:
            return torch.tensor(self.lambda_init, device=self.out_proj.weight.device)
        wide = torch.promote_types(self.lambda_q1.dtype, torch.float32)
        one = (self.lambda_q1.to(wide) @ self.lambda_k1.to(wide)).exp()
        two = (self.lambda_q2.to(wide) @ self.lambda_k2.to(wide)).exp()
        return one - two + self.lambda_init

    def _maps(self, q: Tensor, k: Tensor) -> Tensor:
        return differential_maps(q, k, self.lambda_(), self.bits)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, *, causal: bool = False, seen: Tensor | None = None) -> Tensor:
        lambda_, pairs, norm, factor = self.lambda_(), _pairs(v), self.options.norm, self.options.factor
        scale = 1 - self.lambda_init if factor else 1.0
        if self._in_full():
            heads = attend(q, k, pairs, lambda_, self.bits)
            return scale * (rms_norm(heads, self.head_norm, _EPS) if norm else heads)
        if norm:
            return differential_attention(q, k, pairs, lambda_, norm_weight=self.head_norm, norm_scale=scale, eps=_EPS)
        return scale * differential_attention(q, k, pairs, lambda_)


def _pairs(v: Tensor) -> Tensor:
    """Values (batch, 2 heads, length, d) → (batch, heads, length, 2 d): what neighbouring heads have, side by side."""
    return v.unflatten(1, (-1, 2)).transpose(2, 3).flatten(3)

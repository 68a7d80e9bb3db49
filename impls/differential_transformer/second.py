"""The authors' second version (V2), of January 2026: twice the queries over the same keys and values.

As in microsoft/unilm, Diff-Transformer/Diff-Transformer-V2: O_j = A_{2j} − sigmoid(λ_j) A_{2j+1}, where A_i is the
output of ordinary attention, both queries of a pair have one key and value head, and λ = W_λ x is projected from every
token for every pair. No norm, no factor, no λ_init.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from torch import Tensor, nn

from claimbench.impls.common.transformer import KeyValueCache, TransformerConfig
from claimbench.impls.differential_transformer.attention import SoftmaxAttention

__all__ = ["SecondAttention"]


class _TwiceTheQueries(TransformerConfig):
    """A config whose `n_head` heads are twice as many as fill the width."""

    @property
    def head_dim(self) -> int:
        return 2 * self.d_model // self.n_head


class SecondAttention(SoftmaxAttention):
    """V2's attention. A config's `n_head` counts output heads, as wide as the baseline's, each of two query heads."""

    def __init__(self, config: TransformerConfig) -> None:
        twice: dict[str, Any] = asdict(config) | {"n_head": 2 * config.n_head, "n_kv_head": config.kv_heads}
        super().__init__(_TwiceTheQueries(**twice))
        self.lambda_proj = nn.Linear(config.d_model, config.n_head, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self._subtract(x, super().forward(x))

    def prefill(self, x: Tensor, cache: KeyValueCache, first: int) -> Tensor:
        return self._subtract(x, super().prefill(x, cache, first))

    def maps(self, x: Tensor) -> Tensor:
        maps = super().maps(x)
        return maps[:, 0::2] - self._lambda(x).transpose(1, 2).unsqueeze(-1) * maps[:, 1::2]

    def _merge(self, heads: Tensor) -> Tensor:
        return heads.transpose(1, 2)

    def _lambda(self, x: Tensor) -> Tensor:
        """(batch, length, heads)."""
        return self.lambda_proj(x).sigmoid()

    def _subtract(self, x: Tensor, heads: Tensor) -> Tensor:
        """Heads (batch, length, 2 heads, d) → (batch, length, d_model)."""
        difference = heads[:, :, 0::2] - self._lambda(x).unsqueeze(-1) * heads[:, :, 1::2]
        return self.out_proj(difference.flatten(2))

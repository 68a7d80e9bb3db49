"""Transformer++: the "improved recipe" that papers of 2023 and 2024 compare with.

Pre-norm with RMSNorm, rotary positions, SwiGLU, grouped key and value heads, no bias (LLaMA; Touvron et al., 2023;
named Transformer++ in arXiv 2312.00752, Section 4.2.1). Without an MLP, and with xPos in place of RoPE, it is the
attention model of that paper's synthetic tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import initialise
from claimbench.impls.common.layers import AddNorm
from claimbench.impls.common.rotary import Positions, rotary_tables
from claimbench.kernels import rope, swiglu

__all__ = ["MLP", "Attention", "KeyValueCache", "Transformer", "TransformerConfig"]


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes and options of a model."""

    vocabulary: int
    """Tokens."""
    n_layer: int
    """Layers."""
    d_model: int
    """Width of the residual stream."""
    n_head: int
    """Query heads."""
    n_kv_head: int | None = None
    """Key and value heads, a divisor of `n_head`; default as many."""
    d_ff: int | None = None
    """Width of the MLP; default 8/3 of d_model, to the next multiple of 8; 0 leaves the MLP out."""
    positions: Positions = "rope"
    """How a head knows where it is."""
    tied: bool = True
    """Whether the head is the embedding, transposed."""
    embedding_std: float = 0.02
    """Standard deviation of the embedding at the start."""

    @property
    def head_dim(self) -> int:
        """Width of a head."""
        return self.d_model // self.n_head

    @property
    def kv_heads(self) -> int:
        """Key and value heads."""
        return self.n_head if self.n_kv_head is None else self.n_kv_head

    @property
    def mlp_width(self) -> int:
        """Hidden units of the MLP."""
        return -(-8 * self.d_model // 24) * 8 if self.d_ff is None else self.d_ff


class KeyValueCache(NamedTuple):
    """Keys and values of the tokens so far, both (batch, kv heads, capacity, head_dim)."""

    keys: Tensor
    """Keys, rotated."""
    values: Tensor
    """Values."""


class Attention(nn.Module):
    """Causal attention: softmax(q kᵀ / √d) v."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.qkv_proj = nn.Linear(config.d_model, (config.n_head + 2 * config.kv_heads) * config.head_dim, bias=False)
        self.out_proj = nn.Linear(config.d_model, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._heads(x, first=0)
        return self._merge(self._attend(q, k, v, causal=True))

    def prefill(self, x: Tensor, cache: KeyValueCache, first: int) -> Tensor:
        """As `forward` for the tokens from position `first` on, whose keys and values it writes to the cache."""
        q, k, v = self._heads(x, first)
        end = first + x.shape[1]
        cache.keys[:, :, first:end], cache.values[:, :, first:end] = k, v
        keys, values = cache.keys[:, :, :end], cache.values[:, :, :end]
        if first == 0:
            return self._merge(self._attend(q, keys, values, causal=True))
        if x.shape[1] == 1:  # one token sees all before it
            return self._merge(self._attend(q, keys, values))
        seen = torch.arange(end, device=x.device) <= torch.arange(first, end, device=x.device)[:, None]
        return self._merge(self._attend(q, keys, values, seen=seen))

    def _heads(self, x: Tensor, first: int) -> tuple[Tensor, Tensor, Tensor]:
        """q, k and v, (batch, heads, length, head_dim), q and k rotated to the positions from `first` on."""
        config = self.config
        batch, length, _ = x.shape
        heads = self.qkv_proj(x).view(batch, length, -1, config.head_dim)
        q, k, v = heads.split((config.n_head, config.kv_heads, config.kv_heads), dim=2)
        tables = rotary_tables(config.positions, first + length, config.head_dim, x.device)
        cos_q, sin_q, cos_k, sin_k = (table[first:] for table in tables)
        q, k = rope(q, cos_q, sin_q), rope(k, cos_k, sin_k)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, *, causal: bool = False, seen: Tensor | None = None) -> Tensor:
        grouped = self.config.kv_heads < self.config.n_head
        return F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=causal, enable_gqa=grouped)

    def _merge(self, heads: Tensor) -> Tensor:
        return self.out_proj(heads.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """W₂ (SiLU(W₁ x) ∘ W₃ x)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.gate_up_proj = nn.Linear(config.d_model, 2 * config.mlp_width, bias=False)
        self.out_proj = nn.Linear(config.mlp_width, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.out_proj(swiglu(gate, up))


class _Layer(nn.Module):
    """Attention, and an MLP if there is one; x is the residual stream, branch what is still to be added to it."""

    def __init__(self, config: TransformerConfig, attention: Attention) -> None:
        super().__init__()
        self.norm = AddNorm(config.d_model)
        self.attention = attention
        if config.mlp_width:
            self.mlp_norm = AddNorm(config.d_model)
            self.mlp = MLP(config)

    def forward(self, x: Tensor, branch: Tensor | None) -> tuple[Tensor, Tensor]:
        h, x = self.norm(x, branch)
        return self._mlp(x, self.attention(h))

    def prefill(self, x: Tensor, branch: Tensor | None, cache: KeyValueCache, first: int) -> tuple[Tensor, Tensor]:
        h, x = self.norm(x, branch)
        return self._mlp(x, self.attention.prefill(h, cache, first))

    def _mlp(self, x: Tensor, branch: Tensor) -> tuple[Tensor, Tensor]:
        if not hasattr(self, "mlp"):
            return x, branch
        h, x = self.mlp_norm(x, branch)
        return x, self.mlp(h)


class Transformer(nn.Module):
    """Tokens (B, L) → logits (B, L, V); `attention` makes a layer's attention of the config and the layer's index."""

    def __init__(
        self,
        config: TransformerConfig,
        seed: int = 0,
        attention: Callable[[TransformerConfig, int], Attention] | None = None,
    ) -> None:
        super().__init__()
        if config.d_model % config.n_head or config.head_dim % 2 or config.n_head % config.kv_heads:
            raise ValueError(
                f"width {config.d_model} must split into {config.n_head} heads of an even width, "
                f"and {config.kv_heads} key heads must divide them"
            )
        self.config = config
        make = attention or (lambda config, _: Attention(config))
        self.embedding = nn.Embedding(config.vocabulary, config.d_model)
        self.layers = nn.ModuleList(_Layer(config, make(config, index)) for index in range(config.n_layer))
        self.norm = AddNorm(config.d_model)
        self.head = nn.Linear(config.d_model, config.vocabulary, bias=False)
        if config.tied:
            self.head.weight = self.embedding.weight
        if not self.embedding.weight.is_meta:
            initialise(self, seed, self._initialise)

    def forward(self, tokens: Tensor) -> Tensor:
        """All tokens at once."""
        return self.head(self.features(tokens))

    def features(self, tokens: Tensor) -> Tensor:
        """What the head reads, (B, L, d_model)."""
        x, branch = self.embedding(tokens), None
        for layer in self._layers():
            x, branch = layer(x, branch)
        return self.norm(x, branch)[0]

    def prefill(self, tokens: Tensor, caches: list[KeyValueCache], first: int = 0) -> Tensor:
        """The tokens from position `first` on, given the caches of those before, which it extends in place.

        One token at a time this is decoding. Raises ValueError where the caches have no room.
        """
        capacity = caches[0].keys.shape[2]
        if first + tokens.shape[1] > capacity:
            raise ValueError(f"{first + tokens.shape[1]} tokens do not fit in a cache of {capacity}")
        x, branch = self.embedding(tokens), None
        for layer, cache in zip(self._layers(), caches, strict=True):
            x, branch = layer.prefill(x, branch, cache, first)
        return self.head(self.norm(x, branch)[0])

    def empty_caches(self, batch: int, capacity: int) -> list[KeyValueCache]:
        """Room for the keys and values of `capacity` tokens."""
        config, like = self.config, self.embedding.weight
        shape = (batch, config.kv_heads, capacity, config.head_dim)
        return [KeyValueCache(like.new_zeros(shape), like.new_zeros(shape)) for _ in self.layers]

    def _layers(self) -> list[_Layer]:
        return cast("list[_Layer]", list(self.layers))

    def _initialise(self, name: str, parameter: Tensor, generator: torch.Generator) -> None:
        """Normal with variance 1 / fan-in, branches' last matrices smaller by the root of their number (GPT-2)."""
        leaf = name.removesuffix(".weight").rsplit(".", 1)[-1]
        if leaf in ("norm", "mlp_norm"):
            parameter.fill_(1.0)
        elif leaf == "embedding":
            parameter.normal_(0.0, self.config.embedding_std, generator=generator)
        elif leaf == "out_proj":
            parameter.normal_(0.0, (2 * self.config.n_layer * parameter.shape[1]) ** -0.5, generator=generator)
        else:
            parameter.normal_(0.0, parameter.shape[1] ** -0.5, generator=generator)

"""A language model of Mamba blocks: embedding, residual blocks with RMSNorm, norm, head (Section 3.4).

The model is initialised by the authors' recipe, every parameter from a generator of its own, so that models that
differ in an option start from the same values wherever they share a parameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from claimbench.impls.common.initialise import initialise
from claimbench.impls.mamba.block import BlockConfig, BlockState, MambaBlock

__all__ = ["MambaConfig", "MambaLM"]

_EPSILON = 1e-5


@dataclass(frozen=True)
class MambaConfig:
    """Sizes and options of a model."""

    vocabulary: int
    """Tokens."""
    n_layer: int
    """Blocks."""
    block: BlockConfig
    """Every block's sizes and options."""
    tied: bool = True
    """Whether the head is the embedding, transposed."""
    embedding_std: float = 0.02
    """Standard deviation of the embedding at the start."""


class _Residual(nn.Module):
    """x + block(norm(x))."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(config.d_model, eps=_EPSILON)
        self.mixer = MambaBlock(config)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mixer(self.norm(x))

    def prefill(self, x: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        y, state = self.mixer.prefill(self.norm(x), state)
        return x + y, state

    def step(self, x: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        y, state = self.mixer.step(self.norm(x), state)
        return x + y, state


class MambaLM(nn.Module):
    """Tokens (B, L) → logits (B, L, V)."""

    def __init__(self, config: MambaConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        width = config.block.d_model
        self.embedding = nn.Embedding(config.vocabulary, width)
        self.layers = nn.ModuleList(_Residual(config.block) for _ in range(config.n_layer))
        self.norm = nn.RMSNorm(width, eps=_EPSILON)
        self.head = nn.Linear(width, config.vocabulary, bias=False)
        if config.tied:
            self.head.weight = self.embedding.weight
        if not self.embedding.weight.is_meta:
            initialise(self, seed, self._initialise)

    def forward(self, tokens: Tensor) -> Tensor:
        """All tokens at once."""
        x = self.embedding(tokens)
        for layer in self._residuals():
            x = layer(x)
        return self.head(self.norm(x))

    def prefill(self, tokens: Tensor, states: list[BlockState]) -> tuple[Tensor, list[BlockState]]:
        """All tokens at once, going on from `states`; returns logits and the states after the last token."""
        x, after = self.embedding(tokens), []
        for layer, state in zip(self._residuals(), states, strict=True):
            x, state = layer.prefill(x, state)
            after.append(state)
        return self.head(self.norm(x)), after

    def step(self, tokens: Tensor, states: list[BlockState]) -> tuple[Tensor, list[BlockState]]:
        """One token of every sequence, tokens (B,): logits (B, V) by the recurrence, in constant memory."""
        x, after = self.embedding(tokens), []
        for layer, state in zip(self._residuals(), states, strict=True):
            x, state = layer.step(x, state)
            after.append(state)
        return self.head(self.norm(x)), after

    def initial_states(self, batch: int) -> list[BlockState]:
        """The states before the first token."""
        return [block.initial_state(batch) for block in self.blocks()]

    def blocks(self) -> list[MambaBlock]:
        """The Mamba blocks, from the first layer to the last."""
        return [layer.mixer for layer in self._residuals()]

    def _residuals(self) -> list[_Residual]:
        return cast("list[_Residual]", list(self.layers))

    def _initialise(self, name: str, parameter: Tensor, generator: torch.Generator) -> None:
        config = self.config.block
        leaf = name.removesuffix(".weight").rsplit(".", 1)[-1]
        match leaf:
            case "norm" | "D":
                parameter.fill_(1.0)
            case "embedding":
                parameter.normal_(0.0, self.config.embedding_std, generator=generator)
            case "A_log":  # S4D-Real: A_n = −(n + 1)
                parameter.copy_(torch.arange(1, config.d_state + 1, dtype=parameter.dtype).log().expand_as(parameter))
            case "B":
                parameter.fill_(1.0)
            case "C":
                parameter.normal_(generator=generator)
            case "dt_bias":
                parameter.copy_(_inverse_softplus(_first_delta(config, generator)))
            case "dt_proj":
                _uniform(parameter, config.rank**-0.5, generator)
            case "conv_weight" | "conv_bias":
                _uniform(parameter, config.d_conv**-0.5, generator)
            case "out_proj":
                _uniform(parameter, (config.d_inner * self.config.n_layer) ** -0.5, generator)
            case _:
                _uniform(parameter, parameter.shape[-1] ** -0.5, generator)


def _uniform(parameter: Tensor, bound: float, generator: torch.Generator) -> None:
    parameter.uniform_(-bound, bound, generator=generator)


def _first_delta(config: BlockConfig, generator: torch.Generator) -> Tensor:
    u = torch.rand(config.d_inner, generator=generator)
    if config.dt_init == "uniform":
        return config.dt_min + u * (config.dt_max - config.dt_min)
    low, high = math.log(config.dt_min), math.log(config.dt_max)
    return torch.exp(low + u * (high - low))


def _inverse_softplus(y: Tensor) -> Tensor:
    return y + torch.log(-torch.expm1(-y))

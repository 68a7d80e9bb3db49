"""A language model of SSM blocks: embedding, residual blocks with RMSNorm, norm, head (Section 3.4).

The model is initialised by the authors' recipe, every parameter from a generator of its own, so that models that
differ in an option start from the same values wherever they share a parameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self, cast

import torch
from torch import Tensor, nn

from claimbench.impls.common.initialise import initialise
from claimbench.impls.common.layers import AddNorm
from claimbench.impls.mamba.block import Block, BlockState, make_block
from claimbench.impls.mamba.config import BlockConfig

__all__ = ["MambaConfig", "MambaLM"]


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


class _Layer(nn.Module):
    """x is the residual stream, branch what is still to be added to it."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.norm = AddNorm(config.d_model)
        self.mixer = make_block(config)


class MambaLM(nn.Module):
    """Tokens (B, L) → logits (B, L, V)."""

    def __init__(self, config: MambaConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        width = config.block.d_model
        self.embedding = nn.Embedding(config.vocabulary, width)
        self.layers = nn.ModuleList(_Layer(config.block) for _ in range(config.n_layer))
        self.norm = AddNorm(width)
        self.head = nn.Linear(width, config.vocabulary, bias=False)
        if config.tied:
            self.head.weight = self.embedding.weight
        if not self.embedding.weight.is_meta:
            initialise(self, seed, self._initialise)

    def forward(self, tokens: Tensor) -> Tensor:
        """All tokens at once."""
        return self.head(self.features(tokens))

    def features(self, tokens: Tensor) -> Tensor:
        """What the head reads, (B, L, D)."""
        x, branch = self.embedding(tokens), None
        for layer in self._layers():
            h, x = layer.norm(x, branch)
            branch = layer.mixer(h)
        return self.norm(x, branch)[0]

    def prefill(self, tokens: Tensor, states: list[BlockState]) -> tuple[Tensor, list[BlockState]]:
        """All tokens at once, going on from `states`; returns logits and the states after the last token."""
        x, branch, after = self.embedding(tokens), None, []
        for layer, state in zip(self._layers(), states, strict=True):
            h, x = layer.norm(x, branch)
            branch, state = layer.mixer.prefill(h, state)
            after.append(state)
        return self.head(self.norm(x, branch)[0]), after

    @torch.no_grad()
    def step(self, tokens: Tensor, states: list[BlockState]) -> Tensor:
        """One token of every sequence, tokens (B,): logits (B, V) by the recurrence; `states` are overwritten."""
        x, branch = self.embedding(tokens), None
        for layer, state in zip(self._layers(), states, strict=True):
            h, x = layer.norm(x, branch)
            branch = layer.mixer.step(h, state)
        return self.head(self.norm(x, branch)[0])

    def initial_states(self, batch: int) -> list[BlockState]:
        """The states before the first token."""
        return [block.initial_state(batch) for block in self.blocks()]

    def narrowed(self, dtype: torch.dtype) -> Self:
        """Cast to 16 bits, but for A, D and the bias of Δ, whose small errors a recurrence would pile up (as in the
        authors' mixed precision); `float32` changes nothing.
        """
        recurrent = ("A_log", "A_imag", "C_complex", "D", "dt_bias")
        wide = {id(p) for block in self.blocks() for name, p in block.ssm.named_parameters() if name in recurrent}
        for parameter in self.parameters():
            if id(parameter) not in wide:
                parameter.data = parameter.data.to(dtype)
        return self

    def blocks(self) -> list[Block]:
        """The blocks, from the first layer to the last."""
        return [layer.mixer for layer in self._layers()]

    def _layers(self) -> list[_Layer]:
        return cast("list[_Layer]", list(self.layers))

    def _initialise(self, name: str, parameter: Tensor, generator: torch.Generator) -> None:
        config = self.config.block
        leaf = name.removesuffix(".weight").rsplit(".", 1)[-1]
        match leaf:
            case "norm" | "D":
                parameter.fill_(1.0)
            case "embedding":
                parameter.normal_(0.0, self.config.embedding_std, generator=generator)
            case "A_log" if config.mixer == "s4d":  # S4D-Lin: A_n = −1/2 + iπn
                parameter.fill_(math.log(0.5))
            case "A_imag":
                parameter.copy_(math.pi * torch.arange(parameter.shape[-1]).expand_as(parameter))
            case "A_log":  # S4D-Real: A_n = −(n + 1)
                parameter.copy_(torch.arange(1, config.d_state + 1, dtype=parameter.dtype).log().expand_as(parameter))
            case "B":
                parameter.fill_(1.0)
            case "C" | "C_complex":
                parameter.normal_(0.0, 1.0 if leaf == "C" else 0.5**0.5, generator=generator)
            case "dt_bias":
                parameter.copy_(_inverse_softplus(_first_delta(config, generator)))
            case "dt_proj":
                _uniform(parameter, config.rank**-0.5, generator)
            case "conv" | "shift" | "bias":
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

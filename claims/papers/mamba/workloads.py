"""What the trials of the Mamba claims work on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Model, Workload

__all__ = ["AttentionShape", "BlockShape", "Copying", "Lengths", "ModelSize", "ModelSizes", "ScanShape", "Text"]

Count = Annotated[int, Field(ge=1)]


class _Network(Model):
    """The network of a training workload."""

    n_layer: Count = 2
    """Blocks."""
    d_model: Count
    """D: width of the residual stream; a block works on twice as many channels."""
    d_state: Count = 16
    """N: states a channel."""


class Copying(Workload, _Network):
    """Selective copying: `data_tokens` tokens among noise, to be repeated in order."""

    kind: Literal["selective_copying"] = "selective_copying"
    """Discriminator."""
    length: Count
    """Positions with noise and data; as many markers as data tokens follow."""
    data_tokens: Count
    """Tokens to remember."""
    vocabulary: Count = 16
    """Tokens, noise and marker among them."""
    batch_size: Count
    """Sequences a step."""
    steps: Count
    """Optimiser steps."""
    evaluation_sequences: Count = 256
    """Sequences of the fixed test set."""


class Text(Workload, _Network):
    """Next-byte prediction on CPython's reference text."""

    kind: Literal["cpython_topics"] = "cpython_topics"
    """Discriminator."""
    length: Count
    """Bytes a sequence."""
    batch_size: Count
    """Sequences a step."""
    steps: Count
    """Optimiser steps."""
    block_bytes: Count = 4096
    """The text is cut into blocks of this size; every `held_out_every`-th is held out."""
    held_out_every: Count = 10
    """One block in so many tests."""


class ScanShape(Workload):
    """One selective scan, float32."""

    kind: Literal["scan"] = "scan"
    """Discriminator."""
    batch: Count = 1
    """B."""
    channels: Count
    """D: channels of the scan."""
    states: Count = 16
    """N: states a channel."""
    length: Count
    """L."""


class AttentionShape(Model):
    """The attention that a sweep sets beside the scan."""

    heads: Count
    """Heads."""
    head_dim: Count
    """Width of a head."""


class Lengths(Workload):
    """One scan and one causal attention at growing lengths, float32."""

    kind: Literal["lengths"] = "lengths"
    """Discriminator."""
    lengths: Annotated[tuple[Count, ...], Field(min_length=6)]
    """L, ascending."""
    channels: Count
    """D: channels of the scan."""
    states: Count = 16
    """N: states a channel."""
    attention: AttentionShape
    """Shape of the attention."""


class BlockShape(Workload, _Network):
    """Tokens that go through a model or a single block."""

    kind: Literal["block"] = "block"
    """Discriminator."""
    batch: Count
    """Sequences."""
    length: Count
    """Tokens a sequence."""
    vocabulary: Count = 256
    """Tokens of the model."""


class ModelSize(Model):
    """A model whose parameters are counted."""

    n_layer: Count
    """Blocks."""
    d_model: Count
    """D."""
    vocabulary: Count
    """Rows of the embedding."""
    tied: bool = True
    """Whether the head shares the embedding."""


class ModelSizes(Workload):
    """Models whose parameters are counted, by name."""

    kind: Literal["model_sizes"] = "model_sizes"
    """Discriminator."""
    sizes: dict[str, ModelSize]
    """Check → model."""

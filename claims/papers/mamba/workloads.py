"""What the trials of the Mamba claims work on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Model, Workload
from claimbench.workloads import Count, Network

__all__ = [
    "AttentionShape",
    "BlockShape",
    "Copying",
    "Decoding",
    "Induction",
    "LayerShape",
    "Lengths",
    "ModelSize",
    "ModelSizes",
    "ScanShape",
    "StateSizes",
    "TrainingMemory",
]


class Copying(Workload, Network):
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


class Induction(Workload, Network):
    """Induction heads: say the token that followed the trigger, at lengths that were never trained."""

    kind: Literal["induction_heads"] = "induction_heads"
    """Discriminator."""
    length: Count
    """Tokens of a training sequence."""
    vocabulary: Count = 16
    """Tokens, the trigger among them."""
    batch_size: Count
    """Sequences a step."""
    steps: Count
    """Optimiser steps."""
    doublings: Count
    """The longest test sequence is so many doublings of `length`."""
    longest_attention: Count
    """Longest sequence that attention is tested on."""
    learned: float = 0.99
    """Accuracy from which a length counts as answered."""


class _Scan(Model):
    """Sizes of a selective scan."""

    batch: Count = 1
    """B."""
    channels: Count
    """D: channels of the scan."""
    states: Count = 16
    """N: states a channel."""
    length: Count
    """L."""


class ScanShape(Workload, _Scan):
    """One selective scan, float32."""

    kind: Literal["scan"] = "scan"
    """Discriminator."""


class AttentionShape(Model):
    """The attention that a sweep sets beside the scan."""

    heads: Count
    """Heads."""
    head_dim: Count
    """Width of a head."""


class LayerShape(Workload, _Scan):
    """One layer's scan, or the attention in its place, bfloat16."""

    kind: Literal["layer"] = "layer"
    """Discriminator."""
    attention: AttentionShape
    """Shape of the attention."""


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


class BlockShape(Workload, Network):
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


class StateSizes(Workload, Network):
    """Prompts after which the state that decoding carries is weighed."""

    kind: Literal["state_sizes"] = "state_sizes"
    """Discriminator."""
    short: Count
    """Tokens of the short prompt."""
    long: Count
    """Tokens of the long one."""
    vocabulary: Count = 256
    """Tokens of the model."""


class Decoding(Workload):
    """Tokens that follow a prompt, in many sequences at once; layers at the widths of a large model."""

    kind: Literal["decoding"] = "decoding"
    """Discriminator."""
    batch: Count
    """Sequences."""
    prompt: Count
    """Tokens before the first that is timed."""
    tokens: Count
    """Tokens of a call."""
    d_model: Count
    """Width of the residual stream."""
    d_state: Count = 16
    """N: states a channel."""
    mamba_layers: Count
    """Mamba blocks."""
    transformer_layers: Count
    """Layers of attention and MLP, each as large as two Mamba blocks."""
    n_head: Count
    """Attention heads."""
    vocabulary: Count
    """Tokens of the models."""


class TrainingMemory(Workload):
    """Training steps of two models of one size, at several batch sizes."""

    kind: Literal["training_memory"] = "training_memory"
    """Discriminator."""
    batches: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Sequences a step."""
    length: Count
    """Tokens a sequence."""
    d_model: Count
    """Width of the residual stream."""
    mamba_layers: Count
    """Mamba blocks."""
    transformer_layers: Count
    """Layers of attention and MLP."""
    n_head: Count
    """Attention heads."""
    vocabulary: Count
    """Tokens of the models."""

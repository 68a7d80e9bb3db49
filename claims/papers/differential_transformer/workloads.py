"""What the trials of Differential Transformer's claims work on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Workload
from claimbench.workloads import Count, Text

__all__ = [
    "Counted",
    "Exponent",
    "Gradients",
    "Language",
    "Pairs",
    "Printed",
    "Retrieval",
    "Rounding",
    "Stack",
]

Exponent = Annotated[int, Field(ge=-30, le=30)]


class Printed(Workload):
    """Numbers that the paper prints; there is nothing to choose."""

    kind: Literal["printed"] = "printed"
    """Discriminator."""


class _Shape(Workload):
    """A Transformer and DIFF Transformer of one size."""

    n_layer: Count
    """Layers."""
    d_model: Count
    """Width of the residual stream."""
    n_head: Count
    """Heads of Transformer, twice those of DIFF Transformer."""


class Counted(_Shape):
    """Models whose parameters and operations are counted."""

    kind: Literal["counted"] = "counted"
    """Discriminator."""
    vocabulary: Count
    """Tokens."""
    length: Count
    """Tokens of a sequence."""


class Gradients(_Shape):
    """Models at initialisation, and bytes of CPython's reference text to take gradients on."""

    kind: Literal["gradients"] = "gradients"
    """Discriminator."""
    length: Count
    """Bytes a sequence."""
    batch_size: Count
    """Sequences a batch."""
    batches: Count
    """Batches whose mean gradient is taken."""
    models: Count
    """Initialisations that ratios are averaged over."""


class Retrieval(_Shape):
    """Say the values of some keys that stand in a context among others; rates tuned inside the trial on pilot seeds."""

    kind: Literal["retrieval"] = "retrieval"
    """Discriminator."""
    slots: Count
    """Places of the context, each with a key and a value."""
    needles: Count
    """Places whose keys may be asked for."""
    queries: Count
    """Keys asked for after the context, at most as many as needles."""
    keys: Annotated[int, Field(ge=4, multiple_of=2)] = 256
    """Keys."""
    values: Annotated[int, Field(ge=2)] = 32
    """Values."""
    batch_size: Count = 32
    """Sequences a step."""
    steps: Annotated[int, Field(ge=4, multiple_of=4)]
    """Optimiser steps."""
    evaluations: Annotated[int, Field(ge=4, multiple_of=4)]
    """Points of the evaluation curve, a divisor of `steps`."""
    low: Exponent
    """Least learning rate of the grid, as a power of two."""
    high: Exponent
    """Greatest learning rate of the grid, as a power of two."""
    pilots: Annotated[tuple[Annotated[int, Field(ge=1000)], ...], Field(min_length=1)]
    """Seeds that choose the rate, for every arm alike; they judge nothing."""
    learned: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Accuracy at which the task counts as learned."""
    level: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Accuracy at which arms are compared that learn at different speeds."""
    test_sequences: Count = 256
    """Sequences of the test set, the same for every model."""
    permutations: Count = 8
    """Orders in which the contexts of some test sequences are shown."""


class Language(Workload):
    """Next-byte prediction on real text; rates tuned inside the trial on pilot seeds."""

    kind: Literal["language"] = "language"
    """Discriminator."""
    text: Text
    """Corpus, windows, steps, layers and width."""
    n_head: Count
    """Heads of Transformer, twice those of DIFF Transformer; an arm may have its own."""
    bits: Annotated[float, Field(gt=0)]
    """Bits a byte on held-out text, the level that arms are timed to."""
    evaluations: Count
    """Points of the evaluation curve, a divisor of the steps."""
    low: Exponent
    """Least learning rate of the grid, as a power of two."""
    high: Exponent
    """Greatest learning rate of the grid, as a power of two."""
    pilots: Annotated[tuple[Annotated[int, Field(ge=1000)], ...], Field(min_length=1)]
    """Seeds that choose the rate, for every arm alike; they judge nothing."""


class Pairs(Workload):
    """One differential attention, causal, to be timed."""

    kind: Literal["pairs"] = "pairs"
    """Discriminator."""
    batch: Count = 1
    """Sequences."""
    pairs: Count
    """Pairs of maps; values are as many, twice as wide as a head."""
    length: Count
    """Tokens of a sequence."""
    head_dim: Count
    """Width of a head."""
    dtype: Literal["float32", "bfloat16"]
    """Of queries, keys and values."""
    of: Literal["forward", "backward", "both"]
    """What a call does: the forward pass, the backward pass behind one that is kept, or one after the other."""


class Stack(_Shape):
    """Layers on random tokens, to be timed."""

    kind: Literal["stack"] = "stack"
    """Discriminator."""
    batch: Count
    """Sequences."""
    length: Count
    """Tokens of a sequence."""
    vocabulary: Count = 256
    """Tokens that there are; few, so that embedding and head weigh little."""
    dtype: Literal["float32", "bfloat16"]
    """Of parameters and activations."""
    of: Literal["forward", "both"]
    """What a call does: the forward pass alone, or the backward pass behind it too."""


class Rounding(Workload):
    """One pair of maps that have nearly everything in common, on the same keys, inputs in bfloat16."""

    kind: Literal["rounding"] = "rounding"
    """Discriminator."""
    length: Count
    """Tokens of a sequence."""
    head_dim: Count
    """Width of a head."""
    correlation: Annotated[float, Field(ge=0, lt=1)]
    """Of the two queries of a token."""
    lambda_: float
    """λ."""
    draws: Count
    """Inputs that the worst is taken over."""

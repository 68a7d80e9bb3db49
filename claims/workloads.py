"""Workloads that several papers share: the size of a network, and text to be learned byte by byte."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Model, Workload

__all__ = ["Count", "Network", "Text"]

Count = Annotated[int, Field(ge=1)]


class Network(Model):
    """Sizes of the network of a training workload, unless an arm has its own."""

    n_layer: Count = 2
    """Blocks."""
    d_model: Count
    """D: width of the residual stream."""
    d_state: Count = 16
    """N: states a channel, where the network has any."""


class Text(Workload, Network):
    """Next-byte prediction on real text."""

    kind: Literal["text"] = "text"
    """Discriminator."""
    corpus: Literal["cpython_topics", "tinyshakespeare", "english_novels"]
    """CPython's reference text, one block in ten held out; Shakespeare's lines, the last tenth held out; or 34 novels,
    every tenth held out whole."""
    length: Count
    """Bytes a sequence."""
    batch_size: Count
    """Sequences a step."""
    steps: Count
    """Optimiser steps."""
    block_bytes: Count = 2**12
    """Reference text and novels are cut into blocks of this size, which no window crosses."""
    test_windows: Count = 512
    """Windows of held-out text that are tested, at equal distances."""
    parameters: Count | None = None
    """Size that every arm's model must have, within a hundredth; None where sizes may differ."""

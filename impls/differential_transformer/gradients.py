"""Gradients of the attention's matrices at initialisation (Section 2.1 and Appendix G)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from claimbench.impls.common.transformer import Transformer
from claimbench.impls.differential_transformer.model import attention_layers

__all__ = ["MATRICES", "Matrix", "gradient_norms"]

Matrix = Literal["q", "k", "v", "o"]
MATRICES: tuple[Matrix, ...] = ("q", "k", "v", "o")


def gradient_norms(model: Transformer, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[Matrix, list[float]]:
    """Matrix → in each layer the norm of the gradient of the mean loss over all batches, of inputs and targets."""
    model.zero_grad()
    for inputs, targets in batches:
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        (loss / len(batches)).backward()
    found: dict[Matrix, list[float]] = {matrix: [] for matrix in MATRICES}
    config = model.config
    rows = [heads * config.head_dim for heads in (config.n_head, config.kv_heads, config.kv_heads)]
    for layer in attention_layers(model):
        gradient, last = layer.qkv_proj.weight.grad, layer.out_proj.weight.grad
        assert gradient is not None
        assert last is not None
        parts: list[Tensor] = [*gradient.split(rows), last]
        for matrix, part in zip(MATRICES, parts, strict=True):
            found[matrix].append(torch.linalg.vector_norm(part.double()).item())
    return found

"""Parameters and floating-point operations of Transformer and DIFF Transformer, counted.

A unit of attention is L² d: the causal scores of one head over a sequence of L tokens, a multiplication and an addition
for each of d numbers of half of L² pairs. Transformer's two heads of width d are set against one pair of the
differential attention. No map is kept: forward passes go through keys block by block, so that P₁ − λ P₂, whose
normalisers are known at the end alone, cannot be formed before it meets v; backward passes compute the scores anew.
"""

from __future__ import annotations

from typing import Literal

from claimbench.impls.differential_transformer.published import ModelShape

__all__ = ["UNITS", "Path", "additional_parameters", "attention_flops", "parameters", "training_flops"]

Path = Literal["transformer", "two_calls", "four_calls", "fused", "fused_two_passes"]

UNITS: dict[Path, tuple[int, int]] = {
    # Scores 2, their product with v 2; backward scores 2, dP 2, dV 2, dQ 2, dK 2.
    "transformer": (4, 10),
    # Each map meets v of width 2d: scores 2, products 4; backward scores 2, dP 4, dV 4, dQ 2, dK 2.
    "two_calls": (6, 14),
    # Each map meets each half of v in a call of its own, which computes its scores anew.
    "four_calls": (8, 20),
    # dP = dO vᵀ is common to both maps and dV = (P₁ − λ P₂)ᵀ dO one product: scores 2, dP 2, dV 2, dQ 2, dK 2.
    "fused": (6, 10),
    # Normalisers first, scores 2; then scores again 2 and one product 2. What P₂ v was, backward has to make up for, 3.
    "fused_two_passes": (6, 13),
}
"""Forward and backward units of a pair."""


def parameters(shape: ModelShape) -> int:
    """Parameters of Transformer: embedding, head, and in each layer attention, SwiGLU and two norms; a last norm."""
    d = shape.d_model
    return 2 * shape.vocabulary * d + shape.n_layer * (4 * d * d + 3 * d * shape.d_ff + 2 * d) + d


def additional_parameters(shape: ModelShape) -> int:
    """What DIFF Transformer has beyond: four vectors of λ, and a gain over 2d, in each layer."""
    return shape.n_layer * 6 * shape.head_dim


def attention_flops(shape: ModelShape, units: int) -> int:
    """Operations of all layers' attention over one sequence, at so many units a pair."""
    pairs = shape.d_model // (2 * shape.head_dim)
    return shape.n_layer * pairs * units * shape.length**2 * shape.head_dim


def training_flops(shape: ModelShape, path: Path) -> int:
    """Operations of a forward and backward pass over one sequence: matrices 6 a parameter and token, and attention."""
    d = shape.d_model
    matrices = shape.vocabulary * d + shape.n_layer * (4 * d * d + 3 * d * shape.d_ff)
    return 6 * matrices * shape.length + attention_flops(shape, sum(UNITS[path]))

"""What the paper prints, as data: arXiv 2410.05258v2."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = [
    "ABLATIONS",
    "HALLUCINATION",
    "HALLUCINATION_SAMPLES",
    "MODEL_3B",
    "SCALING",
    "THROUGHPUT",
    "Ablation",
    "Accuracy",
    "ModelShape",
    "Scaling",
    "Throughput",
    "ablation",
    "unrounded",
]

Interval = tuple[float, float]


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a language model."""

    n_layer: int
    """Layers."""
    d_model: int
    """Width of the residual stream."""
    d_ff: int
    """Width of the MLP."""
    head_dim: int
    """d: width of a query; DIFF Transformer has d_model / 2d heads, Transformer twice as many."""
    vocabulary: int
    """Tokens."""
    length: int
    """Tokens of a training sequence."""


@dataclass(frozen=True)
class Scaling:
    """How much less DIFF Transformer needs for the loss that Transformer has."""

    ours: str
    """Parameters or tokens of DIFF Transformer, as printed."""
    transformer: str
    """Those of Transformer at the same loss, as printed."""
    share: str
    """Their quotient in per cent, as printed."""


@dataclass(frozen=True)
class Accuracy:
    """Share of answers without hallucination on one data set."""

    task: Literal["summarisation", "question answering"]
    """Kind of data set."""
    transformer: str
    """Share of Transformer, as printed."""
    diff: str
    """Share of DIFF Transformer, as printed."""


@dataclass(frozen=True)
class Ablation:
    """A row of Table 6."""

    loss: str
    """Validation loss, as printed."""
    ar_hit: str
    """Loss on tokens that follow a pair of tokens seen before."""
    others: str | None
    """Loss on the other tokens; None where it is not at hand."""


@dataclass(frozen=True)
class Throughput:
    """A row of Table 7: tokens a second."""

    transformer: int
    """Transformer's."""
    diff: int
    """DIFF Transformer's."""
    change: str
    """Difference in per cent, as printed, without its sign."""


def unrounded(text: str) -> Interval:
    """Every value that prints as this."""
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal(1).scaleb(exponent) / 2
    return float(value - half), float(value + half)


def ablation(name: str) -> Ablation:
    """A row of Table 6 by its name; raises KeyError where there is none."""
    return ABLATIONS[name]


MODEL_3B = ModelShape(n_layer=28, d_model=3072, d_ff=8192, head_dim=128, vocabulary=100_288, length=4096)
"""DIFF Transformer of 3B, 12 heads, Transformer 24."""

SCALING = {
    "parameters_11b": Scaling("6.8", "11", "62.2"),
    "parameters_13b": Scaling("7.8", "13.1", "59.5"),
    "tokens": Scaling("160", "251", "63.7"),
}
"""Figure 3 and Section 3.2: billions of parameters, and of tokens."""

HALLUCINATION_SAMPLES = 100
"""Samples of every data set of Table 4."""

HALLUCINATION = {
    "xsum": Accuracy("summarisation", "0.44", "0.53"),
    "cnn_dm": Accuracy("summarisation", "0.32", "0.41"),
    "multinews": Accuracy("summarisation", "0.42", "0.61"),
    "qasper": Accuracy("question answering", "0.28", "0.39"),
    "hotpotqa": Accuracy("question answering", "0.36", "0.46"),
    "2wikimqa": Accuracy("question answering", "0.29", "0.36"),
}
"""Table 4, as judged by GPT-4o."""

ABLATIONS = {
    "transformer": Ablation("3.087", "0.898", "3.272"),
    "transformer_half_heads": Ablation("3.088", "0.899", None),
    "transformer_norm": Ablation("3.086", "0.899", None),
    "diff": Ablation("3.062", "0.880", "3.247"),
    "diff_no_norm": Ablation("3.122", "0.911", "3.309"),
    "diff_constant_08": Ablation("3.065", "0.883", "3.250"),
    "diff_constant_05": Ablation("3.066", "0.882", "3.251"),
}
"""Table 6, models of 1.4B: half as many heads of twice the width; with GroupNorm; without; λ_init a constant."""

THROUGHPUT = {
    "3b_2k_training": Throughput(7247, 6635, "9"),
    "3b_2k_forward": Throughput(51228, 46811, "9"),
    "3b_4k_training": Throughput(7491, 6718, "12"),
    "3b_4k_forward": Throughput(48762, 44521, "10"),
    "13b_2k_training": Throughput(998, 942, "6"),
    "13b_2k_forward": Throughput(14346, 13653, "5"),
}
"""Table 7, second hand: tokens a second were not read in the paper itself."""

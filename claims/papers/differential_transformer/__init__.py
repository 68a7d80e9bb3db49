"""Differential Transformer (arXiv 2410.05258)."""

from __future__ import annotations

from claimbench.papers.differential_transformer import (
    counts,
    gradients,
    language,
    printed,
    retrieval,
    speed,
    throughput,
    untestable,
)
from claimbench.spec import Paper

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    slug="differential_transformer",
    title="Differential Transformer",
    authors="Tianzhu Ye, Li Dong, Yuqing Xia, Yutao Sun, Yi Zhu, Gao Huang and Furu Wei",
    arxiv="2410.05258",
    year=2024,
    keywords=("attention", "diff"),
    note="Differential attention subtracts one softmax map from another, so that what both give to irrelevant context "
    "cancels. The paper is contested: its authors replaced the method by a second version, and others report that they "
    "did not find the gain. No weights were released. What is trained here is small, and says nothing of billions of "
    "parameters; what the printed values show, and what can be counted, stands beside it.",
)

CLAIMS = (
    *retrieval.CLAIMS,
    *language.CLAIMS,
    *printed.CLAIMS,
    *counts.CLAIMS,
    *gradients.CLAIMS,
    *speed.CLAIMS,
    *throughput.CLAIMS,
    *untestable.CLAIMS,
)

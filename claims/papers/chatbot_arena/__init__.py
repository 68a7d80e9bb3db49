"""Chatbot Arena: An Open Platform for Evaluating LLMs by Human Preference (arXiv 2403.04132)."""

from __future__ import annotations

from claimbench.papers.chatbot_arena import (
    anomaly,
    deviations,
    errata,
    estimation,
    intervals,
    order,
    printed,
    ranking,
    sampling,
    tables,
    ties,
    untestable,
)
from claimbench.spec import Paper

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    slug="chatbot_arena",
    title="Chatbot Arena: An Open Platform for Evaluating LLMs by Human Preference",
    authors="Wei-Lin Chiang, Lianmin Zheng, Ying Sheng, Anastasios N. Angelopoulos, Tianle Li, Dacheng Li, Hao Zhang, "
    "Banghua Zhu, Michael Jordan, Joseph E. Gonzalez and Ion Stoica",
    arxiv="2403.04132",
    year=2024,
    keywords=("arena", "preference", "bradley_terry"),
    note="Chatbot Arena shows people two anonymous answers and ranks models by which they prefer. The paper estimates "
    "a win matrix and Bradley–Terry scores from the votes, chooses pairs by an active rule, and tests users for "
    "anomalous votes. Ours follows its equations as printed; where one cannot be used as printed, the repair stands "
    "beside it. Thresholds are the paper's where it prints one; the others are ours.",
)

CLAIMS = (
    *order.CLAIMS,
    *estimation.CLAIMS,
    *ranking.CLAIMS,
    *ties.CLAIMS,
    *intervals.CLAIMS,
    *sampling.CLAIMS,
    *anomaly.CLAIMS,
    *printed.CLAIMS,
    *errata.CLAIMS,
    *tables.CLAIMS,
    *deviations.CLAIMS,
    *untestable.CLAIMS,
)

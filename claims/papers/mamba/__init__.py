"""Mamba: Linear-Time Sequence Modeling with Selective State Spaces (arXiv 2312.00752)."""

from __future__ import annotations

from claimbench.papers.mamba import beyond, costs, counts, gpu, identities, induction, language, selection
from claimbench.spec import Paper

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    slug="mamba",
    title="Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
    authors="Albert Gu and Tri Dao",
    arxiv="2312.00752",
    year=2023,
    keywords=("ssm", "selective_scan", "state_space"),
    note="Mamba makes the parameters of a state space model depend on its input and computes the resulting recurrence "
    "with a hardware-aware scan. Our block follows the paper's Algorithm 2 and Figure 3; where the authors' code "
    "departs from the text (Euler's rule for B, a log-uniform start for Δ, Δ of rank ⌈D/16⌉) ours follows the code "
    "and has the text's form as an option.",
)

CLAIMS = (
    *selection.CLAIMS,
    *induction.CLAIMS,
    *language.CLAIMS,
    *costs.CLAIMS,
    *gpu.CLAIMS,
    *identities.CLAIMS,
    *counts.CLAIMS,
    *beyond.CLAIMS,
)

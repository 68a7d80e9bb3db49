"""The Road Less Scheduled: Schedule-Free learning (arXiv 2405.15682)."""

from __future__ import annotations

from claimbench.papers.schedule_free import (
    ablations,
    algoperf,
    conditioning,
    convex,
    large_steps,
    momentum,
    printed,
    step,
    theory,
    training,
    untestable,
)
from claimbench.spec import Paper

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    slug="schedule_free",
    title="The Road Less Scheduled",
    authors="Aaron Defazio, Xingyu (Alice) Yang, Harsh Mehta, Konstantin Mishchenko, Ahmed Khaled and Ashok Cutkosky",
    arxiv="2405.15682",
    year=2024,
    keywords=("optimizer", "schedule", "averaging"),
    note="Schedule-Free learning takes gradients between a running average of the iterates and the iterates "
    "themselves, and returns the average, so that no step size has to fall towards an end that is known beforehand. "
    "Our theory follows the paper's indices in float64; where its printed values or its corollaries do not fit "
    "together, the arithmetic says so. What is trained here is small: the paper's deep problems are judged by their "
    "printed values alone.",
)

CLAIMS = (
    *theory.CLAIMS,
    *large_steps.CLAIMS,
    *convex.CLAIMS,
    *conditioning.CLAIMS,
    *training.CLAIMS,
    *ablations.CLAIMS,
    *momentum.CLAIMS,
    *step.CLAIMS,
    *printed.CLAIMS,
    *algoperf.CLAIMS,
    *untestable.CLAIMS,
)

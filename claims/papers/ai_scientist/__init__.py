"""The AI Scientist: Towards Fully Automated Open-Ended Scientific Discovery (arXiv 2408.06292)."""

from __future__ import annotations

from claimbench.papers.ai_scientist import (
    calibration,
    containment,
    decisions,
    examples,
    f1,
    generated,
    leak,
    loop,
    people,
    printed,
    rates,
    table_1,
    untestable,
)
from claimbench.spec import Paper

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    slug="ai_scientist",
    title="The AI Scientist: Towards Fully Automated Open-Ended Scientific Discovery",
    authors="Chris Lu, Cong Lu, Robert Tjarko Lange, Jakob Foerster, Jeff Clune and David Ha",
    arxiv="2408.06292",
    year=2024,
    keywords=("agents", "peer_review"),
    note="The AI Scientist lets language models have ideas, run experiments, write papers and review them. Its "
    "reviewer is validated on 500 papers of ICLR 2022, whose reviews the authors released; so are the scores of the "
    "generated papers, and ten of these with the logs of their runs. The claims about them are judged by these data "
    "and by the printed figures, and no language model is asked anything. All of it was public and known: what "
    "can be confirmed is that figures follow from data, and what is ours is said to be exploratory. So are claims "
    "about a sandbox for generated code, which the paper asks for, and about a loop of our own.",
)

CLAIMS = (
    *table_1.CLAIMS,
    *decisions.CLAIMS,
    *rates.CLAIMS,
    *people.CLAIMS,
    *f1.CLAIMS,
    *leak.CLAIMS,
    *calibration.CLAIMS,
    *printed.CLAIMS,
    *generated.CLAIMS,
    *examples.CLAIMS,
    *containment.CLAIMS,
    *loop.CLAIMS,
    *untestable.CLAIMS,
)

"""The AI Scientist's claims that no tier can test, and what it would take."""

from __future__ import annotations

from claimbench.papers.ai_scientist.figures import ARXIV
from claimbench.spec import NotTestable, Published, Source

__all__ = ["CLAIMS"]

REVIEW_COST = NotTestable(
    id="ai_scientist.cost_per_review",
    label="AIS-15",
    statement="A review costs $0.25 to $0.50 in API fees.",
    source=Source(arxiv=ARXIV, where="Section 4"),
    published=(
        Published(arm="review", metric="least cost", value=0.25, unit="USD", where="Section 4"),
        Published(arm="review", metric="greatest cost", value=0.50, unit="USD", where="Section 4"),
    ),
    reason="It takes the tokens of the calls and the prices of their day; neither was released.",
    keywords=("cost", "reviewer"),
)

RUN_TIME = NotTestable(
    id="ai_scientist.hours_per_run",
    label="AIS-15b",
    statement="A run of about fifty ideas takes about 12 hours on 8 H100.",
    source=Source(arxiv=ARXIV, where="Section 6"),
    published=(Published(arm="run", metric="time", value=12, unit="h", where="Section 6"),),
    reason="It takes the same models behind the same interfaces, of 2024, and a node of 8 GPUs; the paper adds that "
    "the experiments would not be much slower on cheaper ones.",
    keywords=("cost",),
)

HUMAN = NotTestable(
    id="ai_scientist.human_consistency",
    label="AIS-03b",
    statement="Two committees of people agree as the human row says, with a balanced accuracy of .66.",
    source=Source(arxiv=ARXIV, where="Table 1, footnote 1"),
    published=(Published(arm="Human (NeurIPS)", metric="balanced accuracy", value=0.66, unit="1", where="Table 1"),),
    reason="It takes the decisions of NeurIPS 2021's two committees, which are others' and not among the released "
    "data; AIS-03 says what the row's figures say of each other.",
    keywords=("reviewer", "human"),
)

AUTONOMY = NotTestable(
    id="ai_scientist.end_to_end_autonomy",
    label="AIS-16",
    statement="From an idea to a reviewed paper everything is done by language models, without people.",
    source=Source(arxiv=ARXIV, where="abstract and Section 3"),
    reason="It takes the models of 2024 behind their interfaces, for hours and dollars; the released papers are "
    "results, ten of them with logs, and do not show that nobody had a hand in a run.",
    keywords=("autonomy",),
)

CLAIMS = (REVIEW_COST, RUN_TIME, HUMAN, AUTONOMY)

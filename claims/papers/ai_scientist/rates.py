"""Claims that set the reviewer's balanced accuracy and rates of errors beside the human row of Table 1."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.ai_scientist.figures import ARXIV, SEEN
from claimbench.papers.ai_scientist.workloads import Released
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.reviewer"
_NEEDS = Needs(core_seconds={"cpu": 1.0}, data=("iclr_ratings", "iclr_reviews_gpt4o_one_shot"))
_SECTION = Source(arxiv=ARXIV, where="Section 4 and Table 1")
_OTHER_PAPERS = (
    "People's errors are of one committee against another at NeurIPS 2021, the reviewer's against the decisions of "
    "ICLR 2022; the human row's own uncertainty is not counted. What the reviewer was given tells the decision "
    "(AIS-08)."
)

NEAR_PEOPLE = Claim(
    id="ai_scientist.balanced_accuracy_near_people",
    label="AIS-03c",
    statement="The reviewer's balanced accuracy is near people's, 65 % against 66 %: a point below, and not below "
    "beyond chance.",
    source=_SECTION,
    published=(
        Published(arm="GPT-4o (1-shot) @6", metric="balanced accuracy", value=0.65, unit="1", where="Table 1"),
        Published(arm="Human (NeurIPS)", metric="balanced accuracy", value=0.66, unit="1", where="Table 1"),
    ),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:near_people",
    arms=(Arm(name="ours"),),
    workloads={"cpu": Released()},
    metric=Metric(name="lead", unit="1", better="higher"),
    expectation=Exact(boxes={"lead": Box(low=-0.02, high=0.0, published=-0.01), "high": Box(low=0.0)}),
    protocol=Protocol(unit="deterministic"),
    needs=_NEEDS,
    setups_tried=1,
    keywords=("reviewer", "human"),
    caveats=(
        "That the lead is -.01, as far as two rounded figures leave it open, follows from AIS-01. What near means is "
        "not said; that the upper end of the reviewer's 95 % interval (DeLong's, .607 to .694) reaches people's is a "
        "reading of ours. The interval reaches down to .61 as well.",
        "The text sets accuracies side by side too, 70 % and people's 73 %: they are of other shares of accepted "
        "papers (AIS-03).",
        _OTHER_PAPERS,
        SEEN,
    ),
)

ERRORS = Claim(
    id="ai_scientist.rates_of_errors_beside_people",
    label="AIS-03d",
    statement="The reviewer rejects fewer of the good papers than people do, with an FNR of .39 against .52, and "
    "accepts more of the others, with an FPR of .31 against .17.",
    source=_SECTION,
    published=(
        Published(arm="GPT-4o (1-shot) @6", metric="FNR", value=0.39, unit="1", where="Table 1"),
        Published(arm="Human (NeurIPS)", metric="FNR", value=0.52, unit="1", where="Table 1"),
        Published(arm="GPT-4o (1-shot) @6", metric="FPR", value=0.31, unit="1", where="Table 1"),
        Published(arm="Human (NeurIPS)", metric="FPR", value=0.17, unit="1", where="Table 1"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:errors_beside_people",
    arms=(Arm(name="ours"),),
    workloads={"cpu": Released()},
    metric=Metric(name="fnr", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "fnr": Box(low=0.12, high=0.14, published=0.13),
            "fnr_low": Box(low=0.0),
            "fpr": Box(low=0.13, high=0.15, published=0.14),
            "fpr_low": Box(low=0.0),
        }
    ),
    protocol=Protocol(unit="deterministic"),
    needs=_NEEDS,
    setups_tried=1,
    keywords=("reviewer", "human"),
    caveats=(
        "Differences, as far as two rounded figures leave them open, and the lower ends of them by Wilson's 95 % "
        "interval of the reviewer's rate. The first follow from AIS-01.",
        "Good papers are those that the conference accepted. A lower FNR with a higher FPR is what a lower threshold "
        "gives: the reviewer accepts 42 % of these papers, people with their errors would accept 28 %.",
        _OTHER_PAPERS,
        SEEN,
    ),
)

CLAIMS = (NEAR_PEOPLE, ERRORS)

"""Claims about what the texts that the reviewer is given tell of the decision, beside their content."""

from __future__ import annotations

from claimbench.expectation import Box, Difference, Exact
from claimbench.papers.ai_scientist.figures import ARXIV, SEEN
from claimbench.papers.ai_scientist.workloads import Decisions, Released
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.decisions"
_NEEDS = Needs(core_seconds={"cpu": 2.0}, data=("iclr_ratings", "iclr_text_features", "iclr_reviews_gpt4o_one_shot"))
_LEAK = Source(arxiv=ARXIV, where="Section 8, Limitations of the Automated Reviewer")

ONE_STRING = Claim(
    id="ai_scientist.one_string_decides",
    label="AIS-08",
    statement="Whether the text that the reviewer is given calls its authors anonymous tells accepted from rejected "
    "papers far better than the reviewer does.",
    source=_LEAK,
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:right",
    arms=(
        Arm(name="one_string", options={"rule": "string"}),
        Arm(
            name="gpt4o_one_shot_at_6",
            role="baseline",
            options={"rule": "score", "reviews": "gpt4o_one_shot", "threshold": 6},
            why_fair="The best reviewer of Table 1, on the same texts of the same papers.",
        ),
        Arm(name="always_reject", role="control", options={"rule": "reject"}),
    ),
    workloads={"cpu": Decisions()},
    metric=Metric(name="right", unit="1", better="higher"),
    expectation=Difference(subject="one_string", baseline="gpt4o_one_shot_at_6", at_least=0.1),
    protocol=Protocol(unit="item", n={"cpu": 500}, n_min=500, paired=True, seeds_per_trial=500),
    needs=Needs(core_seconds={"cpu": 2.0}, data=("iclr_ratings", "iclr_text_features", "iclr_reviews_gpt4o_one_shot")),
    setups_tried=1,
    keywords=("reviewer", "leak"),
    caveats=(
        "Not the paper's claim. It says that accepted papers were given as their final versions and rejected ones as "
        "they were submitted, for that is what OpenReview has; it does not say that the two can be told apart.",
        "It does not show that the reviewer used it: string and decision part on two papers, too few to tell. With the "
        "decision in the input, Table 1 gives neither an upper nor a lower bound on what it can judge.",
        "The string was found by looking at these same 500 papers; on others nothing is known of it.",
        "Booleans and lengths were built outside the repo from the authors' parsed texts, which are not redistributed.",
        SEEN,
    ),
)

GIVEN_AWAY = Claim(
    id="ai_scientist.texts_give_nothing_away",
    label="AIS-08b",
    statement="Names, thanks and length of the texts say nothing of the decision.",
    source=_LEAK,
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:given_away",
    arms=(Arm(name="ours"),),
    workloads={"cpu": Released()},
    metric=Metric(name="string", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "string": Box(high=0.55),
            "acknowledgement": Box(high=0.55),
            "length_area": Box(high=0.55),
            "length_lead": Box(high=0.0),
        }
    ),
    protocol=Protocol(unit="deterministic"),
    needs=Needs(core_seconds={"cpu": 1.0}, data=("iclr_ratings", "iclr_text_features", "iclr_reviews_gpt4o_one_shot")),
    setups_tried=1,
    keywords=("reviewer", "leak"),
    caveats=(
        "What a fair benchmark would ask, which the paper does not state: balanced accuracies and an area under the "
        "curve near a half, a bar of ours. Final versions may have a page more, and appendices: the number of "
        "characters alone ranks these papers as well as GPT-4o's best score does. The strings were found by looking at "
        "these same papers.",
        SEEN,
    ),
)

CLAIMS = (ONE_STRING, GIVEN_AWAY)

"""Claims about F1, which the text calls superhuman: beside people, and beside constants."""

from __future__ import annotations

from claimbench.expectation import AtLeast, Box, Exact
from claimbench.papers.ai_scientist.figures import ARXIV, SEEN
from claimbench.papers.ai_scientist.workloads import Decisions, Released, Resampled
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.reviewer"
_OURS = (Arm(name="ours"),)
_NEEDS = Needs(core_seconds={"cpu": 1.0}, data=("iclr_ratings", "iclr_reviews_gpt4o_one_shot"))
_DRAWN = Needs(core_seconds={"cpu": 3.0}, data=_NEEDS.data)
_SECTION = Source(arxiv=ARXIV, where="Section 4 and Table 1")
_PUBLISHED = (
    Published(arm="GPT-4o (1-shot) @6", metric="F1", value=0.57, unit="1", where="Table 1"),
    Published(arm="Human (NeurIPS)", metric="F1", value=0.49, unit="1", where="Table 1"),
)

F1 = Claim(
    id="ai_scientist.f1_above_people",
    label="AIS-05",
    statement="The reviewer's F1 is above the .49 of people, on other papers of the same kind as well.",
    source=_SECTION,
    published=_PUBLISHED,
    kind="quality",
    role="exploratory",
    experiment="claimbench.impls.ai_scientist.experiments.decisions:above_people",
    arms=(
        Arm(name="gpt4o_one_shot_at_6", options={"rule": "score", "reviews": "gpt4o_one_shot", "threshold": 6}),
        Arm(name="always_accept", role="control", options={"rule": "accept"}),
    ),
    workloads={"cpu": Decisions()},
    metric=Metric(name="surplus", unit="1", better="higher"),
    expectation=AtLeast(arm="gpt4o_one_shot_at_6", floor=0.0, reference=-0.057),
    protocol=Protocol(unit="seed", n={"cpu": 500}, n_min=500, seeds_per_trial=500),
    needs=Needs(core_seconds={"cpu": 2.0}, data=_NEEDS.data),
    setups_tried=2,
    keywords=("reviewer", "f1", "constant"),
    caveats=(
        "A constant has .538: whoever accepts all of these papers is above people's F1 on others as well, and the "
        "control that does so makes the claim vacuous where it holds (AIS-05c).",
        "The text calls it superhuman. F1 is above c where 2 (1 - c) a paper that both accept, less c a paper on which "
        "they differ, is above 0; that is a mean over papers, so that it has an interval and a control. "
        "A coin's is -.057. What is called a seed is a paper, numbered as in the ratings.",
        "At first the F1 alone was judged, which AIS-01 confirms as printed and which cannot come out vacuous. "
        "People's .49 counts as known, of other papers with another share of accepted ones (AIS-05b).",
        SEEN,
    ),
)

F1_AT_ONE_SHARE = Claim(
    id="ai_scientist.f1_above_people_at_one_share",
    label="AIS-05b",
    statement="The reviewer's F1 is above people's beyond chance where as many papers are accepted for both.",
    source=_SECTION,
    published=_PUBLISHED,
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:f1_at_one_share",
    arms=_OURS,
    workloads={"cpu": Resampled(draws=4000)},
    metric=Metric(name="lead", unit="1", better="higher"),
    expectation=Exact(boxes={"lead": Box(low=0.0, published=0.08), "low": Box(low=0.0)}),
    protocol=Protocol(unit="deterministic", first_seed=420),
    needs=_DRAWN,
    setups_tried=1,
    keywords=("reviewer", "f1", "human"),
    caveats=(
        "F1 grows with the share of accepted papers. The human row's errors, .17 and .52, at the 36.8 % of these "
        "papers, come to an F1 of about .54. The uncertainty of the human row itself is not counted.",
        "Contradicted means here: not beyond chance. The lead itself is positive, .021 to .035, and the interval "
        "crosses 0.",
        "Errors of one committee against another on submissions to NeurIPS, not on these papers.",
        SEEN,
    ),
)

CONSTANT_F1 = Claim(
    id="ai_scientist.f1_of_constants",
    label="AIS-05c",
    statement="An F1 above the .49 of people takes more than a coin or a constant answer.",
    source=_SECTION,
    published=(*_PUBLISHED, Published(arm="Random Decision", metric="F1", value=0.40, unit="1", where="Table 1")),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:constant_f1",
    arms=_OURS,
    workloads={"cpu": Released()},
    metric=Metric(name="always_accept", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "always_reject": Box(high=0.49, published=0.0),
            "always_accept": Box(high=0.49),
            "coin": Box(high=0.49, published=0.40),
        }
    ),
    protocol=Protocol(unit="deterministic"),
    needs=Needs(core_seconds={"cpu": 1.0}, data=("iclr_ratings",)),
    setups_tried=1,
    keywords=("reviewer", "f1", "constant"),
    caveats=(
        "Ours: without it AIS-05 says nothing. Whoever accepts all papers has an F1 of .538 on these. Balanced "
        "accuracy gives every constant .5, Matthews' correlation 0 (AIS-05d).",
        SEEN,
    ),
)

MATTHEWS = Claim(
    id="ai_scientist.matthews_above_people",
    label="AIS-05d",
    statement="By Matthews' correlation, which is 0 for every constant, the reviewer is ahead of people where as many "
    "papers are accepted for both.",
    source=_SECTION,
    published=_PUBLISHED,
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:matthews_at_one_share",
    arms=_OURS,
    workloads={"cpu": Released()},
    metric=Metric(name="lead", unit="1", better="higher"),
    expectation=Exact(boxes={"reviewer": Box(low=0.0), "lead": Box(low=0.0)}),
    protocol=Protocol(unit="deterministic"),
    needs=_NEEDS,
    setups_tried=1,
    keywords=("reviewer", "constant", "human"),
    caveats=(
        "Not the paper's claim: what becomes of its lead by F1 on a scale that no constant climbs. The reviewer has "
        ".295, the human row's errors come to about .33 at the 36.8 % of these papers.",
        "A point estimate decides. By chance alone the reviewer's .295 may be off by about .08, so that contradicted "
        "does not mean that people are ahead beyond chance.",
        SEEN,
    ),
)

CLAIMS = (F1, F1_AT_ONE_SHARE, CONSTANT_F1, MATTHEWS)

"""Claims that compare the reviewer with people: F1, AUC, correlations of scores."""

from __future__ import annotations

from claimbench.expectation import Box, Exact, printed
from claimbench.papers.ai_scientist.figures import ARXIV, SEEN
from claimbench.papers.ai_scientist.workloads import Released, Resampled
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.reviewer"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_CPU: dict[Tier, Workload] = {"cpu": Released()}
_NEEDS = Needs(core_seconds={"cpu": 1.0}, data=("iclr_ratings", "iclr_reviews_gpt4o_one_shot"))
_DRAWN = Needs(core_seconds={"cpu": 3.0}, data=_NEEDS.data)
_SECTION = Source(arxiv=ARXIV, where="Section 4 and Table 1")
_F1 = (
    Published(arm="GPT-4o (1-shot) @6", metric="F1", value=0.57, unit="1", where="Table 1"),
    Published(arm="Human (NeurIPS)", metric="F1", value=0.49, unit="1", where="Table 1"),
)

F1 = Claim(
    id="ai_scientist.f1_above_people",
    label="AIS-05",
    statement="The reviewer's F1 is above the .49 of people.",
    source=_SECTION,
    published=_F1,
    kind="quality",
    experiment=f"{_EXPERIMENTS}:f1_score",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="reviewer", unit="1", better="higher"),
    expectation=Exact(boxes={"reviewer": Box(low=0.49, published=0.57)}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("reviewer", "f1", "constant"),
    caveats=(
        "The text calls it superhuman. It says little: on these papers whoever accepts all of them is above people's "
        "F1 on others as well (AIS-05c).",
        SEEN,
    ),
)

F1_AT_ONE_SHARE = Claim(
    id="ai_scientist.f1_above_people_at_one_share",
    label="AIS-05b",
    statement="The reviewer's F1 is above people's beyond chance where as many papers are accepted for both.",
    source=_SECTION,
    published=_F1,
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
        "Errors of one committee against another on submissions to NeurIPS, not on these papers.",
        SEEN,
    ),
)

CONSTANT_F1 = Claim(
    id="ai_scientist.f1_of_constants",
    label="AIS-05c",
    statement="An F1 above the .49 of people takes more than a coin or a constant answer.",
    source=_SECTION,
    published=(*_F1, Published(arm="Random Decision", metric="F1", value=0.40, unit="1", where="Table 1")),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:constant_f1",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="always_accept", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "always_reject": Box(high=0.49, published=0.0),
            "always_accept": Box(high=0.49),
            "coin": Box(high=0.49, published=0.40),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=("iclr_ratings",)),
    setups_tried=1,
    keywords=("reviewer", "f1", "constant"),
    caveats=(
        "Ours: without it AIS-05 says nothing. Whoever accepts all papers has an F1 of .538 on these. Balanced "
        "accuracy gives every constant .5.",
        SEEN,
    ),
)

AREA = Claim(
    id="ai_scientist.auc_as_printed",
    label="AIS-04",
    statement="The reviewer's AUC is the printed .65, as people's is; it is the decision's, and so its balanced "
    "accuracy.",
    source=_SECTION,
    published=(
        Published(arm="GPT-4o (1-shot) @6", metric="AUC", value=0.65, unit="1", where="Table 1"),
        Published(arm="Human (NeurIPS)", metric="AUC", value=0.65, unit="1", where="Table 1"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:score_areas",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="gpt4o_one_shot", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "decision": printed("0.65"),
            "decision_less_balanced_accuracy": Box(high=1e-12),
            **{name: Box(low=0.5) for name in ("sonnet", "gpt4o_mini", "gpt4o", "gpt4o_reflect", "gpt4o_ensemble")},
            "gpt4o_one_shot": Box(low=0.65),
            "low": Box(low=0.5),
        }
    ),
    protocol=_ONCE,
    needs=Needs(
        core_seconds={"cpu": 2.0},
        data=(
            "iclr_ratings",
            "iclr_reviews_sonnet",
            "iclr_reviews_gpt4o_mini",
            "iclr_reviews_gpt4o",
            "iclr_reviews_gpt4o_reflect",
            "iclr_reviews_gpt4o_ensemble",
            "iclr_reviews_gpt4o_one_shot",
        ),
    ),
    setups_tried=1,
    keywords=("reviewer", "auc"),
    caveats=(
        "A column that repeats another is no second evidence. The scores' own area, which uses all of them, is .691 "
        "(95 % .647 to .736, DeLong), in the reviewer's favour; people's cannot be had, for their row has no scores.",
        "That the scores' areas are above a half, and the best one's above .65, is ours. The texts' length comes to "
        ".696 (AIS-08b).",
        SEEN,
    ),
)

CORRELATIONS = Claim(
    id="ai_scientist.correlations_as_printed",
    label="AIS-06",
    statement="The reviewer's score correlates with the mean of people's by .18, more than two people's do by .14.",
    source=Source(arxiv=ARXIV, where="Section 4 and Figure 2, bottom"),
    published=(
        Published(arm="LLM and mean of people", metric="correlation", value=0.18, unit="1", where="Section 4"),
        Published(arm="two people", metric="correlation", value=0.14, unit="1", where="Section 4"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:correlations",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="model_mean", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "model_mean": printed("0.18"),
            "person_person": Box(low=0.115, high=0.165, published=0.14),
            "model_mean_r": Box(low=0.18),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("reviewer", "correlation"),
    caveats=(
        "Both are squares, R² in the figure: the correlations are .42 and .36. The second is of one random pair of "
        "people a paper; here all pairs count, which comes to .130, and .025 either way is let pass, a bar of ours.",
        "A mean is compared with a single person: AIS-06b compares like with like.",
        SEEN,
    ),
)

LIKE_FOR_LIKE = Claim(
    id="ai_scientist.closer_to_people_than_people",
    label="AIS-06b",
    statement="The reviewer is closer to people than they are to each other, one with one, and one with the mean.",
    source=Source(arxiv=ARXIV, where="Section 4, last sentence on Figure 2"),
    published=(
        Published(arm="LLM and mean of people", metric="R²", value=0.18, unit="1", where="Figure 2, bottom"),
        Published(arm="two people", metric="R²", value=0.14, unit="1", where="Figure 2, bottom"),
    ),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:like_for_like",
    arms=_OURS,
    workloads={"cpu": Resampled(draws=4000)},
    metric=Metric(name="one", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "one": Box(low=0.0),
            "one_high": Box(low=0.0),
            "mean": Box(low=0.0),
            "mean_high": Box(low=0.0),
        }
    ),
    protocol=Protocol(unit="deterministic", first_seed=430),
    needs=_DRAWN,
    setups_tried=1,
    keywords=("reviewer", "correlation"),
    caveats=(
        'The text: reviews "align more closely with the average human reviewer score than individual human reviewers '
        'align with each other". A mean of four is less noisy than one person, so that anyone is closer to it: one '
        "person's score correlates with the mean of the others by .47, the reviewer's with the mean of all by .42.",
        "With one person, the reviewer correlates by .30, another person by .36; the difference's 95 % interval, over "
        "papers drawn anew, ends about at 0, that of the comparison of means above it. People had discussed a paper "
        "and may have moved their scores towards each other.",
        SEEN,
    ),
)

CLAIMS = (F1, F1_AT_ONE_SHARE, CONSTANT_F1, AREA, CORRELATIONS, LIKE_FOR_LIKE)

"""Claims that compare the reviewer with people: AUC, correlations of scores."""

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

AREA = Claim(
    id="ai_scientist.auc_as_printed",
    label="AIS-04",
    statement="The reviewer's AUC is the printed .65, as people's is.",
    source=_SECTION,
    published=(
        Published(arm="GPT-4o (1-shot) @6", metric="AUC", value=0.65, unit="1", where="Table 1"),
        Published(arm="Human (NeurIPS)", metric="AUC", value=0.65, unit="1", where="Table 1"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:decision_area",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="decision", unit="1", better="higher"),
    expectation=Exact(boxes={"decision": printed("0.65")}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=2,
    keywords=("reviewer", "auc"),
    caveats=(
        "It is the area of the decision, which has one corner, and so its balanced accuracy, whatever the reviewer: a "
        "column that repeats another is no second evidence, nor is this claim beside AIS-01. The scores' own area is "
        "AIS-04b; both were one claim at first.",
        SEEN,
    ),
)

SCORE_AREAS = Claim(
    id="ai_scientist.score_areas_above_half",
    label="AIS-04b",
    statement="The area under the curve of scores, which uses all of them, is above a half for each of six reviewers, "
    "and above .65 for the best.",
    source=_SECTION,
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:score_areas",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="gpt4o_one_shot", unit="1", better="higher"),
    expectation=Exact(
        boxes={
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
        "Ours, in the reviewer's favour: the best one's is .691 (95 % .647 to .736, DeLong). People's cannot be had, "
        "for their row has no scores. The texts' length comes to .696 (AIS-08b).",
        SEEN,
    ),
)

CORRELATIONS = Claim(
    id="ai_scientist.correlations_as_printed",
    label="AIS-06",
    statement="The reviewer's score correlates with the mean of people's by .18, more than two people's do.",
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
    expectation=Exact(boxes={"model_mean": printed("0.18"), "lead": Box(low=0.0, published=0.04)}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=2,
    keywords=("reviewer", "correlation"),
    caveats=(
        "Both are squares, R² in the figure: the correlations are .42 and .36.",
        "The printed .14 is of one random pair of people a paper. Of 1,000 such pairings 95 % lie between .09 and "
        ".18, and 3 % above the reviewer's; over all pairs it is .130, and this is what the lead is over. That .14 is "
        "printed can be held neither for nor against it. At first .130 had to be within .025 of .14, a bar set with "
        "the .130 known; it is gone.",
        "A mean is compared with a single person: AIS-06b compares like with like.",
        SEEN,
    ),
)

LIKE_FOR_LIKE = Claim(
    id="ai_scientist.closer_to_people_than_people",
    label="AIS-06b",
    statement="The reviewer is closer to people than they are to each other, beyond chance: to one, and to the mean of "
    "the others.",
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
    metric=Metric(name="one_low", unit="1", better="higher"),
    expectation=Exact(boxes={"one_low": Box(low=0.0), "mean_low": Box(low=0.0)}),
    protocol=Protocol(unit="deterministic", first_seed=430),
    needs=_DRAWN,
    setups_tried=2,
    keywords=("reviewer", "correlation"),
    caveats=(
        'The text: reviews "align more closely with the average human reviewer score than individual human reviewers '
        'align with each other". A mean of four is less noisy than one person, so that anyone is closer to it. Here '
        "both are set against the same: one person, or the mean of a paper's people but one.",
        "With one person the reviewer correlates by .30, another person by .36; with the mean of the others the "
        "reviewer by .40, the person left out by .47. Judged are the lower ends of the differences' 95 % intervals, "
        "papers drawn anew, which are about -.11 and -.145: contradicted means not closer beyond chance. The upper "
        "ends are a shade below 0, by .001 to .005 from seed to seed: too near to say that the reviewer is less "
        "close.",
        "At first point estimates decided, and the reviewer was set against the mean of all, a person against that of "
        "the others. People had discussed a paper and may have moved their scores towards each other.",
        SEEN,
    ),
)

CLAIMS = (AREA, SCORE_AREAS, CORRELATIONS, LIKE_FOR_LIKE)

"""Claims about the scores of the generated papers, from the released reviews of them."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.ai_scientist.figures import ARXIV, RATED, SEEN, SELECTED, TABLES
from claimbench.papers.ai_scientist.workloads import Released
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.generated"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_CPU: dict[Tier, Workload] = {"cpu": Released()}
_RATINGS = tuple(f"generated_{name.replace('.', '_')}" for name in RATED)
_ONLY_MODEL = "Nobody but the paper's own reviewer has scored these papers; see AIS-08 on what it was validated on."

SCORES = Claim(
    id="ai_scientist.scores_as_printed",
    label="AIS-11",
    statement="The mean and highest scores of Tables 3 to 5 follow from the released reviews of generated papers, "
    "within a unit of the last digit.",
    source=Source(arxiv=ARXIV, where="Tables 3 to 5"),
    published=tuple(
        Published(arm=name, metric=metric, value=float(text), unit="1", where=TABLES[name.split(".")[0]])
        for name, (mean, best, _) in RATED.items()
        for metric, text in (("mean score", mean), ("highest score", best))
    ),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:scores",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="diffusion.sonnet.mean", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            f"{name}.{what}": Box(low=float(text) - unit, high=float(text) + unit, published=float(text))
            for name, (mean, best, _) in RATED.items()
            for what, text, unit in (("mean", mean, 0.01), ("best", best, 0.0))
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=_RATINGS),
    setups_tried=2,
    keywords=("score",),
    caveats=(
        "Two means are a unit off: 3.706 is printed as 3.70, 2.316 as 2.31. Eight of the twelve are not of as many "
        "papers as are said to be completed: AIS-11b.",
        "The unit was let pass when these two were known: to the printed digit the two contradict the tables, and the "
        "others agree.",
        _ONLY_MODEL,
        SEEN,
    ),
)

COUNTS = Claim(
    id="ai_scientist.completed_papers_rated",
    label="AIS-11b",
    statement="As many papers were rated as Tables 3 to 5 call completed.",
    source=Source(arxiv=ARXIV, where="Tables 3 to 5"),
    published=tuple(
        Published(arm=name, metric="completed papers", value=count, unit="1", where=TABLES[name.split(".")[0]])
        for name, (_, _, count) in RATED.items()
    ),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:counts",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="diffusion.sonnet", unit="1", better="higher"),
    expectation=Exact(
        boxes={name: Box(low=count, high=count, published=count) for name, (_, _, count) in RATED.items()}
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=_RATINGS),
    setups_tried=1,
    keywords=("score",),
    caveats=(
        "Not the paper's claim, which does not say that all completed papers were rated.",
        "273 were rated and 290 completed. Some may not have been readable; GPT-4o has one more on diffusion than were "
        "completed. The means are of those that were rated, and are as printed.",
        SEEN,
    ),
)

THRESHOLD = Claim(
    id="ai_scientist.papers_reach_threshold",
    label="AIS-12",
    statement="A generated paper scores 6, Table 1's threshold.",
    source=Source(arxiv=ARXIV, where="abstract and Section 6, Table 3"),
    published=(Published(arm="Sonnet 3.5, diffusion", metric="highest score", value=6, unit="1", where="Table 3"),),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:at_threshold",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="at_6", unit="1", better="higher"),
    expectation=Exact(boxes={"papers": Box(low=273, high=273), "at_6": Box(low=1)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=_RATINGS),
    setups_tried=1,
    keywords=("score", "acceptance"),
    caveats=(
        'One of 273, at 6, and none above. The abstract\'s "papers that exceed the acceptance threshold" is read as '
        "one paper at it. The same reviewer, at 6, accepts 31 % of the papers that people rejected.",
        "By its own decision the reviewer rejects all 273: AIS-12b.",
        _ONLY_MODEL,
        SEEN,
    ),
)

ACCEPTED = Claim(
    id="ai_scientist.papers_accepted_by_decision",
    label="AIS-12b",
    statement="A generated paper is accepted by the reviewer's own decision.",
    source=Source(arxiv=ARXIV, where="abstract"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:accepted_by_decision",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="accepted", unit="1", better="higher"),
    expectation=Exact(boxes={"papers": Box(low=273, high=273), "accepted": Box(low=1)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=_RATINGS),
    setups_tried=1,
    keywords=("score", "acceptance"),
    caveats=(
        "The other reading of the abstract: the decision in the review, which is more accurate than the one by a "
        "threshold (Table 1) and accepts 12 % of the real papers.",
        SEEN,
    ),
)

TABLE_2 = Claim(
    id="ai_scientist.selected_scores_as_printed",
    label="AIS-13",
    statement="The ten papers of Table 2 have the scores that it prints.",
    source=Source(arxiv=ARXIV, where="Table 2"),
    published=tuple(
        Published(arm=name, metric="score", value=score, unit="1", where="Table 2") for name, score in SELECTED.items()
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:selected",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="adaptive_dual_scale_denoising", unit="1", better="higher"),
    expectation=Exact(boxes={name: Box(low=score, high=score, published=score) for name, score in SELECTED.items()}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=("generated_selected",)),
    setups_tried=1,
    keywords=("score",),
    caveats=("The table of ratings names ideas, Table 2 titles; which is whose is ours to say.", _ONLY_MODEL, SEEN),
)

AGAIN = Claim(
    id="ai_scientist.reviewed_again",
    label="AIS-13b",
    statement="Another review of the same paper has the same score, within a point.",
    source=Source(arxiv=ARXIV, where="Table 2; example_papers/*/review.txt"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:reviewed_again",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="apart", unit="1", better="lower"),
    expectation=Exact(boxes={"same": Box(low=5), "apart": Box(high=1.0), "farthest": Box(high=1.0)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=("generated_selected", "generated_examples")),
    setups_tried=1,
    keywords=("score", "reliability"),
    caveats=(
        "Not the paper's claim. The review that lies beside each of the ten papers, against Table 2: it is not said "
        "when, nor with what settings, either was made. Ten papers; half of them alike is a bar of ours.",
        SEEN,
    ),
)

RANKS = Claim(
    id="ai_scientist.models_ranked",
    label="AIS-11c",
    role="exploratory",
    statement="By the reviewer's mean scores Sonnet's papers are the best on every template, and over all templates "
    "GPT-4o's are second.",
    source=Source(arxiv=ARXIV, where="Section 6, Figure 4 and Tables 3 to 5"),
    published=tuple(
        Published(
            arm=name.split(".")[1], metric="mean score", value=float(mean), unit="1", where=TABLES[name.split(".")[0]]
        )
        for name, (mean, _, _) in RATED.items()
    ),
    kind="ranking",
    experiment=f"{_EXPERIMENTS}:ranks",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="over_all.gpt4o", unit="1", better="higher"),
    expectation=Exact(
        boxes={**{f"{name}.sonnet": Box(low=0.0) for name in TABLES}, "over_all.gpt4o": Box(low=0.0)},
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 1.0}, data=_RATINGS),
    setups_tried=2,
    keywords=("score", "grokking"),
    caveats=(
        'Section 6: Sonnet "consistently" best, "with GPT-4o coming in second". Consistently is read as on every '
        "template, second as over all papers, each counting once: the means are 3.76 (Sonnet, 83 papers), 3.33 "
        "(GPT-4o, 45), 3.22 (DeepSeek, 79) and 2.18 (Llama, 66). On one template GPT-4o is third (AIS-11d), which was "
        "judged here at first: exploratory, since the reading was changed with the figures known.",
        "The ranking is called one of manual inspection that the scores validate. Means alone: no error is counted, "
        "and GPT-4o's lead over DeepSeek is a tenth of a point. Means of the templates' means have the same order.",
        _ONLY_MODEL,
        SEEN,
    ),
)

CLAIMS = (SCORES, COUNTS, RANKS, THRESHOLD, ACCEPTED, TABLE_2, AGAIN)

"""Claims about our own loop, whose embedded proposer needs no language model: what it finds, and what it prints."""

from __future__ import annotations

from claimbench.expectation import AllOf, AtLeast, Box, Exact, Ratio
from claimbench.papers.ai_scientist.figures import ARXIV
from claimbench.papers.ai_scientist.workloads import Planted, Searched
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.loop"
_UNITS = 16
_PAPERS = 600
_EMBEDDED = (
    "The loop is ours, and its proposer is a bandit over settings that were listed beforehand; no language model has a "
    "part in it. It says nothing of the paper's system, whose ideas are programs."
)

SEARCH = Claim(
    id="ai_scientist.loop_search",
    label="AIS-16b",
    statement="At equal budget the loop finds better settings of its experiment than random search does.",
    source=Source(arxiv=ARXIV, where="not in the paper, whose loop is compared with nothing"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:search",
    arms=(
        Arm(name="loop", options={"proposer": "loop"}),
        Arm(
            name="random",
            role="baseline",
            options={"proposer": "random"},
            why_fair="as many runs, the default among them, of the same settings, on the same tuning seeds, and the "
            "same rule for what is chosen; random search is what such spaces are commonly searched with (Bergstra "
            "and Bengio, 2012)",
        ),
    ),
    workloads={
        "cpu": Searched(template="grokking", search=28, tuning_seeds=1, held_out_seeds=6),
    },
    metric=Metric(name="held_out", unit="%", better="lower", units={"tuning": "%"}),
    expectation=Ratio(subject="loop", baseline="random", at_least=1.1),
    protocol=Protocol(unit="seed", n={"cpu": _UNITS}, n_min=_UNITS, paired=True, first_seed=660),
    needs=Needs(core_seconds={"cpu": 600.0}, memory_bytes=2 * 2**30),
    setups_tried=4,
    keywords=("loop", "bandit", "search"),
    caveats=(
        "One experiment: a network with one hidden layer learns addition modulo 23, judged by its mean error on cells "
        "that it has not seen. The space has 1800 settings, of which 33 are run; a tenth less error is a bar of ours.",
        "A unit is a whole search, with seeds for choosing and for judging of its own. The loop in full has two tuning "
        "seeds; here it is one.",
        _EMBEDDED,
    ),
)

PAPER = Claim(
    id="ai_scientist.loop_paper_numbers",
    label="AIS-16c",
    statement="A run of the loop ends in a paper all of whose numbers are those of its logs; a paper with another "
    "number is refused, and an interrupted run ends in the same paper.",
    source=Source(arxiv=ARXIV, where="Section 5, where numbers are said to match the experimental logs exactly"),
    kind="identity",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:paper",
    arms=(Arm(name="ours"),),
    workloads={"smoke": Planted(search=12)},
    metric=Metric(name="standing", unit="1", better="higher"),
    expectation=Exact(boxes={name: Box(low=1.0, high=1.0) for name in ("standing", "refused", "resumed")}),
    protocol=Protocol(unit="deterministic", first_seed=680),
    needs=Needs(core_seconds={"smoke": 4.0}),
    setups_tried=1,
    keywords=("loop", "numbers"),
    caveats=(
        "A number of a table stands where a logged value, or one that follows from logged values, rounds to it. That "
        "the logs are right is not looked at; nothing is trained here.",
        _EMBEDDED,
    ),
)

RIGHT = Claim(
    id="ai_scientist.loop_papers_right",
    label="AIS-16d",
    statement="The loop's papers err in one of twenty cases at most: they claim no improvement where there is none, "
    "and their intervals hold the one that there is.",
    source=Source(arxiv=ARXIV, where="not in the paper, whose generated papers are judged by a language model alone"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:right",
    arms=(Arm(name="none", options={"effects": "none"}), Arm(name="planted", options={"effects": "planted"})),
    workloads={"cpu": Planted(search=12)},
    metric=Metric(name="right", unit="1", better="higher"),
    expectation=AllOf(
        parts=tuple(AtLeast(arm=arm, floor=0.95, reference=0.5) for arm in ("none", "planted")),
    ),
    protocol=Protocol(unit="item", n={"cpu": _PAPERS}, n_min=_PAPERS, first_seed=0, seeds_per_trial=100),
    needs=Needs(core_seconds={"cpu": 200.0}),
    setups_tried=1,
    keywords=("loop", "coverage"),
    caveats=(
        "Each item is a whole loop up to its revised paper. Nothing is trained: effects of settings are written in the "
        "program, and noise is normal, as the intervals take it to be. What training makes of noise is not shown.",
        _EMBEDDED,
    ),
)

CLAIMS = (SEARCH, PAPER, RIGHT)

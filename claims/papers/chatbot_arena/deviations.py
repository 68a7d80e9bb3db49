"""What code in production does otherwise than the paper: whether a reader of its leaderboard sees anything of it.

Statements say that nothing is seen, to the bars that other claims have: whole points and places, 3 % of an interval's
length, 1.5 % of its coverage, 5 % of arenas. D3, intervals by the bootstrap in the place of the sandwich, is CA-13; D6,
the detector that was shipped, is CA-25.
"""

from __future__ import annotations

from claimbench.expectation import AllOf, AtLeast, Box, Exact
from claimbench.papers.chatbot_arena.designs import Judge, RankSets, RealRanks
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source, Tier, Workload

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_EXPERIMENTS = "claimbench.impls.chatbot_arena.experiments.deviations"
_DATA = ("arena_votes",)
_ONCE = Protocol(unit="deterministic")
_SEEDS = Protocol(unit="seed", n={"cpu": 16}, n_min=12, seeds_per_trial=8)
_SHIPPED = (Arm(name="shipped"),)
_SMOKE: dict[Tier, Workload] = {"smoke": Printed()}
_NEEDS = Needs(core_seconds={"smoke": 1.0}, data=_DATA)
_REAL = (
    "On the Arena's 1,670,250 votes (129 models, August 2024). Its algorithm is written anew; none of its code is run."
)
_SAME = Box(low=0.97, high=1.03)

EARLY_STOP = Claim(
    id="chatbot_arena.optimiser_stops_early",
    label="CAD-1",
    statement="The optimiser that the Arena's code calls reaches the maximum of the likelihood, to half a point and to "
    "the place.",
    source=Source(arxiv=ARXIV, where="Section 4, equation 3; FastChat, serve/monitor/rating_systems.py, fit_bt"),
    kind="ranking",
    experiment=f"{_EXPERIMENTS}:early_stop",
    arms=_SHIPPED,
    workloads=_SMOKE,
    metric=Metric(name="largest", unit="points", better="lower"),
    expectation=Exact(boxes={"largest": Box(high=0.5, unit="points"), "places": Box(high=0)}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("fastchat", "optimiser"),
    caveats=(
        "Scipy's L-BFGS-B stops when the loss, a sum over all votes, falls by a share of 2e-9; where exactly depends "
        "on its version. A point is a fifth of a typical interval's half-length: what changes places is tied anyway.",
        _REAL,
    ),
)

NO_WEIGHTS = Claim(
    id="chatbot_arena.no_reweighting",
    label="CAD-2",
    statement="That the Arena's code leaves out the weights of equation 7 changes no rating by more than half a point, "
    "and no place.",
    source=Source(arxiv=ARXIV, where="Section 5, equation 7; FastChat, rating_systems.py, compute_bt"),
    kind="ranking",
    experiment=f"{_EXPERIMENTS}:no_reweighting",
    arms=_SHIPPED,
    workloads=_SMOKE,
    metric=Metric(name="largest", unit="points", better="lower"),
    expectation=Exact(
        boxes={
            "largest": Box(high=0.5, unit="points"),
            "places": Box(high=0),
            "top_ten": Box(low=10, high=10),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=2,
    keywords=("fastchat", "weights"),
    caveats=(
        "Which weights are right is a choice of what is to be estimated: where Bradley–Terry does not hold exactly, "
        "ratings depend on who meets whom. The paper chooses pairs shown equally often.",
        "Pairs with fewer than 50 votes weigh as if they had 50, as in arena-rank; without that, ratings differ more.",
        _REAL,
    ),
)

_EQUAL = RankSets(models=(4, 10, 20), votes=(10_000,), replications=2000)

OVERLAP = Claim(
    id="chatbot_arena.overlap_of_intervals",
    label="CAD-4",
    statement="With ranks from single 95 % intervals that do not meet, as on the leaderboard, in at most 5 % "
    "of arenas does some model's rank lie outside its interval.",
    source=Source(arxiv=ARXIV, where="Section 5, equation 8; FastChat, serve/monitor/monitor.py"),
    kind="quality",
    experiment="claimbench.impls.chatbot_arena.experiments.intervals:rank_errors",
    arms=(Arm(name="pointwise", options={"method": "pointwise"}),),
    workloads={"cpu": _EQUAL},
    metric=Metric(name="fwer_20", unit="1", better="lower"),
    expectation=AllOf(
        parts=tuple(
            AtLeast(arm="pointwise", metric=f"fwer_{design}{m}", floor=0.05, reference=0.1)
            for design in ("", "equal_")
            for m in _EQUAL.models
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 20.0}),
    setups_tried=1,
    keywords=("fastchat", "rank", "simultaneous"),
    caveats=(
        "Two intervals that do not meet are 2.8 standard errors apart, which is strict for one pair and not for all of "
        "them. It is at its worst where models are equal (`fwer_equal_M`); with Figure 6's strengths it holds.",
        "Simulated as in CA-15; CAD-4b is the Arena's own design.",
    ),
)

OVERLAP_IN_THE_ARENA = Claim(
    id="chatbot_arena.overlap_in_the_arena",
    label="CAD-4b",
    statement="In the Arena's own design, ranks from single 95 % intervals that do not meet, all with one model at "
    "1114 points, are right with probability 95 %.",
    source=OVERLAP.source,
    kind="quality",
    experiment="claimbench.impls.chatbot_arena.experiments.intervals:real_rank_errors",
    arms=(Arm(name="anchored", options={"method": "anchored"}),),
    workloads={"cpu": RealRanks(replications=2000)},
    metric=Metric(name="fwer", unit="1", better="lower"),
    expectation=AtLeast(arm="anchored", floor=0.05, reference=0.1),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 80.0}, data=_DATA),
    setups_tried=3,
    keywords=("fastchat", "rank", "simultaneous"),
    caveats=(
        "Votes are drawn from the Bradley–Terry ratings of the real ones, whose models differ: equal ones would make "
        "it worse (CAD-4). That errors are about as rare as they should be is luck: nothing in the rule sees to it.",
        "On pilots the rate lay between 4.3 and 5.1 %, so near to the bar that these trials may leave it open.",
        "The anchor makes intervals longer (CAD-5); with intervals of mean zero errors are twice as frequent.",
        "Intervals by the sandwich, to which the bootstrap's tend.",
    ),
)

ANCHORED = Claim(
    id="chatbot_arena.anchored_intervals",
    label="CAD-5",
    statement="Putting one model at 1114 points in every bootstrap draw leaves intervals as long as they were, to 3 %.",
    source=Source(arxiv=ARXIV, where="Section 5; FastChat, rating_systems.py, scale_and_offset"),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:re_anchoring",
    arms=_SHIPPED,
    workloads=_SMOKE,
    metric=Metric(name="greatest", unit="1", better="lower"),
    expectation=Exact(boxes={"anchor": _SAME, "median": _SAME, "greatest": _SAME}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("fastchat", "bootstrap", "anchor"),
    caveats=(
        "The anchor's own interval has no length, and all others carry its error. Against intervals of ratings with "
        "mean zero; neither is wrong, for only differences are determined, but reading ranks off them is (CAD-4).",
        _REAL,
    ),
)

RIDGE = Claim(
    id="chatbot_arena.ridge_in_the_sandwich",
    label="CAD-7",
    statement="The ridge that arena-rank adds to the information leaves intervals as long as the sandwich's, to 3 %.",
    source=Source(arxiv=ARXIV, where="Section 5; arena-rank 0.1.1, models/bradley_terry.py"),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:ridge",
    arms=_SHIPPED,
    workloads=_SMOKE,
    metric=Metric(name="fewest", unit="1", better="higher"),
    expectation=Exact(boxes={"median": _SAME, "fewest": _SAME}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("arena_rank", "sandwich"),
    caveats=(
        "`fewest` is the model with the fewest votes, 1,193 of them. The ridge grows with all votes, and the "
        "information on a rare model does not, so that its interval shrinks as the Arena grows.",
        _REAL,
    ),
)

COPIED = Claim(
    id="chatbot_arena.copied_votes",
    label="CAD-8",
    statement="Arena-Hard's intervals, from votes that are copied when strong and drawn anew as if independent, cover "
    "the 90 % between the quantiles that they report.",
    source=Source(arxiv="2406.11939v1", where="arena-hard-auto, show_result.py"),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:copied_votes",
    arms=(
        Arm(name="rows", options={"resamples": "rows"}),
        Arm(
            name="prompts",
            role="baseline",
            options={"resamples": "prompts"},
            why_fair="the same scores, prompts drawn anew with all of their rows: what a bootstrap could be",
        ),
    ),
    workloads={"cpu": Judge(prompts=500, strong=0.5, replications=1000)},
    metric=Metric(name="coverage", unit="1", better="higher"),
    expectation=AtLeast(arm="rows", floor=0.885, reference=0.8),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 15.0}, data=("qlora_gpt4",)),
    setups_tried=1,
    keywords=("arena_hard", "bootstrap", "judge"),
    caveats=(
        "Its judgements are too large for its repository. How often two orders of a pair agree is GPT-4's on QLoRA's "
        "953 prompts; that half of the decisive votes are strong is assumed. With none strong, rows cover 80 %.",
        "In the limit of many draws, without drawing. Chatbot Arena itself copies no votes.",
    ),
)

CLAIMS = (EARLY_STOP, NO_WEIGHTS, OVERLAP, OVERLAP_IN_THE_ARENA, ANCHORED, RIDGE, COPIED)

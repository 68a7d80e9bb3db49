"""Claims about rankings that published votes give, and what they hang on: versions, styles, a few votes."""

from __future__ import annotations

from claimbench.expectation import AllOf, AtLeast, Box, Exact
from claimbench.papers.chatbot_arena.designs import Styles
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_RATINGS = "claimbench.impls.chatbot_arena.experiments.ratings"
_ROBUSTNESS = "claimbench.impls.chatbot_arena.experiments.robustness"
_DATA = ("arena_votes",)
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)

FIGURE_2_ORDER = Claim(
    id="chatbot_arena.figure_2_order",
    label="CA-08",
    statement="Figure 2's win rates and counts give the order in which it lists its models: the first two and the "
    "last to the place, the others to one place.",
    source=Source(arxiv=ARXIV, where="Figure 2"),
    published=(Published(arm="all pairs", metric="battles", value=31_348, unit="1", where="Figure 2, sum of counts"),),
    kind="ranking",
    experiment=f"{_RATINGS}:figure_2",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="rank gpt-4-turbo", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "battles": Box(low=31_348, high=31_348),
            "rank gpt-4-turbo": Box(low=1, high=1, published=1),
            "rank gpt-4-0613": Box(low=2, high=2, published=2),
            "rank mistral-medium": Box(low=2, high=4, published=3),
            "rank mixtral": Box(low=3, high=5, published=4),
            "rank gemini-pro-dev": Box(low=4, high=6, published=5),
            "rank claude-2.1": Box(low=5, high=7, published=6),
            "rank gpt-3.5-0613": Box(low=6, high=8, published=7),
            "rank claude-instant-1": Box(low=7, high=9, published=8),
            "rank llama-2-70b": Box(low=8, high=10, published=9),
            "rank llama-2-13b": Box(low=9, high=11, published=10),
            "rank llama-2-7b": Box(low=10, high=12, published=11),
            "rank mistral-7b": Box(low=12, high=12, published=12),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}),
    keywords=("figure_2",),
    caveats=(
        "The figure shows twelve models, and the Arena's own order comes from battles with all others as well. Its "
        "rows are taken to be in that order, which the paper does not say.",
        "Win rates are printed to a per cent; Bradley–Terry fits them not quite (χ² = 82.5 on 55 degrees of freedom).",
    ),
)

VERSIONS = Claim(
    id="chatbot_arena.versions_differ",
    label="CA-09",
    statement="Versions of a model differ: gpt-4-0314 stands above gpt-4-0613, and gpt-3.5-turbo-0613 above 0314 and "
    "1106, each beyond chance.",
    source=Source(arxiv=ARXIV, where="lmsys.org's post of 2023-12-07"),
    published=(
        Published(arm="gpt-4-0314", metric="rating", value=1201, unit="points", where="post, text"),
        Published(arm="gpt-4-0613", metric="rating", value=1152, unit="points", where="post, text"),
        Published(arm="gpt-3.5-turbo-0613", metric="rating", value=1112, unit="points", where="post, text"),
        Published(arm="gpt-3.5-turbo-0314", metric="rating", value=1106, unit="points", where="post, text"),
    ),
    kind="ranking",
    experiment=f"{_RATINGS}:model_versions",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="gpt4_0314_over_0613", unit="points", better="higher"),
    expectation=Exact(
        boxes={
            f"{pair}{end}": Box(low=0.0, published=None if end else published, unit="points")
            for pair, published in (
                ("gpt4_0314_over_0613", 49.0),
                ("gpt35_0613_over_0314", 6.0),
                ("gpt35_0613_over_1106", None),
            )
            for end in ("_low", "", "_high")
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}, data=_DATA),
    keywords=("versions",),
    caveats=(
        "Signs only, with 95 % intervals by the sandwich: nine months and more than a million votes later the first "
        "gap is half of what the post has. Other opponents and other users had come by then.",
    ),
)

_STYLE = (0.249, 0.031, 0.024, 0.019)

STYLE = Claim(
    id="chatbot_arena.style_recovered",
    label="CA-31",
    statement="Regressing votes on strength and style recovers what style counts for, of which length is by far the "
    "most.",
    source=Source(arxiv=ARXIV, where="lmsys.org's post of 2024-08-29"),
    published=tuple(
        Published(arm=feature, metric="coefficient", value=value, unit="1", where="post, style control for both")
        for feature, value in zip(("length", "lists", "headers", "bold"), _STYLE, strict=True)
    ),
    kind="ranking",
    experiment=f"{_ROBUSTNESS}:style_recovery",
    arms=_OURS,
    workloads={"cpu": Styles(models=20, votes=20_000, replications=20, coefficients=_STYLE)},
    metric=Metric(name="within", unit="1", better="higher"),
    expectation=AllOf(
        parts=(
            AtLeast(arm="ours", floor=0.9, reference=0.5),
            AtLeast(arm="ours", metric="lead", floor=0.109, reference=0.0, published=0.218),
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 16}, n_min=12, seeds_per_trial=8),
    needs=Needs(core_seconds={"cpu": 15.0}, data=_DATA),
    setups_tried=1,
    keywords=("style",),
    caveats=(
        "Recovery where the truth is known: votes are simulated with the post's coefficients, stronger models writing "
        "longer. Its votes and answers are not in a public repository, so that the coefficients themselves are not "
        "tested, nor whether style is all that length stands for (CA-32).",
        "Unlike FastChat's code ours has no ridge and no centring, and ratings and style on one scale.",
        "Numbers of models, votes and markdown are ours.",
        "`within` is the share of estimates inside two standard errors; 109 in a thousand is half of the post's lead.",
    ),
)

FEW_VOTES = Claim(
    id="chatbot_arena.few_votes_decide",
    label="CA-37",
    statement="Less than a tenth of a per cent of the votes, well chosen, decides which model is first.",
    source=Source(arxiv="2508.11847v2", where="abstract: 0.003 % (0.02 % in its first version)"),
    published=(
        Published(arm="Chatbot Arena", metric="votes dropped", value=0.003, unit="%", where="abstract"),
        Published(arm="Chatbot Arena", metric="votes dropped", value=0.02, unit="%", where="abstract of version 1"),
    ),
    kind="ranking",
    experiment=f"{_ROBUSTNESS}:fewest_votes",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="first", unit="%", better="lower"),
    expectation=Exact(
        boxes={
            "first": Box(high=0.1, published=0.003, unit="%"),
            "top_ten": Box(high=0.1, unit="%"),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}, data=_DATA),
    setups_tried=1,
    keywords=("influence", "robustness"),
    caveats=(
        "On other votes than that paper's 57,477, whose first two models were closer; a tenth of a per cent is our "
        "bar. On these the first place takes ten times the published share, and the seventh, the closest of the first "
        "ten, less than it.",
        "Chosen by the influence function and confirmed by refits; another choice could do with fewer. Somebody who "
        "casts votes cannot choose so freely, and intervals of rank (CA-15b) call the same models tied.",
    ),
)

CLAIMS = (FIGURE_2_ORDER, VERSIONS, STYLE, FEW_VOTES)

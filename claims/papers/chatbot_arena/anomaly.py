"""Claims about anomalous users: what the paper's test and others flag, of honest users and of bots."""

from __future__ import annotations

from claimbench.expectation import AllOf, AtLeast, Box, Exact
from claimbench.papers.chatbot_arena.simulated import Crowd, Injection, PairHistory
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_EXPERIMENTS = "claimbench.impls.chatbot_arena.experiments.anomaly"
_DATA = ("arena_votes",)
_SEEDS = Protocol(unit="seed", n={"cpu": 16}, n_min=12, seeds_per_trial=8)
_KNOWN = ("random", "always_first", "inverted")
_HELD_OUT = (
    "always_tie",
    "three_ways",
    "coin",
    "copy_previous",
    "alternating",
    "leaning_right",
    "indifferent",
    "lazy",
    "tired",
    "one_model",
)
_CROWD = Crowd(families="known", users=1000)
_USERS = (
    "Users are simulated: pairs as often as they were shown in the real Arena (129 models, August 2024), honest votes "
    "with the pairs' real shares of wins and ties, independent from user to user. Real people differ from one another "
    "(CA-24c), so that more of them would be flagged."
)
_BOTS = (
    "Bots are simulated too: `random` presses one of four buttons, `always_first` the left, `inverted` votes against "
    "what an honest user would have said. The 25 users whom the authors labelled by hand were not released."
)

VALID = Claim(
    id="chatbot_arena.p_values_valid",
    label="CA-21",
    statement="The p-values of equation 10 are valid where a vote is exchangeable with those of others: P(p ≤ t) ≤ t.",
    source=Source(arxiv=ARXIV, where="Section 5.1, equation 10, and Appendix C"),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:p_value_validity",
    arms=(Arm(name="ours"),),
    workloads={
        "smoke": PairHistory(
            votes=(1, 2, 5, 20), shares=((0.37, 0.35, 0.28), (0.6, 0.3, 0.1), (0.5, 0.0, 0.5), (0.02, 0.08, 0.9))
        )
    },
    metric=Metric(name="excess", unit="1", better="lower"),
    expectation=Exact(boxes={"printed": Box(high=1e-9), "randomized": Box(high=1e-9)}),
    protocol=Protocol(unit="deterministic"),
    needs=Needs(core_seconds={"smoke": 3.0}),
    keywords=("users", "p_value"),
    caveats=(
        "Enumerated, not simulated, for a single vote; that later p-values of a user depend on the same votes of "
        "others is left to CA-22. `randomized` is our form of it, which is uniform exactly.",
    ),
)

LEVEL = Claim(
    id="chatbot_arena.fisher_level",
    label="CA-22",
    statement="Fisher's combination at five random looks, each at χ² of 1 − α/5, flags at most a share α of honest "
    "users.",
    source=Source(arxiv=ARXIV, where="Section 5.1"),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:detection",
    arms=(
        Arm(name="printed_10", options={"detector": "printed", "alpha": 0.1}),
        Arm(name="printed_30", options={"detector": "printed", "alpha": 0.3}),
        Arm(name="randomized_10", options={"detector": "randomized", "alpha": 0.1}),
        Arm(name="randomized_30", options={"detector": "randomized", "alpha": 0.3}),
    ),
    workloads={"cpu": _CROWD},
    metric=Metric(name="fpr", unit="1", better="lower"),
    expectation=AllOf(
        parts=tuple(
            AtLeast(arm=f"{form}_{percent}", floor=percent / 100, reference=2 * percent / 100)
            for form in ("printed", "randomized")
            for percent in (10, 30)
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 30.0}, data=_DATA),
    setups_tried=1,
    keywords=("users", "p_value", "fisher"),
    caveats=(_USERS, "α = .1 and .3 are the levels of the paper's Table 5."),
)

DETECTS = Claim(
    id="chatbot_arena.fisher_power",
    label="CA-23",
    statement="The test of Section 5.1 detects anomalous users: at α = .1 it flags half of them within 100 votes.",
    source=Source(arxiv=ARXIV, where="Section 7.2 and Table 5"),
    published=(
        Published(arm="test, α = .1 or .3", metric="true positive rate", value=90, unit="%", where="Section 7.2"),
        Published(arm="test, α = .1", metric="anomalous users flagged of 25", value=13, unit="1", where="Table 5"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:detection",
    arms=(
        Arm(name="printed", options={"detector": "printed", "alpha": 0.1}),
        Arm(
            name="two_sided",
            role="baseline",
            options={"detector": "two_sided", "alpha": 0.1},
            why_fair="the same combination and looks with randomised two-sided p-values: what the test could be",
        ),
    ),
    workloads={"cpu": _CROWD},
    metric=Metric(name="tpr_random", unit="1", better="higher"),
    expectation=AllOf(
        parts=tuple(
            AtLeast(arm="printed", metric=f"tpr_{family}", floor=0.5, reference=0.1, published=0.52)
            for family in _KNOWN
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 15.0}, data=_DATA),
    setups_tried=1,
    keywords=("users", "p_value", "fisher", "bots"),
    caveats=(
        "Table 5's cells are shares of the users flagged, and of those not flagged; of the 25 anomalous users 13 were "
        "flagged at α = .1, which is 52 %, not the 90 % of the text.",
        "A vote for the first model has p = 1 by equation 10 as printed, and an honest vote's mean −2 ln p is below "
        "the 2 by which the χ² grows; the authors' table must come from another form of the test than the one printed.",
        _BOTS,
    ),
)

E_PROCESS = Claim(
    id="chatbot_arena.e_process",
    label="CA-24",
    statement="A mixture of bets flags nine bots in ten within 100 votes and at most 4 % of honest users, of families "
    "that it was made with.",
    source=Source(arxiv=ARXIV, where="Section 8: e-values did not perform well in terms of power"),
    published=(
        Published(arm="test, α = .1", metric="anomalous users flagged of 25", value=13, unit="1", where="Table 5"),
        Published(arm="test, α = .1", metric="normal users flagged of 25", value=1, unit="1", where="Table 5"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:detection",
    arms=(Arm(name="e_process", options={"detector": "e_process", "alpha": 0.04}),),
    workloads={"cpu": Crowd(families="known", users=4000)},
    metric=Metric(name="tpr_random", unit="1", better="higher"),
    expectation=AllOf(
        parts=(
            AtLeast(arm="e_process", metric="tnr", floor=0.96, reference=0.90),
            *(AtLeast(arm="e_process", metric=f"tpr_{family}", floor=0.9, reference=0.04) for family in _KNOWN),
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 75.0}, data=_DATA),
    setups_tried=6,
    keywords=("users", "e_value", "bots"),
    caveats=(
        "Ours against the paper's remark, which names no construction. 52 % and 4 % are what its own test reached.",
        "The bets were chosen with these three families in view; CA-24b has families that they were not.",
        "Who knows the bot and the pairs' probabilities could flag 99.6 % of the random ones at that level.",
        _USERS,
        _BOTS,
    ),
)

HELD_OUT = Claim(
    id="chatbot_arena.e_process_held_out",
    label="CA-24b",
    statement="The same mixture of bets flags, within 100 votes, nine in ten of the bots of every family that it was "
    "not made with, and at most 4 % of honest users.",
    source=E_PROCESS.source,
    kind="quality",
    experiment=f"{_EXPERIMENTS}:detection",
    arms=E_PROCESS.arms,
    workloads={"cpu": Crowd(families="held_out", users=1000)},
    metric=Metric(name="tpr_lazy", unit="1", better="higher"),
    expectation=AllOf(
        parts=(
            AtLeast(arm="e_process", metric="tnr", floor=0.96, reference=0.90),
            *(AtLeast(arm="e_process", metric=f"tpr_{family}", floor=0.9, reference=0.04) for family in _HELD_OUT),
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 30.0}, data=_DATA),
    setups_tried=1,
    keywords=("users", "e_value", "bots"),
    caveats=(
        "The families, in impls/chatbot_arena/users.py, were written after the bets had been fixed, and the bets were "
        "not changed after they had been seen; PILOTS.md has two provisos.",
        "No test can reach nine in ten on all of them: at a level of 4 % the most powerful one, which knows the bot "
        "and the pairs' probabilities, flags 68 % of `lazy`, 90 % of `tired` and 91 % of `three_ways` in 100 votes.",
        _USERS,
    ),
)

REAL_WORKERS = Claim(
    id="chatbot_arena.e_process_real_workers",
    label="CA-24c",
    statement="In a real crowd the mixture of bets, allowing for people's habits, flags nine bots in ten after 100 "
    "votes and spares nine workers in ten.",
    source=E_PROCESS.source,
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:injection",
    arms=(
        Arm(name="exchangeable", options={"tolerant": False, "alpha": 0.04}),
        Arm(name="tolerant", options={"tolerant": True, "alpha": 0.04}),
    ),
    workloads={"cpu": Injection(votes=(25, 50, 100))},
    metric=Metric(name="tpr_random_100", unit="1", better="higher"),
    expectation=AllOf(
        parts=(
            AtLeast(arm="tolerant", metric="spared_100", floor=0.9, reference=0.5),
            *(AtLeast(arm="tolerant", metric=f"tpr_{family}_100", floor=0.9, reference=0.04) for family in _KNOWN),
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 40.0}, data=("llmfao_crowd",)),
    setups_tried=5,
    keywords=("users", "e_value", "bots", "llmfao"),
    caveats=(
        "llmfao's crowd, 24 workers with 100 votes or more on answers of 59 models to 13 prompts; whether they are "
        "honest is not known. Half of them are flagged as not exchangeable, a third where a tolerance for ties and "
        "sides is allowed: people have habits, and a test for exchangeability sees them.",
        "Votes are compared within ten groups of about equally lopsided pairs.",
    ),
)

SHIPPED = Claim(
    id="chatbot_arena.shipped_detector",
    label="CA-25",
    statement="The detector in FastChat, which is not the paper's, flags at most 5 % of honest users and half of the "
    "bots within 100 votes.",
    source=Source(arxiv=ARXIV, where="Section 5.1; FastChat, serve/monitor/elo_analysis.py, outlier_detect"),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:detection",
    arms=(Arm(name="shipped", options={"detector": "shipped", "alpha": 0.05}),),
    workloads={"cpu": _CROWD},
    metric=Metric(name="tpr_random", unit="1", better="higher"),
    expectation=AllOf(
        parts=(
            AtLeast(arm="shipped", metric="tnr", floor=0.95, reference=0.90),
            *(AtLeast(arm="shipped", metric=f"tpr_{family}", floor=0.5, reference=0.05) for family in _KNOWN),
        )
    ),
    protocol=_SEEDS,
    needs=Needs(core_seconds={"cpu": 15.0}, data=_DATA),
    setups_tried=1,
    keywords=("users", "bots", "fastchat"),
    caveats=(_USERS, _BOTS),
)

CLAIMS = (VALID, LEVEL, DETECTS, E_PROCESS, HELD_OUT, REAL_WORKERS, SHIPPED)

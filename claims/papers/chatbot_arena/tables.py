"""Claims that data sets of others decide: judges, sides, leaderboards."""

from __future__ import annotations

from claimbench.expectation import Box, Exact, printed
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_EXPERIMENTS = "claimbench.impls.chatbot_arena.experiments.tables"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_CPU: dict[Tier, Workload] = {"cpu": Printed()}
_TABLE_3 = Source(arxiv=ARXIV, where="Section 6.3 and Table 3")
_OTHERS = "Other people, other models and other prompts than the paper's, whose votes with names are not public."

PEOPLE = Claim(
    id="chatbot_arena.people_agree_with_people",
    label="CA-26c",
    statement="People who judge the same pairs of answers agree with each other more than a model agrees with them.",
    source=_TABLE_3,
    published=(
        Published(arm="expert 1 and expert 2", metric="agreement", value=79.4, unit="%", where="Table 3, GPT-3.5"),
        Published(arm="expert 1 and expert 2", metric="agreement", value=89.8, unit="%", where="Table 3, Llama-2-13b"),
        Published(arm="expert 1 and GPT-4", metric="agreement", value=81.0, unit="%", where="Table 3, Llama-2-13b"),
    ),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:annotators",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="people_least", unit="%", better="higher"),
    expectation=Exact(
        boxes={
            **{f"people_{end}": Box(low=79.4, high=100.0, unit="%") for end in ("least", "greatest")},
            **{
                f"people_{model}_{end}": Box(high=79.4, unit="%")
                for model in ("gpt35", "pandalm")
                for end in ("least", "greatest")
            },
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 2.0}, data=("pandalm_annotators", "pandalm_gpt35", "pandalm_7b")),
    setups_tried=1,
    keywords=("agreement", "pandalm"),
    caveats=(
        "In the place of CA-26: PandaLM's three annotators, GPT-3.5 and PandaLM-7B on 999 pairs. Pairs that divided "
        "the people were left out by their authors, so that they agree on more than they would.",
        _OTHERS,
    ),
)

CROWD = Claim(
    id="chatbot_arena.crowd_agrees_with_gpt4",
    label="CA-26d",
    statement="Where neither calls a tie, GPT-4 agrees with a crowd's majority about as often as in the paper.",
    source=_TABLE_3,
    published=(Published(arm="crowd and GPT-4", metric="agreement", value=75.6, unit="%", where="Table 3, both"),),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:crowd_and_model",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="decided", unit="%", better="higher"),
    expectation=Exact(
        boxes={
            "decided": Box(low=70.0, high=81.0, published=75.6, unit="%"),
            "share": Box(low=33.3, unit="%"),
            "kappa": Box(low=0.0),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 2.0}, data=("llmfao_crowd", "llmfao_gpt4_crowd")),
    setups_tried=1,
    keywords=("agreement", "llmfao"),
    caveats=(
        "In the place of CA-26: llmfao's 2,139 pairs. Ties among the verdicts, agreement is 45 %; the paper's is taken "
        "to be without them.",
        _OTHERS,
    ),
)

SIDE = Claim(
    id="chatbot_arena.side_matters",
    label="CA-26e",
    statement="Which answer is shown first, or on the left, matters to people and to GPT-4.",
    source=Source(arxiv=ARXIV, where="Section 3: models are shown on random sides"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:which_side",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="crowd_z", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "crowd_z": Box(low=1.96),
            **{f"{bench}_first": Box(low=45.0, unit="%") for bench in ("oa", "vicuna")},
            **{f"{bench}_second": Box(high=45.0, unit="%") for bench in ("oa", "vicuna")},
            **{f"{bench}_same_when_swapped": Box(high=90.0, unit="%") for bench in ("oa", "vicuna")},
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 3.0}, data=("llmfao_crowd", "qlora_gpt4")),
    setups_tried=1,
    keywords=("position", "llmfao", "qlora"),
    caveats=("Why sides must be random, as the Arena's are; it does not bias its ratings.", _OTHERS),
)

SEPARABILITY = Claim(
    id="chatbot_arena.arena_hard_separates",
    label="CA-33",
    statement="Arena-Hard tells most pairs of models apart: far more than MT-bench does, among the best twenty.",
    source=Source(arxiv="2406.11939v1", where="lmsys.org's post of 2024-04-19, Table 1"),
    published=(
        Published(arm="Arena-Hard-Auto 0.1", metric="separability", value=87.4, unit="%", where="post, Table 1"),
        Published(arm="MT-bench", metric="separability", value=22.6, unit="%", where="post, Table 1"),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:arena_hard_separability",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="top_20", unit="%", better="higher"),
    expectation=Exact(
        boxes={"top_20": Box(low=55.0, published=87.4, unit="%"), "all": Box(low=55.0, unit="%")},
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 2.0}, data=("arena_hard",)),
    setups_tried=1,
    keywords=("arena_hard", "separability"),
    caveats=(
        "On its leaderboard of July 2024, the one that is public: other models than in April, so that the bar is half "
        "the way from MT-bench's 22.6 %.",
        "Its intervals are of rows drawn anew as if independent (CAD-8), which makes more of them disjoint.",
    ),
)

NULL_MODEL = Claim(
    id="chatbot_arena.null_model_leads",
    label="CA-40",
    statement="A model whose answers are the same whatever is asked stands first on AlpacaEval 2's leaderboard.",
    source=Source(arxiv="2410.07137v1", where="AlpacaEval 2's leaderboard, entry NullModel"),
    published=(
        Published(arm="NullModel", metric="length-controlled win rate", value=86.46, unit="%", where="leaderboard"),
        Published(arm="NullModel", metric="win rate", value=76.92, unit="%", where="leaderboard"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:null_model",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="length_controlled", unit="%", better="higher"),
    expectation=Exact(
        boxes={
            "length_controlled": printed("86.46", "%"),
            "win_rate": printed("76.92", "%"),
            "rank": Box(low=1, high=1, published=1),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 2.0}, data=("alpaca_leaderboard",)),
    keywords=("alpaca_eval", "judge"),
    caveats=("Read off the leaderboard that its maintainers publish; it is why no model judges anything here.",),
)

ONE_BASELINE = Claim(
    id="chatbot_arena.one_baseline_is_win_rates",
    label="CA-40b",
    statement="AlpacaEval's win rates are the means of its annotations, and where all models meet one baseline and "
    "nobody else, Bradley–Terry ranks them as their win rates do.",
    source=Source(arxiv=ARXIV, where="Section 4; AlpacaEval 2's leaderboard and annotations"),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:one_baseline",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="largest_difference", unit="%", better="lower"),
    expectation=Exact(
        boxes={
            "models": Box(low=50),
            "largest_difference": Box(high=0.005, unit="%"),
            "logit_distance": Box(high=1e-9),
            "tau": Box(low=1.0),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 2.0}, data=("alpaca_annotations", "alpaca_leaderboard")),
    keywords=("alpaca_eval", "identity"),
    caveats=(
        "Not a claim of the paper: it is why a benchmark with one baseline needs no Bradley–Terry, and an arena does. "
        "A star of pairs has as many rates as ratings, so that the fit is exact.",
        "The raw win rates, of GPT-4-Turbo's weighted preferences; length control is not recomputed.",
    ),
)

PUBLISHED_ERRORS = Claim(
    id="chatbot_arena.published_standard_errors",
    label="CA-35b",
    statement="On the Arena's leaderboards, ratings of models with about 3,000 votes have the standard error that "
    "CA-35 computes, and errors shrink as the root of the number of votes.",
    source=Source(arxiv=ARXIV, where="Section 5; leaderboards of June 2024 to August 2025"),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:published_errors",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="se_3000", unit="points", better="lower"),
    expectation=Exact(
        boxes={"se_3000": Box(low=4.0, high=6.4, unit="points"), "slope": Box(low=-0.6, high=-0.4, published=-0.5)}
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"cpu": 2.0}, data=("arena_history",)),
    keywords=("intervals", "leaderboard"),
    caveats=(
        "The bars are CA-35's for an error and CA-02's for an exponent, and were written down before the data were "
        "looked at.",
        "Published ends are rounded to whole points, and who meets whom is the Arena's choice, not every pair equally "
        "often. The exponent is of models within a version of the leaderboard; a version holds most of the one before.",
    ),
)

CLAIMS = (PEOPLE, CROWD, SIDE, SEPARABILITY, NULL_MODEL, ONE_BASELINE, PUBLISHED_ERRORS)

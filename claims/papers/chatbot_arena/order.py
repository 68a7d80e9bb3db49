"""Claims about the order of votes: Bradley–Terry in the place of online Elo."""

from __future__ import annotations

from claimbench.expectation import AllOf, AtLeast, Box, Exact, Slope
from claimbench.papers.chatbot_arena.workloads import Orders, Printed, Resamples, Shuffles
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_ORDER = "claimbench.impls.chatbot_arena.experiments.order"
_POST = Source(arxiv=ARXIV, where="Section 4, and lmsys.org's post of 2023-12-07")
_DATA = ("arena_votes",)
_ONCE = Protocol(unit="deterministic")
_ELO = (Arm(name="elo"),)
_OURS = (Arm(name="ours"),)
_ORDERS = (
    "The Arena's 1,670,250 votes (129 models, August 2024); the order in which they were cast was not published, so "
    "that orders are random. What drift of the models themselves would do is not in them."
)
_SIMULATED = (
    "Votes are simulated: strengths at equal distances in the Arena's ranking, all pairs shown equally often, the "
    "Arena's share of ties, Bradley–Terry true by construction. Numbers of models and votes are ours, for the post has "
    "none."
)

STABLE = Claim(
    id="chatbot_arena.elo_depends_on_order",
    label="CA-01",
    statement="Bradley–Terry ratings are significantly more stable than online Elo's, which depend on the order of "
    "votes.",
    source=_POST,
    kind="ranking",
    experiment=f"{_ORDER}:order_noise",
    arms=_ELO,
    workloads={"smoke": Orders(orders=10), "cpu": Orders(orders=30)},
    metric=Metric(name="ratio", unit="1", better="higher"),
    expectation=AtLeast(arm="elo", floor=3.0, reference=1.0),
    protocol=Protocol(unit="seed", n={"smoke": 12, "cpu": 16}, n_min=12, first_seed=200, seeds_per_trial=4),
    needs=Needs(core_seconds={"smoke": 8.0, "cpu": 20.0}, data=_DATA),
    setups_tried=2,
    keywords=("elo", "order"),
    caveats=(
        "`ratio` is Elo's deviation over orders of the same votes (K = 4), median over models, over the sampling error "
        "of Bradley–Terry, which has no deviation over orders at all (CA-01b).",
        _ORDERS,
    ),
)

UNMOVED = Claim(
    id="chatbot_arena.bradley_terry_ignores_order",
    label="CA-01b",
    statement="Bradley–Terry gives recent votes no more weight than others: shuffled votes give the same ratings.",
    source=_POST,
    kind="identity",
    experiment=f"{_ORDER}:reshuffled",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="change", unit="points", better="lower"),
    expectation=Exact(boxes={"change": Box(high=1e-9, unit="points")}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}, data=_DATA),
    keywords=("order", "identity"),
    caveats=("The likelihood sees counts, so that this is a check of code, not of people.",),
)

OTHER_SYSTEMS = Claim(
    id="chatbot_arena.other_systems_depend_on_order",
    label="CA-01c",
    statement="Glicko-2, TrueSkill and Weng–Lin, which take one vote at a time, depend on the order of votes as much "
    "as Bradley–Terry does on the votes themselves.",
    source=_POST,
    kind="ranking",
    role="exploratory",
    experiment=f"{_ORDER}:system_noise",
    arms=tuple(Arm(name=name, options={"system": name}) for name in ("glicko2", "trueskill", "weng_lin")),
    workloads={"cpu": Shuffles(models=20, votes=5000, orders=10)},
    metric=Metric(name="ratio", unit="1", better="higher"),
    expectation=AllOf(
        parts=tuple(AtLeast(arm=name, floor=1.0, reference=0.5) for name in ("glicko2", "trueskill", "weng_lin"))
    ),
    protocol=Protocol(unit="seed", n={"cpu": 6}, n_min=6, first_seed=300, seeds_per_trial=2),
    needs=Needs(core_seconds={"cpu": 40.0}, data=_DATA, packages=("glicko2", "trueskill", "openskill")),
    setups_tried=1,
    keywords=("glicko", "trueskill", "order"),
    caveats=(
        "Not the paper's claim. Packages run as they come, one vote a rating period; all but Weng–Lin let strengths "
        "drift, which is what makes them forget, and what they are for.",
        _SIMULATED,
    ),
)

ROOT_K = Claim(
    id="chatbot_arena.elo_noise_by_k",
    label="CA-02",
    statement="K controls how much recent votes weigh in Elo, and a larger K makes ratings less stable: as √K.",
    source=_POST,
    kind="scaling",
    experiment=f"{_ORDER}:root_k",
    arms=_ELO,
    workloads={"cpu": Orders(orders=10, ks=(1.0, 4.0, 16.0, 32.0))},
    metric=Metric(name="median_sd", unit="points", better="lower"),
    expectation=Slope(arm="elo", exponent=0.5, tolerance=0.1),
    protocol=Protocol(unit="seed", n={"cpu": 16}, n_min=12, first_seed=300, seeds_per_trial=4),
    needs=Needs(core_seconds={"cpu": 15.0}, data=_DATA),
    setups_tried=2,
    keywords=("elo", "order"),
    caveats=(
        "The post has no law; √K is what linear theory gives for a stationary rating. At K = 1 Elo has not forgotten "
        "its start after all votes of a rare model, so that its ratings are biased there as well.",
        _ORDERS,
    ),
)

SIMILAR = Claim(
    id="chatbot_arena.shuffled_elo_is_near_bradley_terry",
    label="CA-03",
    statement="Averaged over shuffles, Elo's ratings are very similar to Bradley–Terry's: to three points.",
    source=_POST,
    kind="ranking",
    experiment=f"{_ORDER}:order_noise",
    arms=_ELO,
    workloads={"cpu": Orders(orders=30)},
    metric=Metric(name="median_distance", unit="points", better="lower"),
    expectation=AtLeast(arm="elo", floor=3.0, reference=10.0),
    protocol=Protocol(unit="seed", n={"cpu": 16}, n_min=12, first_seed=300, seeds_per_trial=4),
    needs=Needs(core_seconds={"cpu": 12.0}, data=_DATA),
    setups_tried=2,
    keywords=("elo", "order"),
    caveats=("The median over models of the distance; the post has 1000 shuffles, ours 30.", _ORDERS),
)

SAME_ORDER = SIMILAR.model_copy(
    update={
        "id": "chatbot_arena.shuffled_elo_ranks_as_bradley_terry",
        "label": "CA-03b",
        "statement": "Averaged over shuffles, Elo ranks models almost as Bradley–Terry does.",
        "metric": Metric(name="tau", unit="1", better="higher"),
        "expectation": AtLeast(arm="elo", floor=0.97, reference=0.9),
        "caveats": ("Kendall's τ of the two orders; the post has 1000 shuffles, ours 30.", _ORDERS),
    }
)

WIDE = Claim(
    id="chatbot_arena.elo_intervals_too_wide",
    label="CA-04",
    statement="Bootstrapped intervals of Elo are too wide, being intervals for the online estimate: twice "
    "Bradley–Terry's from the same resamples.",
    source=_POST,
    kind="ranking",
    experiment=f"{_ORDER}:interval_widths",
    arms=_ELO,
    workloads={"cpu": Resamples(resamples=100)},
    metric=Metric(name="ratio", unit="1", better="higher"),
    expectation=AtLeast(arm="elo", floor=2.0, reference=1.0),
    protocol=Protocol(unit="seed", n={"cpu": 16}, n_min=12, first_seed=300, seeds_per_trial=4),
    needs=Needs(core_seconds={"cpu": 120.0}, data=_DATA),
    setups_tried=3,
    keywords=("elo", "bootstrap", "interval"),
    caveats=(
        "The ratio grows with the votes a model has, for Bradley–Terry's intervals shrink and Elo's do not: pilots on "
        "10,000 simulated votes on 20 models had 1.6, on 130,000 on 40 models 4.1. Here it is that of all votes there "
        "are; the Arena had a tenth of them when the post was written.",
        "A resample comes in random order, so that intervals of Elo hold the noise of the order as well.",
        _ORDERS,
    ),
)

SORTED = Claim(
    id="chatbot_arena.sorted_votes_ruin_elo",
    label="CA-06",
    statement="Votes sorted by pair ruin Elo's ranking; Bradley–Terry's does not see the order (CA-01b).",
    source=_POST,
    kind="ranking",
    experiment=f"{_ORDER}:sorted_votes",
    arms=_ELO,
    workloads={"smoke": Printed()},
    metric=Metric(name="tau_sorted", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "tau_sorted": Box(high=0.8),
            "tau_reversed": Box(high=0.8),
            "largest_distance": Box(low=100.0, unit="points"),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 2.0}, data=_DATA),
    keywords=("elo", "order"),
    caveats=(
        "An order that no Arena has; it bounds what an order can do. The post implies it, and has no figure.",
        "Kendall's τ with Bradley–Terry, K = 4.",
    ),
)

CLAIMS = (
    STABLE,
    UNMOVED,
    OTHER_SYSTEMS,
    ROOT_K,
    SIMILAR,
    SAME_ORDER,
    WIDE,
    SORTED,
)

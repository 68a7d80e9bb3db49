"""Claims that printed figures decide: what follows from the paper's tables and its authors' posts."""

from __future__ import annotations

from claimbench.expectation import Box, Exact, printed
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_EXPERIMENTS = "claimbench.impls.chatbot_arena.experiments.printed"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_SMOKE: dict[Tier, Workload] = {"smoke": Printed()}
_NEEDS = Needs(core_seconds={"smoke": 1.0})
_RESPONSE = "news.lmarena.ai's response of 2025-05-09"

DETECTION = Claim(
    id="chatbot_arena.detection_rates",
    label="CA-20",
    statement="The test of anomalous users reaches a true positive rate of 90 % and a true negative rate of 60 to "
    "70 %, by the counts of Table 5.",
    source=Source(arxiv=ARXIV, where="Section 7.2 and Table 5"),
    published=(
        Published(arm="test", metric="true positive rate", value=90, unit="%", where="Section 7.2"),
        Published(arm="α = .1", metric="anomalous users flagged, of 25", value=13, unit="1", where="Table 5"),
        Published(arm="α = .1", metric="normal users passed, of 25", value=24, unit="1", where="Table 5"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:detection",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="true_positive_0.1", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            f"{rate}_{alpha}": box
            for alpha, precision, negative in (("0.1", "0.93", "0.67"), ("0.3", "0.72", "0.81"))
            for rate, box in (
                ("true_positive", Box(low=0.85, high=0.95, published=0.9)),
                ("true_negative", Box(low=0.595, high=0.705)),
                ("precision", printed(precision)),
                ("negative_predictive", printed(negative)),
                ("by_column", Box(low=1, high=1)),
            )
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("users", "errata"),
    caveats=(
        "The table divides by the totals of its columns, of users flagged and of users passed, so that what the text "
        "reads as true rates are a precision of 93 % and a negative predictive value of 67 %. Its counts give 52 % and "
        "96 % at α = .1, and 84 % and 68 % at α = .3; `by_column` is 1 where the totals are those of the columns.",
        "A slip of wording: nothing is wrong with the counts.",
    ),
)

BATTLES_160 = Claim(
    id="chatbot_arena.shares_of_160_battles",
    label="CA-26b",
    statement="The shares of Tables 3 and 4 are shares of 160 battles, and as such the crowd's agreements with the "
    "experts are compatible: their 95 % intervals overlap.",
    source=Source(arxiv=ARXIV, where="Section 6.3, Tables 3 and 4"),
    published=(
        Published(arm="crowd and expert 1", metric="agreement", value=72.8, unit="%", where="Table 3, Llama-2-13b"),
        Published(arm="crowd and expert 2", metric="agreement", value=83.1, unit="%", where="Table 3, GPT-3.5-Turbo"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:agreement_rates",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="unattainable_agreements", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "unattainable_agreements": Box(high=0),
            "unattainable_win_rates": Box(high=0),
            "overlap": Box(low=0.0),
            "crowd_low": Box(low=0.5, high=0.728),
            "crowd_high": Box(low=0.831, high=1.0),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("agreement", "errata"),
    caveats=(
        "Table 4's eight win rates are; six of Table 3's twelve agreements are not, and must be of fewer battles, "
        "perhaps of those that neither judge called a tie. The paper does not say of how many.",
        "Wilson's intervals, as if of 160: with as few, 72.8 % and 83.1 % are hardly told apart.",
    ),
)

CLUSTERS = Claim(
    id="chatbot_arena.clusters_separate",
    label="CA-28",
    statement="Clusters of topics separate models: GPT-4's win rate over Llama-2-70b depends on the topic.",
    source=Source(arxiv=ARXIV, where="Section 6.2 and Table 2"),
    published=(
        Published(arm="Python Game Programming Challenge", metric="win rate", value=96.7, unit="%", where="Table 2"),
        Published(arm="Movie Recommendations & Ratings", metric="win rate", value=53.3, unit="%", where="Table 2"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:topic_clusters",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="p", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "p": Box(high=0.05),
            "chi_square": Box(low=14.07),
            "clusters": Box(low=8, high=8, published=8),
            "clusters_in_text": Box(low=7, high=7, published=7),
            "largest_half_width": Box(high=0.2),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("clusters", "topics"),
    caveats=(
        "Eight clusters in the table, seven in the text. Each has 30 prompts, so that a single win rate is known to 17 "
        "per cent; that they differ at all is what the test says. The judge is GPT-4-Turbo, not the crowd.",
    ),
)

BEST_OF_20 = Claim(
    id="chatbot_arena.best_of_20",
    label="CA-34",
    statement="If twenty variants of a model are equally good, the best score of them is fifty points too high only "
    "where scores have an error of 27 points, that of fewer than 170 votes.",
    source=Source(arxiv="2504.20879v2", where="Figure 7, as others summarise it"),
    published=(
        Published(arm="best of 20, simulated", metric="gain", value=50, unit="points", where="Figure 7, read off"),
    ),
    kind="arithmetic",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:best_of_many",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="sigma_for_50_points", unit="points", better="lower"),
    expectation=Exact(
        boxes={
            "expected_maximum_20": printed("1.867"),
            "expected_maximum_50": printed("2.249"),
            "se_3000": Box(low=4.0, high=6.4, unit="points"),
            "best_of_50": Box(low=9.0, high=14.3, unit="points"),
            "best_of_50_no_ties": Box(low=9.0, high=14.3, unit="points"),
            "sigma_for_50_points": Box(low=26.0, high=28.0, unit="points"),
            "votes_for_50_points": Box(high=170.0, unit="votes"),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("selection", "best_of"),
    caveats=(
        "Not the paper's claim, and the figure was not seen itself. Variants that differ add to the gain, and rightly: "
        "the best of them is better. What is too high goes away with fresh votes.",
    ),
)

BEST_OF_50 = BEST_OF_20.model_copy(
    update={
        "id": "chatbot_arena.best_of_50",
        "label": "CA-35",
        "role": "confirmatory",
        "statement": "The best of 50 equally good variants is rated about 11 points too high after 3,000 votes each.",
        "source": Source(arxiv=ARXIV, where=_RESPONSE),
        "published": (Published(arm="50 tests, 3,000 votes", metric="gain", value=11, unit="points", where=_RESPONSE),),
        "metric": Metric(name="best_of_50", unit="points", better="lower"),
        "expectation": Exact(
            boxes={
                "expected_maximum_20": printed("1.867"),
                "expected_maximum_50": printed("2.249"),
                "se_3000": Box(low=4.0, high=6.4, unit="points"),
                "best_of_50": Box(low=9.0, high=13.0, published=11, unit="points"),
                "best_of_50_no_ties": Box(low=9.0, unit="points"),
                "sigma_for_50_points": Box(low=26.0, high=28.0, unit="points"),
                "votes_for_50_points": Box(high=3000.0, unit="votes"),
            }
        ),
        "caveats": (
            "In closed form: the mean of the largest of 50 normal values, and the error of a rating from votes against "
            "equals with the Arena's share of ties. Without ties it would be 14 points.",
        ),
    }
)

IDENTICAL = Claim(
    id="chatbot_arena.identical_checkpoints",
    label="CA-36",
    statement="Two scores of one and the same checkpoint, 1069 and 1054, do not differ beyond chance.",
    source=Source(arxiv=ARXIV, where=f"{_RESPONSE}, to arXiv 2504.20879"),
    published=(
        Published(arm="first submission", metric="score", value=1069, unit="points", where=_RESPONSE),
        Published(arm="second submission", metric="score", value=1054, unit="points", where=_RESPONSE),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:identical_checkpoints",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="z", unit="1", better="lower"),
    expectation=Exact(boxes={"z": Box(high=1.96)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("intervals",),
    caveats=("Intervals as printed, ±27 and +18/−22. That chance could make the gap does not say that it did.",),
)

PEER_SPEED = Claim(
    id="chatbot_arena.evalica_speed",
    label="CA-39",
    statement="Evalica computes Bradley–Terry more than twenty times, and Elo more than twice, as fast as the Arena's "
    "code, by its own times.",
    source=Source(arxiv="2412.11314v1", where="coling2025/chatbot_arena.csv in its repository, means of ten runs"),
    published=(
        Published(arm="Arena, Bradley–Terry", metric="time", value=51.69, unit="s", where="chatbot_arena.csv"),
        Published(arm="Evalica, Bradley–Terry", metric="time", value=1.173, unit="s", where="chatbot_arena.csv"),
        Published(arm="Arena, Elo", metric="time", value=3.76, unit="s", where="chatbot_arena.csv"),
        Published(arm="Evalica, Elo", metric="time", value=1.255, unit="s", where="chatbot_arena.csv"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:peer_speed",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="bradley_terry", unit="1", better="higher"),
    expectation=Exact(boxes={"bradley_terry": Box(low=20.0), "elo": Box(low=2.0)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("evalica", "speed"),
    caveats=(
        "Its times, not ours. The Arena's code of that time fitted every vote as a row; folded into pairs first, as "
        "FastChat does since, the same fit takes a quarter of a second.",
    ),
)

PERCENTAGES = Claim(
    id="chatbot_arena.sample_size_percentages",
    label="CA-17e",
    statement="That random sampling needs 54 % more votes for the win matrix and 5 % more for scores follows from the "
    "numbers of votes.",
    source=Source(arxiv=ARXIV, where="Section 7.1"),
    published=(
        Published(arm="win matrix", metric="further votes", value=54, unit="%", where="Section 7.1"),
        Published(arm="score", metric="further votes", value=5, unit="%", where="Section 7.1"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:sample_sizes",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="win matrix", unit="%", better="higher"),
    expectation=Exact(boxes={"win matrix": printed("54", "%"), "Bradley–Terry score": printed("5", "%")}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("sampling", "errata"),
    caveats=("Numbers of votes rounded to hundreds: 6,800 over 4,400, and 17,200 over 16,400.",),
)

CLAIMS = (
    DETECTION,
    BATTLES_160,
    CLUSTERS,
    BEST_OF_20,
    BEST_OF_50,
    IDENTICAL,
    PEER_SPEED,
    PERCENTAGES,
)

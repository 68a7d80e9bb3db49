"""Claims about ties: what a tie counts as, and models in which it is an outcome of its own."""

from __future__ import annotations

from claimbench.expectation import Box, Exact, printed
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
TIES_ARXIV = "2412.18407v2"
_EXPERIMENTS = "claimbench.impls.chatbot_arena.experiments.ties"
_DATA = ("arena_votes",)
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_LEADERBOT = Source(arxiv=TIES_ARXIV, where="table of model selection, as in the README of its package leaderbot")
_NLL = {"bradley_terry": "0.6554", "rao_kupper": "1.0095", "davidson": "1.0100"}

HALF_WIN = Claim(
    id="chatbot_arena.tie_is_half_a_win",
    label="CA-07",
    statement="A tie is half a win and half a loss, however it is encoded: as two rows, as two half weights, or as a "
    "label of ½.",
    source=Source(arxiv=ARXIV, where="lmsys.org's post of 2023-12-07"),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:encodings",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="duplicated", unit="1", better="lower"),
    expectation=Exact(
        boxes={"duplicated": Box(high=1e-9), "half_weights": Box(high=1e-9), "soft_label": Box(high=1e-9)}
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}, data=_DATA),
    keywords=("tie", "identity"),
    caveats=(
        "Ratings agree; errors do not. As two opposite rows a tie varies like a coin, as a label of ½ between equals "
        "not at all (CA-16), and duplicated rows halve the variance besides.",
    ),
)

LIKELIHOODS = Claim(
    id="chatbot_arena.tie_models_as_published",
    label="CA-38",
    statement="Fitted to the Arena's votes, Bradley–Terry, Rao–Kupper and Davidson have the negative log-likelihoods "
    "that leaderbot prints.",
    source=_LEADERBOT,
    published=tuple(
        Published(arm=name, metric="negative log-likelihood", value=float(value), unit="nats", where="NLL")
        for name, value in _NLL.items()
    ),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:likelihoods",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="davidson", unit="nats", better="lower"),
    expectation=Exact(boxes={name: printed(value, "nats") for name, value in _NLL.items()}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}, data=_DATA),
    setups_tried=1,
    keywords=("tie", "rao_kupper", "davidson"),
    caveats=(
        'Of its nine models, the three without factors. Votes that "both are bad" are left out, as there, and '
        "Bradley–Terry's likelihood counts a tie as half of either outcome: it is on a scale of its own.",
    ),
)

UNSEEN = Claim(
    id="chatbot_arena.tie_models_on_unseen_pairs",
    label="CA-38b",
    statement="On pairs that they have not seen, models of ties predict better than a constant share of ties, and "
    "Rao–Kupper better than Davidson.",
    source=_LEADERBOT,
    published=(
        Published(arm="Davidson", metric="NLL above Rao–Kupper's, fitted", value=0.0005, unit="nats", where="NLL"),
    ),
    kind="ranking",
    experiment=f"{_EXPERIMENTS}:unseen_pairs",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="davidson_over_constant", unit="nats", better="higher"),
    expectation=Exact(
        boxes={
            "rao_kupper_over_davidson": Box(low=0.0, published=0.0005, unit="nats"),
            "davidson_over_constant": Box(low=0.0, unit="nats"),
            "pairs_left_out": Box(high=0),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}, data=_DATA),
    setups_tried=1,
    keywords=("tie", "rao_kupper", "davidson", "held_out"),
    caveats=(
        "Ours beside the printed likelihoods, which are of votes that were fitted. Ten folds of pairs by a hash of "
        "their names; gains are small, half a thousandth and nearly two thousandths of a nat a vote.",
        "leaderbot's models with factors of ties, its best, are not among ours.",
    ),
)

CLAIMS = (HALF_WIN, LIKELIHOODS, UNSEEN)

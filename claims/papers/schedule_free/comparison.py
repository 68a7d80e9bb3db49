"""What claims about small trainings share: the experiment, its metrics, Schedule-Free and its baselines."""

from __future__ import annotations

from claimbench.spec import Arm, Metric

__all__ = ["COMPETITORS", "EDGE", "EXPERIMENT", "LOSS", "MARKS", "PILOTS", "RATES", "SUBJECT", "baseline"]

EXPERIMENT = "claimbench.impls.schedule_free.experiments.training:front"
MARKS = ("quarter", "half", "full")
LOSS = Metric(
    name="train_loss_full",
    unit="nats",
    better="lower",
    units={
        **{f"train_loss_{mark}": "nats" for mark in MARKS[:-1]},
        **{f"test_loss_{mark}": "nats" for mark in MARKS},
        **{f"test_error_{mark}": "%" for mark in MARKS},
    },
)
EDGE = {"rate_on_edge": 0.0}
PILOTS = (1000, 1001, 1002, 1003)
RATES = (
    "Rates are powers of two, the best for each metric that is judged chosen on {pilots} pilot seeds by that metric: "
    "one rate for all lengths where a method needs no length, else one for each. A best rate at an end of the grid "
    "voids the claim."
)
SUBJECT = Arm(name="schedule_free", options={"method": "schedule_free"}, competitor="Schedule-Free")
_WHY = {
    "cosine": "a cosine to zero, run anew for every length with a rate of its own for each",
    "linear_decay": "a straight line to zero, run anew for every length with a rate of its own for each",
    "stable_decay": "constant, the last fifth along a line to zero, run anew for every length with a rate of its own",
    "constant": "the base optimizer at a constant rate, evaluated where it is",
    "polyak": "the base optimizer at a constant rate, averaged with Schedule-Free's weights, as in Appendix I",
    "primal": "Schedule-Free at β = 1, as in Section 2",
}
COMPETITORS = {
    "cosine": "cosine",
    "linear_decay": "linear decay",
    "stable_decay": "warmup-stable-decay",
    "constant": "constant rate",
    "polyak": "Polyak averaging",
    "primal": "primal averaging",
}


def baseline(method: str) -> Arm:
    """What Schedule-Free is compared with."""
    return Arm(
        name=method,
        role="baseline",
        options={"method": method},
        why_fair=f"{_WHY[method]}; the same start, batches, warm-up, grid and pilot seeds",
        competitor=COMPETITORS[method],
    )

"""What claims about small trainings share: the experiment, its metrics, Schedule-Free and its baselines."""

from __future__ import annotations

from claimbench.spec import Arm, Metric

__all__ = ["COMPETITORS", "EDGE", "EXPERIMENT", "LOSS", "MARKS", "PILOTS", "RATES", "RUNS", "SUBJECT", "baseline"]

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
    "voids the claim. Rates are chosen on the held-out data that judge, with other seeds, where test is what is judged."
)
RUNS = (
    "Warm-up takes a twentieth of the steps of each run, so that a short schedule has a short one. Gradients are "
    "clipped at norm 1 but for Schedule-Free and primal averaging; the paper advises against clipping for GPT-2. On "
    "pilots cosines did no better without (train loss at the best rate .49 against .44 with convolutions, .178 and "
    ".175 on letters, 2.10 both with the Transformer)."
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
_FOR_A_LENGTH = ("cosine", "linear_decay", "stable_decay")
COMPETITORS = {
    "cosine": "cosine",
    "linear_decay": "linear decay",
    "stable_decay": "warmup-stable-decay",
    "constant": "constant rate",
    "polyak": "Polyak averaging",
    "primal": "primal averaging",
}


def baseline(method: str, rates: int) -> Arm:
    """What Schedule-Free is compared with, tuned over so many rates, for schedules at each of the lengths."""
    return Arm(
        name=method,
        role="baseline",
        options={"method": method},
        why_fair=f"{_WHY[method]}; the same start, batches, warm-up, grid and pilot seeds",
        configurations_tuned=rates * (len(MARKS) if method in _FOR_A_LENGTH else 1),
        competitor=COMPETITORS[method],
    )

"""The house's own controls: one comparison that must find nothing, one that must find what was put there.

They run with every run that times something, on a GPU the pair whose clock is the GPU's. Their verdicts are never
printed as claims; `claimbench.health` reads their records.
"""

from __future__ import annotations

from typing import Literal

from claimbench.expectation import Ratio
from claimbench.spec import Arm, Claim, Metric, Needs, Paper, Protocol, Source, Workload

__all__ = ["CLAIMS", "PAPER", "ControlWork"]


class ControlWork(Workload):
    """Rounds of an elementwise function over a vector, by default one that fits into a processor's first caches."""

    kind: Literal["control"] = "control"
    """Discriminator."""
    elements: int = 2**15
    """Length of the vector, float32."""
    rounds: int = 32
    """Passes over it in one call of an arm whose `work` is 1."""


PAPER = Paper(
    slug="house",
    title="The house's own controls",
    authors="The claimbench developers",
    arxiv="none",
    year=2026,
    keywords=("control",),
    note="A placebo and a positive control, measured and judged by the same code as every timing claim.",
)

_SOURCE = Source(arxiv="0000.00000v1", where="no paper: a control of the harness")
_METRIC = Metric(name="latency_s", unit="s", better="lower")
_PROTOCOL = Protocol(unit="process", n={"smoke": 10, "cpu": 10}, n_min=10)
_GATES = {"before": 1e-5, "after": 1e-5}
_NEEDS = Needs(core_seconds={"smoke": 5.0, "cpu": 30.0}, memory_bytes=2**30, trial_seconds=60.0)
_EXPERIMENT = "claimbench.measure.controls:elementwise_rounds"

_PROTOCOL_GPU = Protocol(unit="process", n={"gpu": 10}, n_min=10)
_NEEDS_GPU = Needs(device="cuda", memory_bytes=16 * 2**30, core_seconds={"gpu": 60.0})
_EXPERIMENT_GPU = "claimbench.measure.controls:elementwise_rounds_on_gpu"
_WORK_GPU = ControlWork(elements=2**23, rounds=10)
"""More than a second-level cache holds, so that a round takes the device longer than the host takes to launch it."""

PLACEBO = Claim(
    id="house.placebo",
    label="HOUSE-1",
    statement="The same code on both sides is not seen to differ in speed.",
    source=_SOURCE,
    kind="speed",
    role="placebo",
    experiment=_EXPERIMENT,
    arms=(
        Arm(name="a", options={"work": 1.0}),
        Arm(name="b", role="baseline", options={"work": 1.0}, why_fair="the same code as arm a"),
    ),
    workloads={"smoke": ControlWork(), "cpu": ControlWork()},
    metric=_METRIC,
    expectation=Ratio(subject="a", baseline="b", at_least=1.1),
    protocol=_PROTOCOL,
    gates=_GATES,
    needs=_NEEDS,
)

POSITIVE_CONTROL = Claim(
    id="house.positive_control",
    label="HOUSE-2",
    statement="One and a half times the work is seen to be slower.",
    source=_SOURCE,
    kind="speed",
    role="control",
    experiment=_EXPERIMENT,
    arms=(
        Arm(name="fast", options={"work": 1.0}),
        Arm(name="slow", role="baseline", options={"work": 1.5}, why_fair="the same code with 1.5 times the rounds"),
    ),
    workloads={"smoke": ControlWork(), "cpu": ControlWork()},
    metric=_METRIC,
    expectation=Ratio(subject="fast", baseline="slow", at_least=1.2, published=1.5),
    protocol=_PROTOCOL,
    gates=_GATES,
    needs=_NEEDS,
)

_ON_A_GPU = {
    "experiment": _EXPERIMENT_GPU,
    "workloads": {"gpu": _WORK_GPU},
    "protocol": _PROTOCOL_GPU,
    "needs": _NEEDS_GPU,
}

PLACEBO_GPU = PLACEBO.model_copy(
    update={
        "id": "house.placebo_gpu",
        "label": "HOUSE-3",
        "statement": "On a GPU the same code on both sides is not seen to differ in speed.",
        **_ON_A_GPU,
    }
)

POSITIVE_CONTROL_GPU = POSITIVE_CONTROL.model_copy(
    update={
        "id": "house.positive_control_gpu",
        "label": "HOUSE-4",
        "statement": "On a GPU one and a half times the work is seen to be slower.",
        **_ON_A_GPU,
    }
)

CLAIMS = (PLACEBO, POSITIVE_CONTROL, PLACEBO_GPU, POSITIVE_CONTROL_GPU)

"""A small valid claim, to be varied."""

from __future__ import annotations

from claimbench.expectation import Difference
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source, Workload


class Toy(Workload):
    kind: str = "toy"
    size: int


def toy(**changes: object) -> Claim:
    fields: dict[str, object] = {
        "id": "toy.better",
        "label": "TO-01",
        "statement": "Ours is better.",
        "source": Source(arxiv="2401.00001v1", where="Table 1"),
        "kind": "quality",
        "experiment": "toy.experiments:better",
        "arms": (Arm(name="ours"), Arm(name="theirs", role="baseline", why_fair="their release, tuned alike")),
        "workloads": {"smoke": Toy(size=3)},
        "metric": Metric(name="accuracy", unit="1", better="higher"),
        "expectation": Difference(subject="ours", baseline="theirs", at_least=0.1),
        "protocol": Protocol(unit="seed", n={"smoke": 8}, n_min=6, paired=True),
        "needs": Needs(core_seconds={"smoke": 1.0}),
    }
    return Claim.model_validate(fields | changes)

"""Claims for the tests of running: tiny, toothless, with experiments of `experiments.py`."""

from __future__ import annotations

from collections.abc import Mapping

from claimbench.expectation import AtLeast
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source, Workload


class FakeLock:
    """A lock in which every claim is in one state."""

    def __init__(self, state: str = "locked") -> None:
        self._state = state

    def state(self, claim: Claim) -> str:
        return self._state

    def family(self, paper: str, tier: str) -> int:
        return 1


def make_claim(
    function: str,
    *,
    name: str | None = None,
    arms: tuple[Arm, ...] = (Arm(name="ours"),),
    n: int = 1,
    tier: str = "smoke",
    core_seconds: float = 1.0,
    protocol: Mapping[str, object] = {},
    needs: Mapping[str, object] = {},
    **more: object,
) -> Claim:
    """A claim whose trials run `function`."""
    fields: dict[str, object] = {
        "id": f"test.{name or function}",
        "label": "TE-01",
        "statement": "A trial may do anything.",
        "source": Source(arxiv="2312.00752v2", where="nowhere"),
        "kind": "quality",
        "experiment": f"run.experiments:{function}",
        "arms": arms,
        "workloads": {tier: Workload()},
        "metric": Metric(name="score", unit="1", better="higher"),
        "expectation": AtLeast(arm=arms[0].name, floor=1.0, reference=0.0),
        "protocol": Protocol.model_validate({"unit": "seed", "n": {tier: n}, **protocol}),
        "needs": Needs.model_validate({"core_seconds": {tier: core_seconds}, "trial_seconds": 60.0, **needs}),
    }
    return Claim.model_validate(fields | more)

"""Claims for the tests of running: tiny, toothless, with experiments of `experiments.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from claimbench.expectation import AtLeast
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source, Workload

HERE = Path(__file__).parent


class FakeLock:
    """A lock in which every claim is in one state."""

    def __init__(self, state: str = "locked") -> None:
        self._state = state

    def state(self, claim: Claim) -> str:
        return self._state


@pytest.fixture(autouse=True)
def experiments_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers get the caller's sys.path, and so find `experiments`."""
    monkeypatch.syspath_prepend(str(HERE))
    assert str(HERE) in sys.path


@pytest.fixture
def lock() -> FakeLock:
    return FakeLock()


@pytest.fixture
def make_claim() -> Callable[..., Claim]:
    def make(
        function: str,
        *,
        name: str | None = None,
        arms: tuple[Arm, ...] = (Arm(name="ours"),),
        n: int = 1,
        unit: str = "seed",
        seconds: float = 30.0,
        memory_bytes: int = 4 * 2**30,
        tier: str = "smoke",
        core_seconds: float = 1.0,
        kind: str = "quality",
        **more: object,
    ) -> Claim:
        needs = {"core_seconds": {tier: core_seconds}, "trial_seconds": seconds, "memory_bytes": memory_bytes}
        needs |= more.pop("needs", {})  # type: ignore[operator]
        protocol = {"unit": unit, "n": {tier: n}} | more.pop("protocol", {})  # type: ignore[operator]
        fields: dict[str, object] = {
            "id": f"test.{name or function}",
            "label": "TE-01",
            "statement": "A trial may do anything.",
            "source": Source(arxiv="2312.00752v2", where="nowhere"),
            "kind": kind,
            "experiment": f"experiments:{function}",
            "arms": arms,
            "workloads": {tier: Workload(kind="none")},
            "metric": Metric(name="score", unit="1", better="higher"),
            "expectation": AtLeast(arm=arms[0].name, floor=1.0, reference=0.0),
            "protocol": Protocol.model_validate(protocol),
            "needs": Needs.model_validate(needs),
        }
        return Claim.model_validate(fields | more)

    return make

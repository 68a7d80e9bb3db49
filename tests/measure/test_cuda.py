"""Timing on a GPU; the same adversaries, and those that only a GPU has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from toys import Toy

from claimbench.errors import MeasurementRefused
from claimbench.measure import execute
from claimbench.measure.memory import PeakMemory
from claimbench.measure.roofline import measure_roofline
from claimbench.trial import Timed, Trial

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]


@pytest.fixture
def trial() -> Trial:
    return Trial(
        claim="toy.speed",
        tier="gpu",
        workload=Toy(size=3),
        arm="ours",
        options={},
        seeds=(0,),
        device="cuda",
        tolerances={"before": 1e-5, "after": 1e-5},
    )


def honest(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.sin(x) * y


def timed(call: Callable[..., Any], n: int = 2**20, **changes: Any) -> Timed:
    rng = torch.Generator("cuda").manual_seed(0)
    sets = [tuple(torch.randn(4, n, device="cuda", generator=rng) for _ in "xy") for _ in range(3)]
    return Timed(call, sets, honest, **changes)


def test_an_honest_call_is_timed_by_events_on_a_cold_cache(trial: Trial) -> None:
    measured = execute(
        timed(honest, bytes=3 * 16.0 * 2**20), trial, fresh_process=True, roofline=measure_roofline("cuda")
    )
    assert len(measured.samples["latency_s"]) == 20
    assert measured.regime is not None
    assert (measured.regime.clock, measured.regime.cache) == ("cuda_event", "cold")
    assert measured.floor_s is not None
    assert min(measured.samples["latency_s"]) > measured.floor_s


def test_work_on_another_stream_is_caught(trial: Trial) -> None:
    side = torch.cuda.Stream()

    def elsewhere(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = torch.zeros_like(x)
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            torch.cuda._sleep(20_000_000)
            out.copy_(honest(x, y))
        return out

    with pytest.raises(MeasurementRefused):
        execute(timed(elsewhere), trial, fresh_process=False)


def test_events_that_lie_are_caught(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda.Event, "elapsed_time", lambda self, end: 1e-4)
    with pytest.raises(MeasurementRefused, match="events cannot be trusted"):
        execute(timed(honest), trial, fresh_process=False)


def test_kept_results_and_unwritten_outputs_are_caught(trial: Trial) -> None:
    kept: list[torch.Tensor] = []

    def remembers(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        kept.append(honest(x, y))
        return kept[0]

    def forgets(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(x)
        out[:, 1:] = honest(x, y)[:, 1:]
        return out

    for call in (remembers, forgets):
        with pytest.raises(MeasurementRefused, match="is wrong"):
            execute(timed(call), trial, fresh_process=False)
        trial.gates.clear()


def test_the_allocators_peak_is_exact() -> None:
    with PeakMemory("cuda") as peak:
        block = torch.empty(64 * 2**20, dtype=torch.uint8, device="cuda")
        del block
    assert peak.growth_bytes == 64 * 2**20

"""Timing on a GPU; the same adversaries, and those that only a GPU has.

Without a GPU the queue runs on a stand-in whose events read the host's clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from toys import Toy

from claimbench.errors import MeasurementRefused
from claimbench.measure import cuda, execute
from claimbench.measure.controls import elementwise_rounds_on_gpu
from claimbench.measure.memory import PeakMemory
from claimbench.measure.roofline import measure_roofline
from claimbench.papers.house import PLACEBO_GPU, POSITIVE_CONTROL_GPU
from claimbench.spec import Claim
from claimbench.trial import Timed, Trial

HAS_GPU = torch.cuda.is_available()
DEVICE = "cuda" if HAS_GPU else "cpu"


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
    rng = torch.Generator(DEVICE).manual_seed(0)
    sets = [tuple(torch.randn(4, n, device=DEVICE, generator=rng) for _ in "xy") for _ in range(3)]
    return Timed(call, sets, honest, **changes)


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU")
def test_an_honest_call_is_timed_by_events_on_a_cold_cache(trial: Trial) -> None:
    measured = execute(
        timed(honest, bytes=3 * 16.0 * 2**20), trial, fresh_process=True, roofline=measure_roofline("cuda")
    )
    assert len(measured.samples["latency_s"]) == 20
    assert measured.regime is not None
    assert (measured.regime.clock, measured.regime.cache) == ("cuda_event", "cold")
    assert measured.floor_s is not None
    assert min(measured.samples["latency_s"]) > measured.floor_s


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU")
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


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU")
def test_events_that_lie_are_caught(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda.Event, "elapsed_time", lambda self, end: 1e-4)
    with pytest.raises(MeasurementRefused, match="events cannot be trusted"):
        execute(timed(honest), trial, fresh_process=False)


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU")
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


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU")
def test_the_allocators_peak_is_exact() -> None:
    with PeakMemory("cuda") as peak:
        block = torch.empty(64 * 2**20, dtype=torch.uint8, device="cuda")
        del block
    assert peak.growth_bytes == 64 * 2**20


class HostEvent:
    """An event of a device that has done everything it was told at once."""

    scale = 1000.0

    def record(self) -> None:
        self.seconds = time.perf_counter()

    def synchronize(self) -> None:
        pass

    def elapsed_time(self, end: HostEvent) -> float:
        return (end.seconds - self.seconds) * self.scale


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "_event", HostEvent)
    monkeypatch.setattr(cuda, "_cache_sized_buffer", lambda: torch.zeros(2**16))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "_sleep", lambda cycles: time.sleep(cycles / 2e9))


@pytest.mark.skipif(HAS_GPU, reason="there is a real one")
@pytest.mark.usefixtures("stand_in")
def test_the_queue_on_a_stand_in(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = execute(timed(honest, n=2000), trial, fresh_process=False)
    assert len(measured.samples["latency_s"]) == 20
    assert measured.regime is not None
    assert (measured.regime.clock, measured.regime.cache, measured.regime.process) == ("cuda_event", "cold", "fork")
    assert set(trial.gates) == {"before", "after"}
    calls: list[int] = []

    def wrong_later(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return honest(x, y) * (1 if len(calls) < 40 else 2)

    with pytest.raises(MeasurementRefused, match="after: output 0 is wrong"):
        execute(timed(wrong_later, n=2000), trial, fresh_process=False)
    monkeypatch.setattr(HostEvent, "scale", 1.0)
    trial.gates.clear()
    with pytest.raises(MeasurementRefused, match="events cannot be trusted"):
        execute(timed(honest, n=2000), trial, fresh_process=False)


def house(claim: Claim, arm: str, **sizes: int) -> Trial:
    work = claim.workloads["gpu"].model_copy(update=sizes)
    return Trial(claim.id, "gpu", work, arm, claim.arm(arm).options, (3,), device="cuda", tolerances=claim.gates)


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU")
def test_the_house_s_controls_on_a_gpu() -> None:
    roofline = measure_roofline("cuda")
    for claim in (PLACEBO_GPU, POSITIVE_CONTROL_GPU):
        for arm in claim.arms:
            trial = house(claim, arm.name)
            timed = elementwise_rounds_on_gpu(trial)
            assert all(x.device.type == "cuda" for (x,) in timed.inputs)
            assert len(execute(timed, trial, fresh_process=True, roofline=roofline).samples["latency_s"]) == 20


@pytest.mark.skipif(HAS_GPU, reason="there is a real one")
@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("claim", [PLACEBO_GPU, POSITIVE_CONTROL_GPU], ids=lambda claim: claim.id)
def test_the_house_s_controls_on_a_stand_in(claim: Claim) -> None:
    for arm in claim.arms:
        trial = house(claim, arm.name, elements=2000)
        timed = elementwise_rounds_on_gpu(replace(trial, device="cpu"))
        measured = execute(timed, trial, fresh_process=False)
        assert len(measured.samples["latency_s"]) == 20
        assert measured.regime is not None
        assert measured.regime.clock == "cuda_event"
        assert set(trial.gates) == set(claim.gates)


@pytest.mark.skipif(HAS_GPU, reason="there is a real one")
@pytest.mark.usefixtures("stand_in")
def test_a_device_that_goes_on_after_the_last_event(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: time.sleep(0.05))
    with pytest.raises(MeasurementRefused, match="leaves work to another stream"):
        execute(timed(honest, n=2000), trial, fresh_process=False)


@pytest.mark.parametrize(
    ("device_s", "host_s", "samples_s", "trusted"),
    [
        pytest.param(1.0, 1.0, 0.9, True, id="agree"),
        pytest.param(0.01, 1.0, 0.001, False, id="device-clock-too-slow"),
        pytest.param(2.0, 1.0, 0.5, False, id="device-clock-too-fast"),
        pytest.param(1.0, 1.0, 1.1, False, id="samples-exceed-the-queue"),
    ],
)
def test_two_clocks_must_agree(device_s: float, host_s: float, samples_s: float, trusted: bool) -> None:
    if trusted:
        assert cuda._check_clocks(device_s, host_s, samples_s) is None
        return
    with pytest.raises(MeasurementRefused, match="events cannot be trusted"):
        cuda._check_clocks(device_s, host_s, samples_s)

"""What an outcome must look like, and what the record keeps of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toys import Toy

from claimbench.errors import MeasurementRefused, SpecError
from claimbench.measure import Measured, execute
from claimbench.measure.timing import MAX_SAMPLES, MIN_SAMPLES, sample_count
from claimbench.record import Curve
from claimbench.trial import Exact, Outcome, Quality, Sweep, Timed, Trial


def measure(outcome: Outcome, *, seeds: tuple[int, ...] = (0, 1, 2)) -> Measured:
    trial = Trial(claim="toy.better", tier="smoke", workload=Toy(size=3), arm="ours", options={}, seeds=seeds)
    return execute(outcome, trial, fresh_process=False)


def squares(n: int) -> Timed:
    rng = np.random.default_rng(n)
    return Timed(np.square, [(rng.normal(size=n).astype(np.float32),) for _ in range(2)], np.square)


def test_quality_keeps_one_value_a_seed_and_diverged_runs() -> None:
    curve = Curve(x=(1, 2), y=((0.1, 0.2), (0.1, math.nan), (0.3, math.inf)))
    measured = measure(Quality({"loss": np.array([1.0, math.nan, math.inf])}, {"loss": curve}))
    assert measured.samples["loss"][0] == 1.0
    assert math.isnan(measured.samples["loss"][1])
    assert measured.samples["loss"][2] == math.inf
    assert measured.curves["loss"] is curve
    assert measured.regime is None


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_every_float_is_data(values: list[float]) -> None:
    kept = measure(Quality({"loss": values}), seeds=tuple(range(len(values)))).samples["loss"]
    assert np.array_equal(kept, values, equal_nan=True)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        pytest.param(Quality({"loss": [1.0, 2.0]}), "2 values for 3 seeds", id="too-few"),
        pytest.param(Quality({"loss": 1.0}), "sequence of numbers", id="scalar"),  # type: ignore[dict-item]
        pytest.param(Quality({"loss": "123"}), "sequence of numbers", id="text"),  # type: ignore[dict-item]
        pytest.param(Quality({"loss": [1, None, 2]}), "numbers only", id="none"),  # type: ignore[list-item]
        pytest.param(Quality({}), "at least one metric", id="empty-quality"),
        pytest.param(Quality({}, {"loss": Curve(x=(1,), y=((1,),))}), "1 lines for 3 seeds", id="lines"),
        pytest.param(
            Quality({}, {"loss": Curve(x=(1, 2), y=((1, 2), (1, 2), (1,)))}), "line 2 has 1 values", id="line-length"
        ),
        pytest.param(Exact({}), "at least one check", id="empty-exact"),
        pytest.param(Exact({"a": (2.0, 1.0)}), "low 2.0 is above high 1.0", id="upside-down"),
        pytest.param(Exact({"a": (1.0, 2.0, 3.0)}), "3 ends", id="three-ends"),  # type: ignore[dict-item]
        pytest.param(Sweep({}), "at least one size", id="empty-sweep"),
        pytest.param(Sweep({-1.0: squares(4)}), "sizes must be positive", id="negative-size"),
        pytest.param(Sweep({4.0: lambda: 3}), "must be a Timed", id="not-timed"),  # type: ignore[dict-item]
        pytest.param({"loss": [1.0]}, "returned a dict", id="not-an-outcome"),
        pytest.param(squares(8), "gate 'before' is not in the spec", id="gate-not-declared"),
    ],
)
def test_a_wrong_outcome_is_named(outcome: Outcome, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        measure(outcome)


def test_exact_values_become_intervals() -> None:
    checks = measure(Exact({"count": 3, "rounded": (1.5, 2.5), "tensor": torch.tensor(2.0)})).checks  # type: ignore[dict-item]
    assert checks == {"count": (3.0, 3.0), "rounded": (1.5, 2.5), "tensor": (2.0, 2.0)}


def test_a_declared_gate_must_be_reported_and_pass(trial: Trial) -> None:
    trial = replace(trial, tolerances={"oracle": 0.1}, gates={})
    with pytest.raises(SpecError, match="oracle"):
        execute(Exact({"a": 1.0}), trial, fresh_process=False)
    trial.gate("oracle", 0.05)
    assert execute(Exact({"a": 1.0}), trial, fresh_process=False).checks
    trial.gate("oracle", 0.2)
    with pytest.raises(MeasurementRefused, match="gate 'oracle' failed: error 0.2, tolerance 0.1"):
        execute(Exact({"a": 1.0}), trial, fresh_process=False)


def test_a_sweep_times_every_size_ascending_and_builds_late(trial: Trial) -> None:
    built: list[int] = []

    def later(n: int) -> Callable[[], Timed]:
        return lambda: (built.append(n), squares(n))[1]

    seen: list[tuple[int, int]] = []
    trial.on_progress = lambda done, total: seen.append((done, total))
    measured = execute(Sweep({4096: later(4096), 64: squares(64), 512: later(512)}), trial, fresh_process=False)
    curve = measured.curves["latency_s"]
    assert curve.x == (64, 512, 4096)
    assert curve.x_name == "size"
    assert [len(samples) for samples in curve.y] == [MAX_SAMPLES] * 3
    assert built == [512, 4096]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert measured.samples == {}
    assert measured.regime is not None


def test_a_sweep_that_is_wrong_at_one_size_has_no_samples_and_says_where(trial: Trial) -> None:
    wrong = replace(squares(512), call=lambda x: np.square(x) + 1)
    with pytest.raises(MeasurementRefused, match="size 512: before"):
        execute(Sweep({64: squares(64), 512: wrong}), trial, fresh_process=False)
    assert not trial.gates["before"].passed


@pytest.mark.parametrize(
    ("seconds", "count"), [(1e-6, 20), (0.05, 20), (0.1, 20), (0.2, 10), (0.5, 4), (0.51, 3), (60.0, 3)]
)
def test_samples_until_twenty_or_two_seconds_and_at_least_three(seconds: float, count: int) -> None:
    assert sample_count(seconds) == count
    assert MIN_SAMPLES <= sample_count(seconds) <= MAX_SAMPLES

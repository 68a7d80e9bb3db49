"""What the pages say of the house's own controls."""

from __future__ import annotations

from claimbench.health import Health
from claimbench.reports.numbers import interval
from claimbench.reports.trust import health_lines

SEEN = (1.4, 1.6)


def test_without_controls_nothing_is_known() -> None:
    (line,) = health_lines(Health())
    assert "no run has a placebo yet" in line


def test_placebos_are_pooled_and_a_gpu_s_controls_are_named() -> None:
    health = Health(
        placebo_p={"one": 0.5, "two": 0.04}, control_ratio={"one": SEEN, "two": SEEN}, gpu_runs=frozenset({"two"})
    )
    alarms, control = health_lines(health)
    assert "1 of 2 runs look like an effect at 5 % (50 % observed" in alarms
    assert control.endswith(f"{interval(*SEEN)} in one; {interval(*SEEN)} in two on a GPU")


def test_each_kind_of_device_answers_for_itself() -> None:
    ratios = {"one": SEEN, "two": (0.9, 1.6)}
    health = Health(placebo_p={"one": 0.5, "two": 0.5}, control_ratio=ratios, gpu_runs=frozenset({"two"}))
    assert health_lines(health)[2:] == [
        "timings may not be believed: run two could not see a slowdown of 1.5 (interval [0.9, 1.6]); measure --fresh"
    ]
    alone = Health(placebo_p={"one": 0.5, "two": 0.5}, control_ratio={"one": SEEN}, gpu_runs=frozenset({"two"}))
    (said,) = health_lines(alone)[2:]
    assert said.startswith("timings may not be believed: no positive control on a GPU has run to its end")


def test_a_fault_of_the_whole_store_is_said_once() -> None:
    health = Health(
        placebo_p={str(i): 0.5 for i in range(150)}, control_ratio={"0": SEEN, "1": SEEN}, gpu_runs=frozenset({"1"})
    )
    (said,) = health_lines(health.model_copy(update={"pooled_p": 5e-4}))[2:]
    assert "0 of 150 placebos look like effects, far fewer" in said

"""From an experiment's outcome to what the record keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from claimbench.errors import MeasurementRefused, SpecError
from claimbench.measure.roofline import Roofline
from claimbench.measure.timing import BUDGET_S, Timing, time_call
from claimbench.record import Curve, Regime
from claimbench.trial import Exact, Outcome, Quality, Sweep, Timed, Trial

__all__ = ["Measured", "execute"]


@dataclass(frozen=True)
class Measured:
    """What a trial gave, as the record keeps it."""

    samples: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    """Metric → one value a seed; `latency_s` → one value per timed sample."""
    curves: Mapping[str, Curve] = field(default_factory=dict[str, Curve])
    """Metric → lines; `latency_s` → samples at every size."""
    checks: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """Check → interval of its value."""
    regime: Regime | None = None
    """Timing conditions."""
    floor_s: float | None = None
    """Roofline floor of the timing, of the smallest size in a sweep."""


def execute(outcome: Outcome, trial: Trial, *, fresh_process: bool, roofline: Roofline | None = None) -> Measured:
    """Check an outcome, and time it where it asks for that.

    A `Timed` is gated as "before" and "after" (both declared in the claim's `gates`), timed in between on inputs
    whose floating values are varied by up to a tenth, and held against `roofline`: `call` must be a pure function
    of its arguments that agrees with `reference` on such inputs as well. Gates land in `trial.gates`.

    Raises SpecError where the outcome has the wrong shape or a declared gate was not reported, MeasurementRefused
    where a gate failed or a time cannot be trusted; then there are no samples.
    """
    match outcome:
        case Quality():
            measured = _quality(outcome, trial)
        case Exact():
            measured = _exact(outcome)
        case Timed():
            timing = _time(outcome, trial, roofline, fresh_process=fresh_process)
            measured = Measured({"latency_s": timing.samples}, regime=timing.regime, floor_s=timing.floor_s)
        case Sweep():
            measured = _sweep(outcome, trial, roofline, fresh_process=fresh_process)
        case _:
            raise SpecError(
                f"{trial.claim}: the experiment returned a {type(outcome).__name__}; "
                "return a Quality, Timed, Sweep or Exact"
            )
    _check_gates(trial)
    return measured


def _time(
    timed: Timed, trial: Trial, roofline: Roofline | None, *, fresh_process: bool, budget_s: float = BUDGET_S
) -> Timing:
    if trial.device == "cuda":
        from claimbench.measure.cuda import time_call as time_cuda_call

        return time_cuda_call(timed, trial, roofline, fresh_process=fresh_process, budget_s=budget_s)
    return time_call(timed, trial, roofline, fresh_process=fresh_process, budget_s=budget_s)


def _sweep(sweep: Sweep, trial: Trial, roofline: Roofline | None, *, fresh_process: bool) -> Measured:
    if not sweep.points:
        raise SpecError(f"{trial.claim}: Sweep.points is empty; give at least one size")
    sizes = sorted(sweep.points)
    if not all(math.isfinite(size) and size > 0 for size in sizes):
        raise SpecError(f"{trial.claim}: Sweep.points: sizes must be positive, got {sizes}")
    timings: list[Timing] = []
    for number, size in enumerate(sizes):
        point = sweep.points[size]
        timed = point if isinstance(point, Timed) else point()
        if not isinstance(timed, Timed):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SpecError(f"{trial.claim}: Sweep.points[{size}] gave a {type(timed).__name__}; it must be a Timed")
        try:
            share = BUDGET_S / len(sizes)
            timings.append(_time(timed, trial, roofline, fresh_process=fresh_process, budget_s=share))
        except MeasurementRefused as refusal:
            raise MeasurementRefused(f"size {size:g}: {refusal}") from refusal
        del point, timed  # its memory must be free before the next, larger one is built
        trial.progress(number + 1, len(sizes))
    curve = Curve(x=tuple(sizes), y=tuple(timing.samples for timing in timings), x_name="size")
    floors = [timing.floor_s for timing in timings if timing.floor_s is not None]
    return Measured(
        curves={"latency_s": curve},
        regime=_common_regime([timing.regime for timing in timings]),
        floor_s=min(floors, default=None),
    )


def _common_regime(regimes: Sequence[Regime]) -> Regime:
    """The weakest that holds at every size: the least warm-up, the most calls a sample, `warm` where any was."""
    warm = any(regime.cache == "warm" for regime in regimes)
    return regimes[0].model_copy(
        update={
            "cache": "warm" if warm else regimes[0].cache,
            "warmup": min(regime.warmup for regime in regimes),
            "calls_per_sample": max(regime.calls_per_sample for regime in regimes),
        }
    )


def _quality(outcome: Quality, trial: Trial) -> Measured:
    if not outcome.values and not outcome.curves:
        raise SpecError(f"{trial.claim}: Quality is empty; give at least one metric")
    samples: dict[str, tuple[float, ...]] = {}
    for name, values in outcome.values.items():
        samples[name] = _numbers(values, f"{trial.claim}: Quality.values[{name!r}]")
        if len(samples[name]) != len(trial.seeds):
            raise SpecError(
                f"{trial.claim}: Quality.values[{name!r}] has {len(samples[name])} values for "
                f"{len(trial.seeds)} seeds; give one a seed, in the order of trial.seeds"
            )
    for name, curve in outcome.curves.items():
        where = f"{trial.claim}: Quality.curves[{name!r}]"
        if len(curve.y) != len(trial.seeds):
            raise SpecError(f"{where} has {len(curve.y)} lines for {len(trial.seeds)} seeds; give one a seed")
        for index, line in enumerate(curve.y):
            if len(line) != len(curve.x):
                raise SpecError(f"{where}: line {index} has {len(line)} values over an axis of {len(curve.x)}")
    return Measured(samples, dict(outcome.curves))


def _exact(outcome: Exact) -> Measured:
    if not outcome.checks:
        raise SpecError("Exact.checks is empty; give at least one check")
    checks: dict[str, tuple[float, float]] = {}
    for name, value in outcome.checks.items():
        where = f"Exact.checks[{name!r}]"
        ends = _numbers(value if isinstance(value, tuple) else (value, value), where)
        if len(ends) != 2:
            raise SpecError(f"{where} has {len(ends)} ends; give a value, or (low, high)")
        if ends[0] > ends[1]:
            raise SpecError(f"{where}: low {ends[0]} is above high {ends[1]}; give (low, high)")
        checks[name] = (ends[0], ends[1])
    return Measured(checks=checks)


def _numbers(values: object, where: str) -> tuple[float, ...]:
    """`values` as floats; a NaN or an infinity is data."""
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise SpecError(f"{where}: must be a sequence of numbers, got {values!r}")
    try:
        return tuple(float(value) for value in values)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise SpecError(f"{where}: must hold numbers only ({error})") from error


def _check_gates(trial: Trial) -> None:
    missing = sorted(set(trial.tolerances) - set(trial.gates))
    if missing:
        raise SpecError(
            f"{trial.claim} arm {trial.arm}: gates {missing} are declared but were not reported; "
            "report each with trial.gate(name, error), or take it out of the spec"
        )
    for name, gate in trial.gates.items():
        if not gate.passed:
            raise MeasurementRefused(
                f"gate {name!r} failed: error {gate.error:.3g}, tolerance {gate.tolerance:.3g}; "
                "what is not right is not measured"
            )

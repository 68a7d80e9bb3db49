"""Timing of one call on the CPU: right before, timed, right after.

Everything is arranged so that a call can only look fast by being fast. Its inputs are copies that get new values
before every sample, so that nothing can be remembered; the output of the last timed call, and of one other, is
compared with the reference; work left to other threads is counted; a time that the machine cannot reach is refused.
"""

from __future__ import annotations

import gc
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, process_time, thread_time
from typing import Any

from claimbench.errors import MeasurementRefused, SpecError
from claimbench.measure.arrays import InputSet, copied, nbytes, outputs, snapshot, variable, vary_into
from claimbench.measure.gates import check_before, check_outputs
from claimbench.measure.roofline import Roofline, last_level_cache_bytes
from claimbench.record import Regime
from claimbench.trial import Timed, Trial

__all__ = ["BUDGET_S", "MAX_SAMPLES", "MIN_SAMPLES", "Timing", "check_timed", "sample_count", "time_call"]

MAX_SAMPLES = 20
MIN_SAMPLES = 3
SLOW_CALL_S = 0.5
"""A call longer than this is timed `MIN_SAMPLES` times."""
BUDGET_S = 2.0
"""Seconds of samples that one process takes; the sizes of a sweep share them."""
_SHORTEST_SAMPLE_S = 200e-6
_RING_BYTES = 64 * 2**20
_CLOCK = (perf_counter, time.monotonic, time.time, process_time)


@dataclass(frozen=True)
class Timing:
    """Samples of one call."""

    samples: tuple[float, ...]
    """Seconds a call, one mean per sample."""
    regime: Regime
    """Conditions."""
    floor_s: float | None
    """Roofline floor of one call; None where flops and bytes are unknown or no roofline was given."""


def check_timed(timed: Timed) -> None:
    """Raises SpecError where a `Timed` is not usable."""
    if not timed.inputs:
        raise SpecError("Timed.inputs: give at least one input set, better three")
    for index, inputs in enumerate(timed.inputs):
        if not isinstance(inputs, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SpecError(f"Timed.inputs[{index}]: must be a tuple of arguments, got a {type(inputs).__name__}")
    if len(timed.inputs) == 1 and not variable(timed.inputs[0]):
        raise SpecError("Timed.inputs: one input set without floating tensors cannot be varied; give at least two")
    for name in ("flops", "bytes"):
        value = getattr(timed, name)
        if not (math.isfinite(value) and value >= 0):
            raise SpecError(f"Timed.{name}: must be finite and not negative, got {value}")


def sample_count(estimate_s: float, budget_s: float = BUDGET_S) -> int:
    """How many samples are taken of a call that lasts about `estimate_s`."""
    if estimate_s > SLOW_CALL_S:
        return MIN_SAMPLES
    return max(MIN_SAMPLES, min(MAX_SAMPLES, int(budget_s / max(estimate_s, _SHORTEST_SAMPLE_S))))


def time_call(
    timed: Timed, trial: Trial, roofline: Roofline | None, *, fresh_process: bool, budget_s: float = BUDGET_S
) -> Timing:
    """Gate, time and gate again one call on the CPU, with about `budget_s` seconds of samples.

    Raises MeasurementRefused where a gate fails, an input is overwritten, work is left to other threads, the clock
    was replaced, or a sample lies under the roofline floor; SpecError where the `Timed` itself is wrong.
    """
    check_timed(timed)
    origins = [copied(inputs) for inputs in timed.inputs]
    held = Timed(timed.call, origins, timed.reference, timed.flops, timed.bytes)
    check_before(held, trial)
    estimate, warmup = _warm_up(held)
    calls = max(1, math.ceil(_SHORTEST_SAMPLE_S / max(estimate, 1e-9)))
    ring = _Ring(origins, calls, trial.seeds)
    calls = min(calls, len(ring.slots))
    samples = _sample(held, trial, ring, calls, sample_count(estimate, budget_s))
    floor = check_floor(timed, roofline, samples)
    regime = Regime(
        clock="perf_counter",
        process="fresh" if fresh_process else "fork",
        cache="rotated" if nbytes(ring.slots) > last_level_cache_bytes() else "warm",
        threads=_threads(),
        warmup=warmup + len(origins),
        calls_per_sample=calls,
    )
    return Timing(tuple(samples), regime, floor)


def check_floor(timed: Timed, roofline: Roofline | None, samples: Sequence[float]) -> float | None:
    """The roofline floor of one call; raises MeasurementRefused where a sample lies under it."""
    if roofline is None or not (timed.flops or timed.bytes):
        return None
    floor = roofline.floor_s(timed.flops, timed.bytes)
    if min(samples) < floor:
        raise MeasurementRefused(
            f"a sample of {min(samples):.3g} s is faster than this machine can move {timed.bytes:.3g} bytes and do "
            f"{timed.flops:.3g} operations ({floor:.3g} s): the call leaves work out, or flops() or bytes() is wrong"
        )
    return floor


class _Ring:
    """Copies of the input sets, enough for the calls of one sample, with new values whenever they were used up."""

    def __init__(self, origins: Sequence[InputSet], calls: int, seeds: Sequence[int]) -> None:
        per_set = max(1, nbytes(origins) // len(origins))
        count = max(len(origins), min(calls, _RING_BYTES // per_set))
        self.origins = [origins[index % len(origins)] for index in range(count)]
        self.slots = [copied(origin) for origin in self.origins]
        self._seed = sum((seed + 1) * 1_000_003 for seed in seeds)
        self._values: list[int] = [0] * count
        self._next = count

    def take(self, calls: int) -> list[int]:
        """Indices of the next slots to be used, all with values that no call has seen."""
        if self._next + calls > len(self.slots):
            for index in range(len(self.slots)):
                self._seed += 1
                self._values[index] = self._seed
                vary_into(self.slots[index], self.origins[index], self._seed)
            self._next = 0
        taken = list(range(self._next, self._next + calls))
        self._next += calls
        return taken

    def values(self, index: int) -> InputSet:
        """What slot `index` held when it was handed out, made anew."""
        fresh = copied(self.origins[index])
        vary_into(fresh, self.origins[index], self._values[index])
        return fresh


def _warm_up(timed: Timed) -> tuple[float, int]:
    """Shortest of some untimed calls, and how many there were."""
    shortest, spent, calls = math.inf, 0.0, 0
    while calls < 2 or (spent < 0.05 and calls < 10):
        inputs = copied(timed.inputs[calls % len(timed.inputs)])
        begin = perf_counter()
        timed.call(*inputs)
        took = perf_counter() - begin
        shortest, spent, calls = min(shortest, took), spent + took, calls + 1
        if took > SLOW_CALL_S:
            break
    return shortest, calls


def _sample(timed: Timed, trial: Trial, ring: _Ring, calls: int, count: int) -> list[float]:
    call, clock = timed.call, perf_counter
    spot = random.Random(trial.seeds[0]).randrange(count - 1)
    samples: list[float] = []
    kept: list[tuple[InputSet, InputSet, tuple[Any, ...]]] = []
    threads = _threads()
    collecting = gc.isenabled()
    gc.disable()
    elsewhere = process_time() - thread_time()
    try:
        for number in range(count):
            taken = ring.take(calls)
            batch = [ring.slots[index] for index in taken]
            result: Any = None
            begin = clock()
            for inputs in batch:
                result = call(*inputs)
            end = clock()
            samples.append((end - begin) / calls)
            if number in (spot, count - 1):
                found = snapshot(outputs(result, "call"))
                # Kept for later: running the reference here would change the caches for the next sample.
                kept.append((copied(batch[-1]), ring.values(taken[-1]), found))
            del result, batch
    finally:
        if collecting:
            gc.enable()
    elsewhere = process_time() - thread_time() - elsewhere
    _check_clock()
    if _threads() != threads:
        raise MeasurementRefused(f"the call changed the number of threads from {threads} to {_threads()}")
    if threads == 1:
        _check_threads(elsewhere, sum(samples) * calls)
    for given, origin, found in kept:
        check_outputs(timed, trial, "after", given, origin, found)
    return samples


def _check_clock() -> None:
    if (time.perf_counter, time.monotonic, time.time, time.process_time) != _CLOCK:
        raise MeasurementRefused("the call replaced a clock of the time module; let it leave the clock alone")


def _check_threads(elsewhere_s: float, timed_s: float) -> None:
    if elsewhere_s > max(0.1 * timed_s, 2e-3):
        raise MeasurementRefused(
            f"{elsewhere_s:.3g} s of processor time went to other threads while {timed_s:.3g} s were timed: the call "
            "leaves work to them; do it in the calling thread, or set the workload's threads"
        )


def _threads() -> int:
    torch = sys.modules.get("torch")
    return 1 if torch is None else int(torch.get_num_threads())

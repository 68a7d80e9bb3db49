"""Timing of one call on a GPU: device events, cold second-level cache, no synchronisation inside the queue.

The host queues every sample before the device starts the first: a flush of the cache, an event, the call, an event.
So launch latency is hidden unless the call itself waits for the host, which is then rightly part of its time. Work
on another stream escapes the events of this one; the host's clock around the whole queue gives it away.
"""

from __future__ import annotations

import math
import random
from time import perf_counter
from typing import Any

from claimbench.errors import MeasurementRefused
from claimbench.measure.arrays import InputSet, copied, outputs, snapshot, vary_into
from claimbench.measure.gates import check_before, check_outputs
from claimbench.measure.roofline import Roofline
from claimbench.measure.timing import BUDGET_S, SLOW_CALL_S, Timing, check_floor, check_timed, sample_count
from claimbench.record import Regime
from claimbench.trial import Timed, Trial

__all__ = ["peak_rates", "time_call"]

_LATE_S = 100e-6
"""Device work that goes on this long after the last event was not in the queue that was timed."""
_CYCLES_PER_S = 2e9
"""About the clock of a data-centre GPU; only the idle time at the head of the queue depends on it."""


def time_call(
    timed: Timed, trial: Trial, roofline: Roofline | None, *, fresh_process: bool, budget_s: float = BUDGET_S
) -> Timing:
    """Gate, time and gate again one call on the current GPU; every input set is compiled and tuned for first.

    Raises MeasurementRefused where a gate fails, an input is overwritten, work is left to another stream, the
    events disagree with the host's clock, or a sample lies under the roofline floor; SpecError where the `Timed`
    itself is wrong.
    """
    import torch

    check_timed(timed)
    origins = [copied(inputs) for inputs in timed.inputs]
    held = Timed(timed.call, origins, timed.reference, timed.flops, timed.bytes)
    check_before(held, trial)
    estimate, warmup = _warm_up(held)
    samples = _sample(held, trial, sample_count(estimate, budget_s), estimate)
    regime = Regime(
        clock="cuda_event",
        process="fresh" if fresh_process else "fork",
        cache="cold",
        threads=int(torch.get_num_threads()),
        warmup=warmup + len(origins),
        calls_per_sample=1,
    )
    return Timing(tuple(samples), regime, check_floor(timed, roofline, samples))


def _warm_up(timed: Timed) -> tuple[float, int]:
    """Shortest of some untimed calls, host latency included, and how many there were."""
    import torch

    shortest, spent, calls = math.inf, 0.0, 0
    while calls < 2 or calls < len(timed.inputs) or (spent < 0.1 and calls < 25):
        inputs = copied(timed.inputs[calls % len(timed.inputs)])
        torch.cuda.synchronize()
        begin = perf_counter()
        timed.call(*inputs)
        torch.cuda.synchronize()
        took = perf_counter() - begin
        shortest, spent, calls = min(shortest, took), spent + took, calls + 1
        if took > SLOW_CALL_S and calls >= len(timed.inputs):
            break
    return shortest, calls


def _sample(timed: Timed, trial: Trial, count: int, estimate_s: float) -> list[float]:
    import torch

    slots = [copied(origin) for origin in timed.inputs]
    flush = _cache_sized_buffer()
    events = [(_event(), _event()) for _ in range(count)]
    seed = sum((number + 1) * 1_000_003 for number in trial.seeds)
    spot = random.Random(trial.seeds[0]).randrange(count - 1)
    kept: list[tuple[InputSet, InputSet, tuple[Any, ...]]] = []
    head, tail = _event(), _event()
    torch.cuda.synchronize()
    begin = perf_counter()
    head.record()
    cycles = int(count * (min(estimate_s, 2e-3) + 0.5e-3) * _CYCLES_PER_S)
    # The device idles while the host fills the queue: a short call's launches must all be there before it starts.
    device: Any = torch.cuda
    device._sleep(cycles)  # there is no public way to idle a stream
    for number, (start, end) in enumerate(events):
        slot, origin = slots[number % len(slots)], timed.inputs[number % len(slots)]
        vary_into(slot, origin, seed + number)
        flush.zero_()
        start.record()
        result = timed.call(*slot)
        end.record()
        if number in (spot, count - 1):
            # A copy queued at once: what another stream has not finished is missing from it.
            found = snapshot(outputs(result, "call"))
            fresh = copied(origin)
            vary_into(fresh, origin, seed + number)
            kept.append((copied(slot), fresh, found))
        del result
    tail.record()
    tail.synchronize()
    seen = perf_counter()
    torch.cuda.synchronize()
    late = perf_counter() - seen
    samples = [start.elapsed_time(end) / 1000 for start, end in events]
    if late > max(_LATE_S, 0.1 * samples[-1]):
        raise MeasurementRefused(
            f"the device went on for {late:.3g} s after the last event: the call leaves work to another stream; "
            "make the current stream wait for it"
        )
    _check_clocks(head.elapsed_time(tail) / 1000, seen - begin, sum(samples))
    for given, origin, found in kept:
        check_outputs(timed, trial, "after", given, origin, found)
    return samples


def _check_clocks(device_s: float, host_s: float, samples_s: float) -> None:
    """The events around the queue must agree with the host's clock, and hold the samples between them."""
    if not 0.5 * host_s - 1e-3 <= device_s <= 1.05 * host_s + 1e-3 or samples_s > device_s:
        raise MeasurementRefused(
            f"device events say {device_s:.3g} s ({samples_s:.3g} s of it timed) where the host's clock says "
            f"{host_s:.3g} s: the events cannot be trusted; leave torch.cuda.Event alone"
        )


def _event() -> Any:
    import torch

    return torch.cuda.Event(enable_timing=True)


def _cache_sized_buffer() -> Any:
    """Twice the second-level cache: writing it evicts everything else."""
    import torch

    return torch.empty(2 * _l2_bytes(), dtype=torch.uint8, device="cuda")


def _l2_bytes() -> int:
    import torch

    device: Any = torch.cuda
    return int(device.get_device_properties(device.current_device()).L2_cache_size)


def peak_rates() -> tuple[float, float, int]:
    """Copy bandwidth (B/s), matrix rate (1/s) and second-level cache (B) of the current GPU."""
    import torch

    size = max(2**28, 8 * _l2_bytes())
    source, target = (torch.empty(size, dtype=torch.uint8, device="cuda").random_() for _ in range(2))
    copy = _best_s(lambda: target.copy_(source))
    one, other = (torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    product = _best_s(lambda: torch.mm(one, other))
    return 2 * size / copy, 2 * 8192**3 / product, _l2_bytes()


def _best_s(work: Any, repeats: int = 20) -> float:
    import torch

    work()
    events = [(_event(), _event()) for _ in range(repeats)]
    for start, end in events:
        start.record()
        work()
        end.record()
    torch.cuda.synchronize()
    return min(start.elapsed_time(end) for start, end in events) / 1000

"""Calls that cheat, each caught by a named error; honest ones pass."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from claimbench.errors import MeasurementRefused, SpecError
from claimbench.measure import execute
from claimbench.measure.gates import poisoned_memory
from claimbench.measure.roofline import Roofline
from claimbench.trial import Timed, Trial


def honest(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x * y).cumsum(-1)


def inputs(sets: int = 3, n: int = 200) -> list[tuple[torch.Tensor, torch.Tensor]]:
    rng = torch.Generator().manual_seed(0)
    return [(torch.randn(4, n, generator=rng), torch.randn(4, n, generator=rng)) for _ in range(sets)]


def timed(call: Callable[..., Any], **changes: Any) -> Timed:
    return Timed(**({"call": call, "inputs": inputs(), "reference": honest} | changes))


def refuse(trial: Trial, outcome: Timed, match: str, **options: Any) -> None:
    with pytest.raises(MeasurementRefused, match=match):
        execute(outcome, trial, fresh_process=False, **options)


def after(calls: int, then: Callable[..., Any]) -> Callable[..., Any]:
    """Honest for a number of calls, something else from then on."""
    count = itertools.count()
    return lambda *args: honest(*args) if next(count) < calls else then(*args)


def test_an_honest_call_passes_and_reports_both_gates(trial: Trial) -> None:
    measured = execute(timed(honest), trial, fresh_process=True)
    assert len(measured.samples["latency_s"]) == 20
    assert all(0 < sample < 0.1 for sample in measured.samples["latency_s"])
    assert set(trial.gates) == {"before", "after"}
    assert all(0 < gate.error < 1e-6 for gate in trial.gates.values())
    assert measured.regime is not None
    assert (measured.regime.process, measured.regime.clock, measured.regime.threads) == ("fresh", "perf_counter", 1)
    assert measured.regime.calls_per_sample > 1, "a call of some microseconds is timed in bundles"


def test_a_wrong_call_has_no_time(trial: Trial) -> None:
    refuse(trial, timed(lambda x, y: honest(x, y) * 1.001), "before: output 0 is wrong")
    assert not trial.gates["before"].passed
    assert "after" not in trial.gates


@pytest.mark.parametrize("key", [id, lambda x: x.data_ptr(), lambda x: tuple(x.shape)], ids=["id", "address", "shape"])
def test_results_kept_by_what_an_input_is_are_caught(trial: Trial, key: Callable[[torch.Tensor], object]) -> None:
    kept: dict[object, Any] = {}
    alive: list[torch.Tensor] = []  # so that no id or address is used twice

    def remembers(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        alive.append(x)
        if key(x) not in kept:
            kept[key(x)] = honest(x, y)
        return kept[key(x)]

    refuse(trial, timed(remembers), "is wrong")


def test_results_kept_by_the_values_of_an_input_save_nothing(trial: Trial) -> None:
    kept: dict[bytes, Any] = {}
    hits = 0

    def remembers(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        nonlocal hits
        values = x.numpy().tobytes()
        hits += values in kept and warm
        return kept.setdefault(values, honest(x, y))

    warm = True
    execute(timed(remembers, inputs=inputs(n=20_000)), trial, fresh_process=False)
    assert hits <= 10, "warm-up repeats the gate's values, timed calls never see a value twice"


def test_one_input_set_is_enough_to_catch_a_kept_result(trial: Trial) -> None:
    kept: list[torch.Tensor] = []

    def first_result(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if not kept:
            kept.append(honest(x, y))
        return kept[0]

    refuse(trial, timed(first_result, inputs=inputs(sets=1)), "after: output 0 is wrong")


def test_right_for_the_first_ten_calls_only(trial: Trial) -> None:
    refuse(trial, timed(after(10, lambda x, y: honest(x, y) * 1.01)), "after: output 0 is wrong")


def test_zeros_after_the_gate(trial: Trial) -> None:
    refuse(trial, timed(after(3, lambda x, y: torch.zeros_like(x))), "after: output 0 is wrong")


def test_another_shape_after_the_gate(trial: Trial) -> None:
    refuse(trial, timed(after(3, lambda x, y: honest(x, y)[:1])), "after: output 0: call returns shape")


def test_nothing_after_the_gate(trial: Trial) -> None:
    refuse(trial, timed(after(3, lambda x, y: None)), "returned a builtins.NoneType")


def test_a_call_that_writes_on_its_inputs(trial: Trial) -> None:
    def in_place(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x.mul_(y).cumsum(-1)

    refuse(trial, timed(in_place), "before: call wrote on its inputs")


def test_a_call_that_writes_on_its_inputs_after_the_gate(trial: Trial) -> None:
    def in_place(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = honest(x, y)
        x.zero_()
        return out

    refuse(trial, timed(after(3, in_place)), "after: call wrote on its inputs")


class Lazy(torch.Tensor):
    """Works when it is looked at."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return super().__torch_function__(func, types, args, kwargs or {})


def test_a_tensor_that_puts_off_its_work(trial: Trial) -> None:
    refuse(trial, timed(lambda x, y: honest(x, y).as_subclass(Lazy)), "only plain torch.Tensor")


def test_an_array_that_puts_off_its_work(trial: Trial) -> None:
    refuse(trial, timed(lambda x, y: honest(x, y).numpy().view(np.matrix)), "only plain torch.Tensor")


def test_a_tensor_without_values(trial: Trial) -> None:
    refuse(trial, timed(lambda x, y: honest(x, y).to("meta")), "without dense values")
    refuse(trial, timed(lambda x, y: honest(x, y).to_sparse()), "without dense values")


def test_work_left_to_a_thread_that_nobody_waits_for(trial: Trial) -> None:
    def deferred(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = torch.zeros_like(x)

        def work() -> None:
            time.sleep(0.002)
            out.copy_(honest(x, y))

        threading.Thread(target=work).start()
        return out

    refuse(trial, timed(deferred), "before: output 0 is wrong")


def test_work_done_by_a_thread_while_the_call_sleeps(trial: Trial) -> None:
    def elsewhere(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        found: list[torch.Tensor] = []

        def work() -> None:
            end = time.thread_time() + 0.003
            while time.thread_time() < end:
                found[:] = [honest(x, y)]

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        return found[0]

    refuse(trial, timed(elsewhere), "processor time went to other threads")


def test_more_threads_than_were_given(trial: Trial) -> None:
    def more(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        torch.set_num_threads(2)
        return honest(x, y)

    before = torch.get_num_threads()
    try:
        refuse(trial, timed(after(20, more)), "changed the number of threads")
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("n", [7, 200, 100_000])
def test_an_output_left_unwritten(trial: Trial, n: int) -> None:
    def forgets_the_last(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(x)
        out[:, :-1] = honest(x, y)[:, :-1]
        return out

    refuse(trial, timed(forgets_the_last, inputs=inputs(n=n)), "relative error nan")


def test_an_output_that_relies_on_what_memory_held_before(trial: Trial) -> None:
    def reference(x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, x, 0.0)

    def writes_only_what_is_not_zero(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)  # fresh pages hold zeros, so that this is right most of the time
        out[x > 0] = x[x > 0]
        return out

    sets = [(np.random.default_rng(seed).normal(size=50_000),) for seed in range(2)]
    refuse(trial, Timed(writes_only_what_is_not_zero, sets, reference), "relative error nan")
    trial.gates.clear()
    execute(Timed(reference, sets, reference), trial, fresh_process=False)


def test_fresh_memory_is_nan_inside_the_gate_only() -> None:
    with poisoned_memory("cpu"):
        assert torch.isnan(torch.empty(100_000)).all()
        assert torch.isnan(torch.empty(100_000, dtype=torch.bfloat16)).all()
        assert np.isnan(np.empty(100_000, np.float32)).all()
        assert not torch.zeros(100_000).any()
        assert not np.zeros(100_000).any()
    assert not torch.isnan(torch.empty(1_000_003)).all()


def test_small_blocks_that_the_allocator_kept_are_nan_as_well() -> None:
    for n in range(1, 64):
        freed = [torch.ones(n, dtype=torch.float64) for _ in range(30)]
        del freed
        with poisoned_memory("cpu"):
            assert all(torch.isnan(torch.empty(n, dtype=torch.float64)).all() for _ in range(12))


def test_a_nan_never_passes(trial: Trial) -> None:
    refuse(trial, timed(lambda x, y: honest(x, y) * float("nan")), "relative error nan")


def test_a_reference_that_is_not_finite_is_a_mistake_of_the_spec(trial: Trial) -> None:
    call = lambda x, y: honest(x, y) / 0.0  # noqa: E731
    with pytest.raises(SpecError, match="reference is not finite"):
        execute(timed(call, reference=call), trial, fresh_process=False)


def test_a_replaced_clock(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops_the_clock(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
        return honest(x, y)

    refuse(trial, timed(stops_the_clock), "replaced a clock")


def test_faster_than_the_machine(trial: Trial) -> None:
    slow = Roofline(bytes_per_s=1e9, flops_per_s=1e9)
    refuse(trial, timed(honest, bytes=1e9), "faster than this machine can move", roofline=slow)
    trial.gates.clear()
    refuse(trial, timed(honest, flops=1e9), "faster than this machine can move", roofline=slow)
    trial.gates.clear()
    measured = execute(timed(honest, bytes=100.0, flops=10.0), trial, fresh_process=False, roofline=slow)
    assert measured.floor_s == pytest.approx(50e-9)


def test_without_a_roofline_or_a_count_there_is_no_floor(trial: Trial) -> None:
    assert execute(timed(honest, bytes=1e12), trial, fresh_process=False).floor_s is None
    slow = Roofline(bytes_per_s=1.0, flops_per_s=1.0)
    assert execute(timed(honest), trial, fresh_process=False, roofline=slow).floor_s is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"reference": lambda x, y: (honest(x, y), x)}, "1 outputs and reference 2", id="outputs"),
        pytest.param({"reference": lambda x, y: honest(x, y)[0]}, r"shape \(4, 200\) and reference", id="shape"),
        pytest.param({"reference": lambda x, y: honest(x, y).float()}, "must compute in float64", id="precision"),
        pytest.param({"reference": lambda x, y: honest(x, y).long()}, "float32 and reference int64", id="type"),
        pytest.param({"inputs": []}, "at least one input set", id="no-inputs"),
        pytest.param({"inputs": [torch.ones(3)]}, "must be a tuple of arguments", id="not-a-tuple"),
        pytest.param({"inputs": [(torch.ones(3, dtype=torch.int64),)]}, "at least two", id="nothing-to-vary"),
        pytest.param({"bytes": float("nan")}, "Timed.bytes", id="bytes"),
        pytest.param({"flops": -1.0}, "Timed.flops", id="flops"),
    ],
)
def test_a_timed_that_is_written_wrong(trial: Trial, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        execute(timed(honest, **changes), trial, fresh_process=False)


def test_gradients_are_gated_and_timed_like_outputs(trial: Trial) -> None:
    def with_gradient(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out = honest(x, y)
        return (out.detach(), *torch.autograd.grad(out.square().sum(), (x, y)))

    sets = [(x.requires_grad_(), y.requires_grad_()) for x, y in inputs()]
    execute(timed(with_gradient, inputs=sets, reference=with_gradient), trial, fresh_process=False)
    assert 0 < trial.gates["after"].error < 1e-5

    def wrong_gradient(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out, dx, dy = with_gradient(x, y)
        return out, dx, 1.01 * dy

    refuse(trial, timed(wrong_gradient, inputs=sets, reference=with_gradient), "output 2 is wrong")


def test_integer_inputs_and_outputs(trial: Trial) -> None:
    table = torch.randn(50, 8, generator=torch.Generator().manual_seed(1))
    sets = [(torch.arange(seed, seed + 40) % 50,) for seed in (0, 7)]

    def nearest(tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return table[tokens], tokens.flip(0)

    def reference(tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return table.double()[tokens], tokens.flip(0)

    execute(Timed(nearest, sets, reference), trial, fresh_process=False)
    assert trial.gates["after"].error == 0


def static_buffer() -> Callable[..., torch.Tensor]:
    buffer = torch.empty(0)

    def call(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        buffer.resize_(x.shape)
        return torch.cumsum(x * y, -1, out=buffer)

    return call


@pytest.mark.parametrize(
    ("call", "reference"),
    [
        pytest.param(static_buffer(), honest, id="one-buffer-for-every-call"),
        pytest.param(lambda x, y: x.t(), lambda x, y: x.t(), id="view-of-an-input"),
        pytest.param(lambda x, y: x, lambda x, y: x, id="the-input-itself"),
        pytest.param(lambda x, y: (x * y).sum(), lambda x, y: (x * y).sum(), id="a-number"),
        pytest.param(lambda x, y: [x + y, x > y], lambda x, y: (x + y, x > y), id="a-list-and-booleans"),
        pytest.param(lambda x, y: torch.complex(x, y).conj(), lambda x, y: torch.complex(x, -y), id="complex"),
        pytest.param(lambda x, y: (x @ y.t()).numpy(), lambda x, y: x @ y.t(), id="array-against-tensor"),
    ],
)
def test_honest_calls_of_every_form_pass(trial: Trial, call: Callable[..., Any], reference: Callable[..., Any]) -> None:
    measured = execute(timed(call, reference=reference), trial, fresh_process=False)
    assert len(measured.samples["latency_s"]) == 20
    assert trial.gates["after"].passed


def test_inputs_in_eight_bit_floats_and_options(trial: Trial) -> None:
    narrow = [(x.to(torch.float8_e4m3fn), y, {"scale": 2.0}) for x, y in inputs()]

    def scaled(x: torch.Tensor, y: torch.Tensor, options: dict[str, float]) -> torch.Tensor:
        return x.to(y.dtype) * y * options["scale"]

    execute(timed(scaled, inputs=narrow, reference=scaled), trial, fresh_process=False)
    assert trial.gates["after"].error < 1e-6


def test_the_same_trial_is_varied_in_the_same_way(trial: Trial) -> None:
    def errors(seed: int) -> float:
        again = Trial(
            trial.claim, trial.tier, trial.workload, trial.arm, {}, seeds=(seed,), tolerances=trial.tolerances
        )
        # A sample count and a number of calls that do not depend on how fast the machine is today.
        execute(timed(slowed), again, fresh_process=False)
        return again.gates["after"].error

    def slowed(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        time.sleep(250e-6)
        return honest(x, y)

    assert errors(0) == errors(0)
    assert errors(0) != errors(1)

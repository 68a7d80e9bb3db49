"""Averages around a base optimiser: the package's wrapper, the textbook's averages, Schedule-Free SGD; schedules."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from impls.slopes import descend, fresh, slope, values

from claimbench.impls.common.schedules import DECAY_SHARE, multiplier
from claimbench.impls.schedule_free import (
    AdamWScheduleFree,
    Averaged,
    SGDScheduleFree,
    polyak_ruppert,
    primal_averaging,
)


def momentum(params: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, 0.01, momentum=0.5)


def test_is_the_packages_wrapper() -> None:
    package = pytest.importorskip("schedulefree")
    ours = descend(lambda params: Averaged(momentum(params), 0.8, r=0.5))
    theirs = descend(lambda params: package.ScheduleFreeWrapperReference(momentum(params), 0.8, r=0.5))
    for found, truth in zip(ours, theirs, strict=True):
        assert (found - truth).abs().max() <= 1e-12


def test_the_packages_wrapper_cannot_wrap_adamw() -> None:
    package = pytest.importorskip("schedulefree")
    params = fresh()
    wrapper = package.ScheduleFreeWrapper(torch.optim.AdamW(params), 0.9)
    wrapper.train()
    slope(params, 0)
    with pytest.raises(KeyError, match="exp_avg"):
        wrapper.step()


@pytest.mark.parametrize("beta", [0.5, 0.9, 1.0])
def test_three_points_and_two_are_one_algorithm(beta: float) -> None:
    ours = descend(lambda params: SGDScheduleFree(params, 0.01, beta, r=0.5))
    written_out = descend(lambda params: Averaged(torch.optim.SGD(params, 0.01), beta, r=0.5))
    for found, truth in zip(ours, written_out, strict=True):
        assert (found - truth).abs().max() <= 1e-12


def test_adamw_without_momentum_inside_is_schedule_free_adamw() -> None:
    ours = descend(lambda params: AdamWScheduleFree(params, 0.05, (0.9, 0.95), weight_decay=0.1, decay_at="z"))
    base = descend(lambda params: Averaged(torch.optim.AdamW(params, 0.05, (0.0, 0.95), weight_decay=0.1), 0.9))
    for found, truth in zip(ours, base, strict=True):
        assert (found - truth).abs().max() <= 1e-12


def test_polyak_ruppert_averages_what_the_base_does_alone() -> None:
    y, x = descend(lambda params: polyak_ruppert(momentum(params)))
    params = fresh()
    base = momentum(params)
    alone = []
    for step in range(40):
        slope(params, step)
        base.step()
        alone.append(values(params))
    trajectory = torch.stack(alone)
    assert torch.equal(y, trajectory)
    assert torch.allclose(x, trajectory.cumsum(0) / torch.arange(1, 41)[:, None], rtol=1e-12)


def test_primal_averaging_takes_gradients_at_the_average() -> None:
    y, x = descend(lambda params: primal_averaging(momentum(params)))
    assert torch.equal(y, x)


def test_the_initial_point_may_count_as_the_first() -> None:
    _, x = descend(lambda params: Averaged(torch.optim.SGD(params, 0.0), 0.9, weight_lr_power=0.0, include_start=True))
    assert torch.allclose(x[-1], values(fresh()), rtol=1e-12)
    params = fresh()
    optimiser = Averaged(torch.optim.SGD(params, 0.01), 0.0, weight_lr_power=0.0, include_start=True)
    slope(params, 0)
    optimiser.step()
    z = values(params)
    optimiser.eval()
    assert torch.allclose(values(params), (values(fresh()) + z) / 2, rtol=1e-14)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("beta", [0.0, 0.9, 1.0])
def test_a_checkpoint_in_either_mode_goes_on_to_the_same_bits(beta: float, mode: str) -> None:
    def make(params: Any) -> Averaged:
        return Averaged(torch.optim.AdamW(params, 0.05), beta)

    whole, first, second = fresh(), fresh(), fresh()
    optimiser, before, resumed = make(whole), make(first), make(second)
    for step in range(20):
        slope(whole, step)
        optimiser.step()
    for step in range(9):
        slope(first, step)
        before.step()
    getattr(before, mode)()
    resumed.load_state_dict(before.state_dict())
    with torch.no_grad():
        for p, q in zip(second, first, strict=True):
            p.copy_(q)
    resumed.train()
    for step in range(9, 20):
        slope(second, step)
        resumed.step()
    assert torch.equal(values(whole), values(second))


def test_a_schedule_reaches_the_base_and_the_weights() -> None:
    params = fresh()
    base = torch.optim.SGD(params, 0.1)
    optimiser = Averaged(base, 0.9)
    torch.optim.lr_scheduler.ConstantLR(optimiser, 0.5)
    assert base.param_groups[0]["lr"] == optimiser.param_groups[0]["lr"] == 0.05


def test_misuse_is_an_error() -> None:
    optimiser = polyak_ruppert(momentum(fresh()))
    optimiser.eval()
    with pytest.raises(RuntimeError, match=r"call train\(\) first"):
        optimiser.step()
    with pytest.raises(ValueError, match=r"beta is 1.5"):
        Averaged(momentum(fresh()), 1.5)


@pytest.mark.parametrize(
    ("step", "expected"), [(1, 0.1), (10, 1.0), (11, 1.0), (80, 1.0), (90, 0.55), (100, 0.1)], ids=str
)
def test_stable_decay_falls_at_the_end_alone(step: int, expected: float) -> None:
    assert DECAY_SHARE == 0.2
    assert multiplier("stable_decay", step, steps=100, warmup=10, floor=0.1) == pytest.approx(expected)


def test_stable_decay_of_a_short_run_begins_after_its_warm_up() -> None:
    assert multiplier("stable_decay", 10, steps=10, warmup=9, floor=0.0) == 0.0
    assert multiplier("stable_decay", 1, steps=1, warmup=0, floor=0.0) == pytest.approx(1.0)

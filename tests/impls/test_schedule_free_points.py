"""Two points against three: long runs in which rates change and gradients are missing, and what x is the mean of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from impls.slopes import fresh, slope, values
from torch import Tensor, nn

from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.optimiser import ScheduleFree
from claimbench.impls.schedule_free.radam import RAdamScheduleFree
from claimbench.impls.schedule_free.sgd import SGDScheduleFree

STEPS, WARM_UP, BETA1, BETA2, EPSILON, DECAY = 500, 20, 0.9, 0.95, 1e-8, 0.1


def rate_at(step: int) -> float:
    """A learning rate that someone lowers, and raises again beyond what it was."""
    return 0.05 if step < 200 else 0.02 if step < 350 else 0.08


def drop_gradients(params: list[nn.Parameter], step: int) -> None:
    """The second parameter joins late, and misses every seventh step."""
    if step < 2 or step % 7 == 3:
        params[1].grad = None


@dataclass
class Points:
    """x and z of one parameter, and v, all of them kept."""

    x: Tensor
    z: Tensor
    v: Tensor | None = None

    @property
    def y(self) -> Tensor:
        return (1 - BETA1) * self.z + BETA1 * self.x


def three_points(variant: str, decay_at: str) -> tuple[Tensor, Tensor]:
    """y and x after every step, by the lines of Algorithm 1 or of what the released forms make of them."""
    params = fresh()
    points = [Points(p.detach().clone(), p.detach().clone()) for p in params]
    total, largest, ys, xs = 0.0, 0.0, [], []
    for step in range(STEPS):
        with torch.no_grad():
            for p, one in zip(params, points, strict=True):
                p.copy_(one.y)
        slope(params, step)
        drop_gradients(params, step)
        t = step + 1
        rate, root = rate_at(step) * min(1.0, t / WARM_UP), math.sqrt(1 - BETA2**t)
        largest = max(rate, largest)
        gamma = rate if variant == "package" else rate * root
        weight = gamma**2 if variant == "alg1" else largest**2 * (t**0.75 if variant == "algoperf" else 1)
        total += weight
        for p, one in zip(params, points, strict=True):
            if p.grad is None:
                continue
            g = p.grad
            before = one.v if one.v is not None else (1 - BETA2**step) * g**2
            one.v = BETA2 * before + (1 - BETA2) * g**2
            u = g / ((one.v.sqrt() / root if variant == "package" else one.v.sqrt()) + EPSILON)
            u = u + DECAY * getattr(one, decay_at)
            one.z = one.z - gamma * u
            one.x = (1 - weight / total) * one.x + weight / total * one.z
        ys.append(torch.cat([one.y.flatten() for one in points]))
        xs.append(torch.cat([one.x.flatten() for one in points]))
    return torch.stack(ys), torch.stack(xs)


@pytest.mark.parametrize("decay_at", ["x", "y", "z"])
@pytest.mark.parametrize("variant", ["alg1", "package", "algoperf"])
def test_two_points_are_three_over_a_long_run(variant: str, decay_at: Any) -> None:
    y, x = three_points(variant, decay_at)
    params = fresh()
    optimiser = AdamWScheduleFree(
        params,
        betas=(BETA1, BETA2),
        eps=EPSILON,
        weight_decay=DECAY,
        warmup_steps=WARM_UP,
        variant=variant,
        decay_at=decay_at,
    )
    for group in optimiser.param_groups:
        group["second_moment"] = None  # the submission's bfloat16 has a test of its own
    for step in range(STEPS):
        slope(params, step)
        drop_gradients(params, step)
        optimiser.param_groups[0]["lr"] = rate_at(step)
        optimiser.step()
        assert (values(params) - y[step]).abs().max() <= 1e-12, step
    optimiser.eval()
    assert (values(params) - x[-1]).abs().max() <= 1e-12
    assert (y[-1] - values(fresh())).norm() > 1
    assert (y[-1] - x[-1]).abs().max() > 1e-5


OPTIMISERS: list[Any] = [
    *(
        pytest.param(
            lambda params, at=at: AdamWScheduleFree(
                params, 0.05, (BETA1, BETA2), weight_decay=0.1, warmup_steps=5, decay_at=at
            ),
            id=f"adamw-{at}",
        )
        for at in "xyz"
    ),
    pytest.param(lambda params: AdamWScheduleFree(params, 0.05, (BETA1, BETA2), variant="alg1"), id="alg1"),
    pytest.param(lambda params: SGDScheduleFree(params, 0.01, BETA1, warmup_steps=5, r=0.5), id="sgd"),
    pytest.param(lambda params: RAdamScheduleFree(params, 0.05, (BETA1, 0.95)), id="radam"),
]


@pytest.mark.parametrize("make", OPTIMISERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 1e-13)], ids=str)
def test_x_is_the_weighted_mean_of_z(
    make: Callable[[list[nn.Parameter]], ScheduleFree], dtype: torch.dtype, tolerance: float
) -> None:
    params = fresh(dtype)
    optimiser = make(params)
    mean, total = torch.zeros(11, dtype=torch.float64), 0.0
    for step in range(40):
        slope(params, step)
        optimiser.step()
        z = torch.cat([optimiser.state[p]["z"].double().flatten() for p in params])
        weight = optimiser.param_groups[0]["weight_sum"] - total
        mean, total = mean + weight * z, total + weight
        if total:
            optimiser.eval()
            assert (values(params).double() - mean / total).abs().max() <= tolerance
            optimiser.train()
    assert total > 0
    assert (z - mean / total).abs().max() > 1e-3

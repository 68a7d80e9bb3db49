"""Kernels under `torch.func`: vmap against a Python loop, gradients against the truth's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from kernels.gradients import normal, results
from kernels.scans import assert_close
from torch import Tensor

from claimbench.kernels import causal_conv1d, differential_attention, rms_norm, rope, selective_scan, swiglu
from claimbench.kernels._vmap import sequential

SEEDS = 3
ANGLES = (normal(4, 5).cos(), normal(4, 5).sin())


def norm(x: Tensor, weight: Tensor, backend: str | None = None) -> Tensor:
    return rms_norm(x, weight, backend=backend)


def norm_of_sum(x: Tensor, weight: Tensor, residual: Tensor, backend: str | None = None) -> tuple[Tensor, Tensor]:
    return rms_norm(x, weight, residual=residual, backend=backend)


def turned(x: Tensor, backend: str | None = None) -> Tensor:
    return rope(x, *ANGLES, interleaved=True, backend=backend)


def scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, backend: str | None = None
) -> tuple[Tensor, Tensor]:
    return selective_scan(u, delta, -A.abs(), B, C, delta_softplus=True, return_last_state=True, backend=backend)


def attend(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor, weight: Tensor, backend: str | None = None) -> Tensor:
    return differential_attention(q, k, v, lambda_, norm_weight=weight, backend=backend)


CASES = [
    pytest.param(
        scan,
        {"u": (2, 5, 40), "delta": (2, 5, 40), "A": (5, 3), "B": (2, 3, 40), "C": (2, 3, 40)},
        id="selective_scan_over_chunks",
    ),
    pytest.param(causal_conv1d, {"x": (2, 5, 20), "weight": (5, 4), "bias": (5,)}, id="causal_conv1d"),
    pytest.param(
        attend,
        {"q": (2, 4, 7, 3), "k": (2, 2, 7, 3), "v": (2, 1, 7, 6), "lambda_": (2,), "weight": (6,)},
        id="differential_attention",
    ),
    pytest.param(
        partial(differential_attention, lambda_=0.5),
        {"q": (2, 4, 7, 3), "k": (2, 2, 7, 3), "v": (2, 1, 7, 6)},
        id="differential_attention_without_norm",
    ),
    pytest.param(norm, {"x": (2, 7, 17), "weight": (17,)}, id="rms_norm"),
    pytest.param(norm_of_sum, {"x": (7, 17), "weight": (17,), "residual": (7, 17)}, id="rms_norm_of_a_sum"),
    pytest.param(swiglu, {"gate": (7, 17), "up": (7, 17)}, id="swiglu"),
    pytest.param(turned, {"x": (2, 4, 3, 12)}, id="rope"),
]
Shapes = dict[str, tuple[int, ...]]


def inputs(shapes: Shapes) -> dict[str, Tensor]:
    return {name: normal(SEEDS, *shape, seed=i) for i, (name, shape) in enumerate(shapes.items())}


def loop(call: Callable[..., Any], **given: Tensor) -> Any:
    """What vmap is to give: a call for each seed, the results stacked."""
    found = [call(*(x[seed] for x in given.values())) for seed in range(SEEDS)]
    if isinstance(found[0], tuple):
        return tuple(torch.stack(parts) for parts in zip(*found, strict=True))
    return torch.stack(found)


@pytest.mark.parametrize(("call", "shapes"), CASES)
def test_a_dimension_of_seeds(call: Callable[..., Any], shapes: Shapes) -> None:
    given = inputs(shapes)
    found = results(lambda **x: torch.func.vmap(call)(*x.values()), given, torch.float64)
    for name, value in results(lambda **x: loop(call, **x), given, torch.float64).items():
        assert torch.equal(found[name], value), name


@pytest.mark.parametrize("in_dims", [(1, None), (None, 0), (2, 1)])
def test_any_argument_and_any_dimension(in_dims: tuple[int | None, int | None]) -> None:
    x, weight = normal(2, 7, 17), normal(17, seed=1)
    given = {"x": x, "weight": weight}
    for (name, value), dim in zip(tuple(given.items()), in_dims, strict=True):
        if dim is not None:
            given[name] = torch.stack([value, 2 * value, -value], dim)
    found, expected = (
        results(lambda x, weight, c=call: torch.func.vmap(c, in_dims)(x, weight), given, torch.float64)
        for call in (norm, lambda x, weight: norm(x, weight, "naive"))
    )
    assert_close(found, expected, 1e-14)


@pytest.mark.parametrize(("call", "shapes"), CASES)
def test_gradients_inside(call: Callable[..., Any], shapes: Shapes) -> None:
    given = tuple(inputs(shapes).values())

    def gradients(backend: str) -> tuple[Tensor, ...]:
        def loss(*tensors: Tensor) -> Tensor:
            out = call(*tensors, backend=backend)
            return sum(part.sin().sum() for part in out) if isinstance(out, tuple) else out.sin().sum()

        return torch.func.vmap(torch.func.grad(loss, argnums=tuple(range(len(given)))))(*given)

    found, expected = (dict(enumerate(gradients(backend))) for backend in ("cpu", "naive"))
    assert_close(found, expected, 1e-13)


def test_the_rule_by_hand() -> None:
    class Info:
        batch_size = 2

    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    found, dim = sequential(lambda x, k: x * k, Info, (1, None), x, 10)
    assert (found.tolist(), dim) == ([[10.0, 30.0], [20.0, 40.0]], 0)
    found, dims = sequential(lambda x, y: (x + y, x - y), Info, (0, 0), x, x)
    assert (found[0].tolist(), found[1].tolist(), dims) == ([[2.0, 4.0], [6.0, 8.0]], [[0.0, 0.0], [0.0, 0.0]], (0, 0))


def test_a_forward_derivative_is_an_error_with_gradients_and_without() -> None:
    x = normal(3, 5)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, x)
        for enabled in (True, False):
            with torch.set_grad_enabled(enabled), pytest.raises(NotImplementedError, match="jvp"):
                swiglu(dual, x)

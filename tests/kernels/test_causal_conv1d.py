"""The causal convolution: the truth against numbers by hand, the processor's kernel against the truth."""

from __future__ import annotations

import math

import pytest
import torch
from kernels.scans import assert_close
from torch import Tensor

from claimbench.kernels import causal_conv1d
from claimbench.kernels.conv import bytes as conv_bytes
from claimbench.kernels.conv import flops as conv_flops

SHAPES = [(1, 1, 1), (2, 17, 3), (2, 16, 63), (1, 33, 64), (2, 20, 65), (1, 5, 127), (1, 48, 129)]
TOLERANCE = {torch.float64: 1e-14, torch.float32: 1e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}


def inputs(batch: int, dim: int, length: int, width: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, length, dim, generator=generator, dtype=torch.float64).transpose(1, 2)
    return [x, *(torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((dim, width), (dim,)))]


def results(given: list[Tensor], activation: str | None, backend: str, dtype: torch.dtype) -> dict[str, Tensor]:
    leaves = [x.detach().to(dtype).requires_grad_() for x in given]
    out = causal_conv1d(*leaves, activation=activation, backend=backend)
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64).to(dtype)
    gradients = torch.autograd.grad(out, leaves, weights)
    names = ("x", "weight", "bias")
    return {"out": out.detach()} | {f"gradient of {k}": g for k, g in zip(names, gradients, strict=False)}


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_by_hand(backend: str) -> None:
    x = torch.tensor([[[1.0, 2.0, 3.0]]], dtype=torch.float64)
    weight, bias = torch.tensor([[10.0, 1.0]], dtype=torch.float64), torch.tensor([0.5], dtype=torch.float64)
    linear = [1.5, 12.5, 23.5]
    assert causal_conv1d(x, weight, bias, backend=backend).flatten().tolist() == linear
    activated = causal_conv1d(x, weight, bias, "silu", backend=backend).flatten()
    assert activated.tolist() == pytest.approx([y / (1 + math.exp(-y)) for y in linear], rel=1e-14)


@pytest.mark.parametrize("activation", [None, "silu"])
@pytest.mark.parametrize("biased", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: "B{}-D{}-L{}".format(*s))
def test_kernel_agrees_with_the_truth(
    shape: tuple[int, int, int], width: int, biased: bool, activation: str | None
) -> None:
    given = inputs(*shape, width)[: 3 if biased else 2]
    truth = results(given, activation, "naive", torch.float64)
    for dtype in (torch.float64, torch.float32):
        assert_close(results(given, activation, "cpu", dtype), truth, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision(dtype: torch.dtype) -> None:
    rounded = [x.to(dtype) for x in inputs(2, 33, 70, 4)]
    found = results(rounded, "silu", "cpu", dtype)
    assert {x.dtype for x in found.values()} == {dtype}
    exact = [x.double() for x in rounded]
    assert_close(found, results(exact, "silu", "naive", torch.float64), TOLERANCE[dtype])


def test_gradients_are_the_derivatives() -> None:
    given = [x.requires_grad_() for x in inputs(2, 3, 9, 4)]
    assert torch.autograd.gradcheck(lambda *x: causal_conv1d(*x, activation="silu", backend="cpu"), given)


def test_a_dimension_of_seeds_with_gradients_inside() -> None:
    seeds = [[x * (seed + 1) for x in inputs(1, 5, 18, 4)] for seed in range(3)]

    def loss(*tensors: Tensor) -> Tensor:
        return causal_conv1d(*tensors, activation="silu").sin().sum()

    found = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1, 2)))(*map(torch.stack, zip(*seeds, strict=True)))
    for i, seed in enumerate(seeds):
        leaves = [x.requires_grad_() for x in seed]
        expected = torch.autograd.grad(loss(*leaves), leaves)
        assert all(torch.equal(x[i], y) for x, y in zip(found, expected, strict=True))


def test_every_element_is_written_and_the_same_bits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(3, 33, 130, 4)
    first = results(given, "silu", "cpu", torch.float32)
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, **options: empty(*shape, **options).fill_(math.nan))
    for name, value in results(given, "silu", "cpu", torch.float32).items():
        assert torch.equal(value, first[name]), name


def test_it_sees_no_future() -> None:
    x, weight, bias = inputs(1, 5, 40, 4)
    changed = x.clone()
    changed[..., 25:] = 100
    before, after = (causal_conv1d(v, weight, bias, "silu") for v in (x, changed))
    assert torch.equal(before[..., :25], after[..., :25])
    assert not torch.equal(before[..., 25], after[..., 25])


@pytest.mark.parametrize("poisoned", ["x", "weight", "bias", "grad"])
def test_a_nan_spoils_what_depends_on_it_and_nothing_else(poisoned: str) -> None:
    x, weight, bias = (v.float() for v in inputs(2, 33, 70, 4))
    grad = torch.ones_like(x)
    target = {"x": x[0], "weight": weight, "bias": bias, "grad": grad[0]}[poisoned]
    target[(32, 7) if poisoned in ("x", "grad") else 32] = math.nan
    found = []
    for backend in ("cpu", "naive"):
        leaves = [v.clone().requires_grad_() for v in (x, weight, bias)]
        out = causal_conv1d(*leaves, activation="silu", backend=backend)
        found.append([v.isnan() for v in (out, *torch.autograd.grad(out, leaves, grad))])
    assert found[0][1].any()
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.zeros(3, 4)}, "x has shape"),
        ({"weight": torch.zeros(4, 3)}, "weight has shape"),
        ({"weight": torch.zeros(3, 0)}, "weight has shape"),
        ({"bias": torch.zeros(4)}, "bias has shape"),
        ({"activation": "gelu"}, "choose None, 'silu' or 'swish'"),
        ({"backend": "numba"}, "choose one of"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], message: str) -> None:
    given = {"x": torch.zeros(2, 3, 5), "weight": torch.zeros(3, 4), "bias": torch.zeros(3)}
    with pytest.raises(ValueError, match=message):
        causal_conv1d(**(given | change))


def test_cost_by_hand() -> None:
    assert conv_flops(1, 2, 3, 4, activated=False) == 6 * 8
    assert conv_bytes(1, 2, 3, itemsize=2) == 6 * 2 * 2

"""SwiGLU: the truth against numbers by hand, the processor's kernel against the truth."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.gradients import Copies, normal, results
from kernels.scans import assert_close
from torch import Tensor

from claimbench.kernels import swiglu
from claimbench.kernels.gated import bytes as gated_bytes
from claimbench.kernels.gated import flops as gated_flops

TOLERANCE = {torch.float64: 1e-14, torch.float32: 1e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}


def inputs(*shape: int) -> dict[str, Tensor]:
    return {"gate": normal(*shape) * 3, "up": normal(*shape, seed=1)}


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_by_hand(backend: str) -> None:
    gate = torch.tensor([0.0, math.log(3), -math.log(3)], dtype=torch.float64, requires_grad=True)
    up = torch.tensor([5.0, 8.0, 8.0], dtype=torch.float64, requires_grad=True)
    out = swiglu(gate, up, backend=backend)
    assert out.tolist() == pytest.approx([0, 6 * math.log(3), -2 * math.log(3)], rel=1e-15)
    grad_gate, grad_up = torch.autograd.grad(out.sum(), (gate, up))
    # σ(1 + x(1 - σ)) with σ = 1/2, 3/4, 1/4
    slopes = [5 / 2, 6 + 1.5 * math.log(3), 2 - 1.5 * math.log(3)]
    assert grad_gate.tolist() == pytest.approx(slopes, rel=1e-14)
    assert grad_up.tolist() == pytest.approx([0, 0.75 * math.log(3), -0.25 * math.log(3)], rel=1e-15)


def test_the_truth_is_pytorchs() -> None:
    theirs = results(lambda gate, up: F.silu(gate) * up, inputs(33, 100), torch.float64)
    assert_close(results(partial(swiglu, backend="naive"), inputs(33, 100), torch.float64), theirs, 1e-15)


@pytest.mark.parametrize("halves", [True, False], ids=["halves", "whole"])
@pytest.mark.parametrize("rows", [1, 3, 33], ids="R{}".format)
@pytest.mark.parametrize("dim", [1, 2, 3, 15, 16, 17, 63, 100, 129], ids="D{}".format)
def test_kernel_agrees_with_the_truth(dim: int, rows: int, halves: bool) -> None:
    if halves:
        given, split = {"both": normal(rows, 2 * dim) * 3}, lambda both: both.chunk(2, dim=-1)
    else:
        given, split = inputs(rows, dim), lambda gate, up: (gate, up)
    truth = results(lambda **x: swiglu(*split(**x), backend="naive"), given, torch.float64)
    for dtype in (torch.float64, torch.float32):
        found = results(lambda **x: swiglu(*split(**x), backend="cpu"), given, dtype)
        assert_close(found, truth, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision(dtype: torch.dtype) -> None:
    rounded = {name: x.to(dtype) for name, x in inputs(33, 70).items()}
    found = results(partial(swiglu, backend="cpu"), rounded, dtype)
    assert {x.dtype for x in found.values()} == {dtype}
    exact = {name: x.double() for name, x in rounded.items()}
    assert_close(found, results(partial(swiglu, backend="naive"), exact, torch.float64), TOLERANCE[dtype])


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_gradients_are_the_derivatives(backend: str) -> None:
    given = [x.requires_grad_() for x in inputs(3, 17).values()]
    assert torch.autograd.gradcheck(partial(swiglu, backend=backend), given)


def test_every_element_is_written_and_the_same_bits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    call = partial(swiglu, backend="cpu")
    first = results(call, inputs(5, 33), torch.float32)
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, **options: empty(*shape, **options).fill_(math.nan))
    for name, value in results(call, inputs(5, 33), torch.float32).items():
        assert torch.equal(value, first[name]), name


def test_halves_of_a_projection_are_read_where_they_lie() -> None:
    gate, up = normal(4, 9, 66).float().chunk(2, dim=-1)
    with Copies() as copies:
        out = swiglu(gate, up)
    assert copies.seen == []
    assert torch.equal(out, swiglu(gate.clone(), up.clone()))


def test_other_layouts() -> None:
    leaves = [normal(6, 5, seed=0).t().requires_grad_(), normal(5)[:, None].expand(5, 6).requires_grad_()]
    grad = normal(1)[0].expand(5, 6)
    found, expected = (
        torch.autograd.grad(swiglu(*leaves, backend=backend), leaves, grad) for backend in ("cpu", "naive")
    )
    assert_close(dict(enumerate(found)), dict(enumerate(expected)), 1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_ends_and_nan(dtype: torch.dtype) -> None:
    gate = torch.tensor([-1e4, -100.0, -80.0, 80.0, 100.0, 1e4, math.inf, math.nan], dtype=dtype, requires_grad=True)
    out = swiglu(gate, torch.ones_like(gate))
    expected = F.silu(gate.detach().double())
    assert torch.allclose(out.double(), expected, rtol=2e-5, atol=1e-37, equal_nan=True)
    (grad,) = torch.autograd.grad(out[:6].sum(), gate)
    assert torch.allclose(grad[:6], torch.tensor([0, 0, 0, 1, 1, 1], dtype=dtype), atol=1e-30)


@settings(deadline=None, max_examples=50)
@given(n=st.integers(1, 40), scale=st.floats(0.1, 20), seed=st.integers(0, 99))
def test_properties_of_silu(n: int, scale: float, seed: int) -> None:
    x, u, v = (scale * normal(n, seed=3 * seed + i) for i in range(3))
    assert torch.equal(swiglu(torch.zeros_like(x), u), torch.zeros_like(x))
    # SiLU(x) - SiLU(-x) = x, and the product is linear in up.
    assert torch.allclose(swiglu(x, u) - swiglu(-x, u), x * u, rtol=1e-12, atol=1e-12)
    assert torch.allclose(swiglu(x, 2 * u + v), 2 * swiglu(x, u) + swiglu(x, v), rtol=1e-12, atol=1e-9)


def test_a_second_derivative_is_an_error() -> None:
    x = normal(5).requires_grad_()
    (grad,) = torch.autograd.grad(swiglu(x, x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        torch.autograd.grad(grad.sum() + x.sum(), x)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"gate": torch.tensor(1.0)}, ValueError, "gate has shape"),
        ({"gate": torch.zeros(2, 0)}, ValueError, "gate has shape"),
        ({"up": torch.zeros(3)}, ValueError, "up has shape"),
        ({"up": torch.zeros(2, 3).double()}, TypeError, "up is float64, gate float32"),
        ({"up": torch.zeros(2, 3, dtype=torch.int32)}, TypeError, "up is int32"),
        ({"up": torch.zeros(2, 3, device="meta")}, ValueError, "up is on meta"),
        ({"backend": "numba"}, ValueError, "choose one of"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        swiglu(**({"gate": torch.zeros(2, 3), "up": torch.zeros(2, 3)} | change))


def test_cost_by_hand() -> None:
    # exponent, exponential, sum, division, product
    assert gated_flops(7) == 7 * 5
    assert gated_bytes(7, itemsize=2) == 7 * 2 * 3
    assert gated_bytes(7, backward=True) == 7 * 4 * 5

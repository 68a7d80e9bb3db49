"""RMSNorm: the truth against PyTorch's and numbers by hand, the processor's kernel against the truth."""

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

from claimbench.kernels import rms_norm
from claimbench.kernels.norm import bytes as norm_bytes
from claimbench.kernels.norm import flops as norm_flops

DIMS = [1, 2, 3, 15, 16, 17, 63, 100, 129]
TOLERANCE = {torch.float64: 1e-14, torch.float32: 1e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}
EPS = 1.0
"""Large enough that gradients of short rows are not mostly rounding."""


def inputs(rows: int, dim: int, weight: bool = True, residual: bool = True) -> dict[str, Tensor]:
    given = {"x": normal(rows, dim)}
    if weight:
        given["weight"] = normal(dim, seed=1)
    if residual:
        given["residual"] = normal(rows, dim, seed=2)
    return given


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_by_hand(backend: str) -> None:
    x = torch.tensor([[3.0, 4.0], [6.0, 8.0]], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([1.0, 10.0], dtype=torch.float64, requires_grad=True)
    out = rms_norm(x, weight, eps=0.0, backend=backend)
    row = [3 / math.sqrt(12.5), 40 / math.sqrt(12.5)]
    assert out.flatten().tolist() == pytest.approx(row + row, rel=1e-15)
    # A step along a row changes nothing; one across turns it by 1/|row|, here 1/5 and 1/10, at length √2.
    grads = torch.autograd.grad(rms_norm(x, None, eps=0.0, backend=backend)[:, 0].sum(), x)[0]
    r = math.sqrt(2)
    expected = [16 * r / 125, -12 * r / 125, 64 * r / 1000, -48 * r / 1000]
    assert grads.flatten().tolist() == pytest.approx(expected, rel=1e-14)


def test_the_truth_is_pytorchs() -> None:
    given = inputs(33, 100, residual=False)
    theirs = results(lambda x, weight: F.rms_norm(x, (100,), weight, EPS), given, torch.float64)
    assert_close(results(partial(rms_norm, eps=EPS, backend="naive"), given, torch.float64), theirs, 1e-14)


def test_transformers_agrees() -> None:
    modeling = pytest.importorskip("transformers.models.llama.modeling_llama")
    module = modeling.LlamaRMSNorm(100, eps=1e-5)
    given = {name: value.float() for name, value in inputs(33, 100, residual=False).items()}

    def theirs(x: Tensor, weight: Tensor) -> Tensor:
        return torch.func.functional_call(module, {"weight": weight}, (x,))

    assert_close(results(rms_norm, given, torch.float32), results(theirs, given, torch.float32), 1e-6)


@pytest.mark.parametrize("residual", [True, False], ids=["residual", "no_residual"])
@pytest.mark.parametrize("weight", [True, False], ids=["weight", "no_weight"])
@pytest.mark.parametrize("rows", [1, 3, 33], ids="R{}".format)
@pytest.mark.parametrize("dim", DIMS, ids="D{}".format)
def test_kernel_agrees_with_the_truth(dim: int, rows: int, weight: bool, residual: bool) -> None:
    given = inputs(rows, dim, weight, residual)
    truth = results(partial(rms_norm, eps=EPS, backend="naive"), given, torch.float64)
    for dtype in (torch.float64, torch.float32):
        found = results(partial(rms_norm, eps=EPS, backend="cpu"), given, dtype)
        assert_close(found, truth, TOLERANCE[dtype])


@pytest.mark.parametrize("residual", [True, False], ids=["residual", "no_residual"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision(dtype: torch.dtype, residual: bool) -> None:
    rounded = {name: x.to(dtype) for name, x in inputs(33, 70, residual=residual).items()}
    found = results(partial(rms_norm, backend="cpu"), rounded, dtype)
    assert {x.dtype for x in found.values()} == {dtype}
    exact = {name: x.double() for name, x in rounded.items()}
    if residual:  # what is normalised is the sum as it is returned
        out = rms_norm(rounded["x"], rounded["weight"], residual=rounded["residual"])
        assert torch.equal(out[0], rms_norm(out[1], rounded["weight"]))
    truth = results(partial(rms_norm, backend="naive"), exact, torch.float64)
    assert_close(found, truth, TOLERANCE[dtype])


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_a_stream_of_residuals_in_a_wider_dtype(backend: str) -> None:
    x = normal(5, 20).bfloat16().requires_grad_()
    residual = normal(5, 20, seed=2).float().requires_grad_()
    out, stream = rms_norm(x, None, residual=residual, backend=backend)
    assert (out.dtype, stream.dtype) == (torch.bfloat16, torch.float32)
    assert torch.equal(stream, x.float() + residual)
    grads = torch.autograd.grad((out, stream), (x, residual), (normal(5, 20, seed=3).bfloat16(), stream.detach()))
    assert [grad.dtype for grad in grads] == [torch.bfloat16, torch.float32]
    assert torch.equal(grads[0], grads[1].bfloat16())


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("used", [0, 1], ids=["norm_alone", "sum_alone"])
def test_gradients_where_one_output_is_used(backend: str, used: int) -> None:
    given = [x.requires_grad_() for x in inputs(3, 5).values()]
    x, weight, residual = given
    s = (x + residual).detach().requires_grad_()
    found = torch.autograd.grad(
        rms_norm(x, weight, EPS, residual, backend)[used].square().sum(), given, allow_unused=True
    )
    expected = torch.autograd.grad(
        (F.rms_norm(s, (5,), weight, EPS), s)[used].square().sum(), (s, weight), allow_unused=True
    )
    assert torch.equal(found[0], found[2])
    assert_close({"s": found[0]}, {"s": expected[0]}, 1e-14)
    if used == 0:
        assert_close({"weight": found[1]}, {"weight": expected[1]}, 1e-14)
    else:
        assert found[1] is None


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("weight", [True, False], ids=["weight", "no_weight"])
@pytest.mark.parametrize("residual", [True, False], ids=["residual", "no_residual"])
def test_gradients_are_the_derivatives(backend: str, weight: bool, residual: bool) -> None:
    given = inputs(3, 17, weight, residual)
    names, leaves = list(given), [x.requires_grad_() for x in given.values()]

    def call(*tensors: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return rms_norm(**dict(zip(names, tensors, strict=True)), eps=EPS, backend=backend)

    assert torch.autograd.gradcheck(call, leaves)


def test_every_element_is_written_and_the_same_bits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(67, 33)
    call = partial(rms_norm, backend="cpu")
    first = results(call, given, torch.float32)
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, **options: empty(*shape, **options).fill_(math.nan))
    for name, value in results(call, given, torch.float32).items():
        assert torch.equal(value, first[name]), name


def test_rows_of_a_wider_matrix_are_read_where_they_lie() -> None:
    wide = [normal(4, 9, 80, seed=i).float()[..., 7:47] for i in range(2)]
    with Copies() as copies:
        found = rms_norm(wide[0], residual=wide[1])
    assert copies.seen == []
    for value, expected in zip(found, rms_norm(wide[0].clone(), residual=wide[1].clone()), strict=True):
        assert torch.equal(value, expected)


@pytest.mark.parametrize("change", ["transposed", "expanded", "middle", "broken_weight"])
def test_other_layouts(change: str) -> None:
    x, weight = normal(6, 6), normal(6, seed=1)
    if change == "transposed":
        x = x.t()
    elif change == "expanded":
        x = x[0].expand(3, 6)
    elif change == "middle":
        x = normal(2, 3, 4, 6).transpose(0, 2)
    else:
        weight = normal(12, seed=1)[::2]
    grad = normal(1)[0].expand(x.shape)
    leaves = [v.detach().requires_grad_() for v in (x, weight)]
    found, expected = (
        torch.autograd.grad(rms_norm(*leaves, EPS, backend=backend), leaves, grad) for backend in ("cpu", "naive")
    )
    assert_close(dict(enumerate(found)), dict(enumerate(expected)), 1e-14)


def test_a_nan_spoils_its_row_alone() -> None:
    x = normal(3, 20).float()
    x[1, 4] = math.nan
    assert rms_norm(x).isnan().any(dim=1).tolist() == [False, True, False]
    assert rms_norm(x)[1].isnan().all()


@settings(deadline=None, max_examples=50)
@given(scale=st.floats(1e-3, 1e3), dim=st.integers(1, 40), seed=st.integers(0, 99))
def test_only_eps_sees_the_scale(scale: float, dim: int, seed: int) -> None:
    x = normal(3, dim, seed=seed)
    for sign in (1, -1):
        scaled = rms_norm(sign * scale * x, eps=scale * scale * EPS)
        assert torch.allclose(scaled, sign * rms_norm(x, eps=EPS), rtol=1e-12, atol=0)
    assert torch.allclose(rms_norm(x, eps=0.0).square().mean(-1), torch.ones(3, dtype=torch.float64), rtol=1e-12)


def test_a_second_derivative_is_an_error() -> None:
    x = normal(3, 5).requires_grad_()
    (grad,) = torch.autograd.grad(rms_norm(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        torch.autograd.grad(grad.sum() + x.sum(), x)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": torch.tensor(1.0)}, ValueError, "x has shape"),
        ({"x": torch.zeros(0, 3)}, ValueError, "x has shape"),
        ({"weight": torch.zeros(4)}, ValueError, "weight has shape"),
        ({"weight": torch.zeros(1, 3)}, ValueError, "weight has shape"),
        ({"residual": torch.zeros(3)}, ValueError, "residual has shape"),
        ({"x": torch.zeros(2, 3, dtype=torch.int64)}, TypeError, "x is int64"),
        ({"weight": torch.zeros(3, device="meta")}, ValueError, "weight is on meta"),
        ({"backend": "numba"}, ValueError, "choose one of"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], error: type[Exception], message: str) -> None:
    arguments = {"x": torch.zeros(2, 3), "weight": torch.zeros(3), "residual": torch.zeros(2, 3)}
    with pytest.raises(error, match=message):
        rms_norm(**(arguments | change))


def test_cost_by_hand() -> None:
    # square, add, scale; their weights
    assert norm_flops(2, 5, weighted=False) == 10 * 3
    assert norm_flops(2, 5) == 10 * 4
    assert norm_bytes(2, 5, itemsize=2) == 10 * 2 * 2
    assert norm_bytes(2, 5, residual=True, backward=True) == 10 * 4 * 4

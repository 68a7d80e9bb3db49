"""The Schedule-Free step: its algebra against the three points written out, backends, rounding, layouts, refusals."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.gradients import normal
from torch import Tensor

from claimbench.kernels import schedule_free_step
from claimbench.kernels._philox import philox
from claimbench.kernels.schedule_free import Scalars, bytes, cpu, flops
from claimbench.kernels.schedule_free._rounding import random_bits, rounded_by

SHAPES = [(1,), (3, 5), (16,), (), (0,), (33,), (2, 3, 7), (100,)]
SCALARS = Scalars(0.1, 0.2, 0.9, 0.95, 0.4, 1e-8, 0.3, 5)
BACKENDS = ["naive", "cpu"]


def tensors(
    dtype: torch.dtype, shapes: list[tuple[int, ...]] = SHAPES
) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
    """y, grad, z, v."""
    y, grad, z, v = (
        [normal(math.prod(shape), seed=10 * k + i).view(shape) for i, shape in enumerate(shapes)] for k in range(4)
    )
    return tuple([x.to(dtype) for x in each] for each in (y, grad, z, [x.abs() for x in v]))  # type: ignore[return-value]


def copies(each: list[Tensor]) -> list[Tensor]:
    return [x.clone() for x in each]


def stepped(dtype: torch.dtype, **options: object) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """y, z and v after one step on `tensors`."""
    y, grad, z, v = tensors(dtype)
    schedule_free_step(y, grad, z, v, options.pop("scalars", SCALARS), **options)  # type: ignore[arg-type]
    return y, z, v


def written_out(
    y: Tensor, grad: Tensor, z: Tensor, v: Tensor | None, s: Scalars, decay_at: str, adaptive: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Algorithm 1 with x: y, z and v after the step."""
    x = (y - (1 - s.beta1) * z) / s.beta1
    u = grad
    if v is not None:
        v = s.beta2 * v + (1 - s.beta2) * grad**2
        if adaptive:
            u = grad / (torch.sqrt(v / s.bias) + s.eps)
    z = z - s.step_size * (u + s.weight_decay * {"x": x, "y": y, "z": z}[decay_at])
    x = (1 - s.average) * x + s.average * z
    return s.beta1 * x + (1 - s.beta1) * z, z, v


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("decay_at", ["x", "y", "z"])
@pytest.mark.parametrize("form", ["adaptive", "kept", "sgd"])
def test_is_the_paper_with_three_points(form: str, decay_at: str, backend: str) -> None:
    y, grad, z, v = tensors(torch.float64)
    squares = None if form == "sgd" else v
    expected = [
        written_out(*(x and x[i] for x in (y, grad, z, squares)), SCALARS, decay_at, form == "adaptive")  # type: ignore[arg-type]
        for i in range(len(y))
    ]
    options = {"decay_at": decay_at, "adaptive": form == "adaptive", "backend": backend}
    schedule_free_step(y, grad, z, squares, SCALARS, **options)  # type: ignore[arg-type]
    for i, truth in enumerate(expected):
        for name, found, wanted in zip("yzv", (y, z, v), truth, strict=True):
            if wanted is not None and wanted.numel():
                assert (found[i] - wanted).abs().max() < 1e-13, (name, i)


@settings(max_examples=50, deadline=None)
@given(
    beta1=st.floats(0.05, 1.0), c=st.floats(0.0, 1.0), gamma=st.floats(0.0, 2.0), decay=st.floats(0.0, 0.5),
    at=st.sampled_from(["x", "y", "z"]),
)  # fmt: skip
def test_x_is_a_weighted_average_whatever_the_numbers(
    beta1: float, c: float, gamma: float, decay: float, at: str
) -> None:
    y, grad, z, v = (x[1] for x in tensors(torch.float64))
    x = y + (1 / beta1 - 1) * (y - z)
    schedule_free_step([y], [grad], [z], [v], Scalars(gamma, c, beta1, 0.9, 1.0, 1e-8, decay), decay_at=at)  # type: ignore[arg-type]
    found = y + (1 / beta1 - 1) * (y - z)
    assert torch.allclose(found, (1 - c) * x + c * z, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_weight_of_one_makes_the_points_one(dtype: torch.dtype) -> None:
    y, grad, z, v = tensors(dtype)
    scalars = SCALARS._replace(average=1.0, weight_decay=0.0)
    z = copies(y)
    schedule_free_step(y, grad, z, v, scalars)
    assert all(torch.equal(a, b) for a, b in zip(y, z, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_of_no_size_with_no_weight_changes_nothing(backend: str) -> None:
    before = tensors(torch.float32)
    y, z, _ = stepped(torch.float32, scalars=SCALARS._replace(step_size=0.0, average=0.0), backend=backend)
    assert all(torch.equal(a, b) for a, b in zip(y + z, before[0] + before[2], strict=True))


def test_float32_is_right_to_its_last_digits() -> None:
    y, grad, z, v = (copies([x.float() for x in each]) for each in tensors(torch.float64))
    exact = [[x.double() for x in each] for each in (y, grad, z, v)]
    schedule_free_step(y, grad, z, v, SCALARS)
    schedule_free_step(*exact, SCALARS, backend="naive")  # type: ignore[arg-type]
    for found, truth in zip(y + z + v, exact[0] + exact[2] + exact[3], strict=True):
        if found.numel():
            assert (found - truth).abs().max() <= 4e-7 * max(1.0, truth.abs().max().item())


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_and_threads_change_no_bit(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = stepped(torch.float32)
    monkeypatch.setattr(cpu, "PIECE", 16)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        cut = stepped(torch.float32)
    finally:
        torch.set_num_threads(before)
    assert all(
        torch.equal(a, b) for one, other in zip(whole, cut, strict=True) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_gradients_are_only_read(dtype: torch.dtype, backend: str) -> None:
    y, grad, z, v = tensors(dtype)
    before = copies(grad)
    schedule_free_step(y, grad, z, v, SCALARS, backend=backend)  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(before, grad, strict=True))


def _channels_last(x: Tensor) -> Tensor:
    return x.to(memory_format=torch.channels_last)


def _sliced(x: Tensor) -> Tensor:
    wide = torch.full((*x.shape[:-1], 2 * x.shape[-1] + 3), math.nan, dtype=x.dtype)
    wide[..., 1 : 1 + 2 * x.shape[-1] : 2] = x
    return wide[..., 1 : 1 + 2 * x.shape[-1] : 2]


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "contiguous": lambda x: x,
    "channels_last": _channels_last,
    "transposed": lambda x: x.transpose(0, 3).contiguous().transpose(0, 3),
    "sliced": _sliced,
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("of_grad", LAYOUTS)
@pytest.mark.parametrize("of_y", LAYOUTS)
def test_any_layout(of_y: str, of_grad: str, backend: str) -> None:
    y, grad, z, v = tensors(torch.float32, [(2, 3, 5, 4)])
    plain = [copies(each) for each in (y, grad, z, v)]
    schedule_free_step(*plain, SCALARS)  # type: ignore[arg-type]
    laid = LAYOUTS[of_y]
    y, grad, z, v = [laid(y[0])], [LAYOUTS[of_grad](grad[0])], [laid(z[0])], [v[0]]
    schedule_free_step(y, grad, z, v, SCALARS, backend=backend)  # type: ignore[arg-type]
    for found, truth in ((y, plain[0]), (z, plain[2]), (v, plain[3])):
        assert torch.allclose(found[0], truth[0], rtol=1e-6, atol=1e-7)
    if of_y == "sliced":
        assert y[0]._base is not None
        assert y[0]._base.isnan().sum() == y[0]._base.numel() - y[0].numel()


def test_a_graph_that_kept_a_parameter_notices_the_step() -> None:
    p = normal(3, 5).requires_grad_()
    kept = (p * p).sum()
    with torch.no_grad():
        schedule_free_step([p], [normal(3, 5)], [p.detach().clone()], None, SCALARS)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        kept.backward()


@pytest.mark.parametrize("backend", BACKENDS)
def test_second_moments_may_be_narrower(backend: str) -> None:
    y, grad, z, v = tensors(torch.float32)
    v = [x.bfloat16() for x in v]
    truth = [copies(y), grad, copies(z), [x.float() for x in v]]
    schedule_free_step(y, grad, z, v, SCALARS, backend=backend)  # type: ignore[arg-type]
    schedule_free_step(*truth, SCALARS, backend=backend)  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(y + z, truth[0] + truth[2], strict=True))
    assert all(torch.equal(a, b.bfloat16()) for a, b in zip(v, truth[3], strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_narrow_copy_is_y_rounded(backend: str) -> None:
    y, grad, z, v = tensors(torch.float32)
    copy = [torch.full_like(x, math.nan, dtype=torch.bfloat16) for x in y]
    schedule_free_step(y, [g.bfloat16() for g in grad], z, v, SCALARS, copy=copy, backend=backend)  # type: ignore[arg-type]
    assert all(torch.equal(a, b.bfloat16()) for a, b in zip(copy, y, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_stochastic_rounding_takes_a_neighbour_and_the_same_one_again(backend: str) -> None:
    exact = stepped(torch.float32, backend=backend)
    y, grad, z, v = tensors(torch.float32)
    narrow = [[x.bfloat16() for x in each] for each in (y, grad, z, v)]
    exact = [[x.float() for x in each] for each in narrow]
    schedule_free_step(*exact, SCALARS)  # type: ignore[arg-type]
    found = []
    for seed, scalars in ((7, SCALARS), (7, SCALARS), (8, SCALARS), (7, SCALARS._replace(count=6))):
        once = [copies(each) for each in narrow]
        schedule_free_step(*once, scalars, seed=seed, backend=backend)  # type: ignore[arg-type]
        found.append(torch.cat([x.flatten() for each in (once[0], once[2], once[3]) for x in each]))
    truth = torch.cat([x.flatten() for each in (exact[0], exact[2], exact[3]) for x in each])
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[3])
    assert ((found[0].float() - truth).abs() <= truth.abs() * 2.0**-7).all()


def test_stochastic_rounding_is_unbiased() -> None:
    """The mean of 2^14 roundings lies within four standard errors, for y, z and v."""
    n = 2**14
    exact = [torch.tensor([x]) for x in (0.7123, -0.3, 0.4567, 0.0321)]
    narrow = [x.bfloat16().expand(n).clone() for x in exact]
    wide = [x[:1].float() for x in narrow]
    schedule_free_step([narrow[0]], [narrow[1]], [narrow[2]], [narrow[3]], SCALARS, seed=0)
    schedule_free_step([wide[0]], [wide[1]], [wide[2]], [wide[3]], SCALARS)
    for name, many, truth in zip("yzv", (narrow[0], narrow[2], narrow[3]), (wide[0], wide[2], wide[3]), strict=True):
        many = many.double()
        assert len(many.unique()) == 2, name
        assert abs(many.mean() - truth.double()).item() < 4 * many.std().item() / math.sqrt(n), name


def test_what_bfloat16_holds_is_not_rounded_and_what_is_not_finite_stays() -> None:
    bits = torch.full((6,), 0xFFFF)
    x = torch.tensor([1.5, -2.0, 0.0, math.inf, -math.inf, math.nan])
    assert torch.equal(rounded_by(x, bits)[:5].float(), x[:5])
    assert rounded_by(x, bits)[5].isnan()
    largest = torch.tensor([torch.finfo(torch.float32).max])
    assert rounded_by(largest, bits[:1]).isinf()


def test_random_bits_are_philox_at_step_tensor_and_element() -> None:
    y, z, v = random_bits(5 | 9 << 32, 2**32 + 3, 11, 5, torch.device("cpu"))
    words = philox(5 | 9 << 32, *(torch.tensor([c]) for c in (1, 0, 11, 3)))
    low = 0xFFFF
    assert [int(x[2]) for x in (y, z, v)] == [int(words[0]) & low, int(words[0]) >> 16, int(words[1]) & low]
    assert [int(x[3]) for x in (y, z, v)] == [int(words[2]) & low, int(words[2]) >> 16, int(words[3]) & low]
    assert all(len(x) == 5 for x in (y, z, v))


def test_scalars_may_come_as_a_tensor() -> None:
    one, other = stepped(torch.float64), stepped(torch.float64, scalars=SCALARS.tensor("cpu"))
    assert all(torch.equal(a, b) for a, b in zip(one[0], other[0], strict=True))
    with pytest.raises(ValueError, match=r"not one that Scalars\.tensor gives"):
        stepped(torch.float64, scalars=torch.zeros(3))


def test_no_tensors_at_all() -> None:
    schedule_free_step([], [], [], None, SCALARS)
    empty = [[torch.zeros(0, 3)] for _ in range(4)]
    schedule_free_step(*empty, SCALARS)
    assert all(x.shape == (0, 3) for (x,) in empty)
    # Beside others, an empty tensor leaves their step as it is.
    alone, beside = tensors(torch.float64, [(3, 5)]), tensors(torch.float64, [(3, 5)])
    schedule_free_step(*alone, SCALARS)
    with_empty = [[torch.zeros(0, dtype=torch.float64), *each] for each in beside]
    schedule_free_step(*with_empty, SCALARS)
    assert all(torch.equal(a[0], b[1]) for a, b in zip(alone, with_empty, strict=True))


def test_the_kernel_can_be_compiled_beforehand() -> None:
    cpu.warm()
    assert stepped(torch.float32)[0][0].isfinite().all()


def test_refusals() -> None:
    y, grad, z, v = tensors(torch.float32, [(3, 5)])
    refused = [
        ((y, grad, z, v, SCALARS._replace(beta1=0.0)), {}, ValueError, "x cannot be told from"),
        ((y, grad, [], v, SCALARS), {}, ValueError, "z has 0 tensors, y has 1"),
        ((y, [grad[0].T], z, v, SCALARS), {}, ValueError, r"grad\[0\] is \(5, 3\)"),
        ((y, [grad[0].to("meta")], z, v, SCALARS), {}, ValueError, "grad is on meta"),
        ((y, grad, [z[0].to("meta")], v, SCALARS), {}, ValueError, r"z\[0\] is \(3, 5\) on meta"),
        (([*y, y[0].to("meta")], grad * 2, z * 2, v * 2, SCALARS), {}, ValueError, "call once for each device"),
        ((y, grad, z, v, SCALARS), {"decay_at": "w"}, ValueError, "choose y, z or x"),
        ((y, grad, z, v, SCALARS), {"seed": -1}, ValueError, "at least 0"),
        ((y, grad, z, v, SCALARS), {"backend": "fast"}, ValueError, "choose one of"),
        (([y[0].half()], grad, z, v, SCALARS), {"seed": 0}, TypeError, "bfloat16 alone"),
        ((y, grad, [z[0].long()], v, SCALARS), {}, TypeError, r"z\[0\] is int64"),
        (([y[0].cfloat()], grad, z, v, SCALARS), {}, TypeError, "complex64"),
    ]
    for arguments, options, kind, words in refused:
        with pytest.raises(kind, match=words):
            schedule_free_step(*arguments, **options)  # type: ignore[arg-type]


def test_costs_are_those_of_adamw() -> None:
    assert bytes(1) == 28
    assert bytes(10, itemsize=2) == 140
    assert bytes(1, second_moment=False) == 20
    assert bytes(1, copy_itemsize=2) == 28
    assert (flops(1), flops(1, second_moment=False, weight_decay=False)) == (17, 7)

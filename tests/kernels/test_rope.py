"""The rotary embedding: the truth against transformers and numbers by hand, the fast kernel against the truth."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.gradients import Copies, normal, results
from kernels.scans import assert_close
from torch import Tensor

from claimbench.kernels import rope
from claimbench.kernels.rotary import bytes as rotary_bytes
from claimbench.kernels.rotary import flops as rotary_flops

TOLERANCE = {torch.float64: 1e-14, torch.float32: 1e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}
SHAPES = [(1, 1, 1), (2, 3, 1), (3, 33, 2)]
"""(batch, length, heads)."""
KINDS = pytest.mark.parametrize("interleaved", [False, True], ids=["halves", "interleaved"])


def angles(length: int, half: int, offset: float = 0.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines of (step + offset) θ_i, θ_i = 10000^(-i / half)."""
    steps = torch.arange(length, dtype=torch.float64) + offset
    angle = steps[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    return angle.cos(), angle.sin()


@KINDS
@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_by_hand(backend: str, interleaved: bool) -> None:
    x = torch.arange(1.0, 6.0, dtype=torch.float64).reshape(1, 1, 1, 5).requires_grad_()
    cos, sin = torch.tensor([[0.6, 0.0]], dtype=torch.float64), torch.tensor([[0.8, 1.0]], dtype=torch.float64)
    out = rope(x, cos, sin, interleaved, backend)
    (grad,) = torch.autograd.grad(out, x, x.detach())
    if interleaved:  # (1, 2) by the first angle, (3, 4) by the second
        turned, back = [-1.0, 2.0, -4.0, 3.0, 5.0], [2.2, 0.4, 4.0, -3.0, 5.0]
    else:  # (1, 3) by the first angle, (2, 4) by the second
        turned, back = [-1.8, -4.0, 2.6, 2.0, 5.0], [3.0, 4.0, 1.0, -2.0, 5.0]
    assert out.flatten().tolist() == pytest.approx(turned, abs=1e-15)
    assert grad.flatten().tolist() == pytest.approx(back, abs=1e-15)


@pytest.mark.parametrize("rotary", [40, 24], ids=["whole", "partial"])
@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_transformers_agrees_on_halves(backend: str, rotary: int) -> None:
    modeling = pytest.importorskip("transformers.models.gpt_neox.modeling_gpt_neox")
    cos, sin = angles(9, rotary // 2)

    def theirs(q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        twice = [torch.cat((value, value), dim=-1)[None] for value in (cos, sin)]
        return modeling.apply_rotary_pos_emb(q, k, *twice, unsqueeze_dim=2)

    def ours(q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        return rope(q, cos, sin, backend=backend), rope(k, cos, sin, backend=backend)

    given = {"q": normal(2, 9, 4, 40), "k": normal(2, 9, 2, 40, seed=1)}
    assert_close(results(ours, given, torch.float64), results(theirs, given, torch.float64), 1e-15)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_transformers_agrees_on_neighbours(backend: str) -> None:
    modeling = pytest.importorskip("transformers.models.gptj.modeling_gptj")
    cos, sin = angles(9, 20)
    given = {"x": normal(2, 9, 4, 40)}
    theirs = results(lambda x: modeling.apply_rotary_pos_emb(x, sin[None], cos[None]), given, torch.float64)
    ours = results(lambda x: rope(x, cos, sin, interleaved=True, backend=backend), given, torch.float64)
    assert_close(ours, theirs, 1e-15)


@KINDS
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: "B{}-T{}-H{}".format(*s))
@pytest.mark.parametrize(
    ("dim", "rotary"),
    [(2, 2), (3, 2), (15, 14), (16, 16), (17, 16), (32, 32), (63, 34), (100, 100), (129, 66), (160, 4)],
    ids=lambda n: str(n),
)
def test_kernel_agrees_with_the_truth(dim: int, rotary: int, shape: tuple[int, int, int], interleaved: bool) -> None:
    cos, sin = angles(shape[1], rotary // 2, offset=0.5)
    given = {"x": normal(*shape, dim)}
    truth = results(lambda x: rope(x, cos, sin, interleaved, "naive"), given, torch.float64)
    for dtype in (torch.float64, torch.float32):
        constants = (cos.to(dtype), sin.to(dtype))
        assert_close(
            results(lambda x, c=constants: rope(x, *c, interleaved, "cpu"), given, dtype), truth, TOLERANCE[dtype]
        )


@KINDS
@pytest.mark.parametrize("constants", [torch.float32, None], ids=["float32_angles", "same"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision(dtype: torch.dtype, constants: torch.dtype | None, interleaved: bool) -> None:
    cos, sin = (x.to(constants or dtype) for x in angles(9, 17, offset=0.5))
    rounded = {"x": normal(2, 9, 3, 40).to(dtype)}
    found = results(lambda x: rope(x, cos, sin, interleaved, "cpu"), rounded, dtype)
    assert {x.dtype for x in found.values()} == {dtype}
    exact = {"x": rounded["x"].double()}
    truth = results(lambda x: rope(x, cos.double(), sin.double(), interleaved, "naive"), exact, torch.float64)
    assert_close(found, truth, TOLERANCE[dtype])


@KINDS
@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_gradients_are_the_derivatives(backend: str, interleaved: bool) -> None:
    call = partial(rope, cos=angles(3, 4)[0], sin=angles(3, 4)[1], interleaved=interleaved, backend=backend)
    x = normal(2, 3, 2, 11).requires_grad_()
    assert torch.autograd.gradcheck(call, (x,))
    assert torch.autograd.gradgradcheck(call, (x,))  # linear, so of any order


@KINDS
def test_every_element_is_written_and_the_same_bits_every_time(
    interleaved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cos, sin = (x.float() for x in angles(9, 17))
    call, given = partial(rope, cos=cos, sin=sin, interleaved=interleaved, backend="cpu"), {"x": normal(2, 9, 3, 40)}
    first = results(call, given, torch.float32)
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, **options: empty(*shape, **options).fill_(math.nan))
    for name, value in results(call, given, torch.float32).items():
        assert torch.equal(value, first[name]), name


@KINDS
def test_slices_of_a_fused_projection_are_read_where_they_lie(interleaved: bool) -> None:
    cos, sin = (x.float() for x in angles(9, 10))
    slices = normal(2, 9, 3, 4, 24).float().unbind(2)  # q, k and v
    for x in (*slices, slices[0].transpose(1, 2).contiguous().transpose(1, 2)):
        with Copies() as copies:
            out = rope(x, cos, sin, interleaved)
        assert copies.seen == []
        assert torch.equal(out, rope(x.clone(memory_format=torch.contiguous_format), cos, sin, interleaved))


@KINDS
def test_other_layouts(interleaved: bool) -> None:
    x, grad = normal(2, 24, 3, 9).transpose(1, 3).requires_grad_(), normal(1)[0].expand(2, 9, 3, 24)
    cos, sin = (value.t().contiguous().t() for value in angles(9, 10))
    found, expected = (
        torch.autograd.grad(rope(x, cos, sin, interleaved, backend), x, grad)[0] for backend in ("cpu", "naive")
    )
    assert_close({"x": found}, {"x": expected}, 1e-14)


@KINDS
def test_a_nan_spoils_its_pair_alone(interleaved: bool) -> None:
    cos, sin = (x.float() for x in angles(3, 10, offset=0.5))
    x = normal(1, 3, 2, 24).float()
    x[0, 1, 1, 4] = math.nan
    spoilt = rope(x, cos, sin, interleaved).isnan().nonzero().tolist()
    assert spoilt == [[0, 1, 1, 4], [0, 1, 1, 5 if interleaved else 14]]


@settings(deadline=None, max_examples=50)
@given(
    half=st.integers(1, 20),
    rest=st.integers(0, 20),
    shift=st.integers(0, 1000),
    interleaved=st.booleans(),
    seed=st.integers(0, 99),
)
def test_lengths_stay_and_only_relative_positions_matter(
    half: int, rest: int, shift: int, interleaved: bool, seed: int
) -> None:
    q, k = (normal(1, 5, 1, 2 * half + rest, seed=2 * seed + i) for i in range(2))

    def scores(offset: float) -> Tensor:
        turned = [rope(x, *angles(5, half, offset), interleaved)[0, :, 0] for x in (q, k)]
        return turned[0] @ turned[1].T

    assert torch.allclose(scores(0), scores(shift), rtol=1e-9, atol=1e-9)
    turned = rope(q, *angles(5, half, shift), interleaved)
    assert torch.allclose(turned.norm(dim=-1), q.norm(dim=-1), rtol=1e-12)
    assert torch.equal(turned[..., 2 * half :], q[..., 2 * half :])
    assert torch.equal(rope(q, *angles(5, half), interleaved)[:, 0], q[:, 0])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": torch.zeros(3, 5, 8)}, ValueError, "x has shape"),
        ({"x": torch.zeros(2, 3, 0, 8)}, ValueError, "x has shape"),
        ({"cos": torch.zeros(4, 4)}, ValueError, "cos has shape"),
        ({"cos": torch.zeros(3, 5)}, ValueError, "cos has shape"),
        ({"cos": torch.zeros(3, 0)}, ValueError, "cos has shape"),
        ({"cos": torch.zeros(1, 3, 4)}, ValueError, "cos has shape"),
        ({"sin": torch.zeros(3, 3)}, ValueError, "sin has shape"),
        ({"cos": torch.zeros(3, 4, requires_grad=True)}, ValueError, "cos requires a gradient"),
        ({"sin": torch.zeros(3, 4, requires_grad=True)}, ValueError, "sin requires a gradient"),
        ({"sin": torch.zeros(3, 4, dtype=torch.complex64)}, TypeError, "sin is complex64"),
        ({"sin": torch.zeros(3, 4, device="meta")}, ValueError, "sin is on meta"),
        ({"backend": "numba"}, ValueError, "choose one of"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], error: type[Exception], message: str) -> None:
    given = {"x": torch.zeros(2, 3, 5, 8), "cos": torch.zeros(3, 4), "sin": torch.zeros(3, 4)}
    with pytest.raises(error, match=message):
        rope(**(given | change))


def test_cost_by_hand() -> None:
    # two pairs, each four products and two sums
    assert rotary_flops(1, 1, 1, 4) == 12
    assert rotary_bytes(2, 3, 4, 5, itemsize=2) == 120 * 2 * 2

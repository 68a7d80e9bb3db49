"""The Triton kernels under the interpreter, which test_triton.py runs in a process of its own with TRITON_INTERPRET=1.

Shapes are small and odd, and chunks shorter than on a GPU so that few steps cross several: interpreting is slow.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch
from kernels.ballots import maximum, table, votes
from kernels.gradients import Copies, normal, results
from kernels.scans import Case

from claimbench.kernels import (
    bootstrap_ratings,
    causal_conv1d,
    differential_attention,
    fold_votes,
    rms_norm,
    rope,
    schedule_free_step,
    selective_scan,
    selective_state_update,
    swiglu,
)
from claimbench.kernels.conv import triton as conv_triton
from claimbench.kernels.differential import _triton_launch as differential_launch
from claimbench.kernels.gated import triton as gated_triton
from claimbench.kernels.norm import triton as norm_triton
from claimbench.kernels.rotary import triton as rotary_triton
from claimbench.kernels.scan import _triton_launch as scan_launch
from claimbench.kernels.schedule_free import triton as schedule_free_triton
from claimbench.kernels.votes import Status, bootstrap_triton, pairs_of
from claimbench.kernels.votes import triton as fold_triton
from kernels import scans, test_causal_conv1d, test_rms_norm, test_rope, test_swiglu
from kernels import test_differential_attention as attention
from kernels import test_schedule_free_step as schedule_free
from kernels import test_selective_state_update as steps

TOLERANCE = {torch.float32: 2e-6, torch.float16: 3e-3}

CASES = [
    Case(batch=1, dim=3, length=1, state=1),
    Case(batch=2, dim=5, length=9, state=3),
    Case(batch=1, dim=9, length=8, state=16, initial=False),
    Case(batch=1, dim=8, length=7, state=4, transposed=False, last=False),
    Case(batch=1, dim=6, length=5, state=2, groups=3),
    Case(batch=1, dim=12, length=5, state=2, groups=2, groups_c=3),
    Case(batch=2, dim=5, length=6, state=3, b_fixed=True),
    Case(batch=1, dim=9, length=6, state=3, c_fixed=True, z=False),
    Case(batch=2, dim=5, length=6, state=3, b_fixed=True, c_fixed=True, D=False),
    Case(batch=1, dim=5, length=6, state=3, z=False, D=False, bias=False, softplus=False, initial=False),
]
LONG = [
    Case(batch=2, dim=9, length=23, state=3),
    Case(batch=1, dim=5, length=16, state=16, initial=False, last=False),
    Case(batch=1, dim=6, length=41, state=2, groups=3, transposed=False),
    Case(batch=1, dim=12, length=17, state=2, groups=2, groups_c=3, initial=False),
    Case(batch=1, dim=5, length=19, state=3, b_fixed=True, z=False),
    Case(batch=1, dim=5, length=18, state=3, c_fixed=True, last=False),
    Case(batch=1, dim=9, length=25, state=5, b_fixed=True, c_fixed=True, D=False, bias=False, softplus=False),
]
"""Sequences that are split."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_launch, "CHUNK", 4)
    monkeypatch.setattr(scan_launch, "BLOCK_D", 8)
    monkeypatch.setattr(conv_triton, "BLOCK_T", 8)
    monkeypatch.setattr(conv_triton, "BLOCK_D", 8)
    for family in (gated_triton, norm_triton, rotary_triton):
        monkeypatch.setattr(family, "TILE", 64)
    monkeypatch.setattr(norm_triton, "WIDEST", 64)
    monkeypatch.setattr(norm_triton, "PROGRAMS", 2)
    monkeypatch.setattr(fold_triton, "BLOCK", 64)
    monkeypatch.setattr(fold_triton, "COPIES", 3)
    monkeypatch.setattr(bootstrap_triton, "BLOCK_R", 16)
    monkeypatch.setattr(schedule_free_triton, "BLOCK", 32)
    tile = differential_launch.Tile(16, 16, 1)
    monkeypatch.setattr(differential_launch, "tiles", lambda *_: differential_launch.Tiles(tile, tile, tile))
    monkeypatch.setattr(differential_launch, "decode_tile", lambda *_: tile)


@pytest.fixture
def split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Splits of a chunk or two."""
    monkeypatch.setattr(scan_launch, "PROGRAMS", 10**6)
    monkeypatch.setattr(scan_launch, "SPLIT_STEPS", 4)


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("case", LONG, ids=str)
@pytest.mark.usefixtures("split")
def test_scan_in_splits(case: Case, dtype: torch.dtype) -> None:
    x = scans.inputs(case)
    assert scan_launch.Cut.of(x["u"], x["A"], x["B"], x["C"]).splits > 2
    test_scan(case, dtype)


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_scan(case: Case, dtype: torch.dtype) -> None:
    rounded = {name: x.to(dtype) if isinstance(x, torch.Tensor) else x for name, x in scans.inputs(case).items()}
    exact = {name: x.double() if isinstance(x, torch.Tensor) else x for name, x in rounded.items()}
    found = scans.results(rounded, "triton", dtype, case.last)
    scans.assert_close(found, scans.results(exact, "naive", torch.float64, case.last), TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("activation", [None, "silu"])
@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 9, 3), (1, 8, 17)], ids=lambda s: "B{}-D{}-L{}".format(*s))
def test_convolution(shape: tuple[int, int, int], width: int, activation: str | None, dtype: torch.dtype) -> None:
    rounded = [x.to(dtype) for x in test_causal_conv1d.inputs(*shape, width)][: 3 if activation else 2]
    found = test_causal_conv1d.results(rounded, activation, "triton", dtype)
    exact = [x.double() for x in rounded]
    scans.assert_close(found, test_causal_conv1d.results(exact, activation, "naive", torch.float64), TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("residual", [True, False], ids=["residual", "no_residual"])
@pytest.mark.parametrize("weight", [True, False], ids=["weight", "no_weight"])
@pytest.mark.parametrize(("rows", "dim"), [(1, 1), (67, 3), (9, 17), (3, 64), (11, 100)], ids=lambda n: str(n))
def test_norm(rows: int, dim: int, weight: bool, residual: bool, dtype: torch.dtype) -> None:
    given = test_rms_norm.inputs(rows, dim, weight, residual)
    rounded = {name: x.to(dtype) for name, x in given.items()}
    found = results(partial(rms_norm, eps=test_rms_norm.EPS, backend="triton"), rounded, dtype)
    exact = {name: x.double() for name, x in rounded.items()}
    truth = results(partial(rms_norm, eps=test_rms_norm.EPS, backend="naive"), exact, torch.float64)
    scans.assert_close(found, truth, TOLERANCE[dtype])


def test_norm_normalises_the_sum_as_it_is_stored() -> None:
    x, residual = normal(5, 20).half(), normal(5, 20, seed=1).half()
    out, stream = rms_norm(x, residual=residual, backend="triton")
    assert torch.equal(stream, x + residual)
    assert torch.equal(out, rms_norm(stream, backend="triton"))
    wide, stream = rms_norm(x, residual=residual.float(), backend="triton")
    assert (wide.dtype, stream.dtype) == (torch.float16, torch.float32)


def test_norm_without_eps_where_rows_end() -> None:
    given = test_rms_norm.inputs(33, 3, residual=False)
    found = results(partial(rms_norm, eps=0.0, backend="triton"), given, torch.float32)
    scans.assert_close(found, results(partial(rms_norm, eps=0.0, backend="naive"), given, torch.float64), 1e-5)


@pytest.mark.parametrize("used", [0, 1], ids=["norm_alone", "sum_alone"])
def test_norm_where_one_output_is_used(used: int) -> None:
    leaves = [x.float().requires_grad_() for x in test_rms_norm.inputs(5, 17).values()]
    found, expected = (
        torch.autograd.grad(
            rms_norm(leaves[0], leaves[1], 1.0, leaves[2], backend)[used].square().sum(), leaves, allow_unused=True
        )
        for backend in ("triton", "cpu")
    )
    assert (found[1] is None) == (expected[1] is None) == (used == 1)
    scans.assert_close({"s": found[0]}, {"s": expected[0]}, 1e-6)
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("halves", [True, False], ids=["halves", "whole"])
@pytest.mark.parametrize(("rows", "dim"), [(1, 1), (33, 3), (3, 100)], ids=lambda n: str(n))
def test_gated(rows: int, dim: int, halves: bool, dtype: torch.dtype) -> None:
    def call(gate: torch.Tensor, up: torch.Tensor, backend: str) -> torch.Tensor:
        if halves:
            gate, up = torch.cat((gate, up), -1).chunk(2, -1)
        return swiglu(gate, up, backend=backend)

    rounded = {name: x.to(dtype) for name, x in test_swiglu.inputs(rows, dim).items()}
    exact = {name: x.double() for name, x in rounded.items()}
    truth = results(partial(call, backend="naive"), exact, torch.float64)
    scans.assert_close(results(partial(call, backend="triton"), rounded, dtype), truth, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("interleaved", [False, True], ids=["halves", "interleaved"])
@pytest.mark.parametrize(("dim", "rotary"), [(2, 2), (17, 16), (129, 66)], ids=lambda n: str(n))
@pytest.mark.parametrize("shape", [(2, 3, 1), (2, 5, 3)], ids=lambda s: "B{}-T{}-H{}".format(*s))
def test_rotary(shape: tuple[int, int, int], dim: int, rotary: int, interleaved: bool, dtype: torch.dtype) -> None:
    cos, sin = (x.to(dtype) for x in test_rope.angles(shape[1], rotary // 2, offset=0.5))
    rounded = {"x": normal(*shape, dim).to(dtype)}
    found = results(lambda x: rope(x, cos, sin, interleaved, "triton"), rounded, dtype)
    truth = results(
        lambda x: rope(x, cos.double(), sin.double(), interleaved, "naive"), {"x": rounded["x"].double()}, torch.float64
    )
    scans.assert_close(found, truth, TOLERANCE[dtype])


def test_what_is_strided_is_read_where_it_lies() -> None:
    gate, up = normal(2, 5, 34).float().chunk(2, -1)
    qkv = normal(2, 5, 3, 4, 8).float().unbind(2)
    cos, sin = (x.float() for x in test_rope.angles(5, 3))
    calls = [partial(swiglu, gate, up), partial(rms_norm, gate, residual=up), partial(rope, qkv[1], cos, sin)]
    for call in calls:
        with Copies() as copies:
            call(backend="triton")
        assert copies.seen == []


def _everything(length: int) -> dict[str, torch.Tensor]:
    """Outputs and gradients of every kernel."""
    cos, sin = (x.float() for x in test_rope.angles(5, 7))
    found = {
        "scan": scans.results(
            scans.inputs(Case(batch=2, dim=9, length=length, state=3, groups=3)), "triton", torch.float32
        ),
        "norm": results(partial(rms_norm, backend="triton"), test_rms_norm.inputs(19, 17), torch.float32),
        "wide norm": results(partial(rms_norm, backend="triton"), test_rms_norm.inputs(3, 100), torch.float32),
        "attention": results(
            partial(differential_attention, backend="triton"),
            attention.inputs(attention.Case(heads=4, queries=19, keys=21, norm=True)),
            torch.float32,
        ),
        "gated": results(partial(swiglu, backend="triton"), test_swiglu.inputs(7, 33), torch.float32),
    }
    for interleaved in (False, True):
        call = partial(rope, cos=cos, sin=sin, interleaved=interleaved, backend="triton")
        found[f"rope {interleaved}"] = results(call, {"x": normal(2, 5, 3, 17)}, torch.float32)
    return {f"{family}: {name}": value for family, values in found.items() for name, value in values.items()}


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize("length", [6, 19], ids=["whole", "split"])
def test_every_element_is_written_and_the_same_bits_every_time(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _everything(length)
    new_empty = torch.Tensor.new_empty
    poisoned = lambda self, *shape, **options: new_empty(self, *shape, **options).fill_(torch.nan)  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "new_empty", poisoned)
    for name, value in _everything(length).items():
        assert torch.equal(value, first[name]), name


@pytest.mark.usefixtures("split")
def test_a_state_of_zero_stays_so_where_growth_overflows() -> None:
    """The decay of a whole split, exp(A ΣΔ), is infinite here; that of a step is not."""
    one, A = torch.ones(1, 3, 16), torch.full((3, 1), 40.0)
    u = one.clone()
    u[..., :15] = 0
    arguments = (u, one, A, one[:, :1], one[:, :1])
    out, last = selective_scan(*arguments, return_last_state=True, backend="triton")
    truth = selective_scan(*arguments, return_last_state=True, backend="naive")
    scans.assert_close({"out": out, "last": last}, {"out": truth[0], "last": truth[1]}, 1e-6)


@pytest.mark.usefixtures("split")
def test_infinite_decay_forgets() -> None:
    x = scans.inputs(Case(batch=1, dim=5, length=18, state=3, softplus=False, bias=False))
    x = {name: value.float() if isinstance(value, torch.Tensor) else value for name, value in x.items()}
    x["A"][1, 2] = -torch.inf
    out, last = selective_scan(**x, return_last_state=True, backend="triton")
    truth = selective_scan(**x, return_last_state=True, backend="naive")
    scans.assert_close({"out": out, "last": last}, {"out": truth[0], "last": truth[1]}, 2e-6)


def test_float64_is_refused() -> None:
    with pytest.raises(TypeError, match="u is float64"):
        selective_scan(**scans.inputs(Case()), backend="triton")
    with pytest.raises(TypeError, match="x is float64"):
        causal_conv1d(*test_causal_conv1d.inputs(1, 2, 3, 4), backend="triton")
    with pytest.raises(TypeError, match="weight is float64"):
        rms_norm(normal(2, 3).float(), normal(3), backend="triton")
    with pytest.raises(TypeError, match="gate is float64"):
        swiglu(normal(2, 3), normal(2, 3), backend="triton")
    with pytest.raises(TypeError, match="cos is float64"):
        rope(normal(1, 2, 3, 4).float(), *test_rope.angles(2, 2), backend="triton")


STEPS = [
    steps.Case(batch=1, dim=1, state=1),
    steps.Case(batch=2, dim=130, state=5),
    steps.Case(dim=12, groups=3, groups_c=2, state=16),
    steps.Case(heads=4, dim=9, state=16, groups=2),
    steps.Case(heads=4, dim=3, state=130, groups=2, groups_c=0, tied=True),
    steps.Case(D=False, z=False, bias=False, softplus=False),
]


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("state_dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("case", STEPS, ids=str)
def test_step(case: steps.Case, state_dtype: torch.dtype, dtype: torch.dtype) -> None:
    given = steps.as_dtype(steps.inputs(case), dtype)
    given["state"] = given["state"].to(state_dtype)
    found = steps.results(given, "triton")
    assert (found["out"].dtype, found["state"].dtype) == (dtype, state_dtype)
    truth = steps.results(steps.as_dtype(given, torch.float64), "naive")
    scans.assert_close(found, truth, max(TOLERANCE[dtype], TOLERANCE[state_dtype]))


@pytest.mark.parametrize("layout", steps.LAYOUTS)
def test_a_step_writes_the_state_alone(layout: str) -> None:
    steps.test_the_state_alone_is_written(layout, torch.float32, "triton")


def test_a_step_in_float64_is_refused() -> None:
    with pytest.raises(TypeError, match="state is float64"):
        selective_state_update(**steps.inputs(steps.Case()), backend="triton")


@pytest.mark.parametrize("weight_dtype", [None, torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64], ids=str)
@pytest.mark.parametrize(("n", "models"), [(0, 3), (1, 2), (64, 2), (333, 17)])
def test_folded(n: int, models: int, dtype: torch.dtype, weight_dtype: torch.dtype | None) -> None:
    ballots = votes(n, models, dtype=dtype)
    weights = None if weight_dtype is None else torch.rand(n, dtype=weight_dtype)
    found, truth = (fold_votes(*ballots, models, weights, backend) for backend in ("triton", "naive"))
    assert (found.dtype, found.shape) == (truth.dtype, truth.shape)
    assert torch.equal(found, truth) if weights is None else torch.allclose(found, truth, rtol=1e-14)


def test_weights_of_any_size_are_folded() -> None:
    ballots = votes(200, 3)
    for size in (0.0, 1e-200, 1e-30, 1e30, 1e300):
        weights = torch.full((200,), size, dtype=torch.float64)
        found, truth = (fold_votes(*ballots, 3, weights, backend) for backend in ("triton", "naive"))
        assert torch.allclose(found, truth, rtol=1e-14, atol=0)


def test_what_is_no_vote_is_refused_with_the_same_words() -> None:
    a, b, outcome = votes(200, 5, dtype=torch.int64)
    weights = torch.ones(200)
    a[3], b[70], a[199], a[100] = -1, 2**40, 5, b[100]
    outcome[4], outcome[3], outcome[71] = 3, 255, 200
    weights[[5, 6, 150, 3]] = torch.tensor([torch.nan, -1, torch.inf, torch.nan])
    said = []
    for backend in ("triton", "naive"):
        with pytest.raises(ValueError, match="9 of 200 votes") as refusal:
            fold_votes(a, b, outcome, 5, weights, backend)
        said.append(str(refusal.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("scheme", ["poisson", "multinomial"])
@pytest.mark.parametrize(("n", "models", "replicates"), [(30, 2, 1), (60, 3, 17), (400, 4, 16)])
def test_bootstrap(n: int, models: int, replicates: int, scheme: str) -> None:
    given = table(n, models)
    found, truth = (
        bootstrap_ratings(*given, replicates, 2**40, scheme, 1e-6, backend) for backend in ("triton", "cpu")
    )
    assert torch.equal(found.status, truth.status)
    assert torch.equal(found.steps, truth.steps)
    assert torch.allclose(found.ratings, truth.ratings, rtol=0, atol=1e-12, equal_nan=True)


def test_bootstrap_in_parts_of_what_has_no_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, counts = pairs_of(torch.tensor([[1, 1, 1], [0, 0, 0], [1, 0, 1]]))
    given = first, second, counts, maximum(first, second, counts, 3)
    monkeypatch.setattr(bootstrap_triton, "ROOM_BYTES", 1)
    found, truth = (
        bootstrap_ratings(*given, 40, 0, tolerance=1e-6, backend=backend) for backend in ("triton", "naive")
    )
    lost = found.status == Status.UNIDENTIFIED
    assert 0 < int(lost.sum()) < 40
    assert torch.equal(lost, truth.status == Status.UNIDENTIFIED)
    assert torch.allclose(found.ratings, truth.ratings, rtol=0, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("decay_at", ["x", "y", "z"])
@pytest.mark.parametrize("form", ["adaptive", "kept", "sgd"])
def test_schedule_free(form: str, decay_at: str) -> None:
    y, grad, z, v = schedule_free.tensors(torch.float32)
    given = [y, grad, z, None if form == "sgd" else v]
    exact = [each and [x.double() for x in each] for each in given]
    options = {"decay_at": decay_at, "adaptive": form == "adaptive"}
    schedule_free_step(*given, schedule_free.SCALARS, backend="triton", **options)
    schedule_free_step(*exact, schedule_free.SCALARS, backend="naive", **options)
    for name, found, truth in zip(("y", "grad", "z", "v"), given, exact, strict=True):
        for one, other in zip(found or (), truth or (), strict=True):
            assert torch.allclose(one.double(), other, rtol=1e-6, atol=1e-6), name


@pytest.mark.parametrize("aligned", [True, False], ids=["aligned", "unaligned"])
def test_schedule_free_in_several_blocks_and_dtypes(aligned: bool) -> None:
    """Elements before and behind an odd slice stay; tensors of other dtypes go by a launch of their own."""
    y, grad, z, v = schedule_free.tensors(torch.float32, [(203,), (70,)])
    start = 0 if aligned else 1
    found, truth = ([[x.clone() for x in each] for each in (y, grad, z, v)] for _ in range(2))
    for each in (found, truth):
        each[1][1] = each[1][1].half()
    for backend, (ys, *others) in (("triton", found), ("naive", truth)):
        part = [[x[start:-3] for x in each] for each in (ys, *others)]
        schedule_free_step(*part, schedule_free.SCALARS, backend=backend)
    for each, other, before in zip(found, truth, (y, grad, z, v), strict=True):
        for a, b, old in zip(each, other, before, strict=True):
            assert torch.allclose(a, b, rtol=1e-6, atol=1e-6)
            assert torch.equal(a[-3:].float(), old[-3:].to(a.dtype).float())
            assert torch.equal(a[:start].float(), old[:start].to(a.dtype).float())


def test_schedule_free_with_a_narrow_copy_and_scalars_in_a_tensor() -> None:
    y, grad, z, v = schedule_free.tensors(torch.float32)
    copy = [torch.full_like(x, torch.nan, dtype=torch.float16) for x in y]
    scalars = schedule_free.SCALARS.tensor("cpu")
    schedule_free_step(y, [g.half() for g in grad], z, v, scalars, copy=copy, backend="triton")
    assert all(torch.equal(a, b.half()) for a, b in zip(copy, y, strict=True))


def test_a_captured_schedule_free_step_wants_its_numbers_in_a_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_free_triton, "_capturing", lambda: True)
    given, other = (schedule_free.tensors(torch.float32) for _ in range(2))
    with pytest.raises(RuntimeError, match="before every replay"):
        schedule_free_step(*given, schedule_free.SCALARS, backend="triton")
    schedule_free_step(*given, schedule_free.SCALARS.tensor("cpu"), backend="triton")
    schedule_free_step(*other, schedule_free.SCALARS, backend="naive")
    assert all(torch.allclose(a, b, rtol=1e-6, atol=1e-6) for a, b in zip(given[0], other[0], strict=True))


def test_schedule_free_rounds_by_the_same_bits() -> None:
    """Two backends may differ in the last place of float32, and so, rarely, in what is rounded up."""
    given = [[x.bfloat16() for x in each] for each in schedule_free.tensors(torch.float32, [(33,), (2, 100)])]
    found, truth = ([[x.clone() for x in each] for each in given] for _ in range(2))
    for backend, each in (("triton", found), ("naive", truth)):
        schedule_free_step(*each, schedule_free.SCALARS, seed=2**40 + 1, backend=backend)
    for each, other in zip(found, truth, strict=True):
        for a, b in zip(each, other, strict=True):
            assert (a == b).float().mean() > 0.97
            assert torch.allclose(a.float(), b.float(), rtol=2**-7)


@pytest.mark.parametrize(
    ("case", "dtype"),
    [
        *((case, torch.float32) for case in attention.CASES),
        (attention.CASES[2], torch.float16),
        (attention.CASES[3], torch.float16),
    ],
    ids=str,
)
def test_differential_attention(case: attention.Case, dtype: torch.dtype) -> None:
    rounded = {name: x.to(dtype) for name, x in attention.inputs(case).items()}
    found = results(attention.call(case, "triton"), rounded, dtype)
    truth = results(attention.call(case, "naive"), {name: x.double() for name, x in rounded.items()}, torch.float64)
    if case.keys == 1:  # one key has all the weight: no gradient but rounding
        for name in ("gradient of q", "gradient of k"):
            assert found.pop(name).abs().max() <= TOLERANCE[dtype]
    scans.assert_close(found, {name: truth[name] for name in found}, 2 * TOLERANCE[dtype])


@pytest.mark.parametrize("programs", [1, 1000], ids=["whole", "split"])
@pytest.mark.parametrize(
    ("case", "dtype"),
    [
        (attention.Case(batch=2, heads=3, groups=3, queries=1, keys=75, lambdas="token", norm=True), torch.float32),
        (attention.Case(heads=6, groups=2, queries=1, keys=64, dim=5, width=7), torch.float16),
        (attention.Case(queries=1, keys=3), torch.float32),
    ],
    ids=str,
)
def test_differential_decoding(
    case: attention.Case, dtype: torch.dtype, programs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differential_launch, "PROGRAMS", programs)
    rounded = {name: x.to(dtype) for name, x in attention.inputs(case).items()}
    truth = attention.call(case, "naive")(**{name: x.double() for name, x in rounded.items()})
    scans.assert_close({"out": attention.call(case, "triton")(**rounded)}, {"out": truth}, TOLERANCE[dtype])


@pytest.mark.parametrize("queries", [1, 80], ids=["decoding", "all"])
def test_differential_maps_cancel_before_they_are_rounded(queries: int) -> None:
    """In float16, where an output for each map costs five times the error, over keys that come block by block."""
    q, k, v = (x.half() for x in attention.correlated(80, 16))
    truth = differential_attention(q.double(), k.double(), v.double(), 0.98, backend="naive")[:, :, -queries:]
    found = differential_attention(q[:, :, -queries:], k, v, 0.98, backend="triton")
    parts = [differential_attention(q[:, [i, i]], k, v, 0.0, backend="triton")[:, :, -queries:] for i in (0, 1)]
    two = parts[0] - torch.tensor(0.98).half() * parts[1]
    error, other = (float((x.double() - truth).norm() / truth.norm()) for x in (found, two))
    assert error <= 5e-4
    assert other >= 5 * error


def test_differential_weights_do_not_overflow_where_one_map_is_flat() -> None:
    """400 keys weigh 1 in the first map before they are normalised, one does in the second: 400 λ > 65504."""
    q = torch.tensor([0.0, 1.0]).half()[None, :, None, None].expand(1, 2, 1, 16)
    k = torch.zeros(1, 2, 400, 16).half()
    k[0, 1, 7] = 100
    v = normal(1, 1, 400, 4).half()
    found = differential_attention(q, k, v, 200.0, backend="triton")
    truth = v[0, 0].double().mean(0) - 200 * v[0, 0, 7].double()
    scans.assert_close({"out": found.flatten()}, {"out": truth}, TOLERANCE[torch.float16])

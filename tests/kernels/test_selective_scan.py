"""The selective scan: the truth against independent code, the processor's kernel against the truth."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.scans import Case, assert_close, inputs, results
from torch import Tensor

from claimbench.kernels import selective_scan
from claimbench.kernels.scan import baselines
from claimbench.kernels.scan import bytes as scan_bytes
from claimbench.kernels.scan import flops as scan_flops

LENGTHS = (1, 2, 3, 15, 16, 17, 33, 127, 129, 372)
TOLERANCE = {torch.float64: 2e-13, torch.float32: 3e-6, torch.bfloat16: 2e-2, torch.float16: 3e-3}

CASES = [
    *(Case(length=length) for length in LENGTHS),
    *(Case(length=length, transposed=False) for length in (1, 33, 129)),
    *(Case(dim=dim, length=19) for dim in (1, 2, 15, 16, 17, 31, 32, 33, 64, 65)),
    *(Case(state=state, length=19) for state in (1, 2, 3, 8, 16, 17, 64)),
    *(Case(dim=12, length=33, groups=groups) for groups in (1, 2, 3, 12)),
    *(Case(dim=48, length=18, groups=2, groups_c=groups) for groups in (1, 3, 4)),
    *(
        Case(dim=33, length=35, b_fixed=b, c_fixed=c, z=z)
        for b, c in ((True, False), (False, True), (True, True))
        for z in (True, False)
    ),
    Case(dim=32, length=35, groups=2, b_fixed=True),
    Case(dim=32, length=35, groups=4, c_fixed=True),
    *(
        Case(length=21, D=D, z=z, bias=bias, initial=initial)
        for D in (True, False)
        for z in (True, False)
        for bias in (True, False)
        for initial in (True, False)
    ),
    *(Case(length=21, softplus=False, bias=bias) for bias in (True, False)),
    *(Case(length=40, last=False, initial=initial) for initial in (True, False)),
    Case(batch=1, dim=3, length=1134, state=2),
    Case(batch=7, dim=5, length=9),
]


def by_hand(arguments: dict[str, Tensor | bool | None]) -> tuple[Tensor, Tensor]:
    """Output and last state, one number at a time."""
    u, delta, A, B, C = (arguments[name].tolist() for name in ("u", "delta", "A", "B", "C"))
    D, z, bias = (arguments[name].tolist() for name in ("D", "z", "delta_bias"))
    h = arguments["initial_state"].tolist()
    out = [[[0.0] * len(u[0][0]) for _ in u[0]] for _ in u]
    for b, d, t in ((b, d, t) for b in range(len(u)) for d in range(len(u[0])) for t in range(len(u[0][0]))):
        step = math.log1p(math.exp(delta[b][d][t] + bias[d]))
        for n in range(len(A[d])):
            h[b][d][n] = math.exp(step * A[d][n]) * h[b][d][n] + step * u[b][d][t] * B[b][n][t]
            out[b][d][t] += C[b][n][t] * h[b][d][n]
        out[b][d][t] = (out[b][d][t] + D[d] * u[b][d][t]) * z[b][d][t] / (1 + math.exp(-z[b][d][t]))
    return torch.tensor(out, dtype=torch.float64), torch.tensor(h, dtype=torch.float64)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_agrees_with_numbers_computed_one_at_a_time(backend: str) -> None:
    arguments = inputs(Case(batch=2, dim=3, length=11, state=4))
    out, last = selective_scan(**arguments, return_last_state=True, backend=backend)
    expected = by_hand(arguments)
    assert_close({"out": out, "last": last}, {"out": expected[0], "last": expected[1]}, 1e-14)


def test_truth_agrees_with_transformers() -> None:
    reference = pytest.importorskip("transformers.models.mamba.modeling_mamba").mamba_selective_scan
    given = inputs(Case(batch=2, dim=8, length=33, state=6, initial=False))
    x = {name: value.float() if isinstance(value, Tensor) else value for name, value in given.items()}
    out, last = reference(
        *(x[name] for name in ("u", "delta", "A", "B", "C", "D", "z", "delta_bias")),
        delta_softplus=True,
        return_last_state=True,
    )
    found = selective_scan(**x, return_last_state=True, backend="naive")
    assert_close({"out": found[0], "last": found[1]}, {"out": out, "last": last}, 2e-6)


def test_truth_agrees_with_mambapy() -> None:
    pscan = pytest.importorskip("mambapy.pscan").pscan
    x = inputs(Case(batch=2, dim=8, length=32, state=4, softplus=False, bias=False, D=False, z=False, initial=False))
    step, u, B, C = (x[name].transpose(1, 2) for name in ("delta", "u", "B", "C"))
    states = pscan(torch.exp(step[..., None] * x["A"]), (step * u)[..., None] * B[:, :, None])
    expected = (states @ C[..., None]).squeeze(3).transpose(1, 2)
    assert_close({"out": selective_scan(**x, backend="naive")}, {"out": expected}, 1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kernel_agrees_with_the_truth(case: Case) -> None:
    given = inputs(case)
    truth = results(given, "naive", torch.float64, case.last)
    for dtype in (torch.float64, torch.float32):
        assert_close(results(given, "cpu", dtype, case.last), truth, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "case", [Case(), Case(length=129, initial=False), Case(groups=4), Case(b_fixed=True, c_fixed=True)], ids=str
)
def test_half_precision(case: Case, dtype: torch.dtype) -> None:
    rounded = {name: x.to(dtype) if isinstance(x, Tensor) else x for name, x in inputs(case).items()}
    found = results(rounded, "cpu", dtype)
    assert found["out"].dtype == dtype
    assert found["last state"].dtype == torch.float32
    assert {found[name].dtype for name in found if name.startswith("gradient")} == {dtype}
    exact = {name: x.double() if isinstance(x, Tensor) else x for name, x in rounded.items()}
    assert_close(found, results(exact, "naive", torch.float64), TOLERANCE[dtype])


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_gradients_are_the_derivatives(backend: str) -> None:
    given = inputs(Case(batch=2, dim=4, length=18, state=3, groups=2))
    names = [name for name, value in given.items() if isinstance(value, Tensor)]

    def function(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        replaced = given | dict(zip(names, tensors, strict=True))
        return selective_scan(**replaced, return_last_state=True, backend=backend)

    assert torch.autograd.gradcheck(function, [given[name].requires_grad_() for name in names], fast_mode=True)


def test_a_dimension_of_seeds_with_gradients_inside() -> None:
    seeds = [inputs(Case(batch=1, dim=5, length=18, state=3), seed) for seed in range(3)]
    names = [name for name, value in seeds[0].items() if isinstance(value, Tensor)]

    def loss(*tensors: Tensor) -> Tensor:
        out, last = selective_scan(**seeds[0] | dict(zip(names, tensors, strict=True)), return_last_state=True)
        return out.sin().sum() + last.cos().sum()

    gradients = torch.func.grad(loss, argnums=tuple(range(len(names))))
    found = torch.func.vmap(gradients)(*(torch.stack([seed[name] for seed in seeds]) for name in names))
    for i, seed in enumerate(seeds):
        leaves = [seed[name].requires_grad_() for name in names]
        for name, one, all_seeds in zip(names, torch.autograd.grad(loss(*leaves), leaves), found, strict=True):
            assert torch.equal(all_seeds[i], one), name


def test_a_second_derivative_is_an_error() -> None:
    given = inputs(Case())
    given["u"].requires_grad_()
    (gradient,) = torch.autograd.grad(selective_scan(**given).sin().sum(), given["u"], create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        gradient.sum().backward()


def test_gradient_flows_through_the_last_state_alone() -> None:
    given = inputs(Case())
    given["B"].requires_grad_()
    selective_scan(**given, return_last_state=True, backend="cpu")[1].sum().backward()
    from_kernel = given["B"].grad.clone()
    given["B"].grad = None
    selective_scan(**given, return_last_state=True, backend="naive")[1].sum().backward()
    assert from_kernel.norm() > 0
    assert_close({"gradient of B": from_kernel}, {"gradient of B": given["B"].grad}, 1e-13)


def test_every_element_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(Case(dim=33, groups=3, length=35))
    truth = results(given, "cpu", torch.float64)
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, **options: empty(*shape, **options).fill_(math.nan))
    assert_close(results(given, "cpu", torch.float64), truth, 0.0)


def test_the_same_bits_every_time() -> None:
    given = inputs(Case(batch=3, dim=40, length=70, state=16))
    first = results(given, "cpu", torch.float32)
    for _ in range(3):
        for name, value in results(given, "cpu", torch.float32).items():
            assert torch.equal(value, first[name]), name


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(0, 2**31))
def test_state_carries_across_any_split(lengths: list[int], seed: int) -> None:
    given = inputs(Case(batch=1, dim=17, length=sum(lengths), state=4), seed)
    whole, last = selective_scan(**given, return_last_state=True)
    timed = ("u", "delta", "B", "C", "z")
    parts, state, start = [], given["initial_state"], 0
    for length in lengths:
        piece = {name: given[name][..., start : start + length] for name in timed}
        out, state = selective_scan(**(given | piece | {"initial_state": state}), return_last_state=True)
        parts.append(out)
        start += length
    assert_close({"out": torch.cat(parts, -1), "last": state}, {"out": whole, "last": last}, 1e-13)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_a_step_of_zero_keeps_the_state_exactly(backend: str) -> None:
    state = torch.randn(2, 20, 5, generator=torch.Generator().manual_seed(0))
    zero = torch.zeros(2, 20, 300)
    B = torch.ones(2, 5, 300)
    last = selective_scan(
        zero + 1, zero, -torch.ones(20, 5), B, B, return_last_state=True, initial_state=state, backend=backend
    )[1]
    assert torch.equal(last, state)


@pytest.mark.parametrize("exponent", [50.0, 87.0, 88.5, 200.0, 1e6])
def test_steep_decay_forgets_and_steep_growth_overflows(exponent: float) -> None:
    """Exponents beyond what float32 holds leave the kernel's fast path; they must not wrap around."""
    one = torch.ones(1, 16, 1)
    state = torch.full((1, 16, 1), 3.0)
    for sign in (-1, 1):
        A = torch.full((16, 1), sign * exponent)
        arguments = (one, one, A, one[:, :1], one[:, :1])
        last = selective_scan(*arguments, return_last_state=True, initial_state=state)[1]
        expected = selective_scan(*arguments, return_last_state=True, initial_state=state, backend="naive")[1]
        if torch.isinf(expected).any():
            assert torch.equal(last, expected)
        else:
            assert_close({"last": last}, {"last": expected}, 1e-5)


@pytest.mark.parametrize("name", ["u", "delta", "A", "B", "C", "D", "z", "delta_bias", "initial_state"])
def test_a_nan_is_passed_on(name: str) -> None:
    given = inputs(Case())
    given[name][(0,) * given[name].ndim] = math.nan
    x = {key: value.float() if isinstance(value, Tensor) else value for key, value in given.items()}
    assert torch.equal(selective_scan(**x).isnan(), selective_scan(**x, backend="naive").isnan())


def test_memory_layouts_agree_and_the_natural_one_is_not_copied() -> None:
    wide = torch.randn(2, 30, 64, generator=torch.Generator().manual_seed(0))
    u, z = wide.chunk(2, dim=-1)
    B, C = torch.randn(2, 30, 9, generator=torch.Generator().manual_seed(1)).split([4, 5], dim=-1)
    arguments = [x.transpose(1, 2) for x in (u, u.abs() / 9)]
    A = -torch.rand(32, 4, generator=torch.Generator().manual_seed(2))
    C = C[..., :4]
    out = selective_scan(*arguments, A, B.transpose(1, 2), C.transpose(1, 2), z=z.transpose(1, 2))
    copies = [x.transpose(1, 2).contiguous() for x in (u, u.abs() / 9)]
    same = selective_scan(
        *copies, A, B.transpose(1, 2).contiguous(), C.transpose(1, 2).contiguous(), z=z.transpose(1, 2).contiguous()
    )
    assert torch.equal(out, same)
    from claimbench.kernels._arrays import rows

    assert rows(u.transpose(1, 2), torch.float32).data_ptr() == u.data_ptr()


def test_what_is_kept_for_backward_is_small() -> None:
    batch, dim, length, state = 2, 128, 256, 16
    given = inputs(Case(batch=batch, dim=dim, length=length, state=state, initial=False))
    x = {name: v.float().requires_grad_() if isinstance(v, Tensor) else v for name, v in given.items()}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        selective_scan(**x)
    assert sum(kept.values()) / (batch * dim * length) <= 20


@pytest.mark.parametrize("scan", [baselines.loop_scan, baselines.parallel_scan], ids=["loop", "parallel"])
@pytest.mark.parametrize("length", [1, 2, 3, 16, 17, 100])
def test_baselines_compute_the_same(scan, length: int) -> None:
    given = inputs(Case(length=length, initial=False))
    del given["initial_state"]
    assert_close({"out": scan(**given)}, {"out": selective_scan(**given, backend="naive")}, 1e-13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"u": torch.zeros(3, 4)}, "u has shape"),
        ({"u": torch.zeros(2, 20, 0)}, "u has shape"),
        ({"delta": torch.zeros(2, 20, 36)}, "delta has shape"),
        ({"A": torch.zeros(21, 5)}, "A has shape"),
        ({"B": torch.zeros(2, 5, 36)}, "B has shape"),
        ({"C": torch.zeros(2, 3, 5, 37)}, "C has shape .* groups a divisor"),
        ({"D": torch.zeros(1, 20)}, "D has shape"),
        ({"z": torch.zeros(2, 37, 20)}, "z has shape"),
        ({"delta_bias": torch.zeros(5)}, "delta_bias has shape"),
        ({"initial_state": torch.zeros(2, 5, 20)}, "initial_state has shape"),
        ({"backend": "gpu"}, "choose one of naive, cpu, triton"),
        ({"backend": "triton"}, "needs tensors on a GPU"),
        ({"A": torch.zeros(20, 5, device="meta")}, "A is on meta"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        selective_scan(**(inputs(Case()) | change))


def test_complex_and_integer_tensors_are_refused() -> None:
    for dtype in (torch.complex64, torch.int64):
        with pytest.raises(TypeError, match="A is"):
            selective_scan(**(inputs(Case()) | {"A": torch.zeros(20, 5, dtype=dtype)}))


def test_cost_by_hand() -> None:
    assert scan_flops(1, 1, 1, 1, gated=False) == 6 + 7
    assert scan_flops(2, 3, 5, 16) == 30 * (6 * 16 + 12)
    assert scan_bytes(1, 1, 1, 1, gated=False) == 3 * 4 + 2 * 4 + 4
    assert scan_bytes(2, 3, 5, 16, itemsize=2) == 30 * 2 * 4 + 2 * 2 * 16 * 5 * 2 + 4 * 3 * 16

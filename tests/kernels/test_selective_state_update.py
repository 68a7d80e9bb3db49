"""The decoding step: the truth against independent code, the processor's kernel against the truth, what is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from kernels.scans import assert_close
from torch import Tensor

from claimbench.kernels import selective_scan, selective_state_update
from claimbench.kernels.scan import step_bytes, step_flops

TOLERANCE = {torch.float64: 1e-13, torch.float32: 2e-6, torch.bfloat16: 2e-2, torch.float16: 3e-3}


@dataclass(frozen=True)
class Case:
    """Sizes and options of one step."""

    batch: int = 2
    heads: int = 0
    """0 leaves the dimension out."""
    dim: int = 20
    state: int = 5
    groups: int = 0
    """Groups of B and C; 0 gives (batch, state)."""
    groups_c: int | None = None
    """Groups of C, where they are not those of B."""
    D: bool = True
    z: bool = True
    bias: bool = True
    softplus: bool = True
    tied: bool = False
    """Whether A, dt, dt_bias and D are the same for all channels of a head, expanded as Mamba-2 has them."""

    def __str__(self) -> str:
        default = Case()
        changed = {name: value for name, value in vars(self).items() if value != getattr(default, name)}
        return "-".join(f"{name}{value}" for name, value in changed.items()) or "default"


CASES = [
    *(Case(batch=1, dim=dim) for dim in (1, 2, 15, 16, 17, 33, 65)),
    *(Case(state=state) for state in (1, 2, 15, 16, 17, 32, 65, 128)),
    *(Case(dim=12, groups=groups) for groups in (1, 2, 3, 12)),
    Case(dim=48, groups=2, groups_c=3, state=16),
    *(Case(heads=heads, dim=dim, state=16) for heads, dim in ((1, 5), (3, 16), (2, 17))),
    *(Case(heads=6, dim=9, groups=groups, groups_c=c) for groups, c in ((1, None), (2, 3), (6, 0))),
    *(Case(heads=4, dim=24, state=state, groups=2, tied=True) for state in (16, 40, 128)),
    *(Case(D=D, z=z, bias=bias) for D in (True, False) for z in (True, False) for bias in (True, False)),
    *(Case(softplus=False, bias=bias) for bias in (True, False)),
    Case(batch=9, dim=130, state=16),
]


def inputs(case: Case, seed: int = 0) -> dict[str, Tensor | bool | None]:
    """Arguments in float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    heads = (case.heads,) if case.heads else ()
    channels = (*heads, case.dim)

    def of_channels(*before: int, after: tuple[int, ...] = ()) -> Tensor:
        if case.tied:
            return normal(*before, *heads, 1, *(1 for _ in after)).expand(*before, *channels, *after)
        return normal(*before, *channels, *after)

    def weights(groups: int) -> Tensor:
        return normal(case.batch, *((groups,) if groups else ()), case.state)

    return {
        "state": normal(case.batch, *channels, case.state),
        "x": normal(case.batch, *channels),
        "dt": of_channels(case.batch) - 1 if case.softplus else of_channels(case.batch).abs() / 4,
        "A": -of_channels(after=(case.state,)).abs(),
        "B": weights(case.groups),
        "C": weights(case.groups if case.groups_c is None else case.groups_c),
        "D": of_channels() if case.D else None,
        "z": normal(case.batch, *channels) if case.z else None,
        "dt_bias": of_channels() / 4 if case.bias else None,
        "dt_softplus": case.softplus,
    }


def as_dtype(given: dict[str, Tensor | bool | None], dtype: torch.dtype) -> dict[str, Tensor | bool | None]:
    return {name: x.to(dtype) if isinstance(x, Tensor) else x for name, x in given.items()}


def results(given: dict[str, Tensor | bool | None], backend: str | None) -> dict[str, Tensor]:
    """Output and new state; `given` stays as it is."""
    state = given["state"].clone()
    return {"out": selective_state_update(**given | {"state": state}, backend=backend), "state": state}


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_agrees_with_numbers_computed_one_at_a_time(backend: str) -> None:
    given = inputs(Case(batch=2, dim=3, state=4, groups=3))
    state, x, dt, A, B, C, D, z, bias = (v.tolist() for v in given.values() if isinstance(v, Tensor))
    out = [[0.0] * 3 for _ in state]
    for b, d in ((b, d) for b in range(2) for d in range(3)):
        step = math.log1p(math.exp(dt[b][d] + bias[d]))
        for n in range(4):
            state[b][d][n] = math.exp(step * A[d][n]) * state[b][d][n] + step * x[b][d] * B[b][d][n]
            out[b][d] += C[b][d][n] * state[b][d][n]
        out[b][d] = (out[b][d] + D[d] * x[b][d]) * z[b][d] / (1 + math.exp(-z[b][d]))
    expected = {"out": torch.tensor(out).double(), "state": torch.tensor(state).double()}
    assert_close(results(given, backend), expected, 1e-7)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kernel_agrees_with_the_truth(case: Case) -> None:
    given = inputs(case)
    truth = results(given, "naive")
    for dtype in (torch.float64, torch.float32):
        assert_close(results(as_dtype(given, dtype), "cpu"), truth, TOLERANCE[dtype])


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_agrees_with_transformers(backend: str) -> None:
    reference = pytest.importorskip("transformers.models.mamba.modeling_mamba").mamba_selective_state_update
    given = as_dtype(inputs(Case(batch=3, dim=24, state=16)), torch.float32)
    x = given | {"state": given["state"].clone()}
    out = reference(x["state"], x["x"], *(x[name] for name in ("dt", "A", "B", "C", "D", "dt_bias")), True, x["z"])
    assert_close(results(given, backend), {"out": out, "state": x["state"]}, 2e-6)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("groups", [0, 4, 20], ids="groups{}".format)
def test_steps_make_a_scan(groups: int, backend: str) -> None:
    length = 40
    tokens = [inputs(Case(groups=groups), seed) for seed in range(length)]
    fixed = {name: tokens[0][name] for name in ("A", "D")}
    bias = tokens[0]["dt_bias"]
    state = tokens[0]["state"].clone()
    timed = ("x", "dt", "B", "C", "z")
    outs = [
        selective_state_update(
            state, **{name: token[name] for name in timed}, **fixed, dt_bias=bias, dt_softplus=True, backend=backend
        )
        for token in tokens
    ]
    u, delta, B, C, z = (torch.stack([token[name] for token in tokens], -1) for name in timed)
    expected, last = selective_scan(
        u, delta, fixed["A"], B, C, fixed["D"], z, bias, True, return_last_state=True,
        initial_state=tokens[0]["state"], backend=backend,
    )  # fmt: skip
    assert_close({"out": torch.stack(outs, -1), "state": state}, {"out": expected, "state": last}, 1e-13)


def test_fixed_weights_are_groups_of_one_channel() -> None:
    given = inputs(Case(batch=3, dim=20, state=16))
    B, C = (torch.randn(20, 16, generator=torch.Generator().manual_seed(i)).double() for i in range(2))
    found = results(given | {"B": B.expand(3, -1, -1), "C": C.expand(3, -1, -1)}, "cpu")
    names = {"u": "x", "delta": "dt", "z": "z"}
    out, last = selective_scan(
        **{name: given[of][..., None] for name, of in names.items()},
        A=given["A"], B=B, C=C, D=given["D"], delta_bias=given["dt_bias"], delta_softplus=True,
        initial_state=given["state"], return_last_state=True,
    )  # fmt: skip
    assert_close(found, {"out": out[..., 0], "state": last}, 1e-13)


@pytest.mark.parametrize("groups", [0, 1, 2, 6])
def test_heads_are_channels(groups: int) -> None:
    given = inputs(Case(batch=2, heads=6, dim=9, state=16, groups=groups))
    flat = {
        name: x.flatten(*{"state": (1, 2), "x": (1, 2), "dt": (1, 2), "z": (1, 2)}.get(name, (0, 1)))
        for name, x in given.items()
        if isinstance(x, Tensor) and name not in "BC"
    }
    found, expected = results(given, "cpu"), results(given | flat, "cpu")
    assert_close({name: x.flatten(1, 2) for name, x in found.items()}, expected, 1e-15)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("state_dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_half_precision(state_dtype: torch.dtype, dtype: torch.dtype, backend: str) -> None:
    rounded = as_dtype(inputs(Case(dim=33, state=16)), dtype) | {"state": inputs(Case(dim=33, state=16))["state"]}
    rounded["state"] = rounded["state"].to(state_dtype)
    found = results(rounded, backend)
    assert (found["out"].dtype, found["state"].dtype) == (dtype, state_dtype)
    truth = results(as_dtype(rounded, torch.float64), "naive")
    assert_close(found, truth, max(TOLERANCE[dtype], TOLERANCE[state_dtype]))


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_state_is_rounded_to_nearest_and_read_before_that(dtype: torch.dtype, backend: str) -> None:
    given = as_dtype(inputs(Case(dim=33, state=16)), torch.float32)
    given["state"] = given["state"].to(dtype)
    found = results(given, backend)
    exact = results(given | {"state": given["state"].float()}, backend)
    assert torch.equal(found["out"], exact["out"])
    assert torch.equal(found["state"], exact["state"].to(dtype))


LAYOUTS = {
    "a slice of a cache": lambda cache: cache[1:3, 4:24, 2:7],
    "every other row": lambda cache: cache[::2, :20, :5][:2],
    "states outermost": lambda cache: cache[:5, :2, :20].permute(1, 2, 0),
    "channels last": lambda cache: cache[:2, :5, :20].transpose(1, 2),
}


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_state_alone_is_written(layout: str, dtype: torch.dtype, backend: str) -> None:
    given = as_dtype(inputs(Case()), torch.float32)
    cache = torch.full((6, 30, 20), 7.0, dtype=dtype)
    state = LAYOUTS[layout](cache)
    state.copy_(given["state"])
    before, version = cache.clone(), state._version
    copies = {name: x.clone() for name, x in given.items() if isinstance(x, Tensor)}
    expected = results(given | {"state": state.clone()}, backend)
    out = selective_state_update(**given | {"state": state}, backend=backend)
    assert torch.equal(out, expected["out"])
    assert torch.equal(state, expected["state"])
    LAYOUTS[layout](before).copy_(state)
    assert torch.equal(cache, before)
    assert state._version > version
    assert all(torch.equal(given[name], copy) for name, copy in copies.items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_any_layout_of_the_other_tensors(dtype: torch.dtype) -> None:
    given = as_dtype(inputs(Case(heads=4, dim=18, state=16, groups=2)), dtype)
    spaced = {
        name: torch.stack([x, x + 1], -1)[..., 0] if isinstance(x, Tensor) and name != "state" else x
        for name, x in given.items()
    }
    assert spaced["x"].stride(-1) == 2
    turned = spaced | {name: given[name].transpose(-1, -2).contiguous().transpose(-1, -2) for name in "ABC"}
    turned["x"] = torch.complex(given["x"], -given["x"]).conj().imag
    assert turned["x"].is_neg()
    found = [results(arguments, "cpu") for arguments in (given, spaced, turned)]
    for other in found[1:]:
        assert all(torch.equal(other[name], found[0][name]) for name in other)


def test_every_element_is_written_and_the_same_bits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given = as_dtype(inputs(Case(batch=3, dim=37, state=17)), torch.float32)
    first = results(given, "cpu")
    empty_like = torch.empty_like
    monkeypatch.setattr(torch, "empty_like", lambda *x, **options: empty_like(*x, **options).fill_(math.nan))
    for name, value in results(given, "cpu").items():
        assert torch.equal(value, first[name]), name


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_a_step_of_zero_keeps_the_state_exactly(backend: str) -> None:
    given = as_dtype(inputs(Case(softplus=False, bias=False)), torch.float32)
    given["dt"] = torch.zeros_like(given["dt"])
    assert torch.equal(results(given, backend)["state"], given["state"])


@pytest.mark.parametrize("exponent", [50.0, 87.0, 88.5, 200.0, 1e6])
@pytest.mark.parametrize("states", [3, 16])
def test_steep_decay_forgets_and_steep_growth_overflows(states: int, exponent: float) -> None:
    one = torch.ones(1, 16)
    for sign in (-1, 1):
        A = torch.full((16, states), sign * exponent)
        state = torch.full((1, 16, states), 3.0)
        given = {"state": state, "x": one, "dt": one, "A": A, "B": one[:, :states], "C": one[:, :states]}
        found, expected = results(given, "cpu"), results(given, "naive")
        for name, value in expected.items():
            if torch.isinf(value).any():
                assert torch.equal(found[name], value)
            else:
                assert_close({name: found[name]}, {name: value}, 2e-5)


@pytest.mark.parametrize("name", ["state", "x", "dt", "A", "B", "C", "D", "z", "dt_bias"])
@pytest.mark.parametrize("case", [Case(dim=37), Case(dim=37, state=16)], ids=str)
def test_a_nan_spoils_what_depends_on_it_and_nothing_else(case: Case, name: str) -> None:
    given = as_dtype(inputs(case), torch.float32)
    given[name][(0,) * given[name].ndim] = math.nan
    found, expected = results(given, "cpu"), results(given, "naive")
    assert expected["out"].isnan().any()
    assert all(torch.equal(found[key].isnan(), expected[key].isnan()) for key in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"state": torch.zeros(2, 20)}, "state has shape"),
        ({"state": torch.zeros(2, 0, 5)}, "state has shape"),
        ({"x": torch.zeros(2, 19)}, r"x has shape .* must be \(batch, dim\)"),
        ({"dt": torch.zeros(2)}, "dt has shape"),
        ({"A": torch.zeros(20)}, r"A has shape .* must be \(dim, state\)"),
        ({"B": torch.zeros(2, 4)}, "B has shape"),
        ({"B": torch.zeros(2, 3, 5)}, "B has shape .* groups a divisor of dim 20"),
        ({"C": torch.zeros(2, 0, 5)}, "C has shape"),
        ({"D": torch.zeros(2, 20)}, r"D has shape .* must be \(dim,\)"),
        ({"z": torch.zeros(20)}, "z has shape"),
        ({"dt_bias": torch.zeros(5)}, "dt_bias has shape"),
        ({"state": torch.zeros(2, 1, 5).expand(2, 20, 5)}, "share memory"),
        ({"state": torch.zeros(30).as_strided((2, 20, 5), (1, 1, 1))}, "share memory"),
        ({"backend": "gpu"}, "choose one of naive, cpu, triton"),
        ({"backend": "triton"}, "needs tensors on a GPU"),
        ({"A": torch.zeros(20, 5, device="meta")}, "A is on meta"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        selective_state_update(**(inputs(Case()) | change))


def test_heads_that_do_not_fit() -> None:
    given = inputs(Case(heads=4, dim=6))
    for change, message in (
        ({"B": torch.zeros(2, 3, 5)}, "groups a divisor of heads 4"),
        ({"A": torch.zeros(6, 5)}, r"must be \(heads, dim, state\)"),
        ({"D": torch.zeros(6)}, r"must be \(heads, dim\)"),
    ):
        with pytest.raises(ValueError, match=message):
            selective_state_update(**given | change)


def test_complex_and_integer_tensors_are_refused() -> None:
    for dtype in (torch.complex64, torch.int64):
        with pytest.raises(TypeError, match="A is"):
            selective_state_update(**(inputs(Case()) | {"A": torch.zeros(20, 5, dtype=dtype)}))


@pytest.mark.parametrize("name", ["state", "x", "A", "dt_bias"])
def test_autograd_is_refused_where_it_would_record(name: str) -> None:
    given = inputs(Case())
    expected = results(given, "cpu")
    given[name].requires_grad_()
    with pytest.raises(RuntimeError, match=r"torch\.no_grad\(\), or train with selective_scan"):
        selective_state_update(**given)
    with torch.no_grad():
        found = results(given, "cpu")
    with torch.inference_mode():
        again = results(given, "cpu")
    for key, value in expected.items():
        assert torch.equal(found[key], value)
        assert torch.equal(again[key], value)


def test_a_state_of_inference_mode_is_read_only_outside() -> None:
    given = inputs(Case())
    with torch.inference_mode():
        state = given["state"].clone()
        selective_state_update(**given | {"state": state})
    with pytest.raises(ValueError, match="inference_mode"):
        selective_state_update(**given | {"state": state})


def test_a_graph_that_kept_the_state_is_told_of_the_update() -> None:
    given = inputs(Case())
    factor = torch.ones_like(given["state"]).requires_grad_()
    product = (factor * given["state"]).sum()
    with torch.no_grad():
        selective_state_update(**given)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_cost_by_hand() -> None:
    assert step_flops(1, 1, 1, gated=False) == 6 + 7
    assert step_flops(2, 3, 16) == 6 * (6 * 16 + 12)
    assert step_bytes(1, 1, 1, gated=False) == 2 * 4 + 3 * 4 + 2 * 4 + 4
    assert step_bytes(2, 3, 16, itemsize=2, state_itemsize=4, groups=3) == (
        2 * 6 * 16 * 4 + 6 * 2 * 4 + 2 * 2 * 3 * 16 * 2 + 4 * 3 * 16
    )

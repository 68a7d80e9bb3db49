"""The Triton kernels under the interpreter, which test_triton.py runs in a process of its own with TRITON_INTERPRET=1.

Shapes are small and odd, and chunks shorter than on a GPU so that few steps cross several: interpreting is slow.
"""

from __future__ import annotations

import pytest
import torch
from kernels.scans import Case

from claimbench.kernels import causal_conv1d, selective_scan
from claimbench.kernels.conv import triton as conv_triton
from claimbench.kernels.scan import _triton_launch as scan_launch
from kernels import scans, test_causal_conv1d

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


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize("length", [6, 19], ids=["whole", "split"])
def test_every_element_is_written_and_the_same_bits_every_time(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = scans.inputs(Case(batch=2, dim=9, length=length, state=3, groups=3))
    first = scans.results(given, "triton", torch.float32)
    new_empty = torch.Tensor.new_empty
    poisoned = lambda self, *shape, **options: new_empty(self, *shape, **options).fill_(torch.nan)  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "new_empty", poisoned)
    for name, value in scans.results(given, "triton", torch.float32).items():
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

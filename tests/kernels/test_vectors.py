"""The vector functions that the processor's kernels are made of, against long double."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from claimbench.kernels import _simd

_FUNCTIONS = {
    "exp2": (_simd.exp2, np.exp2, -126.0, 127.9),
    "softplus": (_simd.softplus, lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))), -10.0, 90.0),
    "sigmoid": (_simd.sigmoid, lambda x: 1 / (1 + np.exp(-x)), -10.0, 90.0),
}


def applied(function, x: np.ndarray) -> np.ndarray:
    @numba.njit
    def apply(x, out):
        for i in range(0, x.size, 16):
            _simd.store(out, i, function(_simd.load(x, i)))

    out = np.empty_like(x)
    apply(x, out)
    return out


@pytest.mark.parametrize("name", sorted(_FUNCTIONS))
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 7e-7), (np.float64, 1e-15)], ids=["float32", "float64"])
def test_accuracy(name: str, dtype: type, tolerance: float) -> None:
    function, exact, low, high = _FUNCTIONS[name]
    x = np.linspace(low, high, 16 * 2000).astype(dtype)
    expected = exact(x.astype(np.longdouble))
    worst = float(np.max(abs(applied(function, x) - expected) / expected))
    assert worst <= (1.6e-7 if name == "exp2" and dtype is np.float32 else tolerance)


def test_ends_of_exp2() -> None:
    x = np.array(
        [0.0, -0.0, 1.0, -1.0, 127.0, 128.0, 1e30, -126.0, -1e30, np.inf, -np.inf, np.nan] + [0.0] * 4, np.float32
    )
    found = applied(_simd.exp2, x)
    assert found[:9].tolist() == [1, 1, 2, 0.5, 2.0**127, np.inf, np.inf, 2.0**-126, 2.0**-126]
    assert found[9] == np.inf
    assert found[10] == np.float32(2.0**-126)
    assert np.isnan(found[11])


def test_total_and_partial_loads() -> None:
    @numba.njit
    def part(x, out, count):
        _simd.store_first(out, 0, _simd.load_first(x, 0, count), count)
        return _simd.total(_simd.load_first(x, 0, count))

    x = np.arange(1, 17, dtype=np.float32)
    for count in (1, 5, 15, 16):
        out = np.full(16, -1, np.float32)
        assert part(x, out, count) == count * (count + 1) / 2
        assert out.tolist() == [*range(1, count + 1)] + [-1] * (16 - count)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_stacks_row_by_row(dtype: type) -> None:
    @numba.njit
    def apply(x, out):
        stack = _simd.load_stack(x, 3)
        rows = _simd.rows_of(stack)
        _simd.store(out, 0, stack + _simd.repeat(stack, _simd.load(x, 0)) * _simd.broadcast_rows(stack, x, 5))
        _simd.store(out, rows * 16, _simd.fold(stack))
        vector = _simd.load(x, 0)
        _simd.store(out, rows * 16 + 16, _simd.load_like(vector, x, 1) + _simd.broadcast_rows(vector, x, 7))
        return rows, _simd.stack_rows(x), _simd.rows_of(vector)

    x = np.random.default_rng(0).normal(size=100).astype(dtype)
    out = np.full(200, np.nan, dtype)
    rows, expected_rows, one = apply(x, out)
    assert (rows, one) == (expected_rows, 1)
    stack = x[3 : 3 + 16 * rows].reshape(rows, 16)
    expected = [stack + x[:16] * x[5 : 5 + rows, None], stack.sum(0), x[1:17] + x[7]]
    assert out[: 16 * rows + 32] == pytest.approx(np.concatenate([e.ravel() for e in expected]), rel=1e-5)
    assert np.isnan(out[16 * rows + 32 :]).all()


def test_sixteen_totals_at_once() -> None:
    @numba.njit
    def apply(x, out):
        _simd.store(out, 0, _simd.totals(x, 1))

    x = np.random.default_rng(0).normal(size=257)
    out = np.empty(16)
    apply(x, out)
    assert out == pytest.approx(x[1:].reshape(16, 16).sum(1), rel=1e-13)


def test_vectors_of_an_aligned_array_do_not_straddle_cache_lines() -> None:
    @numba.njit
    def apply(x, size):
        return _simd.aligned(size, x)

    for dtype in (np.float32, np.float64):
        found = [apply(np.zeros(1, dtype), size) for size in (1, 16, 100)]
        assert [(x.dtype, x.size, x.ctypes.data % 64) for x in found] == [(dtype, n, 0) for n in (1, 16, 100)]

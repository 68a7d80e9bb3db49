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

"""Addresses and partial vectors, by which kernels reach their tensors."""

from __future__ import annotations

from collections.abc import Callable

import numba
import pytest
import torch
from kernels.gradients import Copies
from torch import Tensor

from claimbench.kernels import _memory, _simd
from claimbench.kernels._rows import matrix, sizes


@numba.njit
def part(one, source, target, at, count):
    x, out = _memory.flat(source, one), _memory.flat(target, one)
    loaded = _simd.load_first(x, at, count)
    _simd.store_first(out, at, loaded + _simd.broadcast(one), count)
    return _simd.total(loaded)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_partial_vectors_touch_nothing_else(dtype: torch.dtype) -> None:
    x = torch.arange(1, 41, dtype=dtype)
    for at in (0, 3):
        for count in range(1, _simd.LANES + 1):
            out = torch.full((40,), -1.0, dtype=dtype)
            expected = out.clone()
            expected[at : at + count] = x[at : at + count] + 1
            total = part(_memory.SCALARS[dtype](1), x.data_ptr(), out.data_ptr(), at, count)
            assert torch.equal(out, expected)
            assert total == float(x[at : at + count].sum())


def test_address_of_nothing() -> None:
    x = torch.zeros(3)
    assert _memory.address(None) == 0
    assert _memory.address(x) == x.data_ptr()


def test_rows_lie_where_the_tensor_lies_if_they_can() -> None:
    x = torch.arange(120.0).reshape(4, 5, 6)
    alike = {x: 6, x[..., 1:4]: 6, x[..., :1]: 6, x[:, 0]: 30, x[:, :1]: 30, x[0, 0].expand(3, 6): 0}
    unlike = [x[:, :2], x.transpose(0, 2), x[..., ::2], x[..., :1].expand(4, 5, 3)]
    for view in (*alike, *unlike):
        rows, stride = matrix(view)
        n_rows, dim = view.numel() // view.shape[-1], view.shape[-1]
        assert torch.equal(rows.as_strided((n_rows, dim), (stride, 1)), view.flatten(0, -2))
        if view in alike:
            assert (rows.data_ptr(), stride) == (view.data_ptr(), alike[view])
    assert matrix(x, torch.float64)[0].dtype == torch.float64
    negative = torch.complex(x, x).conj().imag[..., :1]
    assert not matrix(negative)[0].is_neg()


def test_rows_with_nothing_between_them_are_one() -> None:
    x = torch.zeros(4, 5, 6)
    assert sizes(x, 6, 6) == (1, 120)
    assert sizes(x, 6, 7) == (20, 6)


@pytest.mark.parametrize("copy", [lambda x: x[:, ::2].contiguous(), lambda x: x.T.reshape(-1), torch.Tensor.double])
def test_a_copy_is_noticed(copy: Callable[[Tensor], Tensor]) -> None:
    x = torch.zeros(3, 4)
    with Copies() as copies:
        copy(x)
    assert len(copies.seen) == 1
    with Copies() as copies:
        _ = x[:, 1:].view(3, 3), x.reshape(-1), x.contiguous()
    assert copies.seen == []

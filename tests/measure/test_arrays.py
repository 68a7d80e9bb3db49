"""Copying, varying and comparing the tensors of a call."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.measure.arrays import copied, differs, in_float64, nbytes, relative_errors, variable, vary_into

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64]


def example(dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(5, 9, generator=torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_varied_values_are_new_near_and_of_the_same_sign(dtype: torch.dtype) -> None:
    origin = (example(dtype),)
    target = copied(origin)
    vary_into(target, origin, seed=3)
    ratio = (target[0] / origin[0]).abs().double()
    assert differs(target, origin)
    assert ratio.min() > 0.89
    assert ratio.max() < 1.01
    assert ratio[0].std() > 0.01, "one common factor would leave a normalised output as it was"
    if not dtype.is_complex:
        assert torch.equal(target[0].sign(), origin[0].sign())


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_values_follow_from_the_seed_alone(one: int, other: int) -> None:
    origin = (torch.ones(3, 16), np.ones((2, 16), np.float32), 4, None)
    first, second = copied(origin), copied(origin)
    vary_into(first, origin, one)
    vary_into(second, origin, other)
    assert differs(first, second) == (one != other)
    vary_into(second, origin, one)
    assert not differs(first, second)


def test_what_is_not_a_float_stays() -> None:
    origin = (torch.arange(4), torch.tensor([True, False]), np.arange(3), "text", {"n": [torch.arange(2)]})
    target = copied(origin)
    target[0].zero_()
    vary_into(target, origin, seed=1)
    assert not differs(target, origin)
    assert not variable(origin)
    assert variable((torch.ones(1), 3))


def test_copies_share_no_memory_and_keep_layout_and_gradient() -> None:
    one = torch.randn(4, 6, requires_grad=True)
    origin = ({"a": [one]}, one.detach().t(), np.asfortranarray(np.ones((3, 2))))
    copy = copied(origin)
    assert copy[0]["a"][0].requires_grad
    assert copy[0]["a"][0].is_leaf
    assert copy[1].stride() == origin[1].stride()
    assert copy[2].flags.f_contiguous
    copy[1].zero_()
    assert differs(copy, origin)
    assert one.abs().sum() > 0


def test_a_nan_equals_itself_and_minus_zero_is_a_change() -> None:
    origin = (torch.tensor([float("nan"), 0.0]),)
    assert not differs(copied(origin), origin)
    assert differs((torch.tensor([float("nan"), -0.0]),), origin)


def test_the_reference_gets_float64() -> None:
    wide = in_float64((example(torch.bfloat16), np.ones(2, np.float32), torch.arange(2), example(torch.complex64), 3))
    assert [str(entry.dtype).removeprefix("torch.") for entry in wide[:4]] == [
        "float64",
        "float64",
        "int64",
        "complex128",
    ]
    assert wide[4] == 3


def test_bytes_are_counted_through_nesting() -> None:
    assert nbytes([(torch.ones(10), {"a": (np.ones(4, np.float64), 7)})]) == 40 + 32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_relative_error_by_norm_has_known_values(dtype: torch.dtype) -> None:
    truth = torch.full((4, 4), 2.0, dtype=torch.float64)
    found = truth.clone().to(dtype)
    assert relative_errors([found], [truth]) == [0.0]
    found[0, 0] = 10.0  # ‖difference‖ = 8, ‖truth‖ = 8
    assert relative_errors([found], [truth]) == [pytest.approx(1.0)]


def test_against_zeros_the_error_is_absolute() -> None:
    assert relative_errors([torch.full((3, 3), 0.5)], [torch.zeros(3, 3).double()]) == [pytest.approx(1.5)]

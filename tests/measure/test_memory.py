"""Saved bytes with known answers; the peak sees what was allocated."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import linear, relu
from torch.utils.checkpoint import checkpoint

from claimbench.measure.memory import PeakMemory, saved_bytes

B, I, O = 8, 16, 32


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(B, I, generator=torch.Generator().manual_seed(0)).requires_grad_()


def test_a_linear_layer_keeps_its_input_and_not_its_weight(x: torch.Tensor) -> None:
    assert saved_bytes(torch.nn.Linear(I, O), x) == 4 * B * I


def test_a_weight_that_is_no_parameter_counts(x: torch.Tensor) -> None:
    assert saved_bytes(linear, x, torch.ones(O, I)) == 4 * O * I, "the input of a constant map is not needed"
    assert saved_bytes(linear, x, torch.ones(O, I, requires_grad=True)) == 4 * O * I + 4 * B * I


def test_relu_keeps_its_output(x: torch.Tensor) -> None:
    assert saved_bytes(relu, x) == 4 * B * I


def test_views_of_one_storage_count_once_and_whole(x: torch.Tensor) -> None:
    def halves_twice(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        return (y[:, :4].exp() * 1).sum() + y.sin().sum() + y.t().cos().sum()

    assert saved_bytes(halves_twice, x) == 4 * B * I + 4 * B * 4, "y once, and the output of exp"


def test_a_parameter_seen_through_a_view_does_not_count(x: torch.Tensor) -> None:
    weight = torch.nn.Parameter(torch.ones(O, I))
    assert saved_bytes(lambda x: x @ weight.t(), x) == 4 * B * I


def chain(x: torch.Tensor) -> torch.Tensor:
    for _ in range(5):
        x = torch.tanh(x)
    return x


def test_checkpointing_keeps_the_input_alone(x: torch.Tensor) -> None:
    assert saved_bytes(chain, x) == 5 * 4 * B * I
    assert saved_bytes(lambda x: checkpoint(chain, x, use_reentrant=False, preserve_rng_state=False), x) == 4 * B * I


def test_nothing_is_kept_where_no_gradient_is_wanted(x: torch.Tensor) -> None:
    assert saved_bytes(chain, x.detach()) == 0
    with torch.no_grad():
        assert saved_bytes(chain, x) == 0


class Hoards(torch.autograd.Function):
    """Keeps things beside `save_for_backward`, where hooks do not see them."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.state = x.detach().clone()
        ctx.rows = [ctx.state[:2], np.zeros(100)[::2]]
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return 2 * gradient


def test_what_a_function_hides_on_its_context_counts(x: torch.Tensor) -> None:
    assert saved_bytes(lambda x: Hoards.apply(x), x) == 2 * 4 * B * I + 800
    assert saved_bytes(lambda x: Hoards.apply(x).sum(), x) == 2 * 4 * B * I + 800


def test_half_precision_keeps_half(x: torch.Tensor) -> None:
    assert saved_bytes(relu, x.detach().bfloat16().requires_grad_()) == 2 * B * I


@pytest.mark.parametrize("size", [64 * 2**20, 16 * 2**20])
def test_the_peak_sees_an_allocation_that_is_gone_at_the_end(size: int) -> None:
    with PeakMemory() as outer:
        # Pages of its own: the allocator may hand out what earlier tests freed, which is resident already.
        block = mmap.mmap(-1, size)
        np.frombuffer(block, np.uint8)[:] = 1
        block.close()
    with PeakMemory() as after:
        pass
    assert outer.growth_bytes == pytest.approx(size, rel=0.1)
    assert outer.peak_bytes > size
    assert after.growth_bytes < size / 4, "the high-water mark of one block must not be the next one's"

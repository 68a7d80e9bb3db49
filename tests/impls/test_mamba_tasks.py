"""Selective copying: every sequence is what the module says, whatever its sizes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.impls.mamba.tasks import selective_copying


@settings(max_examples=60, deadline=None)
@given(
    batch=st.integers(1, 5),
    length=st.integers(1, 40),
    share=st.floats(0.0, 1.0),
    vocabulary=st.integers(3, 20),
    seed=st.integers(0, 10_000),
)
def test_the_data_tokens_are_the_targets_in_order(batch: int, length: int, share: float, vocabulary: int, seed: int):
    data_tokens = max(1, round(share * length))
    draw = torch.Generator().manual_seed(seed)
    tokens, targets = selective_copying(batch, length, data_tokens, vocabulary, draw)
    assert tokens.shape == (batch, length + data_tokens)
    assert (tokens[:, length:] == vocabulary - 1).all()
    for sequence, target in zip(tokens[:, :length], targets, strict=True):
        assert sequence[sequence != 0].tolist() == target.tolist()
    assert targets.min() >= 1
    assert targets.max() <= vocabulary - 2


def test_places_and_symbols_are_spread_evenly():
    tokens, targets = selective_copying(20_000, 8, 2, 6, torch.Generator().manual_seed(0))
    occupied = (tokens[:, :8] != 0).float().mean(dim=0)
    assert occupied == pytest.approx(torch.full((8,), 0.25), abs=0.015)
    shares = torch.bincount(targets.flatten(), minlength=6)[1:5] / targets.numel()
    assert shares == pytest.approx(torch.full((4,), 0.25), abs=0.015)


def test_the_same_seed_gives_the_same_sequences():
    one = selective_copying(4, 16, 3, 9, torch.Generator().manual_seed(5))
    other = selective_copying(4, 16, 3, 9, torch.Generator().manual_seed(5))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


@pytest.mark.parametrize(
    ("length", "data_tokens", "vocabulary"),
    [
        pytest.param(4, 5, 8, id="too-many"),
        pytest.param(4, 0, 8, id="none"),
        pytest.param(4, 1, 2, id="no-symbol"),
    ],
)
def test_sizes_that_make_no_task_are_refused(length: int, data_tokens: int, vocabulary: int):
    with pytest.raises(ValueError):
        selective_copying(1, length, data_tokens, vocabulary, torch.Generator())

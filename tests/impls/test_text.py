"""Bytes: what is held out is never trained on."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from claimbench.data import cpython_topics
from claimbench.impls.common.text import bigram_bits_per_byte, split_blocks


def numbered(blocks: int, size: int) -> bytes:
    """Every block repeats its own number, so that a byte says where it is from."""
    return b"".join(bytes([number]) * size for number in range(blocks))


def test_held_out_blocks_never_appear_in_training_batches():
    text = split_blocks(numbered(20, 64), 64, held_out_every=5)
    held_out = set(text.held_out.unique().tolist())
    assert held_out == {4, 9, 14, 19}
    seen: set[int] = set()
    for inputs, targets in itertools.islice(text.batches(31, 8, torch.Generator().manual_seed(0)), 200):
        assert (inputs == inputs[:, :1]).all(), "a window crosses a border"
        seen |= set(inputs.unique().tolist()) | set(targets.unique().tolist())
    assert seen == set(range(20)) - held_out


def test_targets_are_the_next_bytes():
    text = split_blocks(bytes(range(200)), 50, held_out_every=4)
    inputs, targets = next(text.batches(7, 16, torch.Generator().manual_seed(1)))
    assert torch.equal(targets, inputs + 1)
    inputs, targets = text.tests(7)
    assert torch.equal(targets, inputs + 1)
    assert len(set(targets.flatten().tolist())) == targets.numel(), "test windows overlap"


def test_every_window_of_a_block_can_be_drawn():
    text = split_blocks(bytes(range(30)), 10, held_out_every=3)
    starts = {
        int(inputs[row, 0])
        for inputs, _ in itertools.islice(text.batches(8, 8, torch.Generator()), 50)
        for row in range(8)
    }
    assert starts == {0, 1, 10, 11}


def test_the_split_of_the_reference_text_is_nine_to_one():
    text = split_blocks(cpython_topics(), 4096, held_out_every=10)
    assert 0.88 < len(text.train) / (len(text.train) + len(text.held_out)) < 0.92


@pytest.mark.parametrize(
    ("text", "block", "every"),
    [pytest.param(b"abc", 2, 3, id="short"), pytest.param(b"abcdef", 1, 1, id="all-held-out")],
)
def test_a_split_that_leaves_nothing_is_refused(text: bytes, block: int, every: int):
    with pytest.raises(ValueError):
        split_blocks(text, block, every)


def test_a_window_longer_than_a_block_is_refused():
    text = split_blocks(bytes(64), 8, held_out_every=2)
    with pytest.raises(ValueError, match="do not fit"):
        next(text.batches(8, 1, torch.Generator()))


def test_bigram_of_a_fair_coin_needs_one_bit():
    coin = torch.randint(2, (40_000,), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    text = split_blocks(bytes(coin.tolist()), 1000, held_out_every=4)
    # Add-one smoothing spreads 254 of about 15,250 counts a row over bytes that never come.
    smoothing = math.log2(1 + 254 / 15_000)
    assert bigram_bits_per_byte(text, 99) == pytest.approx(1.0 + smoothing, abs=0.01)

"""The n-gram that every language model is compared with: by hand, and on sources whose entropy is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from claimbench.impls.common.ngram import ngram_bits_per_byte


def rows(text: bytes, length: int) -> Tensor:
    return torch.frombuffer(bytearray(text), dtype=torch.uint8).view(-1, length)


def given(windows: Tensor) -> tuple[Tensor, Tensor]:
    return windows[:, :-1].long(), windows[:, 1:].long()


def by_hand(train: list[list[int]], window: list[int], order: int) -> float:
    """Bits a byte of one window, from dictionaries."""
    bits = 0.0
    for place in range(1, len(window)):
        p = 1 / 256
        for n in range(1, order + 1):
            if place - n + 1 < 0:
                continue
            context = window[place - n + 1 : place]
            after = [row[i + n - 1] for row in train for i in range(len(row) - n + 1) if row[i : i + n - 1] == context]
            if after:
                kinds = len(set(after))
                p = (after.count(window[place]) + kinds * p) / (len(after) + kinds)
        bits -= math.log2(p)
    return bits / (len(window) - 1)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 8])
def test_agrees_with_counting_by_hand(order: int):
    random = torch.Generator().manual_seed(order)
    train = torch.randint(3, (4, 30), generator=random, dtype=torch.uint8)
    windows = torch.randint(4, (3, 12), generator=random, dtype=torch.uint8)
    expected = sum(by_hand(train.tolist(), window, order) for window in windows.tolist()) / 3
    assert ngram_bits_per_byte(train, *given(windows), order) == pytest.approx(expected, rel=1e-12)


def test_a_fair_coin_needs_one_bit_whatever_the_order():
    coin = torch.randint(2, (60_000,), generator=torch.Generator().manual_seed(3), dtype=torch.uint8).view(-1, 1000)
    for order in (1, 2, 3):
        assert ngram_bits_per_byte(coin[:50], *given(coin[50:]), order) == pytest.approx(1.0, abs=0.02)


def test_what_repeats_needs_nothing_once_the_context_is_long_enough():
    train, windows = rows(b"abac" * 250, 100), rows(b"abac" * 25, 100)
    assert ngram_bits_per_byte(train, *given(windows), 2) > 0.4
    assert ngram_bits_per_byte(train, *given(windows), 3) < 0.05


def test_a_byte_that_never_came_has_a_probability():
    assert ngram_bits_per_byte(rows(b"a" * 100, 100), *given(rows(b"zzzz", 4)), 3) < 20


@pytest.mark.parametrize("order", [0, 9])
def test_orders_that_do_not_fit_are_refused(order: int):
    with pytest.raises(ValueError, match="choose 1 to 8"):
        ngram_bits_per_byte(rows(b"abcd", 4), *given(rows(b"abcd", 4)), order)

"""What counting reaches: an interpolated n-gram of bytes, the control of every language model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["ngram_bits_per_byte"]

Array = np.ndarray[Any, Any]
_BYTES = 256
_NEXT = np.uint64(8)
"""Bits of the last byte of a gram; the rest is its context."""


def ngram_bits_per_byte(train: Tensor, inputs: Tensor, targets: Tensor, order: int) -> float:
    """Bits a byte of an n-gram with Witten–Bell interpolation, counted on blocks, at every place of the test windows.

    p_n(b | c) = (count(c b) + t(c) p_(n−1)(b | c')) / (count(c) + t(c)) with t(c) the number of bytes seen after the
    context c, c' the context without its first byte, and p_0 = 1/256 (Witten and Bell, 1991). Contexts do not cross
    the border of a block or the start of a window, where shorter ones take their place.

    Args:
        train: (blocks, block length), uint8.
        inputs: (windows, length).
        targets: (windows, length), the byte after each.
        order: n, 1 to 8; a bigram is 2.

    Raises ValueError for another order.
    """
    if not 1 <= order <= 8:
        raise ValueError(f"an n-gram of order {order}: choose 1 to 8, whose contexts fit into 64 bits")
    blocks, windows = (x.cpu().numpy().astype(np.uint64) for x in (train, torch.cat([inputs, targets[:, -1:]], dim=1)))
    probability = np.full(tuple(targets.shape), 1 / _BYTES)
    for n in range(1, order + 1):
        grams, counts = np.unique(_grams(blocks, n), return_counts=True)
        contexts, first, kinds = np.unique(grams >> _NEXT, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, first)
        # The first byte of a window is given, not predicted.
        tests = _grams(windows, n) if n > 1 else windows[:, 1:]
        count = _look_up(grams, counts, tests)
        total, after = (_look_up(contexts, values, tests >> _NEXT) for values in (totals, kinds))
        places = slice(max(n - 2, 0), None)
        shorter = probability[:, places]
        probability[:, places] = np.where(total > 0, (count + after * shorter) / np.maximum(total + after, 1), shorter)
    return float(-np.log2(probability).mean())


def _grams(rows: Array, n: int) -> Array:
    """Every n bytes of a row as one number, (rows, length − n + 1)."""
    length = rows.shape[1] - n + 1
    grams = np.zeros((len(rows), length), np.uint64)
    for place in range(n):
        grams = (grams << _NEXT) | rows[:, place : place + length]
    return grams


def _look_up(keys: Array, values: Array, wanted: Array) -> Array:
    """The value of each wanted key, 0 where it is not among `keys`, which ascend."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)

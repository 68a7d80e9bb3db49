"""The Schedule-Free step on a processor: one pass over everything, the same bits on any number of threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from claimbench.kernels._memory import SCALARS, address
from claimbench.kernels._threads import in_turns
from claimbench.kernels.schedule_free import _cpu_kernels as kernels
from claimbench.kernels.schedule_free._items import DecayAt, Item, Scalars
from claimbench.kernels.schedule_free._rounding import random_bits, write

__all__ = ["PIECE", "step", "warm"]

PIECE = 2**20
"""Elements that a thread takes at a time; fewer go without threads. A multiple of the vectors' length."""
_DECAY_AT = {"y": kernels.AT_Y, "z": kernels.AT_Z, "x": kernels.AT_X}


def step(items: Sequence[Item], scalars: Scalars, decay_at: DecayAt, adaptive: bool, seed: int | None) -> None:
    """As `claimbench.kernels.schedule_free_step`; narrower tensors are converted on the way in and out."""
    by_dtype: dict[torch.dtype, list[Item]] = {}
    narrow: list[tuple[Item, Item]] = []
    for item in items:
        dtype = item.working
        whole = _wide(item, dtype)
        by_dtype.setdefault(dtype, []).append(whole)
        if whole is not item:
            narrow.append((item, whole))
    at = _DECAY_AT[decay_at] if scalars.weight_decay else 0
    for dtype, group in by_dtype.items():
        _fused(group, dtype, scalars, at, adaptive)
    for item, whole in narrow:
        bits = (None,) * 3
        if seed is not None:
            bits = random_bits(seed, int(scalars.count), item.number, item.y.numel(), item.y.device)
        for name, drawn in zip(("y", "z", "v"), bits, strict=True):
            target, value = getattr(item, name), getattr(whole, name)
            if target is not value:
                write(target, value, drawn)
    for item in items:
        if item.copy is not None:
            item.copy.copy_(item.y)


def _wide(item: Item, dtype: torch.dtype) -> Item:
    """The item with all that the kernel takes in one dtype; itself where it is so."""
    y, grad, z, v = item[:4]
    if y.dtype is grad.dtype is z.dtype is dtype and (v is None or v.dtype is dtype):
        return item
    return Item(y.to(dtype), grad.to(dtype), z.to(dtype), None if v is None else v.to(dtype), None, item.number)


def _fused(items: Sequence[Item], dtype: torch.dtype, scalars: Scalars, at: int, adaptive: bool) -> None:
    gamma, c, beta1, beta2, bias, eps, decay, _ = scalars
    numbers = np.array(
        (
            1 - c, c, gamma * (beta1 * (1 - c) - 1), gamma, beta2, 1 - beta2, 1 / bias, eps, decay, 1 / beta1 - 1,
        ),
        SCALARS[dtype],
    )  # fmt: skip
    rows: list[tuple[int, ...]] = []
    total = 0
    for y, grad, z, v, _copy, _number in items:
        size = y.numel()
        rows.append((y.data_ptr(), grad.data_ptr(), z.data_ptr(), address(v), total, size))
        total += size
    table = np.array(rows, np.int64)
    pieces = [(numbers, table, first, min(first + PIECE, total), at, adaptive) for first in range(0, total, PIECE)]
    in_turns(kernels.step, pieces)


def warm() -> None:
    """Compiles the kernel for both dtypes that it computes in, or fetches it from the cache."""
    for dtype in SCALARS:
        x = torch.zeros(1, dtype=dtype)
        step([Item(x, x, x.clone(), x.clone(), None, 0)], Scalars(0.0, 1.0, 0.9), "y", True, None)

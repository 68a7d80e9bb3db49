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

PIECE = 2**18
"""Elements that a thread takes at a time; fewer go without threads. A multiple of the vectors' length."""
_DECAY_AT = {"y": kernels.AT_Y, "z": kernels.AT_Z, "x": kernels.AT_X}


def step(items: Sequence[Item], scalars: Scalars, decay_at: DecayAt, adaptive: bool, seed: int | None) -> None:
    """As `claimbench.kernels.schedule_free_step`; narrower tensors are converted on the way in and out."""
    alike: dict[tuple[torch.dtype | None, ...], list[Item]] = {}
    for item in items:
        alike.setdefault(item.dtypes, []).append(item)
    by_dtype: dict[torch.dtype, list[Item]] = {}
    narrow: list[tuple[Item, Item]] = []
    for dtypes, group in alike.items():
        dtype = group[0].working
        if all(one is None or one is dtype for one in dtypes[:4]):
            by_dtype.setdefault(dtype, []).extend(group)
        else:
            wide = [_wide(item, dtype) for item in group]
            by_dtype.setdefault(dtype, []).extend(wide)
            narrow.extend(zip(group, wide, strict=True))
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
    for dtypes, group in alike.items():
        if dtypes[4] is not None:
            torch._foreach_copy_([item.copy for item in group], [item.y for item in group])


def _wide(item: Item, dtype: torch.dtype) -> Item:
    """The item with all that the kernel takes in one dtype."""
    return Item.of([None if tensor is None else tensor.to(dtype) for tensor in item[:4]] + [None], item.number)


def _fused(items: Sequence[Item], dtype: torch.dtype, scalars: Scalars, at: int, adaptive: bool) -> None:
    gamma, c, beta1, beta2, bias, eps, decay, _ = scalars
    numbers = np.array(
        (
            1 - c, c, gamma * (beta1 * (1 - c) - 1), gamma, beta2, 1 - beta2, 1 / bias, eps, decay, 1 / beta1 - 1,
        ),
        SCALARS[dtype],
    )  # fmt: skip
    columns = list(zip(*items, strict=True))
    sizes = [y.numel() for y in columns[0]]
    ends = np.cumsum(sizes)
    total = int(ends[-1])
    addresses = [[address(tensor) for tensor in column] for column in columns[:4]]
    table = np.array([*addresses, ends - sizes, sizes], np.int64).T.copy()
    pieces = [(numbers, table, first, min(first + PIECE, total), at, adaptive) for first in range(0, total, PIECE)]
    in_turns(kernels.step, pieces)


def warm() -> None:
    """Compiles the kernel for both dtypes that it computes in, or fetches it from the cache."""
    for dtype in SCALARS:
        x = torch.zeros(1, dtype=dtype)
        step([Item.of([x, x, x.clone(), x.clone(), None], 0)], Scalars(0.0, 1.0, 0.9), "y", True, None)

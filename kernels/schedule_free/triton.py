"""The Schedule-Free step on NVIDIA and AMD GPUs: one launch for all tensors of the same dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from claimbench.kernels._memory import address
from claimbench.kernels.schedule_free import _triton_kernels as kernels
from claimbench.kernels.schedule_free._items import DecayAt, Item, Scalars

__all__ = ["BLOCK", "DECAY_AT", "NUM_WARPS", "step"]

BLOCK = 1024
"""Elements of a program."""
NUM_WARPS = 4
DECAY_AT = {"y": 1, "z": 2, "x": 3}
_DTYPES = {torch.float32: tl.float32, torch.bfloat16: tl.bfloat16, torch.float16: tl.float16, None: tl.float32}


def step(items: Sequence[Item], scalars: Scalars | Tensor, decay_at: DecayAt, adaptive: bool, seed: int | None) -> None:
    """As `claimbench.kernels.schedule_free_step`."""
    by_dtypes: dict[tuple[torch.dtype | None, ...], list[Item]] = {}
    for item in items:
        by_dtypes.setdefault(item.dtypes, []).append(item)
    with torch.cuda.device_of(items[0].y):  # Triton launches on the current device; of a CPU's tensors nothing comes
        if not isinstance(scalars, Tensor):
            if _capturing():
                raise RuntimeError(
                    "a graph is captured, which would take this step's numbers for ever: pass Scalars.tensor, and "
                    "write into it before every replay"
                )
            scalars = _sent(scalars.tensor("cpu"), items[0].y.device)
        for dtypes, group in by_dtypes.items():
            _launch(group, dtypes, scalars, decay_at, adaptive, seed)


def _launch(
    items: Sequence[Item],
    dtypes: tuple[torch.dtype | None, ...],
    scalars: Tensor,
    decay_at: DecayAt,
    adaptive: bool,
    seed: int | None,
) -> None:
    device = items[0].y.device
    rows = [(*(address(x) for x in item[:5]), item.y.numel(), item.number) for item in items]
    blocks = _blocks(tuple(row[5] for row in rows), BLOCK, device)
    if _capturing():
        _captured.append(blocks)
    y, g, z, v, copy = (_DTYPES[dtype] for dtype in dtypes)
    kernels.schedule_free_step_kernel[(blocks.shape[0],)](
        _sent(torch.tensor(rows, dtype=torch.int64), device),
        blocks,
        scalars,
        0 if seed is None else seed,
        Y=y,
        G=g,
        Z=z,
        V=v,
        COPY=copy,
        HAS_V=dtypes[3] is not None,
        HAS_COPY=dtypes[4] is not None,
        DECAY_AT=DECAY_AT[decay_at],
        ADAPTIVE=adaptive,
        STOCHASTIC=seed is not None,
        ALIGNED=all(at % 16 == 0 for row in rows for at in row[:5]),
        BLOCK=BLOCK,
        num_warps=NUM_WARPS,
    )


_captured: list[Tensor] = []
"""What captured graphs read at every replay, for as long as the process lasts: some ten bytes a block."""


def _capturing() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()


def _sent(table: Tensor, device: torch.device) -> Tensor:
    """`table` on the device, in the order of its queue: a plain copy would wait until the device has come so far."""
    if device.type != "cuda":
        return table.to(device)
    pinned = table.pin_memory()
    if _capturing():
        _captured.append(pinned)
    return pinned.to(device, non_blocking=True)


@lru_cache(maxsize=16)
def _blocks(sizes: tuple[int, ...], block: int, device: torch.device) -> Tensor:
    """(programs, 2), int32: row of the tensor, number of the block in it; it stays the same from step to step, so that
    it is there when a graph is captured after a step.
    """
    counts = torch.tensor([triton.cdiv(size, block) for size in sizes])
    row = torch.repeat_interleave(torch.arange(len(sizes)), counts)
    place = torch.arange(row.numel()) - (counts.cumsum(0) - counts)[row]
    return torch.stack((row, place), 1).int().to(device)

"""How differential attention is cut into blocks of queries on a processor, and what a block is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from claimbench.kernels._arrays import of_dtype
from claimbench.kernels._backend import working_dtype
from claimbench.kernels._memory import SCALARS
from claimbench.kernels._threads import in_turns

__all__ = ["BLOCK", "ROWS", "Block", "Cut"]

ROWS = 128
"""Queries of one head in a block, unless all their scores are few."""
BLOCK = 2**17
"""Scores of one map in a block that are few: several heads may share a block then."""


class Block(NamedTuple):
    """Queries of some items that meet their keys together."""

    items: slice
    repeat: int
    """Which of the heads that share k and v."""
    rows: slice
    keys: int
    """Those that the last row sees: the first so many."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the block's scores."""
        return self.items.stop - self.items.start, self.rows.stop - self.rows.start, self.keys


@dataclass(frozen=True)
class Cut:
    """Tensors as blocks take them; an item is one group of heads that share k and v, of one sequence."""

    q: Tensor
    """(items, repeats, 2, T, d), scaled."""
    k: Tensor
    """(items, 2, S, d)."""
    v: Tensor
    """(items, S, d_v)."""
    lambda_: Tensor
    """(items, repeats, T)."""
    causal: bool

    @classmethod
    def of(cls, q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor, causal: bool, scale: float, *more: Any) -> Cut:
        """Heads that share k and v are rows of one another where each has a single query."""
        dtype = working_dtype(q, k, v, lambda_, *more)
        (batch, maps, queries, dim), (groups, keys, width) = q.shape, v.shape[1:]
        items, repeats = batch * groups, maps // (2 * groups)
        q = (of_dtype(q, dtype) * scale).reshape(items, repeats, 2, queries, dim)
        lambda_ = of_dtype(lambda_, dtype).reshape(items, repeats, queries)
        if queries == 1:
            q, lambda_ = q.transpose(1, 3), lambda_.transpose(1, 2)
        return cls(
            q.contiguous(),
            of_dtype(k, dtype).contiguous().view(items, 2, keys, dim),
            of_dtype(v, dtype).contiguous().view(items, keys, width),
            lambda_.contiguous(),
            causal and queries > 1,
        )

    @property
    def dtype(self) -> torch.dtype:
        """What is computed in."""
        return self.q.dtype

    def rows_like(self, x: Tensor) -> Tensor:
        """x (B, H, T, dim) as (items, repeats, T, dim), a view if it can be."""
        items, repeats, queries = self.lambda_.shape
        return x.reshape(items, repeats, queries, x.shape[-1])

    def blocks(self) -> Iterator[Block]:
        """All of them, in the order in which gradients are summed."""
        (items, repeats, queries), keys = self.lambda_.shape, self.k.shape[2]
        rows = min(queries, max(ROWS, BLOCK // keys))
        together = max(1, BLOCK // (queries * keys)) if rows == queries else 1
        for repeat in range(repeats):
            for item in range(0, items, together):
                for start in range(0, queries, rows):
                    stop = min(start + rows, queries)
                    seen = keys - queries + stop if self.causal else keys
                    yield Block(slice(item, min(item + together, items)), repeat, slice(start, stop), seen)

    def scratch(self, count: int) -> list[Tensor]:
        """Room for `count` maps of any block."""
        room = max((prod(block.shape) for block in self.blocks()), default=0)
        return list(torch.empty(count, room, dtype=self.dtype))

    def room_for(self, block: Block, room: Tensor) -> Tensor:
        """A map of the block (items, rows, keys), in `room`."""
        return room[: prod(block.shape)].view(block.shape)

    def scores(self, block: Block, room: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Both maps' scores (items, rows, keys), in `room`."""
        first, second = (self.room_for(block, x) for x in room[:2])
        for i, out in enumerate((first, second)):
            torch.bmm(
                self.q[block.items, block.repeat, i, block.rows], self.k[block.items, i, : block.keys].mT, out=out
            )
        return first, second

    def each_row(self, kernel: Callable[..., Any], block: Block, maps: tuple[Tensor, ...], *more: Any) -> None:
        """`kernel` over the rows of a block's maps, on PyTorch's threads."""
        items, rows, keys = block.shape
        visible = keys - rows + 1 if self.causal else keys
        layout = (rows, keys, visible, int(self.causal), *self.placed(block, self.lambda_), *more)
        threads = min(torch.get_num_threads(), items * rows)
        edges = [items * rows * i // threads for i in range(threads + 1)]
        at = (SCALARS[self.dtype](0), *(x.data_ptr() for x in maps))
        in_turns(kernel, [(*at, *layout, begin, end) for begin, end in pairwise(edges)])

    def placed(self, block: Block, x: Tensor | None) -> tuple[int, ...]:
        """Address of a block's part of x (items, repeats, ..., T), and its strides of items and what is between."""
        if x is None:
            return 0, 0, 0
        part = x[block.items, block.repeat, ..., block.rows]
        return part.data_ptr(), *part.stride()[:-1]

"""How differential attention is cut into programs on a GPU, and the arguments that its kernels have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

__all__ = ["PROGRAMS", "ROWS", "ROW_WARPS", "TILES", "Shape", "Tile", "Tiles", "decode_tile", "splits", "tiles"]

PROGRAMS = 528
"""A step of decoding is split until it has about that many programs: four for each of an H100's processors."""
ROWS = 8
ROW_WARPS = 4
"""Rows that a program takes where each is by itself, and its warps."""


@dataclass(frozen=True)
class Tile:
    """What a program takes at a time."""

    m: int
    """Queries."""
    n: int
    """Keys."""
    warps: int
    stages: int = 2
    """Of the loads in its loop."""

    def halved(self) -> Tile:
        """Half as long and wide, and not less than a product may be."""
        return Tile(max(16, self.m // 2), max(16, self.n // 2), self.warps, self.stages)


class Tiles(NamedTuple):
    """Of the kernels that training needs."""

    forward: Tile
    keys: Tile
    """Backward, programs over keys."""
    queries: Tile
    """Backward, programs over queries."""


TILES: dict[str, dict[int, Tiles]] = {
    "sm_80": {
        64: Tiles(Tile(32, 64, 4), Tile(64, 32, 8), Tile(64, 32, 4)),
        128: Tiles(Tile(32, 32, 8), Tile(32, 32, 8, 1), Tile(64, 16, 8)),
    },
    "sm_90": {
        64: Tiles(Tile(64, 32, 4), Tile(64, 32, 8), Tile(64, 64, 8)),
        128: Tiles(Tile(64, 16, 8), Tile(32, 32, 8, 1), Tile(64, 32, 8)),
    },
    "gfx942": {
        64: Tiles(Tile(64, 32, 4), Tile(32, 32, 4, 1), Tile(64, 32, 4)),
        128: Tiles(Tile(64, 16, 4, 1), Tile(32, 16, 4, 1), Tile(64, 16, 4, 1)),
    },
}
"""By architecture, sm_90 for later ones too, and widest heads (d_v twice as wide): the largest that do not spill."""


def tiles(dim: int, width: int, itemsize: int) -> Tiles:
    """Those for the current GPU; numbers of four bytes take twice the room, and get half of each side."""
    found = TILES[_architecture()][64 if max(dim, width // 2) <= 64 else 128]
    return found if itemsize < 4 else Tiles(*(each.halved() for each in found))


@cache
def _architecture() -> str:
    if torch.version.hip is not None:
        return "gfx942"
    return "sm_80" if not torch.cuda.is_available() or torch.cuda.get_device_capability() < (9, 0) else "sm_90"


def decode_tile(repeats: int, dim: int, width: int, itemsize: int) -> Tile:
    """Of a step of decoding; its queries are the heads that share keys."""
    row = max(dim, width // 2) * itemsize
    return Tile(block(repeats), 64 if row <= 128 else 32 if row <= 256 else 16, 4)


def block(size: int) -> int:
    """A product's smallest power of two with room for `size`."""
    return max(16, triton.next_power_of_2(size))


def splits(programs: int, keys: int, tile: Tile) -> tuple[int, int]:
    """Parts of a sequence that `programs` groups of heads meet side by side, and the keys in each."""
    blocks = triton.cdiv(keys, tile.n)
    each = triton.cdiv(blocks, max(1, min(blocks, PROGRAMS // programs))) * tile.n
    return triton.cdiv(keys, each), each


@dataclass(frozen=True)
class Shape:
    """Tensors as the kernels take them, of one dtype with dims contiguous, and their sizes."""

    q: Tensor
    k: Tensor
    v: Tensor
    rates: Tensor
    """λ (B, H, T), of any strides."""
    causal: bool
    scale: float

    @classmethod
    def of(cls, q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor, causal: bool, scale: float) -> Shape:
        """Products of tensors of several dtypes are float32's."""
        dtype = q.dtype if q.dtype is k.dtype is v.dtype else torch.float32
        return cls(*(_placed(x.to(dtype)) for x in (q, k, v)), lambda_, causal, scale)

    @property
    def sizes(self) -> tuple[int, int, int, int, int]:
        """B, H, H_kv, T and S."""
        return self.q.shape[0], self.q.shape[1] // 2, self.v.shape[1], self.q.shape[2], self.k.shape[2]

    @property
    def repeats(self) -> int:
        """Heads of a group."""
        return self.q.shape[1] // (2 * self.v.shape[1])

    @property
    def width(self) -> int:
        """d_v."""
        return self.v.shape[3]

    @property
    def tiles(self) -> Tiles:
        """What the kernels' programs take."""
        return tiles(self.q.shape[3], self.width, self.q.element_size())

    @property
    def inputs(self) -> tuple[Any, ...]:
        """q, k, v and λ, each with its strides."""
        strided = ((tensor, *tensor.stride()[:3]) for tensor in (self.q, self.k, self.v, self.rates))
        return tuple(x for each in strided for x in each)

    def constants(self, tile: Tile) -> dict[str, Any]:
        """Of every kernel that has products."""
        dim, width = self.q.shape[3], self.width
        return {
            "SCALE": self.scale * math.log2(math.e),
            "DIM": dim,
            "WIDTH": width,
            "BLOCK_M": tile.m,
            "BLOCK_N": tile.n,
            "BLOCK_D": block(dim),
            "BLOCK_W": block(width),
            "STAGES": tile.stages,
            "num_warps": tile.warps,
        }

    def rows(self, *leading: int, dtype: torch.dtype | None = None) -> Tensor:
        """Uninitialised, (..., B, H, T)."""
        batch, heads, _, queries, _ = self.sizes
        return self.q.new_empty(*leading, batch, heads, queries, dtype=dtype or torch.float32)

    def outputs(self) -> Tensor:
        """Uninitialised, (B, H, T, d_v), of the inputs' dtype."""
        batch, heads, _, queries, _ = self.sizes
        return self.q.new_empty(batch, heads, queries, self.width)


def _placed(x: Tensor) -> Tensor:
    return x if x.stride(3) == 1 or x.shape[3] == 1 else x.contiguous()

"""Differential attention's kernels as they are compiled ahead of time: causal, with a norm, training; the number is d,
values are 2d wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from claimbench.kernels._build import Build
from claimbench.kernels.differential import _triton_backward_kernels as backward
from claimbench.kernels.differential import _triton_decode_kernels as decode
from claimbench.kernels.differential import _triton_launch as launch
from claimbench.kernels.differential._triton_kernels import differential_attention_fwd_kernel

__all__ = ["BUILDS"]

_OPTIONS = {
    "SCALE": 0.18, "FACTOR": 0.125, "NORM_SCALE": 0.8, "EPS": 1e-5, "CAUSAL": True, "KEEP": True, "HAS_WEIGHT": True,
    "REPEATS": 1, "BLOCK_R": launch.ROWS,
}  # fmt: skip
_FLOAT32 = (
    "rate_ptr", "weight_ptr", "lse_ptr", "means_ptr", "grad_weight_ptr", "parts_ptr", "peaks_ptr", "sums_ptr",
)  # fmt: skip
_COUNTS = (
    "heads", "groups", "repeats", "queries", "keys", "rows", "splits", "split_keys", "rate_batch", "rate_head",
    "rate_time",
)  # fmt: skip


_BY_SHAPE = {"sm_80": ("sm_80",), "sm_90": ("sm_90", "sm_100"), "gfx942": ("gfx942",)}
"""Targets of each of the architectures that have tiles of their own."""


def _build(kernel: Any, dim: int, tile: launch.Tile, targets: tuple[str, ...] = ()) -> Build:
    sizes = {"DIM": dim, "WIDTH": 2 * dim, "BLOCK_D": dim, "BLOCK_W": 2 * dim}
    sizes |= {"BLOCK_M": tile.m, "BLOCK_N": tile.n, "STAGES": tile.stages}
    counts = {name: "i32" for name in _COUNTS if name in kernel.arg_names}
    return Build("differential", kernel, _OPTIONS | sizes, tile.warps, _FLOAT32, str(dim), counts, targets)


def _builds(dim: int) -> Iterator[Build]:
    for architecture, targets in _BY_SHAPE.items():
        tiles = launch.TILES[architecture][dim]
        yield _build(differential_attention_fwd_kernel, dim, tiles.forward, targets)
        yield _build(backward.differential_bwd_keys_kernel, dim, tiles.keys, targets)
        yield _build(backward.differential_bwd_queries_kernel, dim, tiles.queries, targets)
    yield _build(backward.differential_bwd_rows_kernel, dim, launch.Tile(0, 0, launch.ROW_WARPS))
    yield _build(decode.differential_decode_kernel, dim, launch.decode_tile(1, dim, 2 * dim, 2))
    yield _build(decode.combine_splits_kernel, dim, launch.Tile(0, 0, 1))


BUILDS = (*_builds(64), *_builds(128))

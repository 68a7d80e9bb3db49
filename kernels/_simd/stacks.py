"""Several rows of LANES numbers as one vector, so that the machine works on rows side by side.

A stack lies in memory row after row. Functions that take `like` return a stack, or a plain vector, of its type.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic, overload

from claimbench.kernels._simd.memory import address, itemsize
from claimbench.kernels._simd.vectors import FUSE, INT, LANES, Vector, splat

__all__ = ["broadcast_rows", "fold", "load_like", "load_stack", "repeat", "rows_of", "stack_rows", "totals"]

_ROWS = 4 if "+avx512f" in get_host_cpu_features().split(",") else 1
"""Four rows take half of AVX-512's 32 registers in the loops of a scan; elsewhere a row is more than one register."""


def _rows(array: types.Array) -> int:
    return _ROWS if array.dtype == types.float32 else 1


def _lanes(first: int, count: int) -> ir.Constant:
    """A shuffle's choice of `count` lanes from `first` on."""
    return ir.Constant(ir.VectorType(INT, count), list(range(first, first + count)))


def stack_rows(array):
    """How many rows `load_stack` takes from an array of this dtype."""
    raise NotImplementedError


@overload(stack_rows)
def _stack_rows(array):
    rows = _rows(array)
    return lambda array: rows


def rows_of(stack):
    """The number of rows of a stack."""
    raise NotImplementedError


@overload(rows_of)
def _rows_of(stack):
    rows = stack.lanes // LANES
    return lambda stack: rows


def _load(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value, lanes: int) -> Any:
    pointer = address(context, builder, kind, array, index, lanes)
    return builder.load(pointer, align=itemsize(pointer.type.pointee.element))


@intrinsic
def load_stack(typing, array, index):
    """As many rows as suit the machine, from `index` on."""
    lanes = _rows(array) * LANES

    def generate(context, builder, signature, arguments):
        return _load(context, builder, signature.args[0], *arguments, lanes)

    return Vector(array.dtype, lanes)(array, types.intp), generate


@intrinsic
def load_like(typing, like, array, index):
    """As many elements as `like` has, from `index` on."""

    def generate(context, builder, signature, arguments):
        return _load(context, builder, signature.args[1], *arguments[1:], like.lanes)

    return like(like, array, types.intp), generate


@intrinsic
def broadcast_rows(typing, like, array, index):
    """Row i holds element `index` + i in every lane."""

    def generate(context, builder, signature, arguments):
        rows = []
        for row in range(like.lanes // LANES):
            at = builder.add(arguments[2], ir.Constant(arguments[2].type, row))
            value = builder.load(address(context, builder, signature.args[1], arguments[1], at))
            rows.append(splat(builder, value, LANES))
        while len(rows) > 1:
            both = _lanes(0, 2 * rows[0].type.count)
            rows = [builder.shuffle_vector(*pair, both) for pair in zip(rows[::2], rows[1::2], strict=True)]
        return rows[0]

    return like(like, array, types.intp), generate


@intrinsic
def repeat(typing, like, vector):
    """`vector` in every row."""

    def generate(context, builder, signature, arguments):
        lanes = ir.Constant(ir.VectorType(INT, like.lanes), [i % LANES for i in range(like.lanes)])
        return builder.shuffle_vector(arguments[1], arguments[1], lanes)

    return like(like, vector), generate


@intrinsic
def fold(typing, stack):
    """Sum over the rows, by a tree of halves: a vector."""

    def generate(context, builder, signature, arguments):
        value, lanes = arguments[0], stack.lanes
        while lanes > LANES:
            lanes //= 2
            low, high = (builder.shuffle_vector(value, value, _lanes(first, lanes)) for first in (0, lanes))
            value = builder.fadd(low, high, flags=FUSE)
        return value

    return Vector(stack.dtype)(stack), generate


@intrinsic
def totals(typing, array, index):
    """LANES sums at once: lane i holds the sum over row i, of LANES rows that lie from `index` on.

    Rows are halved and joined in pairs until each is one lane: 15 additions, where row by row they would be 64.
    """

    def generate(context, builder, signature, arguments):
        rows = []
        for row in range(LANES):
            at = builder.add(arguments[1], ir.Constant(arguments[1].type, row * LANES))
            rows.append(_load(context, builder, signature.args[0], arguments[0], at, LANES))
        while len(rows) > 1:
            width, pairs = len(rows), len(rows) // 2  # every row holds parts, `width` lanes each
            starts = [
                source + part for part in range(0, LANES, width) for source in (0, LANES)
            ]  # of a part in the first row of a pair, then in the second
            low, high = (
                ir.Constant(ir.VectorType(INT, LANES), [start + i for start in starts for i in half])
                for half in (range(width // 2), range(width // 2, width))
            )
            rows = [
                builder.fadd(builder.shuffle_vector(*pair, low), builder.shuffle_vector(*pair, high))
                for pair in zip(rows[:pairs], rows[pairs:], strict=True)
            ]
        return rows[0]

    return Vector(array.dtype)(array, types.intp), generate

"""Vectors from memory and back; arrays are contiguous, an index counts elements."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from claimbench.kernels._simd.vectors import INT, LANES, Vector, broadcast, lane, splat, with_lane

__all__ = ["broadcast_at", "load", "load_first", "prefetch", "store", "store_first"]


def _pointer(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value) -> ir.Value:
    return builder.gep(cgutils.create_struct_proxy(kind)(context, builder, array).data, [index])


def _vector_pointer(builder: ir.IRBuilder, pointer: ir.Value, lanes: int) -> ir.Value:
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, lanes).as_pointer())


def _itemsize(element: ir.Type) -> int:
    return 4 if isinstance(element, ir.FloatType) else 8


@intrinsic
def load(typing, array, index):
    """LANES elements from `index` on."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(_vector_pointer(builder, pointer, LANES), align=_itemsize(pointer.type.pointee))

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing, array, index, vector):
    """Writes a vector from `index` on."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], *arguments[:2])
        pointer, align = _vector_pointer(builder, pointer, vector.lanes), _itemsize(pointer.type.pointee)
        builder.store(arguments[2], pointer, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def broadcast_at(typing, array, index):
    """A vector that holds element `index` in every lane."""

    def generate(context, builder, signature, arguments):
        return splat(builder, builder.load(_pointer(context, builder, signature.args[0], *arguments)), LANES)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def prefetch(typing, array, index):
    """Asks for the cache line of element `index`, which may lie outside the array."""

    def generate(context, builder, signature, arguments):
        pointer = builder.bitcast(_pointer(context, builder, signature.args[0], *arguments), ir.IntType(8).as_pointer())
        flags = [ir.Constant(INT, value) for value in (0, 3, 1)]  # for reading, into every cache, data
        kind = ir.FunctionType(ir.VoidType(), [pointer.type] + [INT] * 3)
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [pointer, *flags])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def load_first(array, index, count):
    """`count` elements from `index` on, the other lanes zero; reads nothing beyond them."""
    raise NotImplementedError


@overload(load_first)
def _load_first(array, index, count):
    def implement(array, index, count):
        if count == LANES:
            return load(array, index)
        vector = broadcast(array.dtype.type(0))
        for i in range(count):
            vector = with_lane(vector, i, array[index + i])
        return vector

    return implement


def store_first(array, index, vector, count):
    """Writes the first `count` lanes from `index` on, and nothing beyond them."""
    raise NotImplementedError


@overload(store_first)
def _store_first(array, index, vector, count):
    def implement(array, index, vector, count):
        if count == LANES:
            store(array, index, vector)
        else:
            for i in range(count):
                array[index + i] = lane(vector, i)

    return implement

"""Vectors from memory and back; arrays are contiguous, an index counts elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from claimbench.kernels._simd.vectors import INT, LANES, Vector, constant, splat

__all__ = [
    "address",
    "aligned",
    "broadcast_at",
    "itemsize",
    "load",
    "load_first",
    "prefetch",
    "scratch",
    "store",
    "store_first",
]


def address(
    context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value, lanes: int | None = None
) -> ir.Value:
    """LLVM's pointer to an element, or to the vector of `lanes` that begins there."""
    pointer = builder.gep(cgutils.create_struct_proxy(kind)(context, builder, array).data, [index])
    if lanes is None:
        return pointer
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, lanes).as_pointer())


def itemsize(element: ir.Type) -> int:
    """Bytes of a number of LLVM's type `element`, which is all the alignment that an array has."""
    return 4 if isinstance(element, ir.FloatType) else 8


def aligned(size, like):
    """An uninitialised array of `like`'s dtype whose vectors do not straddle cache lines."""
    raise NotImplementedError


@overload(aligned)
def _aligned(size, like):
    def implement(size, like):
        space = np.empty(size + LANES, like.dtype)
        offset = (-space.ctypes.data % 64) // space.itemsize
        return space[offset : offset + size]

    return implement


@intrinsic(prefer_literal=True)
def scratch(typing, like, size):
    """An uninitialised array of the scalar `like`'s dtype and a constant size, in the frame of the function that asks
    for it: it costs nothing, and is gone when that function returns.
    """
    if not isinstance(size, types.IntegerLiteral):
        return None
    kind = types.Array(types.unliteral(like), 1, "C")

    def generate(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(kind)(context, builder)
        space = cgutils.alloca_once(builder, ir.ArrayType(array.data.type.pointee, size.literal_value))
        space.align = 64
        array.data = builder.bitcast(space, array.data.type)
        return array._getvalue()

    return kind(like, size), generate


@intrinsic
def load(typing, array, index):
    """LANES elements from `index` on."""

    def generate(context, builder, signature, arguments):
        pointer = address(context, builder, signature.args[0], *arguments, LANES)
        return builder.load(pointer, align=itemsize(pointer.type.pointee.element))

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing, array, index, vector):
    """Writes a vector from `index` on."""

    def generate(context, builder, signature, arguments):
        pointer = address(context, builder, signature.args[0], *arguments[:2], vector.lanes)
        builder.store(arguments[2], pointer, align=itemsize(pointer.type.pointee.element))
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def broadcast_at(typing, array, index):
    """A vector that holds element `index` in every lane."""

    def generate(context, builder, signature, arguments):
        return splat(builder, builder.load(address(context, builder, signature.args[0], *arguments)), LANES)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def prefetch(typing, array, index):
    """Asks for the cache line of element `index`, which may lie outside the array."""

    def generate(context, builder, signature, arguments):
        pointer = address(context, builder, signature.args[0], *arguments)
        pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        flags = [ir.Constant(INT, value) for value in (0, 3, 1)]  # for reading, into every cache, data
        kind = ir.FunctionType(ir.VoidType(), [pointer.type] + [INT] * 3)
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [pointer, *flags])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


# Parts of a vector are intrinsics, with their branches inside, because LLVM would not inline functions of this size.
# A whole vector goes without a mask: masked stores are slow on processors before AVX-512.


def _masked(builder: ir.IRBuilder, name: str, kind: ir.VectorType, result: ir.Type, *arguments: ir.Value) -> ir.Value:
    signature = ir.FunctionType(result, [value.type for value in arguments])
    suffix = f"v{LANES}f{8 * itemsize(kind.element)}.p0"
    function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.masked.{name}.{suffix}")
    return builder.call(function, arguments)


def _first(builder: ir.IRBuilder, count: ir.Value) -> ir.Value:
    """The mask of the first `count` lanes."""
    lanes = ir.Constant(ir.VectorType(count.type, LANES), list(range(LANES)))
    return builder.icmp_signed("<", lanes, splat(builder, count, LANES))


def _is_whole(builder: ir.IRBuilder, count: ir.Value) -> ir.Value:
    return builder.icmp_signed(">=", count, ir.Constant(count.type, LANES))


@intrinsic
def load_first(typing, array, index, count):
    """`count` elements from `index` on, the other lanes zero; reads nothing beyond them."""

    def generate(context, builder, signature, arguments):
        pointer = address(context, builder, signature.args[0], *arguments[:2], LANES)
        kind, align, count = pointer.type.pointee, itemsize(pointer.type.pointee.element), arguments[2]
        with builder.if_else(_is_whole(builder, count)) as (then, otherwise):
            with then:
                whole, after_whole = builder.load(pointer, align=align), builder.block
            with otherwise:
                options = (ir.Constant(INT, align), _first(builder, count), constant(kind, 0.0))
                part, after_part = _masked(builder, "load", kind, kind, pointer, *options), builder.block
        value = builder.phi(kind)
        value.add_incoming(whole, after_whole)
        value.add_incoming(part, after_part)
        return value

    return Vector(array.dtype)(array, types.intp, types.intp), generate


@intrinsic
def store_first(typing, array, index, vector, count):
    """Writes the first `count` lanes from `index` on, and nothing beyond them."""

    def generate(context, builder, signature, arguments):
        pointer = address(context, builder, signature.args[0], *arguments[:2], LANES)
        kind, align, (value, count) = pointer.type.pointee, itemsize(pointer.type.pointee.element), arguments[2:]
        with builder.if_else(_is_whole(builder, count)) as (then, otherwise):
            with then:
                builder.store(value, pointer, align=align)
            with otherwise:
                options = (ir.Constant(INT, align), _first(builder, count))
                _masked(builder, "store", kind, ir.VoidType(), value, pointer, *options)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, types.intp), generate

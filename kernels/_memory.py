"""Memory as numba's kernels see it where a call must be cheap: addresses, and vectors that end before LANES do.

An address costs a tenth of an array on the way into a kernel; whoever passes one keeps its tensor alive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from torch import Tensor

from claimbench.kernels._simd import LANES, broadcast, load, store

__all__ = ["SCALARS", "address", "flat", "load_part", "store_part"]

SCALARS: dict[torch.dtype, Any] = {torch.float32: np.float32, torch.float64: np.float64}
"""What makes of a number the scalar whose type tells a kernel its dtype."""


def address(x: Tensor | None) -> int:
    """Where a tensor lies, 0 for one that was not given."""
    return 0 if x is None else x.data_ptr()


@intrinsic
def flat(typing, address, scalar):
    """The memory at `address` as a flat array of the scalar's dtype, of unknown length."""
    kind = types.Array(scalar, 1, "C")

    def generate(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(kind)(context, builder)
        array.data = builder.inttoptr(arguments[0], array.data.type)
        return array._getvalue()

    return kind(types.intp, scalar), generate


def _masked(builder: ir.IRBuilder, pointer: ir.Value, count: ir.Value, vector: ir.VectorType) -> tuple[Any, ...]:
    """Pointer to a vector, alignment and mask of the first `count` lanes, as LLVM's masked intrinsics take them."""
    integers = ir.VectorType(count.type, vector.count)
    first = builder.insert_element(ir.Constant(integers, ir.Undefined), count, ir.Constant(ir.IntType(32), 0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    counts = builder.shuffle_vector(first, first, order)
    mask = builder.icmp_signed("<", ir.Constant(integers, list(range(vector.count))), counts)
    itemsize = 4 if isinstance(vector.element, ir.FloatType) else 8
    return builder.bitcast(pointer, vector.as_pointer()), ir.Constant(ir.IntType(32), itemsize), mask


def _suffix(vector: ir.VectorType) -> str:
    return f"v{vector.count}f{32 if isinstance(vector.element, ir.FloatType) else 64}.p0"


@intrinsic
def _load_masked(typing, array, index, count, others):
    def generate(context, builder, signature, arguments):
        array, index, count, others = arguments
        pointer = builder.gep(cgutils.create_struct_proxy(signature.args[0])(context, builder, array).data, [index])
        operands = (*_masked(builder, pointer, count, others.type), others)
        kind = ir.FunctionType(others.type, [operand.type for operand in operands])
        name = f"llvm.masked.load.{_suffix(others.type)}"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), operands)

    return others(array, types.intp, types.intp, others), generate


@intrinsic
def _store_masked(typing, array, index, vector, count):
    def generate(context, builder, signature, arguments):
        array, index, vector, count = arguments
        pointer = builder.gep(cgutils.create_struct_proxy(signature.args[0])(context, builder, array).data, [index])
        operands = (vector, *_masked(builder, pointer, count, vector.type))
        kind = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
        name = f"llvm.masked.store.{_suffix(vector.type)}"
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), operands)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, types.intp), generate


def load_part(array, index, count):
    """`count` elements from `index` on, the other lanes zero; reads nothing beyond them."""
    raise NotImplementedError


@overload(load_part)
def _load_part(array, index, count):
    def implement(array, index, count):
        if count == LANES:
            return load(array, index)
        return _load_masked(array, index, count, broadcast(array.dtype.type(0)))

    return implement


def store_part(array, index, vector, count):
    """Writes the first `count` lanes to `index` on, and nothing beyond them."""
    raise NotImplementedError


@overload(store_part)
def _store_part(array, index, vector, count):
    def implement(array, index, vector, count):
        if count == LANES:
            store(array, index, vector)
        else:
            _store_masked(array, index, vector, count)

    return implement

"""The vector type, its arithmetic, and sums over lanes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

__all__ = [
    "FUSE",
    "INT",
    "LANES",
    "Vector",
    "all_at_most",
    "broadcast",
    "constant",
    "lane",
    "like",
    "llvm_function",
    "magnitude",
    "maximum",
    "negative",
    "select_negative",
    "splat",
    "square_root",
    "total",
    "with_lane",
]

LANES = 16
"""Numbers in a vector: one register of AVX-512, two of AVX, four of SSE or NEON."""

FUSE = ("contract",)
"""LLVM's leave to fuse a product and a sum, and to do nothing else."""

INT = ir.IntType(32)


class Vector(types.Type):
    """`lanes` numbers of one dtype."""

    def __init__(self, dtype: types.Type, lanes: int = LANES) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.dtype).get_value_type(), kind.lanes))


def splat(builder: ir.IRBuilder, value: ir.Value, lanes: int) -> ir.Value:
    """A vector with `value` in every lane."""
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(INT, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INT, lanes), [0] * lanes))


def constant(kind: ir.VectorType, value: float) -> ir.Constant:
    """The vector of type `kind` with `value` in every lane."""
    return ir.Constant(kind, [value] * kind.count)


def llvm_function(builder: ir.IRBuilder, name: str, kind: ir.VectorType, n_arguments: int) -> ir.Function:
    """LLVM's function llvm.`name` of vectors of one type."""
    suffix = f"v{kind.count}f{32 if isinstance(kind.element, ir.FloatType) else 64}"
    signature = ir.FunctionType(kind, [kind] * n_arguments)
    return cgutils.get_or_insert_function(builder.module, signature, f"llvm.{name}.{suffix}")


@intrinsic
def broadcast(typing, value):
    """A vector that holds `value` in every lane."""

    def generate(context, builder, signature, arguments):
        return splat(builder, arguments[0], LANES)

    return Vector(value)(value), generate


@intrinsic
def like(typing, vector, value):
    """A vector of `vector`'s type that holds the Python float `value` in every lane."""

    def generate(context, builder, signature, arguments):
        element = arguments[0].type.element
        number = arguments[1] if isinstance(element, ir.DoubleType) else builder.fptrunc(arguments[1], element)
        return splat(builder, number, vector.lanes)

    return vector(vector, types.float64), generate


@intrinsic
def lane(typing, vector, index):
    """The number in lane `index`."""

    def generate(context, builder, signature, arguments):
        return builder.extract_element(*arguments)

    return vector.dtype(vector, types.intp), generate


@intrinsic
def with_lane(typing, vector, index, value):
    """`vector` with `value` in lane `index`."""

    def generate(context, builder, signature, arguments):
        return builder.insert_element(arguments[0], arguments[2], arguments[1])

    return vector(vector, types.intp, vector.dtype), generate


def _binary(generate_with: Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]) -> Any:
    """An intrinsic of two vectors of one type."""

    @intrinsic
    def function(typing, a, b):
        def generate(context, builder, signature, arguments):
            return generate_with(builder, *arguments)

        return a(a, b), generate

    return function


_add = _binary(lambda builder, a, b: builder.fadd(a, b, flags=FUSE))
_subtract = _binary(lambda builder, a, b: builder.fsub(a, b, flags=FUSE))
_multiply = _binary(lambda builder, a, b: builder.fmul(a, b, flags=FUSE))
_divide = _binary(lambda builder, a, b: builder.fdiv(a, b, flags=FUSE))

maximum = _binary(lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), b, a))
"""The larger in each lane; a NaN of the first is passed on."""


def _operator(symbol: Callable[..., Any], function: Any) -> None:
    @overload(symbol)
    def implement(a, b):
        if isinstance(a, Vector) and a == b:
            return lambda a, b: function(a, b)
        return None


_operator(operator.add, _add)
_operator(operator.sub, _subtract)
_operator(operator.mul, _multiply)
_operator(operator.truediv, _divide)


@intrinsic
def negative(typing, x):
    """-x."""

    def generate(context, builder, signature, arguments):
        return builder.fneg(arguments[0])

    return x(x), generate


@intrinsic
def square_root(typing, x):
    """√x, correctly rounded."""

    def generate(context, builder, signature, arguments):
        return builder.call(llvm_function(builder, "sqrt", arguments[0].type, 1), arguments)

    return x(x), generate


@intrinsic
def magnitude(typing, x):
    """|x|; a NaN stays one."""

    def generate(context, builder, signature, arguments):
        return builder.call(llvm_function(builder, "fabs", arguments[0].type, 1), arguments)

    return x(x), generate


@intrinsic
def select_negative(typing, x, a, b):
    """Lanes of `a` where x is negative, else of `b`."""

    def generate(context, builder, signature, arguments):
        x, a, b = arguments
        return builder.select(builder.fcmp_ordered("<", x, constant(x.type, 0.0)), a, b)

    return x(x, a, b), generate


@intrinsic
def all_at_most(typing, a, b):
    """Whether every lane of `a` is at most that of `b`; False where one is a NaN."""

    def generate(context, builder, signature, arguments):
        lanes = ir.IntType(a.lanes)
        fit = builder.bitcast(builder.fcmp_ordered("<=", *arguments), lanes)
        return builder.icmp_unsigned("==", fit, ir.Constant(lanes, 2**a.lanes - 1))

    return types.boolean(a, b), generate


@intrinsic
def total(typing, vector):
    """Sum over the lanes, always by the same tree of halves."""

    def generate(context, builder, signature, arguments):
        value, width = arguments[0], vector.lanes
        while width > 1:
            width //= 2
            low = ir.Constant(ir.VectorType(INT, width), list(range(width)))
            high = ir.Constant(ir.VectorType(INT, width), list(range(width, 2 * width)))
            value = builder.fadd(builder.shuffle_vector(value, value, low), builder.shuffle_vector(value, value, high))
        return builder.extract_element(value, ir.Constant(INT, 0))

    return vector.dtype(vector), generate

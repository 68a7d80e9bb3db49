"""Vectors of 16 numbers inside numba: arithmetic, loads, stores, and the functions that a scan needs.

numba leaves vectorisation to LLVM, which gives up at exponentials and checks short loops for overlap at run time.
A `Vector` here is an LLVM vector, so what is written is what runs; LLVM splits it into the registers that the machine
has. A product and a sum may fuse; nothing is reordered, so results do not change from run to run.

float32 functions are polynomials of about one ulp; float64 functions are the C library's, lane by lane.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

__all__ = [
    "EXP2_RANGE",
    "LANES",
    "all_at_most",
    "broadcast",
    "broadcast_at",
    "exp2",
    "exp2_product",
    "exp_negative",
    "like",
    "load",
    "load_first",
    "magnitude",
    "maximum",
    "prefetch",
    "sigmoid",
    "softplus",
    "store",
    "store_first",
    "total",
]

EXP2_RANGE = 126.0
"""Exponents within ± this have a normal float32 power."""

LANES = 16
"""Numbers in a vector: one register of AVX-512, two of AVX, four of SSE or NEON."""

_FUSE = ("contract",)
_INT = ir.IntType(32)


class Vector(types.Type):
    """LANES numbers of one dtype."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.dtype).get_value_type(), LANES))


def _splat(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    undefined = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))


def _pointer(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value) -> ir.Value:
    return builder.gep(cgutils.create_struct_proxy(kind)(context, builder, array).data, [index])


def _vector_pointer(builder: ir.IRBuilder, pointer: ir.Value) -> ir.Value:
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, LANES).as_pointer())


def _itemsize(element: ir.Type) -> int:
    return 4 if isinstance(element, ir.FloatType) else 8


@intrinsic
def broadcast(typing, value):
    """A vector that holds `value` in every lane."""

    def generate(context, builder, signature, arguments):
        return _splat(builder, arguments[0])

    return Vector(value)(value), generate


@intrinsic
def like(typing, vector, value):
    """A vector of `vector`'s dtype that holds the Python float `value` in every lane."""

    def generate(context, builder, signature, arguments):
        element = arguments[0].type.element
        number = arguments[1] if isinstance(element, ir.DoubleType) else builder.fptrunc(arguments[1], element)
        return _splat(builder, number)

    return vector(vector, types.float64), generate


@intrinsic
def load(typing, array, index):
    """LANES elements of a contiguous array from `index` on."""

    def generate(context, builder, signature, arguments):
        pointer = _vector_pointer(builder, _pointer(context, builder, signature.args[0], *arguments))
        return builder.load(pointer, align=_itemsize(pointer.type.pointee.element))

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing, array, index, vector):
    """Writes a vector to a contiguous array from `index` on."""

    def generate(context, builder, signature, arguments):
        pointer = _vector_pointer(builder, _pointer(context, builder, signature.args[0], *arguments[:2]))
        builder.store(arguments[2], pointer, align=_itemsize(pointer.type.pointee.element))
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def broadcast_at(typing, array, index):
    """A vector that holds element `index` of a contiguous array in every lane."""

    def generate(context, builder, signature, arguments):
        return _splat(builder, builder.load(_pointer(context, builder, signature.args[0], *arguments)))

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def prefetch(typing, array, index):
    """Asks for the cache line of element `index`, which may lie outside the array."""

    def generate(context, builder, signature, arguments):
        pointer = builder.bitcast(_pointer(context, builder, signature.args[0], *arguments), ir.IntType(8).as_pointer())
        flags = [ir.Constant(_INT, value) for value in (0, 3, 1)]  # for reading, into every cache, data
        kind = ir.FunctionType(ir.VoidType(), [pointer.type] + [_INT] * 3)
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [pointer, *flags])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@intrinsic
def _lane(typing, vector, index):
    def generate(context, builder, signature, arguments):
        return builder.extract_element(arguments[0], arguments[1])

    return vector.dtype(vector, types.intp), generate


@intrinsic
def _with_lane(typing, vector, index, value):
    def generate(context, builder, signature, arguments):
        return builder.insert_element(arguments[0], arguments[2], arguments[1])

    return vector(vector, types.intp, vector.dtype), generate


def _binary(generate_with: Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]) -> Any:
    """An intrinsic of two vectors of one dtype."""

    @intrinsic
    def function(typing, a, b):
        def generate(context, builder, signature, arguments):
            return generate_with(builder, *arguments)

        return a(a, b), generate

    return function


_add = _binary(lambda builder, a, b: builder.fadd(a, b, flags=_FUSE))
_subtract = _binary(lambda builder, a, b: builder.fsub(a, b, flags=_FUSE))
_multiply = _binary(lambda builder, a, b: builder.fmul(a, b, flags=_FUSE))
_divide = _binary(lambda builder, a, b: builder.fdiv(a, b, flags=_FUSE))

maximum = _binary(lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), b, a))
"""The larger in each lane; a NaN of the first is passed on."""


@intrinsic
def _select_negative(typing, x, a, b):
    """Lanes of `a` where x is negative, else of `b`."""

    def generate(context, builder, signature, arguments):
        x, a, b = arguments
        return builder.select(builder.fcmp_ordered("<", x, ir.Constant(x.type, [0.0] * LANES)), a, b)

    return x(x, a, b), generate


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
def total(typing, vector):
    """Sum over the lanes, always by the same tree of halves."""

    def generate(context, builder, signature, arguments):
        value, width = arguments[0], LANES
        while width > 1:
            width //= 2
            low = ir.Constant(ir.VectorType(_INT, width), list(range(width)))
            high = ir.Constant(ir.VectorType(_INT, width), list(range(width, 2 * width)))
            value = builder.fadd(builder.shuffle_vector(value, value, low), builder.shuffle_vector(value, value, high))
        return builder.extract_element(value, ir.Constant(_INT, 0))

    return vector.dtype(vector), generate


def load_first(array, index, count):
    """`count` elements from `index` on, the other lanes zero; reads nothing beyond them."""
    raise NotImplementedError


@overload(load_first)
def _load_first(array, index, count):
    def implement(array, index, count):
        if count == LANES:
            return load(array, index)
        vector = broadcast(array.dtype.type(0))
        for lane in range(count):
            vector = _with_lane(vector, lane, array[index + lane])
        return vector

    return implement


def store_first(array, index, vector, count):
    """Writes the first `count` lanes to `index` on, and nothing beyond them."""
    raise NotImplementedError


@overload(store_first)
def _store_first(array, index, vector, count):
    def implement(array, index, vector, count):
        if count == LANES:
            store(array, index, vector)
        else:
            for lane in range(count):
                array[index + lane] = _lane(vector, lane)

    return implement


# Minimax in relative error: 2^f on [-1/2, 1/2] (9.1e-8), log1p(y)/y on [0, 1] (3e-8), 1/w on [1, 2] (1e-2, to be
# improved). The constant terms of the first two are exactly 1, so that a step with Δ = 0 keeps its state exactly.
_EXP2 = (
    1.3264726136779474e-3,
    9.671512728249756e-3,
    5.550733749295248e-2,
    0.24022242083464998,
    0.6931469775912568,
    1.0,
)
_LOG1P = (
    5.232694261742352e-3,
    -2.950523876700409e-2,
    7.822595186111579e-2,
    -0.13663245793379447,
    0.1910600676011055,
    -0.24842982213552242,
    0.333190968075458,
    -0.49999493140482215,
    1.0,
)
_RECIPROCAL = (0.32323232323232326, -1.4545454545454546, 2.121212121212121)
_ROUND = 12582912.0
"""1.5 · 2^23: adding it to a float32 rounds to an integer, which then stands in the lowest bits."""


def _horner(builder, x, coefficients):
    """Polynomial with the given coefficients, the highest power first."""
    first, *others = (ir.Constant(x.type, [float(np.float32(value))] * LANES) for value in coefficients)
    value = first
    for coefficient in others:
        value = builder.fadd(builder.fmul(value, x, flags=_FUSE), coefficient, flags=_FUSE)
    return value


def _polynomial(coefficients):
    """An intrinsic that computes a float32 polynomial."""

    @intrinsic
    def function(typing, x):
        def generate(context, builder, signature, arguments):
            return _horner(builder, arguments[0], coefficients)

        return x(x), generate

    return function


_log1p_quotient = _polynomial(_LOG1P)
_rough_reciprocal = _polynomial(_RECIPROCAL)


def _two_to(builder, rounded, fraction):
    """2^(rounded + fraction), where the integer `rounded` was brought into the lowest bits by adding _ROUND."""
    kind, integers = fraction.type, ir.VectorType(_INT, LANES)
    value = _horner(builder, fraction, _EXP2)
    exponent = builder.shl(builder.bitcast(rounded, integers), ir.Constant(integers, [23] * LANES))
    return builder.bitcast(builder.add(builder.bitcast(value, integers), exponent), kind)


@intrinsic
def _exp2_float32(typing, vector):
    def generate(context, builder, signature, arguments):
        kind, x = arguments[0].type, arguments[0]
        low, high, shift = (ir.Constant(kind, [value] * LANES) for value in (-EXP2_RANGE, 128.0, _ROUND))
        # Below -126 results would be subnormal; from 128 on infinite, which the same bit arithmetic gives.
        x = builder.select(builder.fcmp_ordered("<", x, low), low, x)
        x = builder.select(builder.fcmp_ordered(">", x, high), high, x)
        rounded = builder.fadd(x, shift)
        return _two_to(builder, rounded, builder.fsub(x, builder.fsub(rounded, shift)))

    return vector(vector), generate


@intrinsic
def _exp2_product_float32(typing, a, b):
    def generate(context, builder, signature, arguments):
        kind = arguments[0].type
        shift = ir.Constant(kind, [_ROUND] * LANES)
        fused = ir.FunctionType(kind, [kind] * 3)
        fma = cgutils.get_or_insert_function(builder.module, fused, f"llvm.fmuladd.v{LANES}f32")
        rounded = builder.call(fma, (*arguments, shift))
        nearest = builder.fneg(builder.fsub(rounded, shift))
        return _two_to(builder, rounded, builder.call(fma, (*arguments, nearest)))

    return a(a, b), generate


@intrinsic
def all_at_most(typing, a, b):
    """Whether every lane of `a` is at most that of `b`; False where one is a NaN."""

    def generate(context, builder, signature, arguments):
        lanes = builder.bitcast(builder.fcmp_ordered("<=", *arguments), ir.IntType(LANES))
        return builder.icmp_unsigned("==", lanes, ir.Constant(ir.IntType(LANES), 2**LANES - 1))

    return types.boolean(a, b), generate


def exp2(x):
    """2^x; float32 results stay normal: 2^-126 at the least."""
    raise NotImplementedError


@overload(exp2)
def _exp2(x):
    if x.dtype == types.float32:
        return lambda x: _exp2_float32(x)

    def implement(x):
        for lane in range(LANES):
            x = _with_lane(x, lane, np.exp2(_lane(x, lane)))
        return x

    return implement


def _log1p(y):
    """log(1 + y) for y in [0, 1]."""
    raise NotImplementedError


@overload(_log1p)
def _log1p_of_0_to_1(y):
    if y.dtype == types.float32:
        return lambda y: y * _log1p_quotient(y)

    def implement(y):
        for lane in range(LANES):
            y = _with_lane(y, lane, math.log1p(_lane(y, lane)))
        return y

    return implement


def _reciprocal(w):
    """1 / w for w in [1, 2]; in float32 by Newton's steps, a division being the slowest of operations."""
    raise NotImplementedError


@overload(_reciprocal)
def _reciprocal_of_1_to_2(w):
    if w.dtype == types.float32:

        def newton(w):
            one = like(w, 1.0)
            guess = _rough_reciprocal(w)
            better = guess + guess * (one - w * guess)
            return better + better * (one - w * better)

        return newton
    return lambda w: like(w, 1.0) / w


def exp2_product(a, b):
    """2^(a b) for a product known to lie within ±EXP2_RANGE; it is not rounded before the power is taken."""
    raise NotImplementedError


@overload(exp2_product)
def _exp2_product(a, b):
    if a.dtype == types.float32:
        return lambda a, b: _exp2_product_float32(a, b)
    return lambda a, b: exp2(a * b)


_LOG2E = 1.4426950408889634


_LOWEST = -87.3
"""e to this is a normal float32."""


def exp_negative(x):
    """e^x for x at most 0; in float32 not below e^-87.3."""
    raise NotImplementedError


@overload(exp_negative)
def _exp_negative(x):
    if x.dtype == types.float32:
        return lambda x: exp2_product(maximum(x, like(x, _LOWEST)), like(x, _LOG2E))
    return lambda x: exp2(x * like(x, _LOG2E))


@intrinsic
def magnitude(typing, x):
    """|x|; a NaN stays one."""

    def generate(context, builder, signature, arguments):
        kind = arguments[0].type
        suffix = f"v{LANES}f{8 * _itemsize(kind.element)}"
        function = ir.FunctionType(kind, [kind])
        return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.fabs.{suffix}"), arguments)

    return x(x), generate


@intrinsic
def _negative(typing, x):
    def generate(context, builder, signature, arguments):
        return builder.fneg(arguments[0])

    return x(x), generate


def softplus(x):
    """log(1 + e^x), to the last digits at both ends."""
    raise NotImplementedError


@overload(softplus)
def _softplus(x):
    def implement(x):
        return maximum(x, like(x, 0.0)) + _log1p(exp_negative(_negative(magnitude(x))))

    return implement


def sigmoid(x):
    """1 / (1 + e^-x)."""
    raise NotImplementedError


@overload(sigmoid)
def _sigmoid(x):
    def implement(x):
        e = exp_negative(_negative(magnitude(x)))
        share = _reciprocal(like(x, 1.0) + e)
        return _select_negative(x, e * share, share)

    return implement

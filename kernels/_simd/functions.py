"""Exponentials and their like; float32 functions are polynomials of about one ulp, float64 ones the C library's."""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from claimbench.kernels._simd.vectors import (
    FUSE,
    INT,
    constant,
    lane,
    like,
    llvm_function,
    magnitude,
    maximum,
    negative,
    select_negative,
    with_lane,
)

__all__ = ["EXP2_RANGE", "exp2", "exp2_product", "exp_negative", "sigmoid", "softplus"]

EXP2_RANGE = 126.0
"""Exponents within ± this have a normal float32 power."""

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
    first, *others = (constant(x.type, float(np.float32(value))) for value in coefficients)
    value = first
    for coefficient in others:
        value = builder.fadd(builder.fmul(value, x, flags=FUSE), coefficient, flags=FUSE)
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
    kind, integers = fraction.type, ir.VectorType(INT, fraction.type.count)
    value = _horner(builder, fraction, _EXP2)
    exponent = builder.shl(builder.bitcast(rounded, integers), constant(integers, 23))
    return builder.bitcast(builder.add(builder.bitcast(value, integers), exponent), kind)


@intrinsic
def _exp2_float32(typing, vector):
    def generate(context, builder, signature, arguments):
        kind, x = arguments[0].type, arguments[0]
        low, high, shift = (constant(kind, value) for value in (-EXP2_RANGE, 128.0, _ROUND))
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
        shift, fma = constant(kind, _ROUND), llvm_function(builder, "fmuladd", kind, 3)
        rounded = builder.call(fma, (*arguments, shift))
        nearest = builder.fneg(builder.fsub(rounded, shift))
        return _two_to(builder, rounded, builder.call(fma, (*arguments, nearest)))

    return a(a, b), generate


def exp2(x):
    """2^x; float32 results stay normal: 2^-126 at the least."""
    raise NotImplementedError


@overload(exp2)
def _exp2(x):
    if x.dtype == types.float32:
        return lambda x: _exp2_float32(x)

    lanes = x.lanes

    def implement(x):
        for i in range(lanes):
            x = with_lane(x, i, np.exp2(lane(x, i)))
        return x

    return implement


def _log1p(y):
    """log(1 + y) for y in [0, 1]."""
    raise NotImplementedError


@overload(_log1p)
def _log1p_of_0_to_1(y):
    if y.dtype == types.float32:
        return lambda y: y * _log1p_quotient(y)

    lanes = y.lanes

    def implement(y):
        for i in range(lanes):
            y = with_lane(y, i, math.log1p(lane(y, i)))
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


def softplus(x):
    """log(1 + e^x), to the last digits at both ends."""
    raise NotImplementedError


@overload(softplus)
def _softplus(x):
    def implement(x):
        return maximum(x, like(x, 0.0)) + _log1p(exp_negative(negative(magnitude(x))))

    return implement


def sigmoid(x):
    """1 / (1 + e^-x)."""
    raise NotImplementedError


@overload(sigmoid)
def _sigmoid(x):
    def implement(x):
        e = exp_negative(negative(magnitude(x)))
        share = _reciprocal(like(x, 1.0) + e)
        return select_negative(x, e * share, share)

    return implement

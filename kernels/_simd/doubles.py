"""Vectors of float64 beyond arithmetic: a sigmoid without the C library, and integers as they come out of memory.

Not among the names of `_simd` itself: whoever needs them says so, and the other kernels' sources stay as they are.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from claimbench.kernels._simd.memory import address
from claimbench.kernels._simd.vectors import FUSE, LANES, Vector, constant, llvm_function

__all__ = ["logistic", "positive_lanes", "widened"]

# Minimax in relative error: 2^f on [-1/2, 1/2], 2e-17 before rounding; the constant term is exactly 1.
_EXP2 = (
    4.4549605981865186e-10,
    7.072585949269223e-09,
    1.0178062445845774e-07,
    1.321544258792169e-06,
    1.525273382983612e-05,
    0.0001540353044173605,
    0.0013333558146416936,
    0.009618129107606888,
    0.0555041086648216,
    0.24022650695910097,
    0.6931471805599453,
    1.0,
)
_LOG2E, _LOG2E_LOW = 1.4426950408889634, 2.0355273740931033e-17
_ROUND = 6755399441055744.0
"""1.5 · 2^52: adding it to a float64 rounds to an integer, which then stands in the lowest bits."""
_FAR = 700.0
"""e to this is a normal float64."""


@intrinsic
def logistic(typing, x):
    """1 / (1 + e^-x) for float64, to about an ulp; beyond ±700 the value there. A NaN stays one."""
    if x.dtype != types.float64:
        return None

    def generate(context, builder, signature, arguments):
        (x,) = arguments
        kind, integers = x.type, ir.VectorType(ir.IntType(64), x.type.count)
        fma = llvm_function(builder, "fmuladd", kind, 3)
        low, high, shift = (constant(kind, value) for value in (-_FAR, _FAR, _ROUND))
        x = builder.select(builder.fcmp_ordered("<", x, low), low, x)
        x = builder.select(builder.fcmp_ordered(">", x, high), high, x)
        rounded = builder.call(fma, (x, constant(kind, -_LOG2E), shift))
        nearest = builder.fneg(builder.fsub(rounded, shift))
        fraction = builder.call(fma, (x, constant(kind, -_LOG2E), nearest))
        fraction = builder.call(fma, (x, constant(kind, -_LOG2E_LOW), fraction))
        power = constant(kind, _EXP2[0])
        for coefficient in _EXP2[1:]:
            power = builder.call(fma, (power, fraction, constant(kind, coefficient)))
        exponent = builder.shl(builder.bitcast(rounded, integers), constant(integers, 52))
        power = builder.bitcast(builder.add(builder.bitcast(power, integers), exponent), kind)
        one = constant(kind, 1.0)
        return builder.fdiv(one, builder.fadd(one, power, flags=FUSE))

    return x(x), generate


def _load_integers(context, builder, kind, arguments):
    pointer = address(context, builder, kind, *arguments, LANES)
    return builder.load(pointer, align=4)


@intrinsic
def widened(typing, array, index):
    """LANES elements of an int32 array from `index` on, as float64."""
    if array.dtype != types.int32:
        return None

    def generate(context, builder, signature, arguments):
        integers = _load_integers(context, builder, signature.args[0], arguments)
        return builder.sitofp(integers, ir.VectorType(ir.DoubleType(), LANES))

    return Vector(types.float64)(array, types.intp), generate


@intrinsic
def positive_lanes(typing, array, index):
    """The set, lane by bit, of those of LANES elements of an int32 array from `index` on that are above 0."""
    if array.dtype != types.int32:
        return None

    def generate(context, builder, signature, arguments):
        integers = _load_integers(context, builder, signature.args[0], arguments)
        above = builder.icmp_signed(">", integers, constant(integers.type, 0))
        return builder.zext(builder.bitcast(above, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(array, types.intp), generate

"""What a rotation by position must at least compute and move, from its sizes; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops"]


def flops(batch: int, length: int, heads: int, rotary: int) -> int:
    """Floating-point operations of one pass, forward or backward: four products and two sums a pair of dimensions."""
    return 3 * batch * length * heads * rotary


def bytes(batch: int, length: int, heads: int, dim: int, *, itemsize: int = 4) -> int:
    """Bytes that one pass must move, forward or backward: x in and out out; cos and sin are left out: it is a floor."""
    return 2 * batch * length * heads * dim * itemsize

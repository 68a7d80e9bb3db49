"""What a Schedule-Free step must at least compute and move; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops"]


def flops(parameters: int, *, second_moment: bool = True, weight_decay: bool = True) -> int:
    """Floating-point operations of a step: 7 of y and z; 8 of v and the quotient; 2 of the decay."""
    return parameters * (7 + (8 if second_moment else 0) + (2 if weight_decay else 0))


def bytes(parameters: int, *, itemsize: int = 4, second_moment: bool = True, copy_itemsize: int = 0) -> int:
    """Bytes that a step must move: y, z, v in and out, the gradient in; 28 a parameter in float32, as AdamW's.

    `itemsize` bytes each. With a copy of `copy_itemsize` bytes, which the gradient's dtype goes by, that comes out too.
    """
    gradient = copy_itemsize or itemsize
    return parameters * (itemsize * (6 if second_moment else 4) + gradient + copy_itemsize)

"""What a SwiGLU must at least compute and move, from its size; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops"]


def flops(elements: int, *, backward: bool = False) -> int:
    """Floating-point operations of one forward, or of one backward, pass; an exponential counts as one.

    Backward recomputes σ(gate).
    """
    return elements * (11 if backward else 5)


def bytes(elements: int, *, itemsize: int = 4, backward: bool = False) -> int:
    """Bytes that one pass must move: gate and up in and out out, or they and the gradient of out in and theirs out."""
    return elements * itemsize * (5 if backward else 3)

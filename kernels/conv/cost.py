"""What a causal convolution must at least compute and move, from its sizes; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops"]


def flops(batch: int, dim: int, length: int, width: int, *, activated: bool = True, backward: bool = False) -> int:
    """Floating-point operations of one forward, or of one backward, pass; an exponential counts as one.

    Backward recomputes the pre-activation (where there is an activation) and has two products a tap.
    """
    steps = batch * dim * length
    forward = 2 * width + (4 if activated else 0)
    if backward:
        return steps * (4 * width + 1 + (2 * width + 9 if activated else 0))
    return steps * forward


def bytes(batch: int, dim: int, length: int, *, itemsize: int = 4, backward: bool = False) -> int:
    """Bytes that one pass must move: x in and out out, or x and the gradient of out in and that of x out."""
    return batch * dim * length * itemsize * (3 if backward else 2)

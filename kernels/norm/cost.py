"""What an RMSNorm must at least compute and move, from its sizes; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops"]


def flops(rows: int, dim: int, *, weighted: bool = True, residual: bool = False, backward: bool = False) -> int:
    """Floating-point operations of one forward, or of one backward, pass; the few of a row as a whole are left out.

    Forward: square and sum, scale, weight. Backward: square and sum again, dot product, gradient; a weight adds its
    product and its own gradient, a residual sum one addition.
    """
    if backward:
        return rows * dim * (7 + (4 if weighted else 0) + (1 if residual else 0))
    return rows * dim * (3 + (1 if weighted else 0) + (1 if residual else 0))


def bytes(rows: int, dim: int, *, itemsize: int = 4, residual: bool = False, backward: bool = False) -> int:
    """Bytes that one pass must move, `itemsize` bytes an element; the weight is left out: it is a floor.

    Forward: x (and residual) in, out (and their sum) out. Backward: the gradient of out (and of the sum) and x or the
    sum in, one gradient out, which x and residual share.
    """
    if backward:
        return rows * dim * itemsize * (4 if residual else 3)
    return rows * dim * itemsize * (4 if residual else 2)

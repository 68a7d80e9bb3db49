"""What differential attention must at least compute and move, from its sizes; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops"]


def flops(
    batch: int,
    heads: int,
    queries: int,
    keys: int,
    dim: int,
    width: int,
    *,
    causal: bool = True,
    backward: bool = False,
) -> int:
    """Floating-point operations of the matrix products of one forward, or of one backward, pass.

    Forward: two maps of scores, one product with v. Backward: the scores again, the gradient of the map, which both
    maps share, that of v, and two products a map for q and k. The paper's v has width = 2 dim.
    """
    visible = queries * (2 * keys - queries + 1) // 2 if causal else queries * keys
    return 2 * batch * heads * visible * (6 * dim + 2 * width if backward else 2 * dim + width)


def bytes(
    batch: int, heads: int, groups: int, queries: int, keys: int, dim: int, width: int,
    *, itemsize: int = 4, backward: bool = False,
) -> int:  # fmt: skip
    """Bytes that one pass must move, `itemsize` bytes an element: q, k and v in and the output out, or these and the
    output's gradient in and three gradients out; what belongs to a row as a whole is left out: it is a floor.
    """
    inputs = 2 * batch * heads * queries * dim + batch * groups * keys * (2 * dim + width)
    output = batch * heads * queries * width
    return itemsize * (2 * inputs + output if backward else inputs + output)

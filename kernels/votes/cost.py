"""What the kernels of votes must at least compute and move, from their sizes; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bootstrap_bytes", "bootstrap_flops", "elo_bytes", "elo_flops", "fold_bytes", "fold_flops"]


def fold_flops(votes: int) -> int:
    """Additions of folding: one a vote."""
    return votes


def fold_bytes(votes: int, models: int, *, itemsize: int = 4, weight_itemsize: int = 0) -> int:
    """Bytes that folding must move: two codes of `itemsize` bytes, the outcome and the weight in, counts out."""
    return votes * (2 * itemsize + 1 + weight_itemsize) + 12 * models * (models - 1)


def bootstrap_flops(pairs: int, models: int, replicates: int, steps: float) -> float:
    """Floating-point operations of a bootstrap of `steps` steps a replicate on average; an exponential counts as one.

    A step is 9 operations a pair (gap, the three of a sigmoid, votes of both, product, surplus, two sums) and the
    product of a matrix and a vector. Draws are integer arithmetic and comparisons, and count 0.
    """
    return replicates * steps * (9 * pairs + 2 * models**2 + models)


def bootstrap_bytes(pairs: int, models: int, replicates: int) -> int:
    """Bytes that a bootstrap must move: pairs, counts and ratings in; ratings, status and steps out."""
    return 32 * pairs + 8 * models + replicates * (8 * models + 9)


def elo_flops(votes: int, lanes: int) -> int:
    """Floating-point operations of online Elo; an exponential counts as one. 9 a vote: gap, scale, sigmoid, surprise,
    update, two sums.
    """
    return 9 * votes * lanes


def elo_bytes(votes: int, models: int, lanes: int, *, itemsize: int = 4) -> int:
    """Bytes that online Elo must move: the votes in, once if they fit in cache, and ratings out."""
    return votes * (2 * itemsize + 1) + 8 * models * lanes

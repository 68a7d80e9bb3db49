"""The array types that ratings are made of, and the two steps that most of the work is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Booleans", "Floats", "Integers", "summed", "win_and_loss"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def summed(index: NDArray[Any], values: Floats, size: int) -> Floats:
    """(size,), the `values` of each index added up."""
    # numpy's stubs know the unweighted form only.
    totals: Any = np.bincount(index, values, size)
    return totals


def win_and_loss(log_odds: Floats) -> tuple[Floats, Floats]:
    """σ(x) and σ(−x), neither by subtraction from 1."""
    rest = np.exp(-np.abs(log_odds))
    likelier = 1 / (1 + rest)
    unlikelier = rest * likelier
    ahead = log_odds > 0
    return np.where(ahead, likelier, unlikelier), np.where(ahead, unlikelier, likelier)

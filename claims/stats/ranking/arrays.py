"""The array types that ratings are made of, and the sum that most of the work is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Booleans", "Floats", "Integers", "summed"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def summed(index: NDArray[Any], values: Floats, size: int) -> Floats:
    """(size,), the `values` of each index added up."""
    # numpy's stubs know the unweighted form only.
    totals: Any = np.bincount(index, values, size)
    return totals

"""Reading evaluation curves: when a level is reached, and what else was so when it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["reached", "value_at"]


def reached(x: Sequence[float], y: Sequence[float], level: float) -> float:
    """The x at which y, linear in between, first rises to `level`; infinite where it never does."""
    above = np.flatnonzero(np.asarray(y) >= level)
    if not above.size:
        return float("inf")
    at = int(above[0])
    if at == 0:
        return float(x[0])
    share = (level - y[at - 1]) / (y[at] - y[at - 1])
    return float(x[at - 1] + share * (x[at] - x[at - 1]))


def value_at(x: Sequence[float], y: Sequence[float], where: float) -> float:
    """y at `where`, linear in between; beyond an end, y there."""
    return float(np.interp(where, x, y))

"""Reading evaluation curves: when a level is reached, and what else was so when it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["choose_rate", "reached", "value_at"]


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
    """y at `where`, linear in between; NaN where x does not reach so far."""
    return float(np.interp(where, x, y)) if where <= x[-1] else float("nan")


def choose_rate(scores: Sequence[float]) -> tuple[int, bool]:
    """The place of the lowest score inside the grid, and whether an end is lower than all inside.

    What is not finite is never chosen over what is; where nothing inside is finite, that counts as the end's being
    lower.
    """
    finite = np.where(np.isfinite(scores), scores, np.inf)
    inside = finite[1:-1]
    best = int(inside.argmin()) + 1
    return best, bool(min(finite[0], finite[-1]) < inside.min() or np.isinf(inside.min()))

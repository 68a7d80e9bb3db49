"""Exponents: the slope of log cost on log size, one slope a unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["log_log_fit"]


def log_log_fit(sizes: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """(slope, curvature) of log `costs` on log `sizes`: least squares, straight line and parabola.

    A constant overhead bends the line and biases the slope, hence the curvature: the coefficient of (log size)².
    Raises ValueError for fewer than three sizes or a cost that is not positive.
    """
    if len(sizes) < 3 or min(costs) <= 0 or min(sizes) <= 0:
        raise ValueError(f"a power law needs three positive sizes and costs, got {list(sizes)} and {list(costs)}")
    x, y = np.log(np.asarray(sizes, dtype=np.float64)), np.log(np.asarray(costs, dtype=np.float64))
    x = x - x.mean()
    return float(np.polyfit(x, y, 1)[0]), float(np.polyfit(x, y, 2)[0])

"""Learning rates over the course of training, as multiples of the peak."""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["Schedule", "multiplier"]

Schedule = Literal["constant", "linear", "cosine"]


def multiplier(schedule: Schedule, step: int, steps: int, warmup: int, floor: float) -> float:
    """Factor of the peak learning rate at `step` of 1 … `steps`.

    It rises linearly over `warmup` steps to 1, then stays, or falls to `floor` at the last step in a straight line or
    along half a cosine.
    """
    if step <= warmup:
        return step / warmup
    if schedule == "constant":
        return 1.0
    done = (step - warmup) / max(steps - warmup, 1)
    left = 1.0 - done if schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    return floor + (1.0 - floor) * left

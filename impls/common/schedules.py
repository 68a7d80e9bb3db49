"""Learning rates over the course of training, as multiples of the peak."""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["DECAY_SHARE", "Schedule", "multiplier"]

Schedule = Literal["constant", "linear", "cosine", "stable_decay"]

DECAY_SHARE = 0.2
"""Share of all steps over which `stable_decay` falls."""


def multiplier(schedule: Schedule, step: int, steps: int, warmup: int, floor: float) -> float:
    """Factor of the peak learning rate at `step` of 1 … `steps`.

    It rises linearly over `warmup` steps to 1, then stays, or falls to `floor` at the last step in a straight line or
    along half a cosine; `stable_decay` (arXiv 2405.18392) stays, and falls in a straight line over the last steps.
    """
    if step <= warmup:
        return step / warmup
    if schedule == "constant":
        return 1.0
    begin = max(warmup, steps - round(DECAY_SHARE * steps)) if schedule == "stable_decay" else warmup
    done = max(step - begin, 0) / max(steps - begin, 1)
    left = 0.5 * (1.0 + math.cos(math.pi * done)) if schedule == "cosine" else 1.0 - done
    return floor + (1.0 - floor) * left

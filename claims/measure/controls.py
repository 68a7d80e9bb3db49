"""The work that the house's controls time."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from claimbench.errors import SpecError
from claimbench.papers.house import ControlWork
from claimbench.trial import Timed, Trial

__all__ = ["elementwise_rounds"]


def elementwise_rounds(trial: Trial) -> Timed:
    """The sum of the iterates y ← cos(x·y) over a float32 vector; the arm's option `work` scales their number.

    NumPy alone, so that a fresh process need not import torch for it. Raises SpecError for another workload.
    """
    workload = trial.workload
    if not isinstance(workload, ControlWork):
        raise SpecError(f"{trial.claim}: needs a ControlWork, got a {type(workload).__name__}")
    rounds = round(workload.rounds * cast(float, trial.option("work")))

    def iterate(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        y, total = np.ones_like(x), np.zeros_like(x)
        for _ in range(rounds):
            y = np.cos(x * y)
            total += y
        return total

    rng = np.random.default_rng(trial.seeds[0])
    inputs = [(rng.uniform(0.1, 0.9, workload.elements).astype(np.float32),) for _ in range(3)]
    size = inputs[0][0].nbytes
    return Timed(iterate, inputs, iterate, flops=3.0 * rounds * workload.elements, bytes=2.0 * size)

"""The work that the house's controls time."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from claimbench.errors import SpecError
from claimbench.papers.house import ControlWork
from claimbench.trial import Timed, Trial

__all__ = ["elementwise_rounds", "elementwise_rounds_on_gpu"]

_INPUT_SETS = 3


def elementwise_rounds(trial: Trial) -> Timed:
    """The sum of the iterates y ← cos(x·y) over a float32 vector; the arm's option `work` scales their number.

    NumPy alone, so that a fresh process need not import torch for it. Raises SpecError for another workload.
    """
    work = _work(trial)
    rng = np.random.default_rng(trial.seeds[0])
    inputs = [(rng.uniform(0.1, 0.9, work.elements).astype(np.float32),) for _ in range(_INPUT_SETS)]
    return _timed(np, work, inputs)


def elementwise_rounds_on_gpu(trial: Trial) -> Timed:
    """The same by torch on the trial's device, one kernel an operation. Raises SpecError for another workload."""
    work = _work(trial)
    import torch

    random = torch.Generator(trial.device).manual_seed(trial.seeds[0])
    inputs = [
        (torch.empty(work.elements, device=trial.device).uniform_(0.1, 0.9, generator=random),)
        for _ in range(_INPUT_SETS)
    ]
    return _timed(torch, work, inputs)


def _work(trial: Trial) -> ControlWork:
    """The trial's workload with the rounds that its arm makes."""
    workload = trial.workload
    if not isinstance(workload, ControlWork):
        raise SpecError(f"{trial.claim}: needs a ControlWork, got a {type(workload).__name__}")
    return workload.model_copy(update={"rounds": round(workload.rounds * cast(float, trial.option("work")))})


def _timed(library: Any, work: ControlWork, inputs: list[tuple[Any, ...]]) -> Timed:
    """`library` is NumPy or torch: what is asked of them here bears the same names in both."""

    def iterate(x: Any) -> Any:
        y, total = library.ones_like(x), library.zeros_like(x)
        for _ in range(work.rounds):
            y = library.cos(x * y)
            total += y
        return total

    return Timed(iterate, inputs, iterate, flops=3.0 * work.rounds * work.elements, bytes=2.0 * inputs[0][0].nbytes)

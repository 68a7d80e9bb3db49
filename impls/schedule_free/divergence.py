"""The part of AlgoPerf's winning submission that watches the validation metric."""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch
from torch import Tensor

from claimbench.impls.schedule_free.optimiser import ScheduleFree

__all__ = ["DivergenceDetector"]


class DivergenceDetector:
    """Starts a training anew, at half the learning rate, when its metric has not moved for three evaluations.

    It has diverged when the latest value is not better than the first by `margin`, nor any of the last four better than
    the one before. A NaN is not better than anything; in the submission it passed for progress. Initial values are kept
    on the processor, 4 bytes a parameter.
    """

    EVALUATIONS = 4
    """Values that it wants to see."""

    def __init__(
        self, optimiser: ScheduleFree, *, larger_is_better: bool, first_step: int = 0, margin: float = 0.01
    ) -> None:
        """
        Args:
            optimiser: before its first step, its parameters at their initial values.
            larger_is_better: direction of the metric.
            first_step: the last step at which nothing is decided; a tenth of the step hint in the submission.
            margin: the least improvement that counts, in the metric's unit.
        """
        self._optimiser = optimiser
        self._sign = 1.0 if larger_is_better else -1.0
        self._first_step = first_step
        self._margin = margin
        self._values: list[float] = []
        self._start: list[Tensor] = [
            p.detach().to("cpu", copy=True) for p in chain.from_iterable(g["params"] for g in optimiser.param_groups)
        ]

    def observe(self, value: float, step: int) -> bool:
        """Takes the metric's value after `step`; returns whether training was started anew.

        Batch statistics, and whatever else a model keeps beside its parameters, are for the caller to reset.
        """
        self._values.append(self._sign * value)
        if step <= self._first_step or not self._flat():
            return False
        self._optimiser.restart(self._start)
        for group in self._optimiser.param_groups:
            group["lr"] /= 2
        return True

    def _flat(self) -> bool:
        if len(self._values) < self.EVALUATIONS:
            return False
        recent = self._values[-self.EVALUATIONS :]
        pairs = [(recent[-1], self._values[0]), *zip(recent[1:], recent, strict=False)]
        return not any(later - earlier >= self._margin for later, earlier in pairs)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"values": list(self._values), "start": self._start}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint of `state_dict`."""
        self._values = list(state["values"])
        self._start = [torch.clone(value) for value in state["start"]]

"""Averages around any base optimiser, all three points kept: the baselines, and Algorithm 1 as it is written."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor

__all__ = ["Averaged", "polyak_ruppert", "primal_averaging"]


class Averaged(torch.optim.Optimizer):
    """A base optimiser that steps z, on gradients taken at y = (1 - β) z + β x, x being the weighted average of z.

    β = 0 is Polyak–Ruppert averaging, β = 1 primal averaging, and between them Schedule-Free learning (Equations 3 to 5
    of arXiv 2405.15682), with two states a parameter beyond the base's where `ScheduleFree` has one. Parameters are y
    while training, x in evaluation mode; switching is exact. The base's weight decay acts at z, and its learning rate,
    which may be scheduled, weights the average.
    """

    def __init__(
        self,
        base: torch.optim.Optimizer,
        beta: float,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        include_start: bool = False,
    ) -> None:
        """
        Args:
            base: an optimiser that has not begun.
            beta: β, from 0 to 1.
            r: power of t in the weights of the average.
            weight_lr_power: power of the largest learning rate until then in them.
            include_start: count the initial point as the first of those averaged, c = 1/(t + 1), as the text of Section
                2 does; Algorithm 1 gives it no weight.

        Raises ValueError for a β out of range.
        """
        if not 0 <= beta <= 1:
            raise ValueError(f"beta is {beta}; it must be at least 0 and at most 1")
        self.base = base
        self._beta, self._r, self._power, self._include_start = beta, r, weight_lr_power, include_start
        super().__init__(base.param_groups, {})
        self.param_groups = base.param_groups  # one list, so that a scheduler's learning rates reach the base
        self._steps = 0
        self._weight_sums = [0.0] * len(base.param_groups)
        self._largest = [0.0] * len(base.param_groups)
        self._training = True

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step of the base on z; returns what the closure does. Raises RuntimeError in evaluation mode."""
        if not self._training:
            raise RuntimeError("step() in evaluation mode, where gradients are those at x: call train() first")
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for p in self._parameters():
            if not self.state[p]:
                self.state[p].update(x=p.detach().clone(), z=p.detach().clone())
            p.copy_(self.state[p]["z"])
        self.base.step()
        self._steps += 1
        for place, group in enumerate(self.param_groups):
            largest = self._largest[place] = max(self._largest[place], group["lr"])
            weight = self._steps**self._r * largest**self._power
            if self._include_start and self._steps == 1:
                self._weight_sums[place] = weight
            self._weight_sums[place] += weight
            c = weight / self._weight_sums[place] if self._weight_sums[place] > 0 else 0.0
            for p in group["params"]:
                state = self.state[p]
                state["z"].copy_(p)
                state["x"].mul_(1 - c).add_(p, alpha=c)
                p.copy_(self._y(state))
        return loss

    @torch.no_grad()
    def eval(self) -> None:
        """Parameters become x."""
        if self._training:
            for p in self._parameters():
                if self.state[p]:
                    p.copy_(self.state[p]["x"])
        self._training = False

    @torch.no_grad()
    def train(self) -> None:
        """Parameters become y again, to the bit."""
        if not self._training:
            for p in self._parameters():
                if self.state[p]:
                    p.copy_(self._y(self.state[p]))
        self._training = True

    def state_dict(self) -> dict[str, Any]:
        """The base's state and the average's."""
        return {
            "base": self.base.state_dict(),
            "points": [dict(self.state[p]) for p in self._parameters()],
            "steps": self._steps,
            "weight_sums": list(self._weight_sums),
            "largest": list(self._largest),
            "training": self._training,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint of `state_dict`, in the mode that it was taken in."""
        self.base.load_state_dict(state_dict["base"])
        self.param_groups = self.base.param_groups
        for p, points in zip(self._parameters(), state_dict["points"], strict=True):
            self.state[p].update({name: point.to(p.device, copy=True) for name, point in points.items()})
        self._steps, self._training = state_dict["steps"], state_dict["training"]
        self._weight_sums, self._largest = list(state_dict["weight_sums"]), list(state_dict["largest"])

    def _y(self, state: dict[str, Tensor]) -> Tensor:
        return self._beta * state["x"] + (1 - self._beta) * state["z"]

    def _parameters(self) -> list[Tensor]:
        return list(chain.from_iterable(group["params"] for group in self.param_groups))


def polyak_ruppert(base: torch.optim.Optimizer) -> Averaged:
    """The base optimiser as it is, evaluated at the average of its iterates, all weighted alike."""
    return Averaged(base, beta=0.0, weight_lr_power=0.0)


def primal_averaging(base: torch.optim.Optimizer) -> Averaged:
    """The base optimiser on gradients taken at the average of its iterates, all weighted alike."""
    return Averaged(base, beta=1.0, weight_lr_power=0.0)

"""Schedule-Free SGD."""

from __future__ import annotations

from typing import Any

from torch.optim.optimizer import ParamsT

from claimbench.impls.schedule_free.optimiser import Narrow, Pace, ScheduleFree
from claimbench.kernels.schedule_free import DecayAt

__all__ = ["SGDScheduleFree"]


class SGDScheduleFree(ScheduleFree):
    """Schedule-Free SGD (arXiv 2405.15682, Section 2) with the package's arguments; λ is added to the gradient."""

    _uses_second_moment = False

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        *,
        decay_at: DecayAt = "y",
        narrow: Narrow = "float32",
        seed: int = 0,
    ) -> None:
        """
        Args:
            params: parameters, or groups of them.
            lr: learning rate γ after warm-up.
            momentum: β, the share of x in y, above 0 and at most 1.
            weight_decay: λ.
            warmup_steps: steps over which γ rises linearly; leave it at 0 where a scheduler does that.
            r: power of t in the weights of the average.
            weight_lr_power: power of the largest learning rate until then in them.
            decay_at: the point whose weights decay.
            narrow: how parameters of 16 bits learn; `stochastic` is for bfloat16.
            seed: of stochastic rounding.

        Raises ValueError for numbers out of range.
        """
        defaults: dict[str, Any] = {
            "lr": lr,
            "beta1": momentum,
            "weight_decay": weight_decay,
            "warmup_steps": warmup_steps,
            "r": r,
            "weight_lr_power": weight_lr_power,
            "decay_at": decay_at,
        }
        super().__init__(params, defaults, narrow, seed)

    def _pace(self, group: dict[str, Any]) -> Pace:
        t = group["k"] + 1
        rate = group["lr"] * min(1.0, t / group["warmup_steps"] if group["warmup_steps"] else 1.0)
        group["largest"] = max(rate, group["largest"])
        return Pace(rate, group["largest"])

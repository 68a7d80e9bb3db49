"""Schedule-Free RAdam: the rectification of Liu et al. (arXiv 1908.03265) takes the place of warm-up."""

from __future__ import annotations

import math
from typing import Any

from torch.optim.optimizer import ParamsT

from claimbench.impls.schedule_free.optimiser import Narrow, Pace, ScheduleFree
from claimbench.kernels.schedule_free import DecayAt

__all__ = ["RAdamScheduleFree"]


class RAdamScheduleFree(ScheduleFree):
    """Schedule-Free RAdam with the package's arguments. The paper has no such form; it came with release 1.4."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.0025,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        silent_sgd_phase: bool = True,
        *,
        decay_at: DecayAt = "y",
        narrow: Narrow = "float32",
        seed: int = 0,
    ) -> None:
        """
        Args:
            params: parameters, or groups of them.
            lr: learning rate γ, multiplied by the rectification.
            betas: β1, the share of x in y, above 0 and at most 1; β2, the decay of v.
            eps: added to √v.
            weight_decay: λ.
            r: power of t in the weights of the average.
            weight_lr_power: power of the largest step size until then in them.
            silent_sgd_phase: stand still while v's variance is not defined (five steps at β2 = .999), only keeping v up
                to date; or else take steps of SGD.
            decay_at: the point whose weights decay.
            narrow: how parameters of 16 bits learn; `stochastic` is for bfloat16.
            seed: of stochastic rounding.

        Raises ValueError for numbers out of range, and for a β2 of .6 or less: rectification would never end.
        """
        if 2 / (1 - min(betas[1], 0.9999999)) - 1 <= 4:
            raise ValueError(
                f"beta2 is {betas[1]}; RAdam's variance is never defined at .6 or less, so it never begins"
            )
        defaults: dict[str, Any] = {
            "lr": lr,
            "beta1": betas[0],
            "beta2": betas[1],
            "eps": eps,
            "weight_decay": weight_decay,
            "r": r,
            "weight_lr_power": weight_lr_power,
            "silent_sgd_phase": silent_sgd_phase,
            "decay_at": decay_at,
        }
        super().__init__(params, defaults, narrow, seed)

    def _pace(self, group: dict[str, Any]) -> Pace:
        t, beta2 = group["k"] + 1, group["beta2"]
        correction = 1 - beta2**t
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / correction
        adaptive = length > 4
        if adaptive:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            rate = group["lr"] * math.sqrt(rectified)
        else:
            rate = 0.0 if group["silent_sgd_phase"] else group["lr"]
        group["largest"] = max(rate, group["largest"])
        return Pace(rate, group["largest"], correction, adaptive)

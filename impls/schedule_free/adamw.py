"""Schedule-Free AdamW, in the paper's form or one of those that were released under its name."""

from __future__ import annotations

import math
from typing import Any

from torch.optim.optimizer import ParamsT

from claimbench.errors import UnknownName
from claimbench.impls.schedule_free.optimiser import Narrow, Pace, ScheduleFree
from claimbench.impls.schedule_free.variants import PACKAGE, VARIANTS, Variant
from claimbench.kernels.schedule_free import DecayAt

__all__ = ["AdamWScheduleFree"]


class AdamWScheduleFree(ScheduleFree):
    """Schedule-Free AdamW (arXiv 2405.15682, Algorithm 1); the package's arguments, and more."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.0025,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        r: float | None = None,
        weight_lr_power: float = 2.0,
        *,
        variant: Variant | str = PACKAGE,
        decay_at: DecayAt | None = None,
        narrow: Narrow = "float32",
        seed: int = 0,
    ) -> None:
        """
        Args:
            params: parameters, or groups of them.
            lr: learning rate γ after warm-up.
            betas: β1, the share of x in y, above 0 and at most 1, where it is primal averaging; β2, the decay of v.
            eps: added to √v.
            weight_decay: λ.
            warmup_steps: steps over which γ rises linearly; leave it at 0 where a scheduler does that.
            r: power of t in the weights of the average; by default the variant's.
            weight_lr_power: power of the learning rate in them.
            variant: a `Variant`, or the name of one: `alg1`, `package`, `algoperf`.
            decay_at: the point whose weights decay; by default the variant's.
            narrow: how parameters of 16 bits learn; `stochastic` is for bfloat16.
            seed: of stochastic rounding.

        Raises ValueError for numbers out of range, UnknownName for a variant that is none.
        """
        form = VARIANTS.get(variant) if isinstance(variant, str) else variant
        if form is None:
            raise UnknownName("variant", str(variant), VARIANTS)
        defaults: dict[str, Any] = {
            "lr": lr,
            "beta1": betas[0],
            "beta2": betas[1],
            "eps": eps,
            "weight_decay": weight_decay,
            "warmup_steps": warmup_steps,
            "r": form.r if r is None else r,
            "weight_lr_power": weight_lr_power,
            "corrected": form.corrected,
            "weight_of": form.weight_of,
            "largest_so_far": form.largest_so_far,
            "second_moment": form.second_moment,
            "decay_at": decay_at or form.decay_at,
        }
        super().__init__(params, defaults, narrow, seed)

    def _pace(self, group: dict[str, Any]) -> Pace:
        t = group["k"] + 1
        rate = group["lr"] * min(1.0, t / group["warmup_steps"] if group["warmup_steps"] else 1.0)
        correction = 1 - group["beta2"] ** t
        in_step = group["corrected"] == "step_size"
        step_size = rate * math.sqrt(correction) if in_step else rate
        base = step_size if group["weight_of"] == "step_size" else rate
        if group["largest_so_far"]:
            base = group["largest"] = max(base, group["largest"])
        return Pace(step_size, base, 1.0 if in_step else correction)

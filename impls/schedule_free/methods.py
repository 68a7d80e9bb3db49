"""Schedule-Free learning and what it is compared with, by name: optimiser and course of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch

from claimbench.errors import SpecError, UnknownName
from claimbench.impls.common.schedules import Schedule
from claimbench.impls.common.training import Recipe
from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.averaging import Averaged
from claimbench.impls.schedule_free.sgd import SGDScheduleFree
from claimbench.kernels.schedule_free import DecayAt
from claimbench.spec import Scalar

__all__ = ["METHODS", "Base", "Setting", "setting"]

Base = Literal["adamw", "sgd"]
_SCHEDULES: dict[str, Schedule] = {"cosine": "cosine", "linear_decay": "linear", "stable_decay": "stable_decay"}
"""Methods whose learning rate falls to zero at an end that must be known beforehand."""
METHODS = ("schedule_free", *_SCHEDULES, "constant", "polyak", "primal")
"""All methods; the others are evaluated at any time."""
_OPTIONS = ("method", "beta", "decay_at", "weight_lr_power", "variant")


@dataclass(frozen=True)
class Setting:
    """How an arm trains, but for its learning rate."""

    method: str
    """One of `METHODS`."""
    base: Base
    """AdamW, or SGD with momentum."""
    beta: float = 0.9
    """β of Schedule-Free; momentum of the base elsewhere."""
    beta2: float = 0.95
    """Decay of AdamW's mean of squared gradients."""
    weight_decay: float = 0.0
    """λ."""
    decay_at: DecayAt = "y"
    """Where Schedule-Free's weights decay."""
    weight_lr_power: float = 2.0
    """Power of the learning rate in the weights of the average."""
    variant: str = "alg1"
    """Form of Schedule-Free AdamW."""

    @property
    def needs_horizon(self) -> bool:
        """Whether the last step must be known beforehand, so that every length takes a run of its own."""
        return self.method in _SCHEDULES

    def recipe(self, steps: int, learning_rate: float, warmup: int, evaluations: int, *, together: bool) -> Recipe:
        """The recipe of a run. Gradients are clipped but for Schedule-Free: for GPT-2 the paper advises against it."""
        return Recipe(
            steps,
            learning_rate,
            schedule=_SCHEDULES.get(self.method, "constant"),
            warmup=warmup,
            betas=(self.beta, self.beta2),
            weight_decay=self.weight_decay,
            clip=math.inf if self.method in ("schedule_free", "primal") else 1.0,
            evaluations=evaluations,
            together=together,
        )

    def optimiser(self, groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
        """The optimiser of a run, as the training loop asks for it."""
        if self.method in ("schedule_free", "primal"):
            beta = 1.0 if self.method == "primal" else self.beta
            if self.base == "sgd":
                return SGDScheduleFree(
                    groups,
                    recipe.learning_rate,
                    beta,
                    decay_at=self.decay_at,
                    weight_lr_power=self.weight_lr_power,
                )
            return AdamWScheduleFree(
                groups,
                recipe.learning_rate,
                (beta, self.beta2),
                decay_at=self.decay_at,
                weight_lr_power=self.weight_lr_power,
                variant=self.variant,
            )
        if self.base == "sgd":
            base: torch.optim.Optimizer = torch.optim.SGD(groups, recipe.learning_rate, self.beta)
        else:
            base = torch.optim.AdamW(groups, recipe.learning_rate, recipe.betas, fused=True)
        # Appendix I: averages have Schedule-Free's weights, "to ensure a fair comparison".
        return Averaged(base, beta=0.0, weight_lr_power=self.weight_lr_power) if self.method == "polyak" else base


def setting(options: Mapping[str, Scalar], base: Base, weight_decay: float) -> Setting:
    """The setting that an arm's options give: `method`, and of Schedule-Free `beta`, `decay_at`, `weight_lr_power` and
    `variant`.

    Raises UnknownName for a method or an option that is none, SpecError for an option that the method does not have.
    """
    for name in options:
        if name not in _OPTIONS:
            raise UnknownName("option", name, _OPTIONS)
    method = str(options.get("method", ""))
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    given = {name: value for name, value in options.items() if name != "method"}
    if given and method != "schedule_free":
        raise SpecError(f"{method} has no option {sorted(given)[0]!r}; give it to schedule_free")
    if base == "sgd" and "variant" in given:
        raise SpecError("SGD has one form: leave out the option 'variant', which is AdamW's")
    return Setting(method, base, weight_decay=weight_decay, **cast("dict[str, Any]", given))

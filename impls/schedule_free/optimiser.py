"""What Schedule-Free optimisers share: states, the switch between y and x, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from claimbench.kernels import schedule_free_step
from claimbench.kernels.schedule_free import Scalars

__all__ = ["Narrow", "Pace", "ScheduleFree"]

Narrow = Literal["float32", "stochastic"]
"""How parameters of 16 bits learn: beside float32 states, or in states as narrow, rounded stochastically."""


class Pace(NamedTuple):
    """What a subclass says of one step."""

    step_size: float
    """γ_t."""
    weight_base: float
    """What the weight in the average is a power of."""
    bias: float = 1.0
    """What v is divided by."""
    adaptive: bool = True
    """Whether the gradient is divided by √v."""


class ScheduleFree(torch.optim.Optimizer):
    """A Schedule-Free optimiser in y and z: parameters are y while training, x in evaluation mode.

    It starts in training mode. `eval` and `train` may be called at any time and any number of times: x is computed from
    y and z, which are kept as they are, so training goes on to the same bits. Gradients are only read. What a parameter
    needs beyond itself is z and, for Adam's, v; in evaluation mode a copy of y as well.

    Parameters without a gradient are passed over. One that gets its first gradient after k steps takes part from then
    on, v starting as if its gradient had always been that.
    """

    _uses_second_moment = True

    def __init__(self, params: ParamsT, defaults: dict[str, Any], narrow: Narrow, seed: int) -> None:
        for name in ("lr", "eps", "weight_decay", "warmup_steps"):
            if defaults.get(name, 0) < 0:
                raise ValueError(f"{name} is {defaults[name]}; it must be at least 0")
        beta1 = defaults["beta1"]
        if not 0 < beta1 <= 1:
            raise ValueError(
                f"the momentum beta1 is {beta1}; it must be above 0 and at most 1. At 0 gradients are taken at z, and "
                "x cannot be told from y and z: wrap a base optimiser in polyak_ruppert instead"
            )
        if not 0 <= defaults.get("beta2", 0.0) < 1:
            raise ValueError(f"beta2 is {defaults['beta2']}; it must be at least 0 and below 1")
        if narrow not in ("float32", "stochastic"):
            raise ValueError(f"narrow={narrow!r}: choose float32 or stochastic")
        running = {"k": 0, "weight_sum": 0.0, "largest": 0.0, "training": True, "narrow": narrow, "seed": seed}
        super().__init__(params, defaults | running)

    def _pace(self, group: dict[str, Any]) -> Pace:
        raise NotImplementedError

    @property
    def training(self) -> bool:
        """Whether parameters are y, where gradients are taken."""
        return all(group["training"] for group in self.param_groups)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As PyTorch's; the group joins in the present mode."""
        training = not self.param_groups or self.training
        super().add_param_group(param_group | {"training": training})

    @torch.no_grad()
    def eval(self) -> None:
        """Parameters become x, the average; y is put aside."""
        for group in self.param_groups:
            if group["training"]:
                away = 1 - 1 / group["beta1"]
                for p, state in self._started(group):
                    if "y" not in state:
                        state["y"] = p.clone()
                    p.copy_(torch.lerp(_wide(state["y"]), _wide(state["z"]), away))
                group["training"] = False

    @torch.no_grad()
    def train(self) -> None:
        """Parameters become y again, to the bit."""
        for group in self.param_groups:
            if not group["training"]:
                for p, state in self._started(group):
                    p.copy_(state["y"])
                    if not self._kept_apart(p, group):
                        del state["y"]
                group["training"] = True

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step on the gradients; returns what the closure does, where one is given to compute them.

        Raises RuntimeError in evaluation mode, and for sparse gradients.
        """
        if not self.training:
            raise RuntimeError("step() in evaluation mode, where gradients are those at x: call train() first")
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for place, group in enumerate(self.param_groups):
            self._step(group, place)
        return loss

    def _step(self, group: dict[str, Any], place: int) -> None:
        pace = self._pace(group)
        group["k"] += 1
        weight = group["k"] ** group["r"] * pace.weight_base ** group["weight_lr_power"]
        group["weight_sum"] += weight
        average = weight / group["weight_sum"] if group["weight_sum"] > 0 else 0.0
        together: dict[tuple[torch.device, bool], list[tuple[Tensor, Tensor, dict[str, Tensor]]]] = {}
        for p in group["params"]:
            grad = p.grad
            if grad is None:
                continue
            if grad.is_sparse:
                raise RuntimeError("a gradient is sparse, which no state here is: build the layer with sparse=False")
            state = self.state[p]
            if not state:
                state.update(self._first_state(p, group))
            together.setdefault((p.device, "y" in state), []).append((p, grad, state))
        scalars = Scalars(
            pace.step_size,
            average,
            group["beta1"],
            group.get("beta2", 0.0),
            pace.bias,
            group.get("eps", 0.0),
            group["weight_decay"],
            group["k"],
        )
        for (_, apart), chosen in together.items():
            params, grads, states = zip(*chosen, strict=True)
            schedule_free_step(
                [state["y"] for state in states] if apart else params,
                grads,
                [state["z"] for state in states],
                [state["exp_avg_sq"] for state in states] if self._uses_second_moment else None,
                scalars,
                decay_at=group["decay_at"],
                adaptive=pace.adaptive,
                copy=params if apart else None,
                # Groups draw by keys of their own.
                seed=group["seed"] + place if group["narrow"] == "stochastic" else None,
            )

    def restart(self, start: Iterable[Tensor]) -> None:
        """Begin anew from the values `start`, one a parameter in order; learning rates stay what they are."""
        with torch.no_grad():
            for p, value in zip(chain.from_iterable(g["params"] for g in self.param_groups), start, strict=True):
                p.copy_(value)
        self.state.clear()
        for group in self.param_groups:
            group.update(k=0, weight_sum=0.0, largest=0.0)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As PyTorch's, but every tensor keeps its dtype: PyTorch's own gives it that of the parameter, which would
        round a float32 state beside a parameter of 16 bits.
        """
        super().load_state_dict(state_dict)
        numbers = chain.from_iterable(group["params"] for group in state_dict["param_groups"])
        for number, p in zip(numbers, chain.from_iterable(g["params"] for g in self.param_groups), strict=True):
            for name, value in state_dict["state"].get(number, {}).items():
                self.state[p][name] = value.to(p.device, copy=True)

    def _first_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        """z and, where they are kept, v and y."""
        apart = self._kept_apart(p, group)
        dtype = torch.float32 if apart else p.dtype
        state = {"z": p.detach().to(dtype, copy=True)}
        if apart:
            state["y"] = state["z"].clone()
        if self._uses_second_moment:
            kept = group.get("second_moment") or dtype
            missed = 1 - group["beta2"] ** (group["k"] - 1)
            state["exp_avg_sq"] = torch.zeros_like(p, dtype=kept)
            if missed and p.grad is not None:
                state["exp_avg_sq"].copy_(missed * _wide(p.grad).square())
        return state

    def _started(self, group: dict[str, Any]) -> list[tuple[Tensor, dict[str, Tensor]]]:
        return [(p, self.state[p]) for p in group["params"] if self.state.get(p)]

    @staticmethod
    def _kept_apart(p: Tensor, group: dict[str, Any]) -> bool:
        """Whether y is a float32 state of its own, the parameter its rounded copy."""
        return group["narrow"] == "float32" and p.dtype in (torch.bfloat16, torch.float16)


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype is torch.float64 else x.float()

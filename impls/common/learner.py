"""What a training loop drives: one model, or the models of several seeds stacked into one program."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

__all__ = ["Batch", "Learner", "Learning", "Model"]

Batch = tuple[Tensor, Tensor]
"""Inputs and targets."""
Model = Callable[[Tensor], Tensor]
"""A model as a loss sees it: something to be called."""


@dataclass(frozen=True)
class Learning:
    """What is learned. Arms of a claim differ in `model`, or in the optimiser that the training loop is given."""

    model: Callable[[int], nn.Module]
    """Seed → a model with its initial values."""
    batch: Callable[[int, int], Batch]
    """(seed, step) → the batch of that step."""
    loss: Callable[[Model, Batch], Tensor]
    """Loss of a model on a batch, a scalar."""
    evaluate: Callable[[nn.Module], dict[str, float]]
    """Metrics of a model: on data that it was not trained on, unless their names say train."""


class Learner:
    """The models of `seeds`: alone where there is one, else stacked along a new first dimension of every parameter.

    Stacked models compute what they would alone, up to the rounding of batched matrix products. They are run through
    `torch.func.vmap`, so their operations must have a rule for it.
    """

    def __init__(self, learning: Learning, seeds: Sequence[int], device: str = "cpu") -> None:
        self.seeds = tuple(seeds)
        self._learning = learning
        self._device = device
        # Made on the processor, so that initial values do not depend on the device.
        self._models = [learning.model(seed).to(device) for seed in seeds]
        first = self._models[0]
        self._decayed = {name for name, p in first.named_parameters() if p.ndim >= 2 and not _exempt(p)}
        self._stacked, self._buffers = stack_module_state(self._models) if len(seeds) > 1 else ({}, {})

    @property
    def parameters(self) -> dict[str, Tensor]:
        """Name → the tensor that is trained; with several seeds, (seeds, …)."""
        return self._stacked or dict(self._models[0].named_parameters())

    def groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Parameter groups for an optimiser: those whose weights decay, and the rest."""
        decayed = [p for name, p in self.parameters.items() if name in self._decayed]
        rest = [p for name, p in self.parameters.items() if name not in self._decayed]
        return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]

    def loss(self, step: int) -> Tensor:
        """The loss on the batch of `step`, summed over the seeds, whose gradients do not meet."""
        batches = [tuple(x.to(self._device) for x in self._learning.batch(seed, step)) for seed in self.seeds]
        if not self._stacked:
            (inputs, targets), *_ = batches
            return self._learning.loss(self._models[0], (inputs, targets))
        inputs, targets = (torch.stack(tensors) for tensors in zip(*batches, strict=True))

        def one(parameters: dict[str, Tensor], buffers: dict[str, Tensor], given: Tensor, target: Tensor) -> Tensor:
            def model(x: Tensor) -> Tensor:
                return functional_call(self._models[0], (parameters, buffers), (x,), tie_weights=True)

            return self._learning.loss(model, (given, target))

        return torch.vmap(one)(self._stacked, self._buffers, inputs, targets).sum()

    def clip_gradients(self, largest: float) -> None:
        """Scale each seed's gradient down to the norm `largest` where it is longer."""
        if not self._stacked:
            nn.utils.clip_grad_norm_(self._models[0].parameters(), largest)
            return
        gradients = [p.grad for p in self._stacked.values() if p.grad is not None]
        norm = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0).sqrt()
        factor = (largest / (norm + 1e-6)).clamp(max=1.0)  # as clip_grad_norm_ has it
        for gradient in gradients:
            gradient.mul_(factor.view(-1, *(1,) * (gradient.ndim - 1)))

    @torch.no_grad()
    def models(self) -> list[nn.Module]:
        """Every seed's model as it is now."""
        for name, stacked in self._stacked.items():
            for model, parameter in zip(self._models, stacked, strict=True):
                model.get_parameter(name).copy_(parameter)
        return self._models

    @torch.no_grad()
    def evaluate(self) -> list[dict[str, float]]:
        """The metrics of every seed's model; NaN where a parameter is not finite."""
        found: list[dict[str, float]] = []
        for model in self.models():
            model.eval()
            metrics = self._learning.evaluate(model)
            if not all(parameter.isfinite().all() for parameter in model.parameters()):
                # A most likely token can be named even where all logits are NaN: what diverged has no metric.
                metrics = dict.fromkeys(metrics, math.nan)
            found.append(metrics)
            model.train()
        return found

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps of the models: parameters and buffers."""
        return {name: tensor.detach() for name, tensor in self._tensors().items()}

    @torch.no_grad()
    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from a checkpoint of `state`."""
        for name, tensor in self._tensors().items():
            tensor.copy_(state[name])

    def _tensors(self) -> dict[str, Tensor]:
        return self.parameters | (self._buffers if self._stacked else dict(self._models[0].named_buffers()))


def _exempt(parameter: Tensor) -> bool:
    return getattr(parameter, "no_decay", False)

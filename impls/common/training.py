"""The training loop that every paper's small experiments share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from claimbench.trial import Trial

__all__ = ["Batch", "History", "Recipe", "train"]

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: Adam without weight decay, gradient norm clipped, learning rate warmed up, constant."""

    steps: int
    """Optimiser steps."""
    learning_rate: float
    """Adam's learning rate after warm-up."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly to its value."""
    evaluations: int = 5
    """Points of the evaluation curve, the last of them after the last step."""


@dataclass(frozen=True)
class History:
    """The evaluation curve of one run."""

    steps: tuple[int, ...]
    """Steps after which the model was evaluated."""
    values: dict[str, tuple[float, ...]]
    """Metric → its value at each of them."""

    def final(self, metric: str) -> float:
        """The value after the last step."""
        return self.values[metric][-1]


def train(
    model: nn.Module,
    batches: Iterator[Batch],
    loss: Callable[[nn.Module, Batch], Tensor],
    evaluate: Callable[[nn.Module], dict[str, float]],
    recipe: Recipe,
    trial: Trial,
    *,
    run: int = 0,
    runs: int = 1,
) -> History:
    """Train `model` in place and return its evaluation curve; `run` of `runs` places it in the trial's progress.

    The order of the data is that of `batches`, so that arms given equal iterators see equal data. Raises
    TimeoutError before the trial's deadline where the remaining steps will not fit: a shorter training would be
    another measurement.
    """
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    marks = {round(recipe.steps * (k + 1) / recipe.evaluations) for k in range(recipe.evaluations)}
    steps: list[int] = []
    curves: dict[str, list[float]] = {}
    for step in range(1, recipe.steps + 1):
        if trial.remaining_s() <= 0:
            raise TimeoutError(f"step {step} of {recipe.steps}, run {run + 1} of {runs}: the trial's time is up")
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, step / max(recipe.warmup, 1))
        optimiser.zero_grad()
        loss(model, next(batches)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
        if step in marks:
            steps.append(step)
            for name, value in _evaluated(model, evaluate).items():
                curves.setdefault(name, []).append(value)
        trial.progress(run * recipe.steps + step, runs * recipe.steps)
    return History(tuple(steps), {name: tuple(values) for name, values in curves.items()})


@torch.no_grad()
def _evaluated(model: nn.Module, evaluate: Callable[[nn.Module], dict[str, float]]) -> dict[str, float]:
    model.eval()
    values = evaluate(model)
    model.train()
    return values

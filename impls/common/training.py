"""The training loop that every paper's small experiments share.

A run is a function of its seed: initial values come from `initialise`, and a batch is a function of seed and step, so
that arms given the same seed start from the same values and see the same data, and a run that was stopped goes on from
its checkpoint to the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from claimbench.impls.common.learner import Learner, Learning
from claimbench.impls.common.schedules import Schedule, multiplier
from claimbench.record import Curve
from claimbench.trial import Quality, Trial

__all__ = ["Optimisers", "Recipe", "Switching", "Trained", "adamw", "quality", "train"]

_SAVE_EVERY_S = 20.0


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: gradient norm clipped, learning rate warmed up and then on a schedule."""

    steps: int
    """Optimiser steps."""
    learning_rate: float
    """Peak of the learning rate."""
    schedule: Schedule = "constant"
    """Course of the learning rate after warm-up."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly to its peak."""
    floor: float = 0.0
    """Learning rate at the last step, as a share of the peak; `constant` has none."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay of AdamW's averages of the gradient and its square."""
    weight_decay: float = 0.0
    """Decay of matrices, but for those whose `no_decay` is set; vectors are never decayed."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    evaluations: int = 5
    """Points of the evaluation curve, the last of them after the last step."""
    together: bool = False
    """Train the seeds of a trial as one batched program: faster where a step is too small to fill the device. On one
    core that ends below a width of about 16 (`benchmarks/seeds_together.py`)."""


@dataclass(frozen=True)
class Trained:
    """One run's model and its evaluation curve."""

    model: nn.Module
    """The model after the last step."""
    steps: tuple[int, ...]
    """Steps after which the model was evaluated."""
    values: dict[str, tuple[float, ...]]
    """Metric → its value at each of them."""

    def final(self, metric: str) -> float:
        """The value after the last step."""
        return self.values[metric][-1]


Optimisers = Callable[[list[dict[str, Any]], Recipe], torch.optim.Optimizer]
"""Parameter groups, each with its weight decay, and the recipe → an optimiser; the loop sets its learning rate."""


@runtime_checkable
class Switching(Protocol):
    """An optimiser that takes gradients at one point and is evaluated at another; the loop switches it."""

    def train(self) -> None:
        """Parameters become what gradients are taken at."""

    def eval(self) -> None:
        """Parameters become what is evaluated."""


def adamw(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW, all parameters in one fused step."""
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=recipe.betas, fused=True)


def train(learning: Learning, recipe: Recipe, trial: Trial, optimisers: Optimisers = adamw) -> list[Trained]:
    """Train one model a seed of the trial, in their order.

    Raises TimeoutError at the trial's deadline: a shorter training would be another measurement. What was done until
    then, or until an interrupt, lies in `trial.scratch` and is taken up by the next try.
    """
    seeds = trial.seeds
    groups: Sequence[tuple[int, ...]] = [seeds] if recipe.together else [(seed,) for seed in seeds]
    trained: list[Trained] = []
    for run, group in enumerate(groups):
        progress = _Progress(trial, run, len(groups), recipe.steps)
        trained += _train(Learner(learning, group, trial.device), recipe, progress, optimisers)
    return trained


def quality(trained: Sequence[Trained]) -> Quality:
    """The outcome of a trial: for every metric, its value after the last step and its curve, one a seed."""
    metrics, steps = trained[0].values, tuple(map(float, trained[0].steps))
    return Quality(
        values={metric: [run.final(metric) for run in trained] for metric in metrics},
        curves={metric: Curve(x=steps, y=tuple(run.values[metric] for run in trained)) for metric in metrics},
    )


@dataclass(frozen=True)
class _Progress:
    """Where one run stands in its trial."""

    trial: Trial
    run: int
    runs: int
    steps: int

    def say(self, step: int) -> None:
        self.trial.progress(self.run * self.steps + step, self.runs * self.steps)

    def check_time(self, step: int) -> None:
        if self.trial.remaining_s() <= 0:
            raise TimeoutError(
                f"step {step} of {self.steps}, run {self.run + 1} of {self.runs}: the trial's time is up"
            )

    @property
    def checkpoint(self) -> Path | None:
        return self.trial.scratch and self.trial.scratch / f"training-{self.run}.pt"


def _train(learner: Learner, recipe: Recipe, progress: _Progress, optimisers: Optimisers) -> list[Trained]:
    optimiser = optimisers(learner.groups(recipe.weight_decay), recipe)
    marks = {round(recipe.steps * (k + 1) / recipe.evaluations) for k in range(recipe.evaluations)}
    evaluated: list[tuple[int, list[dict[str, float]]]] = []
    first, saved = 1, time.monotonic()

    def save(step: int) -> None:
        if progress.checkpoint:
            state = {"step": step, "model": learner.state(), "optimiser": optimiser.state_dict(), "curve": evaluated}
            _write(progress.checkpoint, state)

    if progress.checkpoint and progress.checkpoint.exists():
        state: dict[str, Any] = torch.load(progress.checkpoint, progress.trial.device, weights_only=True)
        learner.load(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        first, evaluated = state["step"] + 1, state["curve"]
    for step in range(first, recipe.steps + 1):
        try:
            progress.check_time(step)
        except TimeoutError:
            save(step - 1)
            raise
        rate = recipe.learning_rate * multiplier(recipe.schedule, step, recipe.steps, recipe.warmup, recipe.floor)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        learner.loss(step).backward()
        learner.clip_gradients(recipe.clip)
        optimiser.step()
        if step in marks:
            with _evaluating(optimiser):
                evaluated.append((step, learner.evaluate()))
        if step == recipe.steps or time.monotonic() - saved > _SAVE_EVERY_S:
            save(step)
            saved = time.monotonic()
        progress.say(step)
    steps = tuple(step for step, _ in evaluated)
    if isinstance(optimiser, Switching):
        optimiser.eval()
    return [
        Trained(
            model, steps, {name: tuple(found[run][name] for _, found in evaluated) for name in evaluated[0][1][run]}
        )
        for run, model in enumerate(learner.models())
    ]


@contextmanager
def _evaluating(optimiser: torch.optim.Optimizer) -> Generator[None]:
    if not isinstance(optimiser, Switching):
        yield
        return
    optimiser.eval()
    try:
        yield
    finally:
        optimiser.train()


def _write(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)  # a checkpoint is whole or not there

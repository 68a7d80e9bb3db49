"""Multinomial logistic regression by Adam with and without Schedule-Free averaging, many rates and seeds at once.

Weights of all runs stand side by side as (seeds, d, rates · K): runs that share a seed share their batches, so that
one matrix product a seed serves all rates. Single precision, as training is; from zero, without weight decay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import SpecError
from claimbench.impls.schedule_free.problems import Singles, Task

__all__ = ["METHODS", "Method", "Outcome", "Recipe", "Tuned", "best_rate", "train"]

Method = Literal["schedule_free", "primal", "polyak", "linear_decay", "cosine", "constant"]
METHODS: tuple[Method, ...] = ("schedule_free", "primal", "polyak", "linear_decay", "cosine", "constant")
Floats = NDArray[np.float64]
_ROWS = 4096


@dataclass(frozen=True)
class Recipe:
    """Appendix G.1, but for the number of epochs."""

    epochs: int = 100
    """Passes over the rows."""
    batch: int = 16
    """Rows a step; an epoch's last step has what remains."""
    beta1: float = 0.9
    """β of Schedule-Free, and of Adam's momentum in the other methods."""
    beta2: float = 0.95
    """Decay of the mean of squared gradients."""
    epsilon: float = 1e-8
    """ε; in Algorithm 1 it is added to √v, elsewhere to √v̂."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What training came to, on the rows that were trained on."""

    accuracy: Floats
    """Share of rows classified rightly (rates, seeds)."""
    loss: Floats
    """Mean cross-entropy, in nats (rates, seeds); inf or NaN where a run diverged."""
    accuracies: Floats
    """The share after each epoch (epochs, rates, seeds); no rows unless it was asked for."""


@dataclass(frozen=True, eq=False)
class Tuned:
    """A grid of rates and what came of them."""

    rates: tuple[float, ...]
    """Rates, ascending."""
    scores: Floats
    """Mean over seeds of what was to be high (rates,)."""
    best: float
    """The rate with the highest score inside the grid; of equal ones that with the lowest loss."""
    on_edge: bool
    """Whether an end of the grid scores higher than any rate inside, so that the optimum may lie beyond."""


def train(
    problem: Task,
    method: Method,
    rates: Sequence[float],
    seeds: Sequence[int],
    recipe: Recipe,
    *,
    every_epoch: bool = False,
) -> Outcome:
    """Train every rate on every seed, which draws the order of the rows; raises SpecError without rates or seeds."""
    if not rates or not seeds:
        raise SpecError("training needs at least one rate and one seed")
    orders = [np.random.default_rng([seed, len(problem.y)]) for seed in seeds]
    steps = recipe.epochs * math.ceil(len(problem.y) / recipe.batch)
    state = _State(problem, method, rates, len(seeds), steps, recipe)
    curve: list[Floats] = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(recipe.epochs):
            order = np.stack([random.permutation(len(problem.y)) for random in orders])
            for begin in range(0, len(problem.y), recipe.batch):
                state.step(order[:, begin : begin + recipe.batch])
            if every_epoch:
                curve.append(_evaluate(problem, state.averaged(), len(rates))[0])
        accuracy, loss = _evaluate(problem, state.averaged(), len(rates))
    return Outcome(accuracy, loss, np.array(curve).reshape(-1, len(rates), len(seeds)))


def best_rate(outcome: Outcome, rates: Sequence[float], by: Literal["accuracy", "loss"] = "accuracy") -> Tuned:
    """The best of the rates by the mean over seeds, of final train accuracy as in the paper or of minus the loss.

    Needs three rates. Where an end is no better than a rate inside, the one inside is taken.
    """
    if len(rates) < 3:
        raise SpecError(f"a grid of {len(rates)} rates has no inside; give at least three")
    loss = np.where(np.isfinite(outcome.loss), outcome.loss, np.inf).mean(axis=1)
    # Shares of the same number of rows are equal, whichever seeds they come from: means differ in the last bit.
    scores = outcome.accuracy.mean(axis=1).round(12) if by == "accuracy" else -loss
    inside = scores[1:-1]
    level = np.flatnonzero(inside == inside.max()) + 1
    best = level[loss[level].argmin()]
    on_edge = bool(max(scores[0], scores[-1]) > inside.max())
    return Tuned(tuple(rates), scores, rates[int(best)], on_edge)


class _State:
    """All runs of one method on one problem."""

    def __init__(
        self, problem: Task, method: Method, rates: Sequence[float], seeds: int, steps: int, recipe: Recipe
    ) -> None:
        self.problem, self.method, self.recipe, self.steps = problem, method, recipe, steps
        self.k, self.classes = len(rates), problem.classes
        self.rates = np.repeat(np.asarray(rates, dtype=np.float32), problem.classes)
        self.onehot = np.eye(problem.classes, dtype=np.float32)
        shape = (seeds, problem.x.shape[1], self.k * problem.classes)
        self.z, self.x, self.v, self.m = (np.zeros(shape, dtype=np.float32) for _ in range(4))
        self.t, self.weight = 0, 0.0
        self.beta = {"schedule_free": recipe.beta1, "primal": 1.0}.get(method)

    def step(self, rows: NDArray[np.intp]) -> None:
        """One step on the rows (seeds, batch) of each seed."""
        self.t += 1
        if self.beta is None:
            self._adam(self._gradient(self.z, rows))
        else:
            y = np.float32(1 - self.beta) * self.z + np.float32(self.beta) * self.x
            self._algorithm_1(self._gradient(y.astype(np.float32, copy=False), rows))

    def averaged(self) -> Singles:
        """What a method returns: x, or for a schedule the last point."""
        return self.x if self.method in ("schedule_free", "primal", "polyak") else self.z

    def _gradient(self, weights: Singles, rows: NDArray[np.intp]) -> Singles:
        x = self.problem.x[rows]
        logits = (x @ weights).reshape(*rows.shape, self.k, self.classes)
        logits -= logits.max(axis=-1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=-1, keepdims=True)
        logits -= self.onehot[self.problem.y[rows]][:, :, None]
        error = logits.reshape(*rows.shape, -1)
        return x.transpose(0, 2, 1) @ error / np.float32(rows.shape[1])

    def _algorithm_1(self, gradient: Singles) -> None:
        """Algorithm 1 without warm-up or decay: γ_t = γ √(1 − β2^t), c_{t+1} = γ_t² / Σ γ_i²."""
        self._square(gradient)
        correction = 1 - self.recipe.beta2**self.t
        gradient /= np.sqrt(self.v) + np.float32(self.recipe.epsilon)
        gradient *= self.rates * np.float32(math.sqrt(correction))
        self.z -= gradient
        self._average(correction)

    def _adam(self, gradient: Singles) -> None:
        """Adam, at a rate that the method's schedule scales."""
        self._square(gradient)
        self.m *= np.float32(self.recipe.beta1)
        self.m += np.float32(1 - self.recipe.beta1) * gradient
        root = np.sqrt(self.v / np.float32(1 - self.recipe.beta2**self.t))
        factor = self._schedule() / (1 - self.recipe.beta1**self.t)
        self.z -= self.rates * np.float32(factor) * self.m / (root + np.float32(self.recipe.epsilon))
        if self.method == "polyak":
            # Appendix I: the averages have Schedule-Free's weights, "to ensure a fair comparison".
            self._average(1 - self.recipe.beta2**self.t)

    def _square(self, gradient: Singles) -> None:
        self.v *= np.float32(self.recipe.beta2)
        self.v += np.float32(1 - self.recipe.beta2) * gradient * gradient

    def _average(self, weight: float) -> None:
        self.weight += weight
        self.x += np.float32(weight / self.weight) * (self.z - self.x)

    def _schedule(self) -> float:
        done = (self.t - 1) / self.steps
        if self.method == "linear_decay":
            return 1 - done
        if self.method == "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        return 1.0


def _evaluate(problem: Task, weights: Singles, rates: int) -> tuple[Floats, Floats]:
    """Accuracy and loss over all rows, each (rates, seeds)."""
    right, loss = np.zeros((rates, len(weights))), np.zeros((rates, len(weights)))
    for begin in range(0, len(problem.y), _ROWS):
        x, y = problem.x[begin : begin + _ROWS], problem.y[begin : begin + _ROWS]
        place = np.arange(len(y))[:, None]
        for seed, own in enumerate(weights):
            logits = (x @ own).reshape(len(y), rates, problem.classes)
            right[:, seed] += (logits.argmax(axis=-1) == y[:, None]).sum(axis=0)
            logits -= logits.max(axis=-1, keepdims=True)
            chosen = logits[place, np.arange(rates), y[:, None]]
            loss[:, seed] += (np.log(np.exp(logits).sum(axis=-1)) - chosen).sum(axis=0, dtype=np.float64)
    return right / len(problem.y), loss / len(problem.y)

"""Theorem 2's recursion in float64, step by step: from the points z_t of any online algorithm to averages x_t.

x_t is the mean of z_1, …, z_t with weights w_1, …, w_t, the gradient g_t is taken at y_t = β_t x_t + (1 − β_t) z_t, and
z_1 = x_1. What a theorem bounds is F(x_T): it has seen T − 1 gradients, while the regret that bounds it sums over T.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Floats", "Gradient", "Path", "Step", "algorithm_1", "convert", "inner", "schedule_free_sgd"]

Floats = NDArray[np.float64]
Gradient = Callable[[Floats, int], Floats]
"""A (sub-)gradient at y (..., d) in step t, which counts from 1."""
Step = Callable[[int, Floats, Floats, Floats], Floats]
"""z_{t+1} from t, z_t, y_t and g_t."""


@dataclass(frozen=True, eq=False)
class Path:
    """All points of a run of T steps, in rows t = 1, …, T."""

    z: Floats
    """Points of the online algorithm (T, ..., d)."""
    x: Floats
    """Their weighted means (T, ..., d)."""
    y: Floats
    """Where gradients are taken (T, ..., d)."""
    g: Floats
    """Gradients (T, ..., d)."""
    w: Floats
    """Weights (T,)."""
    beta: Floats
    """β_t (T,)."""

    def regret(self, comparator: ArrayLike) -> Floats:
        """Σ w_t ⟨g_t, z_t − x*⟩ (...,)."""
        return np.tensordot(self.w, inner(self.g, self.z - np.asarray(comparator)), axes=(0, 0))


def inner(a: Floats, b: Floats) -> Floats:
    """⟨a, b⟩ over the last axis."""
    return (a * b).sum(axis=-1)


def convert(gradient: Gradient, start: ArrayLike, step: Step, weights: ArrayLike, beta: Sequence[float]) -> Path:
    """Equations 9 to 11 from z_1 = `start` (..., d), for as many steps as there are weights.

    `weights` and `beta` are w_t and β_t for t = 1, …, T. Raises ValueError where w_1 is not positive, a later weight is
    negative, or a β_t lies outside [0, 1].
    """
    w, b = np.asarray(weights, dtype=np.float64), np.asarray(beta, dtype=np.float64)
    if w.shape != b.shape or w.ndim != 1 or not len(w):
        raise ValueError(f"one weight and one β a step, and at least one: got shapes {w.shape} and {b.shape}")
    if w[0] <= 0 or (w < 0).any() or not ((b >= 0) & (b <= 1)).all():
        raise ValueError("weights must not be negative, the first must be positive, and every β must lie in [0, 1]")
    z = np.array(start, dtype=np.float64)
    z_all, x_all, y_all, g_all = (np.empty((len(w), *z.shape)) for _ in range(4))
    x, total = np.zeros_like(z), 0.0
    for t in range(1, len(w) + 1):
        total += w[t - 1]
        c = w[t - 1] / total
        x = (1 - c) * x + c * z
        y = b[t - 1] * x + (1 - b[t - 1]) * z
        g = gradient(y, t)
        z_all[t - 1], x_all[t - 1], y_all[t - 1], g_all[t - 1] = z, x, y, g
        z = step(t, z, y, g)
    return Path(z_all, x_all, y_all, g_all, w, b)


def schedule_free_sgd(gradient: Gradient, start: ArrayLike, rate: float, beta: float, steps: int) -> Path:
    """Schedule-Free SGD (Section 2) with step size γ = `rate` and constant β: w_t = 1, z_{t+1} = z_t − γ g_t."""
    return convert(gradient, start, lambda t, z, y, g: z - rate * g, np.ones(steps), [beta] * steps)


def algorithm_1(gradient: Gradient, start: ArrayLike, rate: float, beta1: float, beta2: float, steps: int) -> Path:
    """Algorithm 1, Schedule-Free Adam, without warm-up and decay: γ_t = γ √(1 − β2^t), c_{t+1} = γ_t² / Σ γ_i².

    ε is 1e-8. Its weights are shifted by one from Theorem 2's: z_{t+1} weighs γ_t², and z_1 nothing, so that x_2 = z_2.
    """
    correction = 1 - beta2 ** np.arange(1, steps)
    v = np.zeros_like(np.asarray(start, dtype=np.float64))

    def step(t: int, z: Floats, y: Floats, g: Floats) -> Floats:
        np.multiply(v, beta2, out=v)
        np.add(v, (1 - beta2) * g * g, out=v)
        return z - rate * np.sqrt(1 - beta2**t) * g / (np.sqrt(v) + 1e-8)

    # The smallest number there is: positive, as a first weight must be, and lost in the sum with the second.
    weights = np.concatenate([[np.finfo(np.float64).tiny], correction])
    return convert(gradient, start, step, weights, [beta1] * steps)

"""What Theorem 2 unifies (Appendix B) and the equality that it is a part of (Appendix C), as distances of paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from claimbench.impls.schedule_free.conversion import Floats, Gradient, Path, convert, inner

__all__ = [
    "Equality",
    "SmoothFunction",
    "linear_decay_distance",
    "momentum_form_distance",
    "polyak_distance",
    "primal_distance",
    "random_smooth_function",
    "theorem_5",
    "weighted_decay_distance",
]


@dataclass(frozen=True, eq=False)
class SmoothFunction:
    """A smooth convex function."""

    value: Callable[[Floats], Floats]
    """F (..., d) → (...,)."""
    gradient: Callable[[Floats], Floats]
    """∇F (..., d) → (..., d)."""

    def bregman(self, a: Floats, b: Floats) -> Floats:
        """B_F(a, b) = F(a) − F(b) − ⟨∇F(b), a − b⟩."""
        return self.value(a) - self.value(b) - inner(self.gradient(b), a - b)


@dataclass(frozen=True)
class Equality:
    """The two sides of Theorem 5 and what Theorem 2 leaves of the right one."""

    gap: float
    """F(x_T) − F(x*)."""
    regret: float
    """Σ w_t ⟨g_t, z_t − x*⟩ / w_{1:T}: Theorem 2's bound of the gap."""
    divergences: float
    """What Theorem 5 subtracts from it."""


def random_smooth_function(dimension: int, terms: int, seed: int) -> SmoothFunction:
    """F(x) = mean_i log cosh(⟨a_i, x⟩ − b_i), with normal a_i and b_i."""
    random = np.random.default_rng([seed, dimension, terms])
    a, b = random.normal(size=(terms, dimension)), random.normal(size=terms)

    def value(x: Floats) -> Floats:
        u = np.abs(x @ a.T - b)
        # log cosh u without overflow.
        return (u + np.log1p(np.exp(-2 * u)) - np.log(2)).mean(axis=-1)

    return SmoothFunction(value, lambda x: np.tanh(x @ a.T - b) @ a / terms)


def polyak_distance(gradient: Gradient, start: Floats, rate: float, steps: int) -> float:
    """Largest distance between x_t at β = 0 and the mean of the first t points of SGD."""
    path = _sgd_path(gradient, start, rate, np.ones(steps), np.zeros(steps))
    z, points = start.copy(), np.empty_like(path.x)
    for t in range(1, steps + 1):
        points[t - 1] = z
        z = z - rate * gradient(z, t)
    counts = np.arange(1, steps + 1).reshape(-1, *[1] * start.ndim)
    return _largest(path.x - points.cumsum(axis=0) / counts)


def primal_distance(gradient: Gradient, start: Floats, rate: float, steps: int) -> float:
    """Largest distance between x_t at β = 1 and primal averaging, equations 6 and 7."""
    path = _sgd_path(gradient, start, rate, np.ones(steps), np.ones(steps))
    z, x, points = start.copy(), start.copy(), np.empty_like(path.x)
    for t in range(1, steps + 1):
        points[t - 1] = x
        z = z - rate * gradient(x, t)
        x = x + (z - x) / (t + 1)
    return _largest(path.x - points)


def linear_decay_distance(gradient: Gradient, start: Floats, rate: float, steps: int) -> float:
    """Largest distance between y_t at β_t = t / T and SGD with step γ (1 − t / T); y_T is x_T (Appendix B.1)."""
    return weighted_decay_distance(gradient, start, rate, np.ones(steps))


def weighted_decay_distance(gradient: Gradient, start: Floats, rate: float, weights: Floats) -> float:
    """The same with weights: at α_t = 1 − β_t = w_{t+1:T} / w_{1:T}, y_t is SGD with steps γ α_t, and y_T is x_T.

    z_{t+1} = z_t − γ g_t. Where α_t solves the recursion of Appendix B.1, the momentum's factor vanishes in Theorem 4.
    """
    steps = len(weights)
    alpha = 1 - weights.cumsum() / weights.sum()
    alpha[-1] = 0.0
    path = _sgd_path(gradient, start, rate, weights, 1 - alpha)
    point, points = start.copy(), np.empty_like(path.y)
    for t in range(1, steps + 1):
        points[t - 1] = point
        point = point - rate * alpha[t - 1] * gradient(point, t)
    return max(_largest(path.y - points), _largest(path.x[-1] - points[-1]))


def momentum_form_distance(path: Path) -> float:
    """Largest error of Theorem 4's recursions for x_{t+1} − x_t and y_{t+1} − y_t along a path."""
    w, total, b = path.w, path.w.cumsum(), path.beta
    moved, m, u = (np.diff(points, axis=0) for points in (path.z, path.x, path.y))
    errors = [0.0]
    for t in range(1, len(m)):
        before = w[t + 1] * total[t - 1] / (w[t] * total[t + 1])
        errors.append(_largest(m[t] - before * m[t - 1] - w[t + 1] / total[t + 1] * moved[t]))
    for t in range(len(m)):
        factor = b[t] + (b[t] - b[t + 1]) * total[t] / w[t + 1]
        errors.append(_largest(u[t] - factor * m[t] - (1 - b[t]) * moved[t]))
    return float(np.max(errors))


def theorem_5(function: SmoothFunction, path: Path, comparator: Floats) -> Equality:
    """Both sides of Theorem 5 on a path (T, d) whose gradients are the function's; needs β_t < 1."""
    w, alpha = path.w, 1 - path.beta
    before = np.concatenate([[0.0], w.cumsum()[:-1]])
    previous = np.concatenate([path.x[:1], path.x[:-1]])
    lost = w / alpha * function.bregman(path.y, path.x) + w * (1 - alpha) / alpha * function.bregman(path.x, path.y)
    lost += before * function.bregman(previous, path.x) + w * function.bregman(comparator, path.y)
    return Equality(
        gap=float(function.value(path.x[-1]) - function.value(comparator)),
        regret=float(path.regret(comparator) / w.sum()),
        divergences=float(lost.sum() / w.sum()),
    )


def _sgd_path(gradient: Gradient, start: Floats, rate: float, weights: Floats, beta: Floats) -> Path:
    return convert(gradient, start, lambda t, z, y, g: z - rate * g, weights, list(beta))


def _largest(difference: Floats) -> float:
    return float(np.abs(difference).max(initial=0.0))

"""Theorem 1 on convex Lipschitz functions, one of which attains its bound, and the momentum that exceeds it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from claimbench.impls.schedule_free.conversion import Floats, Gradient, inner, schedule_free_sgd

__all__ = [
    "Problem",
    "absolute_value",
    "ema_momentum",
    "ema_ratio",
    "euclidean_norm",
    "max_coordinate",
    "mean_absolute",
    "noisy_absolute",
    "polyhedral",
    "theorem_1_ratio",
]


@dataclass(frozen=True, eq=False)
class Problem:
    """A convex function with what Theorem 1 needs to know of it."""

    value: Callable[[Floats], Floats]
    """F (..., d) → (...,)."""
    gradient: Gradient
    """A subgradient, or one of f(·, ζ_t) where it is noisy, never longer than G."""
    start: Floats
    """x_1 (..., d); leading axes are independent runs."""
    minimum: float
    """F*."""
    distance: float
    """D: distance of the nearest minimiser from the start."""
    lipschitz: float = 1.0
    """G."""

    def ratio(self, x: Floats, steps: int) -> float:
        """(F(x) − F*) √T / (D G), averaged over runs: at most 1 by Theorem 1."""
        gap = float(np.mean(self.value(x))) - self.minimum
        return gap * math.sqrt(steps) / (self.distance * self.lipschitz)


def max_coordinate(steps: int) -> Problem:
    """F(x) = max(max_i x_i, −1/√T) in T dimensions, from the origin: Theorem 1 with equality, for every β.

    T − 1 gradients touch at most T − 1 coordinates, so that one of x_T is still 0 and F(x_T) = 0, while F* = −1/√T is
    attained first by the point with all coordinates −1/√T, at distance 1. The constant piece is never seen.
    """
    floor = -1 / math.sqrt(steps)

    def gradient(y: Floats, t: int) -> Floats:
        g = np.zeros_like(y)
        g[y.argmax()] = float(y.max() > floor)
        return g

    return Problem(lambda x: np.maximum(x.max(axis=-1), floor), gradient, np.zeros(steps), floor, 1.0)


def absolute_value() -> Problem:
    """F(x) = |x| from 1, with sign(0) = 1."""
    return Problem(lambda x: np.abs(x).sum(axis=-1), lambda y, t: np.where(y >= 0, 1.0, -1.0), np.ones(1), 0.0, 1.0)


def mean_absolute(dimension: int, seed: int) -> Problem:
    """F(x) = ‖x‖_1 / √d from a random point at distance 1."""
    root = math.sqrt(dimension)
    return Problem(
        lambda x: np.abs(x).sum(axis=-1) / root,
        lambda y, t: np.where(y >= 0, 1.0, -1.0) / root,
        _unit(dimension, seed),
        0.0,
        1.0,
    )


def euclidean_norm(dimension: int, seed: int) -> Problem:
    """F(x) = ‖x‖ from a random point at distance 1; at the minimiser, the first axis as a subgradient."""
    axis = np.eye(dimension)[0]

    def gradient(y: Floats, t: int) -> Floats:
        length = float(np.linalg.norm(y))
        return y / length if length > 0 else axis

    return Problem(lambda x: np.linalg.norm(x, axis=-1), gradient, _unit(dimension, seed), 0.0, 1.0)


def polyhedral(dimension: int, pieces: int, seed: int) -> Problem:
    """F(x) = max_i ⟨a_i, x⟩ with unit vectors a_i whose hull holds the origin, where F is least; from distance 1.

    The minimiser may not be unique, so that D = 1 is an upper bound of the distance, which the theorem allows.
    """
    a = np.random.default_rng([seed, dimension, pieces]).normal(size=(pieces, dimension))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    last = -a.sum(axis=0)
    a = np.vstack([a, last / max(float(np.linalg.norm(last)), 1e-9)])
    return Problem(lambda x: (x @ a.T).max(axis=-1), lambda y, t: a[(a @ y).argmax()], _unit(dimension, seed), 0.0, 1.0)


def noisy_absolute(runs: int, seed: int) -> Problem:
    """f(x, ζ) = |x − ζ| with ζ = ±1 by a coin, from 3: F is least on [−1, 1], so that D = 2, and F* = 1."""

    def gradient(y: Floats, t: int) -> Floats:
        coin = np.random.default_rng([seed, t]).choice([-1.0, 1.0], size=y.shape)
        return np.where(y >= coin, 1.0, -1.0)

    def value(x: Floats) -> Floats:
        return ((np.abs(x - 1) + np.abs(x + 1)) / 2).sum(axis=-1)

    return Problem(value, gradient, np.full((runs, 1), 3.0), 1.0, 2.0)


def theorem_1_ratio(problem: Problem, beta: float, steps: int) -> float:
    """SF-01: the ratio of Schedule-Free SGD's gap after T = `steps` to D G / √T, at γ = D / (G √T)."""
    rate = problem.distance / (problem.lipschitz * math.sqrt(steps))
    return problem.ratio(schedule_free_sgd(problem.gradient, problem.start, rate, beta, steps).x[-1], steps)


def ema_momentum(problem: Problem, rate: float, beta: float, steps: int) -> Floats:
    """The mean of z_1, …, z_T of SGD with momentum m_t = β m_{t−1} + (1 − β) g_t, m_0 = 0, gradients taken at z_t."""
    z, m, x = problem.start.copy(), np.zeros_like(problem.start), np.zeros_like(problem.start)
    for t in range(1, steps + 1):
        x += (z - x) / t
        m = beta * m + (1 - beta) * problem.gradient(z, t)
        z = z - rate * m
    return x


def ema_ratio(problem: Problem, beta: float, steps: int, factor: float = 1.0) -> float:
    """SF-02: the same ratio with that momentum and averaging, at `factor` times the rate of Theorem 1."""
    rate = factor * problem.distance / (problem.lipschitz * math.sqrt(steps))
    return problem.ratio(ema_momentum(problem, rate, beta, steps), steps)


def _unit(dimension: int, seed: int) -> Floats:
    x = np.random.default_rng([seed, dimension]).normal(size=dimension)
    return x / math.sqrt(float(inner(x, x)))

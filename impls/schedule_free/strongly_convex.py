"""Theorem 6: strongly convex functions, weights w_t = t, and steps that correct for where the gradient was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from claimbench.impls.schedule_free.conversion import Floats, Gradient, Path, convert

__all__ = ["Ridge", "ridge_polyhedral", "theorem_6_bound", "theorem_6_path"]


@dataclass(frozen=True, eq=False)
class Ridge:
    """F(x) = max_i ⟨a_i, x⟩ + μ/2 ‖x‖², μ-strongly convex, with its minimiser at the origin."""

    pieces: Floats
    """a_i (m, d), with the origin in their hull and no longer than 1."""
    mu: float
    """μ; at 0 the function is not strongly convex."""
    radius: float
    """D: iterates stay in this ball."""

    @property
    def lipschitz(self) -> float:
        """G: longest gradient on the ball."""
        return float(np.linalg.norm(self.pieces, axis=1).max()) + self.mu * self.radius

    def value(self, x: Floats) -> Floats:
        """F (..., d) → (...,)."""
        return (x @ self.pieces.T).max(axis=-1) + self.mu / 2 * (x**2).sum(axis=-1)

    def gradient(self, y: Floats, t: int) -> Floats:
        """A subgradient at y (d,)."""
        return self.pieces[(self.pieces @ y).argmax()] + self.mu * y


def ridge_polyhedral(dimension: int, pieces: int, mu: float, radius: float, seed: int) -> Ridge:
    """Random unit vectors, and one that brings the origin into their hull."""
    a = np.random.default_rng([seed, dimension, pieces]).normal(size=(pieces, dimension))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    last = -a.sum(axis=0)
    return Ridge(np.vstack([a, last / max(float(np.linalg.norm(last)), 1e-9)]), mu, radius)


def theorem_6_path(gradient: Gradient, start: ArrayLike, mu: float, radius: float, beta: float, steps: int) -> Path:
    """z_{t+1} = Π(z_t − 2 (g_t + μ (z_t − y_t)) / (μ (t + 1))), Π the projection on ‖z‖ ≤ D = `radius`."""

    def step(t: int, z: Floats, y: Floats, g: Floats) -> Floats:
        z = z - 2 * (g + mu * (z - y)) / (mu * (t + 1))
        length = float(np.linalg.norm(z))
        return z * (radius / length) if length > radius else z

    return convert(gradient, start, step, np.arange(1.0, steps + 1), [beta] * steps)


def theorem_6_bound(lipschitz: float, mu: float, radius: float, steps: int) -> float:
    """2 (G + 2 μ D)² / (μ (T + 1))."""
    return 2 * (lipschitz + 2 * mu * radius) ** 2 / (mu * (steps + 1))

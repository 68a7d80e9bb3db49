"""Appendix D: optimistic online gradient descent under Theorem 5, whose gap falls as 1/T² where F is smooth.

Corollary 2 wants Σ w_t⟨g_t, z_t − x*⟩ ≤ D √Σ w_t²‖g_t − g_{t−1}‖². Lemma 1 gives, for losses l_t with hints h_t
on a ball of radius R, Σ⟨l_t, z_t − x*⟩ ≤ 7 R √(2 Σ‖l_t − h_t‖²), and is printed for h_t = l_{t−1}. It has to be
used with l_t = w_t g_t and h_t = w_t g_{t−1}, which its proof allows, so that D = 7 √2 R.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from claimbench.impls.schedule_free.conversion import Floats, Gradient, Path, convert

__all__ = ["Acceleration", "Optimist", "acceleration", "corollary_1_excess", "mixing", "optimistic_path"]


class Optimist:
    """Lemma 1's algorithm on the ball of radius R around the origin, with losses w_t g_t and hints w_t g_{t−1}."""

    def __init__(self, radius: float, weights: Floats) -> None:
        """Start at z_1 = z'_1 = 0; `weights` are w_1, …, w_T."""
        self.radius = radius
        self.weights = weights
        self._hint: Floats | float = 0.0
        self._anchor: Floats | float = 0.0
        self._largest = 0.0
        self._sum = 0.0

    def __call__(self, t: int, z: Floats, y: Floats, g: Floats) -> Floats:
        """z_{t+1} from g_t."""
        loss = self.weights[t - 1] * g
        surprise = loss - self._hint
        length = float(np.linalg.norm(surprise))
        # g̃ moves by no more than the largest surprise before, so that one long gradient cannot undo the step size.
        moved = min(self._largest, length) * (surprise / length if length else surprise)
        self._largest = max(self._largest, length)
        self._sum += float(moved @ moved)
        eta = self.radius / math.sqrt(self._largest**2 + self._sum) if self._largest else 0.0
        self._anchor = self._project(self._anchor - eta * (self._hint + moved))
        self._hint = self.weights[min(t, len(self.weights) - 1)] * g
        return self._project(self._anchor - eta * self._hint)

    def _project(self, z: Floats) -> Floats:
        length = float(np.linalg.norm(z))
        return z * (self.radius / length) if length > self.radius else z


@dataclass(frozen=True)
class Acceleration:
    """What Corollary 2 says of a run, and what the run did."""

    gap: float
    """F(x_T) − F(x*)."""
    distance: float
    """D: the least for which the corollary's two assumptions on it hold."""
    bound: float
    """14 D² L / (T (T + 1)) + 2 D √Σ t² σ_t² / (T (T + 1))."""
    lemma_ratio: float
    """Regret over Lemma 1's bound 7 √2 R √Σ w_t²‖g_t − g_{t−1}‖²."""

    @property
    def ratio(self) -> float:
        """Gap over bound."""
        return self.gap / self.bound


def mixing(steps: int, shift: int) -> Floats:
    """α_t = min(1, 1 / (5 (t + shift))) for t = 1, …, T: Corollary 2 prints shift −1, Corollary 1 asks for +1."""
    t = np.arange(1, steps + 1) + shift
    return np.where(t > 0, np.minimum(1.0, 1 / (5.0 * np.maximum(t, 1))), 1.0)


def optimistic_path(gradient: Gradient, dimension: int, radius: float, steps: int, shift: int = 1) -> Path:
    """Theorem 5's conversion of the optimist with w_t = t, from the origin."""
    weights = np.arange(1.0, steps + 1)
    return convert(gradient, np.zeros(dimension), Optimist(radius, weights), weights, list(1 - mixing(steps, shift)))


def acceleration(
    paths: list[Path], gaps: list[float], minimiser: Floats, radius: float, smoothness: float, variance: float = 0.0
) -> Acceleration:
    """Corollary 2 on independent runs with the same F, whose gradients have this variance E‖g_t − ∇F(y_t)‖².

    `gaps` are F(x_T) − F(x*). Then σ_t² is the variance for t = 1 and twice as much later, gradients being independent.
    """
    steps = len(paths[0].w)
    t = np.arange(1.0, steps + 1)
    needed, lemma = [float(np.linalg.norm(paths[0].y[0] - minimiser))], []
    for path in paths:
        change = np.diff(path.g, axis=0, prepend=np.zeros_like(path.g[:1]))
        scale = math.sqrt(float((path.w**2 * (change**2).sum(axis=-1)).sum()))
        regret = float(path.regret(minimiser))
        needed.append(regret / scale)
        lemma.append(regret / (7 * math.sqrt(2) * radius * scale))
    distance = max(needed)
    sigma = np.where(t > 1, 2 * variance, variance)
    noise = math.sqrt(float((t**2 * sigma).sum()))
    return Acceleration(
        gap=float(np.mean(gaps)),
        distance=distance,
        bound=(14 * distance**2 * smoothness + 2 * distance * noise) / (steps * (steps + 1)),
        lemma_ratio=max(lemma),
    )


def corollary_1_excess(path: Path, gap: float, minimiser: Floats, smoothness: float) -> float:
    """F(x_T) − F* minus Corollary 1's bound, over the regret's scale: at most 0 where α_t ≤ w_t / (10 w_{1:t}).

    For gradients without noise. The bound is regret / w_{1:T} − Σ w_{1:t−1}‖∇F(y_t) − ∇F(y_{t−1})‖² / (6 L w_{1:T}).
    """
    total = path.w.cumsum()
    change = (np.diff(path.g, axis=0) ** 2).sum(axis=-1)
    regret = float(path.regret(minimiser))
    gained = float((total[:-1] * change).sum()) / (6 * smoothness)
    bound = (regret - gained) / total[-1]
    return float((gap - bound) / max(abs(regret) / total[-1], 1e-300))

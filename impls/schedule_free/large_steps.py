"""Theorem 3: the condition under which steps as large as D / G still converge, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.impls.schedule_free.conversion import Floats, Path, inner

__all__ = ["LargeSteps", "large_steps"]


@dataclass(frozen=True)
class LargeSteps:
    """The sums of Theorem 3 on one run of online gradient descent, z_{t+1} = z_t − γ g_t."""

    drift: float
    """Σ ⟨g_t, z_t − z_1⟩: the condition's left side."""
    regret: float
    """Σ ⟨g_t, z_t − z*⟩: what the conclusion bounds."""
    scale: float
    """D √Σ‖g_t‖²: the condition's right side; the conclusion is that the regret is at most 4 times this."""
    identity_error: float
    """Relative error of equation 33, γ Σ⟨g_t, z_t − z_1⟩ = ½ Σ γ²‖g_t‖² − ½ ‖Σ γ g_t‖²."""
    rate_ratio: float
    """γ G / D with G = max ‖g_t‖: the theorem speaks of 1."""

    @property
    def condition(self) -> float:
        """Left over right side of the condition: it holds where this is at most 1."""
        return self.drift / self.scale

    @property
    def conclusion(self) -> float:
        """Regret over its bound 4 D √Σ‖g_t‖² (end of the proof in Appendix F)."""
        return self.regret / (4 * self.scale)


def large_steps(path: Path, rate: float, reference: Floats | None = None) -> LargeSteps:
    """Theorem 3 along a path (T, d) of Schedule-Free SGD; the reference point z* is x_T unless another is given.

    Raises ValueError where the reference is the start, from which no step can be measured.
    """
    end = path.x[-1] if reference is None else reference
    distance = float(np.linalg.norm(path.z[0] - end))
    if distance == 0:
        raise ValueError("D is 0: the reference point is the start; give another, or run more than one step")
    squares = float((path.g**2).sum())
    drift = float(inner(path.g, path.z - path.z[0]).sum())
    moved = rate * path.g.sum(axis=0)
    right = 0.5 * rate**2 * squares - 0.5 * float(moved @ moved)
    return LargeSteps(
        drift=drift,
        regret=float(inner(path.g, path.z - end).sum()),
        scale=distance * float(np.sqrt(squares)),
        identity_error=abs(rate * drift - right) / (rate**2 * squares),
        rate_ratio=rate * float(np.linalg.norm(path.g, axis=-1).max()) / distance,
    )

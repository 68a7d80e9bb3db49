"""Figure 2b: which step sizes γ and momenta β Schedule-Free gradient descent bears on quadratics.

Along an eigenvector with eigenvalue λ, g = γλ and c_{t+1} = 1/(t + 1), errors of z and x follow

    z_{t+1} = (1 − g(1 − β)) z_t − gβ x_t,    x_{t+1} = (1 − c_{t+1}) x_t + c_{t+1} z_{t+1}.

By Jury's test the matrix of a step with c = c_{t+1} is stable where c (2 + g(2β − 1)) < 4 − 2g(1 − β). As c → 0 this is
g(1 − β) < 2, that is β > 1 − 2/(γλ); until c is small enough, at β near 1 and large g, errors grow first, by a factor
that may be too large for any later decay to make good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimbench.impls.schedule_free.conversion import Floats

__all__ = ["Sweep", "draw_quadratics", "is_stable", "sweep"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Losses of Schedule-Free gradient descent, means over the problems, for each γ and β."""

    rates: tuple[float, ...]
    """γ."""
    betas: tuple[float, ...]
    """β."""
    first: float
    """Loss at the start."""
    least: Floats
    """Least loss of x_t in any step (rates, betas), inf where it overflowed at once."""
    last: Floats
    """Loss of the last x_t (rates, betas), inf where it overflowed."""

    def best(self, *betas: float) -> float:
        """Least loss at any rate with one of these β, or with any β."""
        columns = [self.betas.index(beta) for beta in betas] or range(len(self.betas))
        return float(self.least[:, list(columns)].min())

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Whether the last loss is below the first (rates, betas)."""
        return self.last < self.first

    def largest_rate(self, beta: float) -> float:
        """Largest γ that converges with this β; 0 where there is none."""
        kept = self.converged[:, self.betas.index(beta)]
        return max((rate for rate, good in zip(self.rates, kept, strict=True) if good), default=0.0)


def draw_quadratics(problems: int, dimension: int, smallest: float, seed: int) -> tuple[Floats, Floats]:
    """Eigenvalues, log-uniform in [smallest, 1], and normal starts relative to the minimum (problems, dimension)."""
    random = np.random.default_rng(seed)
    eigenvalues = 10 ** random.uniform(np.log10(smallest), 0, (problems, dimension))
    return eigenvalues, random.normal(size=(problems, dimension))


def sweep(rates: Sequence[float], betas: Sequence[float], eigenvalues: Floats, start: Floats, steps: int) -> Sweep:
    """All pairs of γ and β on all problems at once, with c_{t+1} = 1/(t + 1)."""
    beta = np.asarray(betas)[:, None, None]
    g = np.asarray(rates)[:, None, None, None] * eigenvalues
    shape = (len(rates), len(betas), *start.shape)
    z, x = (np.broadcast_to(start, shape).copy() for _ in range(2))
    first = 0.5 * (eigenvalues * start**2).sum(axis=-1)
    least = np.broadcast_to(first, shape[:-1]).copy()
    loss = least.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(1, steps + 1):
            z -= g * ((1 - beta) * z + beta * x)
            x += (z - x) / (t + 1)
            loss = 0.5 * (eigenvalues * x**2).sum(axis=-1)
            np.fmin(least, loss, out=least)
    last = np.where(np.isfinite(loss), loss, np.inf).mean(axis=-1)
    return Sweep(tuple(rates), tuple(betas), float(first.mean()), least.mean(axis=-1), last)


def is_stable(rate: float, beta: float, largest: float = 1.0) -> bool:
    """Whether errors decay in the end: β > 1 − 2/(γL), L the largest eigenvalue."""
    return beta > 1 - 2 / (rate * largest)

"""The embedded proposers, which know nothing of language: a bandit over the levels of the levers, and random search.

The bandit is Thompson sampling (Thompson, 1933; Russo et al., 2018) with a model in which levers add up:

    z = μ + Σ_lever β[lever, level] + ε,    β ~ N(0, σ²),  μ ~ N(0, 10 σ²),  σ² ~ inverse gamma(2, ½)

where z are the normal scores of the losses so far, that is, the normal quantiles of their ranks, so that one run that
diverged counts as the last and not as infinity. It draws effects from the posterior, which is in closed form, and
proposes the settings that are best under the draw. Levers that matter together only (a step size that is right for one
activation) are beyond the model; what it proposes is then less good, and nothing else goes wrong.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from claimbench.impls.ai_scientist.loop.template import Scalar, Settings, Space

__all__ = ["AdditiveBandit", "Effects", "Proposer", "RandomSearch", "Tried", "best", "normal_scores"]

Floats = NDArray[np.float64]
Effects = dict[str, dict[Scalar, float]]
"""Lever → level → effect on the normal score of the loss; lower is better."""
_DRAWS = 64
"""Draws before settings that are new are looked for without the model."""


@dataclass(frozen=True)
class Tried:
    """Settings that were run, and what came of it."""

    settings: Settings
    """What was run."""
    loss: float
    """The template's loss; infinite where the run failed."""


class Proposer(Protocol):
    """Whatever says what to try next."""

    def propose(self, space: Space, tried: Sequence[Tried], levers: Collection[str]) -> Settings | None:
        """New settings that differ from the baseline in these levers alone; None where all have been tried."""
        ...


def best(tried: Sequence[Tried]) -> Tried:
    """The least loss; of equal ones the first. Raises ValueError where no run was good."""
    found = min(tried, key=lambda one: one.loss, default=None)
    if found is None or not math.isfinite(found.loss):
        raise ValueError("no run had a result")
    return found


class RandomSearch:
    """Every level of every open lever alike, none of the settings twice."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def propose(self, space: Space, tried: Sequence[Tried], levers: Collection[str]) -> Settings | None:
        """As the protocol says."""
        return _new(space, tried, levers, np.random.default_rng([self._seed, 1, len(tried)]))


class AdditiveBandit:
    """Thompson sampling under the additive model.

    What it proposes depends on its seed and on what was tried, and on nothing that it proposed before.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def propose(self, space: Space, tried: Sequence[Tried], levers: Collection[str]) -> Settings | None:
        """As the protocol says."""
        random = np.random.default_rng([self._seed, 2, len(tried)])
        posterior = _Posterior(space, tried)
        for _ in range(_DRAWS):
            effects = posterior.draw(random)
            settings = space.baseline() | {name: _least(effects[name]) for name in space.names if name in levers}
            if all(settings != one.settings for one in tried):
                return settings
        return _new(space, tried, levers, random)


def normal_scores(losses: Sequence[float]) -> Floats:
    """Normal quantiles of the ranks (n,), ties sharing their mean rank."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(losses) - 0.5) / len(losses)), dtype=np.float64)


class _Posterior:
    """Of the effects, given what was tried."""

    def __init__(self, space: Space, tried: Sequence[Tried]) -> None:
        self._columns = [(lever.name, level) for lever in space.levers for level in lever.levels]
        x = np.array(
            [[1.0, *(float(one.settings[name] == level) for name, level in self._columns)] for one in tried]
        ).reshape(len(tried), 1 + len(self._columns))
        z = normal_scores([one.loss for one in tried]) if tried else np.zeros(0)
        precision = x.T @ x + np.diag([0.1, *([1.0] * len(self._columns))])
        self._mean = np.linalg.solve(precision, x.T @ z)
        self._root = np.linalg.cholesky(precision)
        self._shape = 2 + len(z) / 2
        self._rate = 0.5 + max(float(z @ z - self._mean @ precision @ self._mean), 0.0) / 2

    def draw(self, random: np.random.Generator) -> Effects:
        sigma = math.sqrt(self._rate / random.gamma(self._shape))
        # If L Lᵀ is the precision, L⁻ᵀ times normal numbers has its inverse as the covariance.
        drawn = self._mean + sigma * np.linalg.solve(self._root.T, random.standard_normal(self._mean.size))
        effects: Effects = {}
        for (name, level), value in zip(self._columns, drawn[1:], strict=True):
            effects.setdefault(name, {})[level] = float(value)
        return effects


def _least(effects: dict[Scalar, float]) -> Scalar:
    return min(effects, key=lambda level: effects[level])


def _new(space: Space, tried: Sequence[Tried], levers: Collection[str], random: np.random.Generator) -> Settings | None:
    """Settings that were not tried, all alike likely."""
    free = [lever for lever in space.levers if lever.name in levers]
    total = math.prod(len(lever.levels) for lever in free)
    for place in random.permutation(total):
        settings = space.baseline()
        for lever in free:
            place, level = divmod(int(place), len(lever.levels))
            settings[lever.name] = lever.levels[level]
        if all(settings != one.settings for one in tried):
            return settings
    return None

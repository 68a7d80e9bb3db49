"""Looks before the end: the error rate of one test, shared among the looks that were planned.

O'Brien and Fleming's boundary: at information t (the share of the units that are in) a two-sided test may reject where
|z| ≥ C/√t, and C is such that the chance ever to reject where nothing is to be found is α. Early looks take almost
nothing of it. A t interval at the level that the boundary has for z keeps the overall rate closely (Jennison and
Turnbull, Group Sequential Methods, section 3.8; `tests/stats` measures it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np

__all__ = ["boundary", "crossing_probability", "shares"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)  # between the boundaries; more change no digit that is printed


def boundary(looks: Sequence[int], alpha: float) -> tuple[float, ...]:
    """Critical |z| at each look, whose units are given in ascending order; the last look is the end.

    Three equal looks at α = .05 give 3.471, 2.454, 2.004. Raises ValueError where the looks do not ascend.
    """
    if list(looks) != sorted(set(looks)) or not looks or looks[0] < 1:
        raise ValueError(f"looks must ascend from at least 1, got {list(looks)}")
    return _boundary(tuple(looks), alpha)


@lru_cache(maxsize=256)
def _boundary(looks: tuple[int, ...], alpha: float) -> tuple[float, ...]:
    from scipy.optimize import brentq

    information = [look / looks[-1] for look in looks]

    def at(constant: float) -> list[float]:
        return [constant / math.sqrt(t) for t in information]

    found = brentq(lambda c: crossing_probability(at(c), information) - alpha, 0.1, 40.0, xtol=1e-10)
    constant = cast("float", found)
    return tuple(at(constant))


def shares(looks: Sequence[int], alpha: float) -> tuple[float, ...]:
    """Two-sided level of the test at each look, of which a t interval takes its quantile; a single look takes α."""
    from scipy.special import ndtr

    if len(looks) == 1:
        return (alpha,)
    return tuple(float(2 * ndtr(-z)) for z in boundary(looks, alpha))


def crossing_probability(critical: Sequence[float], information: Sequence[float]) -> float:
    """Chance that |z| ever reaches its critical value at one of the looks, where nothing is to be found.

    By the recursion of Armitage, McPherson and Rowe (1969): the density of the score B(t) = z√t of what has not yet
    crossed is carried from look to look, whose increments are normal with the information gained as their variance.
    """
    from scipy.special import ndtr

    crossed = 0.0
    score, mass = np.zeros(1), np.ones(1)
    before = 0.0
    for z, t in zip(critical, information, strict=True):
        edge, gain = z * math.sqrt(t), math.sqrt(t - before)
        crossed += float(mass @ (ndtr((-edge - score) / gain) + ndtr((score - edge) / gain)))
        inside = edge * _NODES
        density = np.exp(-0.5 * ((inside[:, None] - score) / gain) ** 2) / (gain * math.sqrt(2 * math.pi))
        mass = edge * _WEIGHTS * (density @ mass)
        score, before = inside, t
    return crossed

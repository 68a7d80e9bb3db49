"""Votes in which style counts beside strength, drawn where both are known (style control, post of 2024-08-29)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss
from claimbench.stats.ranking.contextual import style_differences

__all__ = ["FEATURES", "StyledVotes", "draw_styled"]

FEATURES = ("length", "lists", "headers", "bold")
"""What the post controls for, in its order: tokens of the answer, and counts of three kinds of markdown."""
_TOKENS = 300.0
_PER_TOKEN = (0.02, 0.005, 0.015)
"""Typical tokens of an answer, and lists, headers and bold spans per token."""
_BETWEEN, _WITHIN = 0.4, 0.6
"""Standard deviations of log length, and of log markdown per token, between models and within one."""


@dataclass(frozen=True, eq=False)
class StyledVotes:
    """Votes with the styles of both answers."""

    first: Integers
    """(V,), index of the model of the first answer."""
    second: Integers
    """(V,), of the second."""
    outcome: Integers
    """(V,), 2 the first is better, 1 tie, 0 the second."""
    styles: Floats
    """(V, 4), normalised differences of `FEATURES`, each scaled to mean square 1."""


def draw_styled(
    strengths: Floats, coefficients: Floats, votes: int, tie_rate: float, generator: np.random.Generator
) -> StyledVotes:
    """`votes` votes on uniformly drawn pairs, with log-odds θ_first − θ_second + zᵀγ.

    Stronger models write longer answers with more markdown, by half of the spread between models, so that strength
    and style have to be told apart. A tie has probability 4 t p (1 − p), as in `simulate`.

    Raises VotesError where there are not as many coefficients as `FEATURES`, and where all strengths are equal.
    """
    if coefficients.shape != (len(FEATURES),):
        raise VotesError(f"{coefficients.shape} coefficients: one each for {', '.join(FEATURES)}")
    if not strengths.std() > 0:
        raise VotesError("style goes with strength here, so that models must differ in it")
    size = strengths.size
    standard = (strengths - strengths.mean()) / strengths.std()
    habits = _BETWEEN * (0.5**0.5 * standard[:, None] + 0.5**0.5 * generator.standard_normal((size, len(FEATURES))))
    first = generator.integers(size, size=votes)
    second = (first + generator.integers(1, size, size=votes)) % size
    styles = style_differences(_features(habits[first], generator), _features(habits[second], generator))
    p, _ = win_and_loss(strengths[first] - strengths[second] + styles @ coefficients)
    tie = 4 * tie_rate * p * (1 - p)
    u = generator.random(votes)
    outcome = (u < p - tie / 2).astype(np.int64) + (u < p + tie / 2)
    return StyledVotes(first, second, outcome, styles)


def _features(habits: Floats, generator: np.random.Generator) -> Floats:
    """(V, 4), counts of one answer each."""
    logs = habits + _WITHIN * generator.standard_normal(habits.shape)
    tokens = _TOKENS * np.exp(logs[:, :1])
    marks = generator.poisson(tokens * np.array(_PER_TOKEN) * np.exp(logs[:, 1:]))
    return np.concatenate([np.ceil(tokens), marks.astype(np.float64)], axis=1)

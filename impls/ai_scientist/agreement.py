"""Correlations of scores: between people, between a person and the model, of either with the mean of others.

A paper has several reviewers who are interchangeable. Every pair of them counts, in both orders, and a paper's pairs
together count as one: this is the expectation of drawing one pair a paper, as the paper does, with nothing drawn.
Intervals draw papers anew, for they are what is independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.impls.ai_scientist.data import Floats

__all__ = ["Correlation", "correlation", "difference_interval", "from_moments", "model_mean", "model_others"]
__all__ += ["model_person", "person_others", "person_person"]


@dataclass(frozen=True, eq=False)
class Correlation:
    """Pearson's r of two scores, with each paper's share in it."""

    moments: Floats
    """Mean of x, y, x², y² and xy over the pairs of each paper (P, 5)."""

    @property
    def r(self) -> float:
        """Pearson's correlation."""
        return float(from_moments(self.moments.mean(axis=0)))


def correlation(pairs: list[tuple[Floats, Floats]]) -> Correlation:
    """Of one (x, y) a paper, each with as many values as the paper has pairs."""
    return Correlation(
        np.array([[x.mean(), y.mean(), (x * x).mean(), (y * y).mean(), (x * y).mean()] for x, y in pairs])
    )


def person_person(scores: Floats) -> Correlation:
    """Between two reviewers of a paper; `scores` (P, most reviews), NaN where there are fewer."""
    return correlation([_ordered_pairs(own) for own in _known(scores)])


def person_others(scores: Floats) -> Correlation:
    """Between one reviewer and the mean of the paper's others."""
    return correlation([(own, _others(own)) for own in _known(scores)])


def model_person(model: Floats, scores: Floats) -> Correlation:
    """Between the model (P,) and one of the paper's reviewers."""
    return correlation([(np.full(own.size, score), own) for score, own in zip(model, _known(scores), strict=True)])


def model_others(model: Floats, scores: Floats) -> Correlation:
    """Between the model (P,) and the mean of the paper's reviewers but one, each of them left out in turn."""
    known = _known(scores)
    return correlation([(np.full(own.size, score), _others(own)) for score, own in zip(model, known, strict=True)])


def model_mean(model: Floats, scores: Floats) -> Correlation:
    """Between the model (P,) and the mean of the paper's reviewers."""
    return correlation([(np.array([a]), np.array([b])) for a, b in zip(model, np.nanmean(scores, axis=1), strict=True)])


def from_moments(moments: Floats) -> Floats:
    """Pearson's r from means of x, y, x², y² and xy along the last axis."""
    x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    return np.asarray((xy - x * y) / np.sqrt((xx - x * x) * (yy - y * y)))


def difference_interval(
    first: Correlation, second: Correlation, draws: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of r(first) - r(second), papers drawn anew, the same ones for both."""
    papers = len(first.moments)
    weights = np.random.default_rng(seed).multinomial(papers, np.full(papers, 1 / papers), draws) / papers
    drawn = from_moments(weights @ first.moments) - from_moments(weights @ second.moments)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _known(scores: Floats) -> list[Floats]:
    return [row[~np.isnan(row)] for row in scores]


def _others(own: Floats) -> Floats:
    """Mean of the others, for each of a paper's reviewers."""
    return np.asarray((own.sum() - own) / (own.size - 1))


def _ordered_pairs(own: Floats) -> tuple[Floats, Floats]:
    apart = ~np.eye(own.size, dtype=bool)
    first, second = np.broadcast_to(own[:, None], apart.shape), np.broadcast_to(own[None, :], apart.shape)
    return first[apart], second[apart]

r"""Estimators of the win matrix θ* (Section 4), for many replications of an arena at once.

A vote is a pair a drawn with probability P(a), known and possibly chosen from the votes before, and H ∈ {0, 1}, which
is 1 where the second model of the pair wins; θ*(a) = E[H | a]. Three estimators, with the variance that a single vote
contributes, so that Var θ̂ = V/T after T votes:

- **Equation 4**, X(a) = 1{A = a} H / P(a), averaged. E[X] = θ and, because H² = H, E[X²] = θ/P, hence V = θ/P − θ².
  With the models' names swapped θ becomes 1 − θ: the same votes, another variance. Their average is
  (1/P − θ² − (1 − θ)²)/2 ≥ (1/P − 1)/2, and since θ(1 − θ) ≤ 1/4, at least 2(1 − P) times the variance of the next.
- **The mean of the pair's own votes** (Hájek's ratio of weighted sums where P is constant): V = θ(1 − θ)/P.
- **Augmented**, X(a) = m + 1{A = a}(H − m)/P(a) with m guessed from the votes before. E[X | past] = θ whatever m is, so
  that it is unbiased under adaptive sampling, where the pair's mean is not. V = (θ(1 − θ) + (θ − m)²)/P − (θ − m)²,
  which the second attains as m → θ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = [
    "Estimate",
    "Tally",
    "augmented",
    "augmented_variance",
    "covariance",
    "inverse_probability",
    "inverse_probability_variance",
    "per_pair_mean",
    "per_pair_variance",
]


@dataclass(frozen=True)
class Estimate:
    """Point estimates and the variances that their intervals are made of, both (replications, pairs)."""

    value: Floats
    """θ̂; NaN where nothing is known."""
    variance: Floats
    """Estimated variance of θ̂, not of one vote; infinite where nothing is known."""

    def width(self, level: float = 0.95) -> Floats:
        """Length of the normal interval of every pair."""
        return 2 * z_value(level) * np.sqrt(self.variance)

    def misses(self, truth: Floats, level: float = 0.95) -> NDArray[np.bool_]:
        """Whether the interval leaves out the truth; true where there is no estimate."""
        return ~(np.abs(self.value - truth) <= self.width(level) / 2)


@dataclass(frozen=True)
class Tally:
    """What the estimators need to know of the votes so far; every sum is over votes."""

    total: int
    """T: votes of each replication."""
    wins: Floats
    """Σ H P(A)^−k for k = 0, 1, 2 (3, replications, pairs)."""
    losses: Floats
    """Σ (1 − H) P(A)^−k likewise."""
    augmented: Floats
    """Σ X and Σ X² of the augmented estimator (2, replications, pairs)."""

    @classmethod
    def empty(cls, replications: int, pairs: int) -> Tally:
        """No votes yet."""
        zeros = np.zeros((3, replications, pairs))
        return cls(total=0, wins=zeros, losses=zeros, augmented=zeros[:2])

    @property
    def votes(self) -> Floats:
        """Votes on every pair (replications, pairs)."""
        return self.wins[0] + self.losses[0]

    @property
    def guess(self) -> Floats:
        """m: the mean of θ under a uniform prior, given the pair's votes so far."""
        return (self.wins[0] + 1) / (self.votes + 2)

    def plus(self, votes: Integers, wins: Integers, probability: Floats) -> Tally:
        """The tally after as many `votes` on every pair, `wins` of them with H = 1, drawn with these probabilities.

        `votes` and `wins` are (replications, pairs) and every replication has equally many votes; `probability`
        broadcasts to them.
        """
        drawn = int(votes[0].sum())
        w, l = wins.astype(np.float64), (votes - wins).astype(np.float64)
        # A pair that cannot be drawn has no votes and adds nothing.
        inverse = np.divide(1.0, probability, out=np.zeros_like(w), where=votes > 0)
        powers = np.stack([np.ones_like(inverse), inverse, inverse**2])
        # A batch shares one guess, that of the votes before it, so that it is known before any of its votes.
        m = self.guess
        won, lost = m + (1 - m) * inverse, m - m * inverse
        unseen = drawn - w - l
        sums = np.stack([unseen * m + w * won + l * lost, unseen * m**2 + w * won**2 + l * lost**2])
        return replace(
            self,
            total=self.total + drawn,
            wins=self.wins + w * powers,
            losses=self.losses + l * powers,
            augmented=self.augmented + sums,
        )


def inverse_probability(tally: Tally) -> Estimate:
    """Equation 4, with the diagonal of equation 5 over T as its variance."""
    return _mean(tally.total, tally.wins[1], tally.wins[2])


def covariance(tally: Tally) -> Floats:
    """Σ̂ of equation 5 as printed, T⁻¹ Σ (X − θ̂)(X − θ̂)ᵀ (replications, pairs, pairs).

    A vote has one coordinate that is not 0, so that Σ̂ = diag(T⁻¹ Σ H²/P²) − θ̂θ̂ᵀ.
    """
    theta = tally.wins[1] / tally.total
    squares = tally.wins[2] / tally.total
    return squares[..., None] * np.eye(theta.shape[-1]) - theta[..., None] * theta[..., None, :]


def per_pair_mean(tally: Tally) -> Estimate:
    """The mean of every pair's own votes, with θ̂(1 − θ̂)/n as its variance."""
    seen = tally.votes > 0
    votes = np.where(seen, tally.votes, 1.0)
    mean = np.where(seen, tally.wins[0] / votes, np.nan)
    return Estimate(mean, np.where(seen, mean * (1 - mean) / votes, np.inf))


def augmented(tally: Tally) -> Estimate:
    """The augmented inverse-probability mean, with the empirical variance of its terms."""
    return _mean(tally.total, *tally.augmented)


def _mean(total: int, terms: Floats, squares: Floats) -> Estimate:
    mean = terms / total
    return Estimate(mean, np.maximum(squares / total - mean**2, 0.0) / total)


def inverse_probability_variance(theta: Floats, probability: Floats | float) -> Floats:
    """V of equation 4."""
    return theta / probability - theta**2


def per_pair_variance(theta: Floats, probability: Floats | float) -> Floats:
    """V of the pair's mean, to first order in 1/T."""
    return theta * (1 - theta) / probability


def augmented_variance(theta: Floats, probability: Floats | float, guess: Floats | float) -> Floats:
    """V of the augmented estimator with a fixed guess."""
    bias = (theta - guess) ** 2
    return (theta * (1 - theta) + bias) / probability - bias

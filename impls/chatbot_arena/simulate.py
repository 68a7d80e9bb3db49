"""Arenas whose truth is known: models with strengths, pairs that meet more or less often, ties, users.

The mean score of a vote is Bradley–Terry's p = σ(θ_i − θ_j), ties counted half, so that Bradley–Terry with half wins
estimates θ whatever the share of ties: a tie has probability 4 t p (1 − p), where t is that of two equal models, and
the rest is split such that the mean stays p. Then Var(y) = (1 − t) p (1 − p) on every pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.votes import JudgedVotes
from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss

__all__ = ["SimulatedArena", "beta_strengths", "round_robin"]


@dataclass(frozen=True, eq=False)
class SimulatedArena:
    """What votes are drawn from."""

    models: tuple[str, ...]
    """Names of the M models."""
    strengths: Floats
    """θ, (M,), natural units."""
    first: Integers
    """(E,), first model of each pair that meets."""
    second: Integers
    """(E,), second model."""
    pair_probability: Floats
    """(E,), how often each pair is served; sums to 1."""
    tie_rate: float = 0.0
    """t: probability of a tie between equals, at most ½, beyond which the mean score could not stay as it is."""

    def __post_init__(self) -> None:
        if not 0 <= self.tie_rate <= 0.5:
            raise VotesError(f"the tie rate lies between 0 and ½, got {self.tie_rate}")
        if not (np.all(self.pair_probability >= 0) and abs(float(self.pair_probability.sum()) - 1) < 1e-9):
            raise VotesError("probabilities of the pairs are at least 0 and sum to 1")

    def expected_score(self) -> Floats:
        """(E,), p of the first model of each pair."""
        return win_and_loss(self.strengths[self.first] - self.strengths[self.second])[0]

    def draw(self, votes: int, generator: np.random.Generator, users: int = 1) -> JudgedVotes:
        """`votes` independent votes, sides by a fair coin; an item is the number of the vote.

        User u casts a share of them in proportion to 1 / (u + 1): a few cast many, many cast a few.
        """
        if votes < 1 or users < 1:
            raise VotesError(f"an arena needs a vote and a user, got {votes} and {users}")
        pair = generator.choice(len(self.first), size=votes, p=self.pair_probability)
        p = self.expected_score()[pair]
        tie = 4 * self.tie_rate * p * (1 - p)
        u = generator.random(votes)
        outcome = (u < p - tie / 2).astype(np.uint8) + (u < p + tie / 2)
        swapped = generator.random(votes) < 0.5
        first, second = self.first[pair], self.second[pair]
        activity = 1 / np.arange(1, users + 1)
        return JudgedVotes(
            models=self.models,
            first=np.where(swapped, second, first),
            second=np.where(swapped, first, second),
            outcome=np.where(swapped, 2 - outcome, outcome).astype(np.uint8),
            item=np.arange(votes),
            judge=generator.choice(users, size=votes, p=activity / activity.sum()),
            judges=tuple(f"user {u}" for u in range(users)),
        )


def round_robin(strengths: ArrayLike, tie_rate: float = 0.0, weights: ArrayLike | None = None) -> SimulatedArena:
    """All pairs meet: equally often, or in proportion to `weights`, (M (M − 1) / 2,), rows of the upper triangle."""
    theta = np.asarray(strengths, dtype=np.float64)
    if theta.ndim != 1 or theta.size < 2:
        raise VotesError(f"an arena has two models or more, got strengths of shape {theta.shape}")
    first, second = np.triu_indices(theta.size, 1)
    share = np.ones(first.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if share.shape != first.shape or not (np.all(share >= 0) and share.sum() > 0):
        raise VotesError(f"{first.size} pairs need as many weights, not negative and not all 0; got {share.shape}")
    names = tuple(f"model {m}" for m in range(theta.size))
    return SimulatedArena(names, theta, first, second, share / share.sum(), tie_rate)


def beta_strengths(models: int, generator: np.random.Generator, gamma: float = 2.0) -> Floats:
    """Strengths as the paper draws them for Figures 6 and 14: independent, Beta(1/γ, 1/γ), in natural units."""
    return generator.beta(1 / gamma, 1 / gamma, size=models)

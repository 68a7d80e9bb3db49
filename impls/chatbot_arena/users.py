"""Simulated users: honest ones, and families of bots.

Honest users vote as everybody does, with the probabilities of the pair that they are shown. `KNOWN` are the three
families that the detectors were made with.
Every family keeps the pairs and sides of the honest user whose place it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from claimbench.impls.chatbot_arena.ballots import Ballots, Ints
from claimbench.impls.chatbot_arena.win_matrix import Floats

__all__ = ["KNOWN", "Arena", "Family"]

LEFT, TIE, RIGHT = 0, 1, 2


@dataclass(frozen=True)
class Arena:
    """Pairs of models, how often each is shown and how honest users vote on it."""

    models: NDArray[np.intp]
    """First and second model (pairs, 2)."""
    counts: Ints
    """Votes of others by outcome (pairs, 3), all pairs with at least one."""

    @property
    def probabilities(self) -> Floats:
        """Probabilities of the outcomes: the shares of `counts`."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)

    def history(self, random: np.random.Generator) -> Ints:
        """Votes of others drawn anew, as many on each pair, so that detectors do not know the probabilities."""
        return random.multinomial(self.counts.sum(axis=1), self.probabilities)

    def honest(self, users: int, votes: int, random: np.random.Generator) -> Ballots:
        """Ballots of honest users, on pairs as often as they were shown, sides by a fair coin."""
        shown = self.counts.sum(axis=1)
        pair = random.choice(len(shown), size=(users, votes), p=shown / shown.sum())
        swapped = random.uniform(size=pair.shape) < 0.5
        return Ballots(pair, _draw(self.probabilities[pair], random), swapped)


def _draw(probabilities: Floats, random: np.random.Generator) -> Ints:
    """One of the outcomes for every distribution on the last axis."""
    below = probabilities.cumsum(axis=-1)[..., :-1]
    return (random.uniform(size=(*probabilities.shape[:-1], 1)) >= below).sum(axis=-1)


Family: TypeAlias = Callable[[Ballots, Arena, np.random.Generator], Ints]
"""Ballots of honest users → the positions (users, votes) that bots vote for in their place."""


def _buttons(honest: Ballots, arena: Arena, random: np.random.Generator) -> Ints:
    """One of the four buttons at random, two of which are ties."""
    return np.array([LEFT, TIE, TIE, RIGHT])[random.integers(4, size=honest.pair.shape)]


def _always(position: int) -> Family:
    return lambda honest, arena, random: np.full_like(honest.outcome, position)


def _inverted(honest: Ballots, arena: Arena, random: np.random.Generator) -> Ints:
    return 2 - honest.position


KNOWN: Mapping[str, Family] = MappingProxyType(
    {"random": _buttons, "always_first": _always(LEFT), "inverted": _inverted}
)

"""Simulated users: honest ones, and families of bots.

Honest users vote as everybody does, with the probabilities of the pair that they are shown. `KNOWN` are the three
families that the detectors were made with; `HELD_OUT` were written after the bets of the e-process had been fixed.
Every family keeps the pairs and sides of the honest user whose place it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from claimbench.impls.chatbot_arena.ballots import Ballots
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["HELD_OUT", "KNOWN", "Arena", "Family"]

LEFT, TIE, RIGHT = 2, 1, 0


@dataclass(frozen=True)
class Arena:
    """Pairs of models, how often each is shown and how honest users vote on it."""

    models: NDArray[np.intp]
    """First and second model (pairs, 2)."""
    counts: Integers
    """Votes of others by outcome (pairs, 3), all pairs with at least one."""

    @property
    def probabilities(self) -> Floats:
        """Probabilities of the outcomes: the shares of `counts`."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)

    def history(self, random: np.random.Generator) -> Integers:
        """Votes of others drawn anew, as many on each pair, so that detectors do not know the probabilities."""
        return random.multinomial(self.counts.sum(axis=1), self.probabilities)

    def honest(self, users: int, votes: int, random: np.random.Generator) -> Ballots:
        """Ballots of honest users, on pairs as often as they were shown, sides by a fair coin."""
        shown = self.counts.sum(axis=1)
        pair = random.choice(len(shown), size=(users, votes), p=shown / shown.sum())
        swapped = random.uniform(size=pair.shape) < 0.5
        return Ballots(pair, _draw(self.probabilities[pair], random), swapped)


def _draw(probabilities: Floats, random: np.random.Generator) -> Integers:
    """One of the outcomes for every distribution on the last axis."""
    below = probabilities.cumsum(axis=-1)[..., :-1]
    return (random.uniform(size=(*probabilities.shape[:-1], 1)) >= below).sum(axis=-1)


Family: TypeAlias = Callable[[Ballots, Integers, np.random.Generator], Integers]
"""Ballots of honest users and the first and second model of each (users, votes, 2) → the positions (users, votes) that
bots vote for in their place."""


def _buttons(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """One of the four buttons at random, two of which are ties."""
    return np.array([LEFT, TIE, TIE, RIGHT])[random.integers(4, size=honest.pair.shape)]


def _always(position: int) -> Family:
    return lambda honest, shown, random: np.full_like(honest.outcome, position)


def _inverted(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    return 2 - honest.position


KNOWN: Mapping[str, Family] = MappingProxyType(
    {"random": _buttons, "always_first": _always(LEFT), "inverted": _inverted}
)


def _three_ways(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """Left, tie or right at random."""
    return random.integers(3, size=honest.pair.shape)


def _coin(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """Left or right at random, never a tie."""
    return 2 * random.integers(2, size=honest.pair.shape)


def _copy_previous(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """The vote before once more in nine cases of ten, else a random button."""
    votes = _buttons(honest, shown, random)
    again = random.uniform(size=votes.shape) < 0.9
    again[:, 0] = False
    # The last vote that was not a copy, carried forward.
    source = np.maximum.accumulate(np.where(again, 0, np.arange(votes.shape[1])), axis=1)
    return np.take_along_axis(votes, source, axis=1)


def _alternating(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """Left, right, left, right."""
    return np.broadcast_to(np.where(np.arange(honest.pair.shape[1]) % 2, RIGHT, LEFT), honest.pair.shape)


def _one_model(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """For the model that the user met most often wherever it is shown; the other votes are honest."""
    met = np.zeros((len(shown), int(shown.max()) + 1), dtype=np.int64)
    np.add.at(met, (np.arange(len(shown))[:, None, None], shown), 1)
    favourite = met.argmax(axis=1)[:, None]
    votes = np.where(shown[..., 0] == favourite, 2, np.where(shown[..., 1] == favourite, 0, honest.outcome))
    return np.where(honest.swapped, 2 - votes, votes)


def _tired(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
    """Honest in the first half of the votes, a random button in the second."""
    rested = np.arange(honest.pair.shape[1]) < honest.pair.shape[1] // 2
    return np.where(rested, honest.position, _buttons(honest, shown, random))


def _mostly(habit: Family, share: float) -> Family:
    """The habit in a share of the votes; the others are honest."""

    def family(honest: Ballots, shown: Integers, random: np.random.Generator) -> Integers:
        follows = random.uniform(size=honest.pair.shape) < share
        return np.where(follows, habit(honest, shown, random), honest.position)

    return family


HELD_OUT: Mapping[str, Family] = MappingProxyType(
    {
        "always_tie": _always(TIE),
        "three_ways": _three_ways,
        "coin": _coin,
        "copy_previous": _copy_previous,
        "alternating": _alternating,
        "leaning_right": _mostly(_always(RIGHT), 0.7),
        "indifferent": _mostly(_always(TIE), 0.7),
        "lazy": _mostly(_three_ways, 0.7),
        "tired": _tired,
        "one_model": _one_model,
    }
)

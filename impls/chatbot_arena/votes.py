"""Votes one by one, in an order, with or without who cast them: what online ratings and tests of users start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers
from claimbench.stats.ranking.votes import Battles, fold

__all__ = ["JudgedVotes", "Votes"]


@dataclass(frozen=True, eq=False)
class Votes:
    """n votes between M models; row t is the t-th that was cast, where the source keeps an order."""

    models: tuple[str, ...]
    """Names of the M models."""
    first: Integers
    """(n,), index of the model on the left, or named first."""
    second: Integers
    """(n,), index of the other."""
    outcome: NDArray[np.uint8]
    """(n,), 2 the first won, 1 tie, 0 the second won."""

    def __post_init__(self) -> None:
        if len({len(column) for column in self._columns().values()}) > 1:
            raise VotesError(f"columns of unequal length: { {k: len(v) for k, v in self._columns().items()} }")

    def __len__(self) -> int:
        return len(self.first)

    @property
    def score(self) -> Floats:
        """(n,), score of the first: 1, ½ or 0."""
        return self.outcome / 2

    def take(self, rows: NDArray[Any]) -> Self:
        """The votes of these rows (indices or a mask), in their order."""
        return replace(self, **{name: column[rows] for name, column in self._columns().items()})

    def between_models(self) -> Self:
        """The votes without those of a model against itself."""
        return self.take(self.first != self.second)

    def battles(self) -> Battles:
        """The votes folded into pairs, which is all that Bradley–Terry sees of them."""
        return fold(self.first, self.second, self.outcome, self.models)

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True, eq=False)
class JudgedVotes(Votes):
    """Votes that say what was judged, and by whom."""

    item: Integers
    """(n,), index of the pair of answers, or of the prompt, that was judged."""
    judge: Integers
    """(n,), index of the judge."""
    judges: tuple[str, ...]
    """Names of the judges, people or models."""
    without_verdict: int = 0
    """Rows of the source that hold no verdict; they are left out."""

    def by(self, judge: str) -> Self:
        """The votes of one judge; raises VotesError where there is none of that name."""
        if judge not in self.judges:
            raise VotesError(f"no judge {judge!r}: known are {', '.join(self.judges[:12])}")
        return self.take(self.judge == self.judges.index(judge))

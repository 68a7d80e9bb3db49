"""Proposals of a language model, with the bandit behind it; each is on file, so that none is asked for twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from claimbench.impls.ai_scientist.loop.proposer import Proposer, Tried
from claimbench.impls.ai_scientist.loop.stages import Stages
from claimbench.impls.ai_scientist.loop.template import Settings, Space
from claimbench.impls.ai_scientist.loop.written import Author, NoAnswer
from claimbench.spec import Model

__all__ = ["Guided"]


class _Proposal(Model):
    settings: Settings | None
    """What the model proposed; None where it gave nothing that can be used."""
    reason: str = ""
    """Why not."""


class Guided:
    """Asks a model first, and another proposer where it has no usable answer."""

    def __init__(self, author: Author, otherwise: Proposer, stages: Stages) -> None:
        self._author = author
        self._otherwise = otherwise
        self._stages = stages
        self.own = 0
        """Settings that the model proposed."""
        self.others = 0
        """Settings that the other proposer had to."""
        self.reason = ""
        """Why, the last time."""

    def propose(self, space: Space, tried: Sequence[Tried], levers: Collection[str]) -> Settings | None:
        """New settings that differ from the baseline in these levers alone; None where all have been tried."""
        if (otherwise := self._otherwise.propose(space, tried, levers)) is None:
            return None
        found = self._stages.once(f"proposal-{len(tried)}", _Proposal, lambda: self._ask(space, tried, levers))
        if found.settings is not None:
            self.own += 1
            return found.settings
        self.others += 1
        self.reason = found.reason
        return otherwise

    def _ask(self, space: Space, tried: Sequence[Tried], levers: Collection[str]) -> _Proposal:
        try:
            return _Proposal(settings=self._author.settings(space, tried, levers))
        except NoAnswer as error:
            return _Proposal(settings=None, reason=str(error))

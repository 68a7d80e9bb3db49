"""How settings are searched: a grid for the default, then what a proposer says, and a control at random.

Nothing here knows where a loss comes from, so that the loop and the claims about it run the same search.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import product
from typing import Annotated

from pydantic import Field

from claimbench.impls.ai_scientist.loop.proposer import Proposer, RandomSearch, Tried
from claimbench.impls.ai_scientist.loop.template import Settings, Space
from claimbench.spec import Model

__all__ = ["Effort", "Evaluate", "control", "extend", "grid", "untaken", "within"]

Evaluate = Callable[[str, Settings], float]
"""Stage and settings → loss, infinite where the run fails."""


class Effort(Model):
    """How many runs each part of a loop has."""

    pilot: Annotated[int, Field(ge=0)]
    """Of all levers; what a language model is shown before it has an idea."""
    search: Annotated[int, Field(ge=1)]
    """After that: of the language model's levers, or of all."""

    def control(self, space: Space) -> int:
        """Runs of the random search: as many as grid, pilot and search together."""
        return len(_grid(space)) + self.pilot + self.search


def grid(space: Space, evaluate: Evaluate) -> list[Tried]:
    """The baseline at every level of the levers that all arms are tuned in."""
    return [Tried(settings, evaluate("grid", settings)) for settings in _grid(space)]


def extend(
    stage: str,
    space: Space,
    evaluate: Evaluate,
    proposer: Proposer,
    tried: Sequence[Tried],
    levers: Collection[str],
    runs: int,
) -> list[Tried]:
    """What was tried, and up to `runs` proposals more; fewer where nothing is left to try."""
    everything = list(tried)
    for _ in range(runs):
        settings = proposer.propose(space, everything, levers)
        if settings is None:
            break
        everything.append(Tried(settings, evaluate(stage, settings)))
    return everything


def control(space: Space, evaluate: Evaluate, seed: int, runs: int) -> list[Tried]:
    """Random search of the whole space, which begins with the baseline."""
    first = Tried(space.baseline(), evaluate("control", space.baseline()))
    return extend("control", space, evaluate, RandomSearch(seed), [first], space.names, runs - 1)


def within(space: Space, tried: Sequence[Tried], levers: Collection[str]) -> list[Tried]:
    """Settings in which some of these levers are changed, and no other but the tuned ones."""
    return [one for one in tried if (changed := space.changed(one.settings)) and set(changed) <= set(levers)]


def untaken(space: Space, tried: Sequence[Tried], taken: Collection[frozenset[str]]) -> list[Tried]:
    """Settings in which some levers are changed, and not just those of a paper that there is."""
    return [one for one in tried if (changed := frozenset(space.changed(one.settings))) and changed not in taken]


def _grid(space: Space) -> list[Settings]:
    levers = [space.lever(name) for name in space.tuned]
    levels = product(*(lever.levels for lever in levers))
    return [
        space.baseline() | {lever.name: level for lever, level in zip(levers, combination, strict=True)}
        for combination in levels
    ]

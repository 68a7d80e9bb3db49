"""Whether a maximum of the likelihood exists and is unique, before anything is fitted.

Ford (1957): it does if and only if, however the models are split in two, some of either side beat some of the other;
that is, the graph with an arc from i to j where i scored against j is strongly connected. A tie scores for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter

import numpy as np

from claimbench.stats.ranking.arrays import Booleans, Integers
from claimbench.stats.ranking.laplacian import DENSE_MODELS
from claimbench.stats.ranking.votes import Battles

__all__ = ["Existence", "Status", "existence", "existence_with_ties"]


class Status(StrEnum):
    """What became of a fit, or would."""

    IDENTIFIED = "identified"
    """A finite maximum exists, and it is the only one."""
    DISCONNECTED = "disconnected"
    """Groups of models never met: nothing says how they compare."""
    SEPARATED = "separated"
    """Some models only win, or only lose, against the others: the likelihood rises with the gap, without bound."""
    COLLINEAR = "collinear"
    """A covariate is a combination of the others and of the models: its coefficient is not determined."""
    NOT_CONVERGED = "not converged"
    """The iteration stopped short of the maximum; there are no ratings."""


@dataclass(frozen=True)
class Existence:
    """Whether ratings are identified and, where not, the groups within which they are or might be."""

    status: Status
    """IDENTIFIED, DISCONNECTED or SEPARATED."""
    groups: tuple[tuple[int, ...], ...]
    """Indices: models that met, directly or through others, or the strongly connected ones, best first; all of them
    in one group where only the tie parameter is not bounded."""

    def explain(self, models: Sequence[str], most: int = 4) -> str:
        """One sentence with names, at most `most` groups and members of each."""
        if self.status is Status.IDENTIFIED:
            return f"{len(models)} models, all comparable"
        shown = [", ".join([*(models[m] for m in g[:most]), *(["…"] if len(g) > most else [])]) for g in self.groups]
        listed = " | ".join([*shown[:most], *(["…"] if len(shown) > most else [])])
        if self.status is Status.DISCONNECTED:
            return f"{len(self.groups)} groups never met: {listed}"
        if len(self.groups) == 1:
            return "no cycle of votes has more wins than ties: gaps and ties can grow together without bound"
        return f"{len(self.groups)} groups, those before never losing to those after: {listed}"


def existence(battles: Battles) -> Existence:
    """Ford's condition on `battles`."""
    size = len(battles.models)
    score = battles.score
    first_scored, second_scored = score > 0, battles.games - score > 0
    if size <= DENSE_MODELS and _strongly_connected(battles, first_scored, second_scored):
        return Existence(Status.IDENTIFIED, (tuple(range(size)),))
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    winners = np.concatenate([battles.first[first_scored], battles.second[second_scored]])
    losers = np.concatenate([battles.second[first_scored], battles.first[second_scored]])
    graph = coo_array((np.ones(winners.size), (winners, losers)), shape=(size, size)).tocsr()
    pieces, piece = connected_components(graph, directed=False)
    if pieces > 1:
        return Existence(Status.DISCONNECTED, _groups(piece))
    parts, part = connected_components(graph, connection="strong")
    if parts == 1:
        return Existence(Status.IDENTIFIED, _groups(part))
    groups = _groups(part)
    return Existence(Status.SEPARATED, tuple(groups[g] for g in _best_first(part[winners], part[losers], parts)))


def existence_with_ties(battles: Battles) -> Existence:
    """Whether the ratings and the tie parameter of Rao and Kupper, or of Davidson, have a finite maximum together.

    Beside Ford's condition, some cycle of models must hold more wins, each by one over the next, than ties. Otherwise
    there are positions in which winners lead by at least 1 and ties lie within 1: the likelihood never falls as these,
    and the width of a tie with them, are stretched.
    """
    found = existence(battles)
    if found.status is Status.IDENTIFIED and len(battles.models) > 1 and not _more_wins_than_ties(battles):
        return Existence(Status.SEPARATED, found.groups)
    return found


def _more_wins_than_ties(battles: Battles) -> bool:
    """Whether a cycle has a negative sum, a win counting −1 and a tie +1 either way (Bellman and Ford)."""
    lost, tied, won = (battles.counts > 0).T
    if np.any(lost & won):
        return True
    size, (first, second) = len(battles.models), (battles.first, battles.second)
    tails = np.concatenate([first[won], second[lost], first[tied], second[tied]])
    heads = np.concatenate([second[won], first[lost], second[tied], first[tied]])
    cost = np.repeat([-1, 1], [int(won.sum() + lost.sum()), 2 * int(tied.sum())])
    distance, parent = np.zeros(size, dtype=np.int64), np.full(size, size)
    while True:
        reached = distance[tails] + cost
        nearest = distance.copy()
        np.minimum.at(nearest, heads, reached)
        taken = (reached == nearest[heads]) & (reached < distance[heads])
        if not taken.any():
            return False
        distance, parent[heads[taken]] = nearest, tails[taken]
        # Shortest paths that run in a circle have no end: it must be negative.
        if _has_cycle(parent):
            return True


def _has_cycle(parent: Integers) -> bool:
    """Whether following parents from some node never leads to the root, which is number len(parent)."""
    ancestor = np.append(parent, len(parent))
    for _ in range(len(parent).bit_length()):
        ancestor = ancestor[ancestor]
    return bool(np.any(ancestor != len(parent)))


def _strongly_connected(battles: Battles, first_scored: Booleans, second_scored: Booleans) -> bool:
    """Whether the first model reaches all others along wins and along losses; faster than scipy's on few models."""
    size = len(battles.models)
    beats = np.zeros((size, size), dtype=bool)
    beats[battles.first, battles.second] = first_scored
    beats[battles.second, battles.first] = second_scored
    return _reaches_all(beats) and _reaches_all(beats.T)


def _reaches_all(arcs: Booleans) -> bool:
    reached = np.zeros(len(arcs), dtype=bool)
    newest = np.zeros(1, dtype=np.int64)
    while newest.size:
        reached[newest] = True
        newest = np.flatnonzero(arcs[newest].any(axis=0) & ~reached)
    return bool(reached.all())


def _groups(label: Integers) -> tuple[tuple[int, ...], ...]:
    """Members of each label, ascending."""
    order = np.argsort(label, kind="stable")
    return tuple(tuple(g.tolist()) for g in np.split(order, np.cumsum(np.bincount(label))[:-1]))


def _best_first(winners: Integers, losers: Integers, parts: int) -> list[int]:
    """Groups such that arcs lead from earlier to later ones only."""
    arcs = np.unique(winners.astype(np.int64) * parts + losers)
    ahead: dict[int, list[int]] = {g: [] for g in range(parts)}
    for winner, loser in zip((arcs // parts).tolist(), (arcs % parts).tolist(), strict=True):
        if winner != loser:
            ahead[loser].append(winner)
    return list(TopologicalSorter(ahead).static_order())

"""A ladder: competitors ranked over tasks by Bradley-Terry, beside what Elo would say of the same meetings.

Tasks are what was sampled, so tasks are drawn anew, not the units within them: more seeds make the result of a task
surer and say nothing of the next task. Where some competitor only wins, the maximum likelihood is infinite; Firth's
estimate, which stays finite, then bounds it, and stands in every draw. Rank intervals are of Chatbot Arena's kind
(arXiv 2403.04132, §5), sharpened to differences. Online Elo depends on the order of its votes (ibid., §4): it is shown
with its spread over orders and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, summed, win_and_loss
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.elo import OrderStudy, order_study
from claimbench.stats.ranking.existence import Status, existence
from claimbench.stats.ranking.firth import fit_firth
from claimbench.stats.ranking.firth_draws import firth_draws
from claimbench.stats.ranking.goodness import three_cycles
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.meetings import Meetings
from claimbench.stats.ranking.rank_intervals import rank_intervals
from claimbench.stats.ranking.sandwich import at_least, model_covariance
from claimbench.stats.ranking.votes import Battles, from_counts

__all__ = ["DRAWS", "ELO_K", "ORDERS", "Condorcet", "Ladder", "condorcet", "ladder"]

DRAWS = 1000
"""Draws of tasks."""
ORDERS = 1000
"""Random orders of the meetings, for Elo."""
ELO_K = 32.0
"""Elo's step: tasks are few, and a smaller one would leave everybody near the start."""
ALPHA = 0.05
"""Probability that any rank interval misses."""


@dataclass(frozen=True)
class Condorcet:
    """What no rating can say of the meetings."""

    cycles: int
    """Triples of which each beats the next."""
    triples: int
    """Triples of which each met each."""
    unexplained: float
    """Share of the variance of the pairs' scores about ½ that Bradley-Terry leaves; NaN where every pair is even."""
    spare: int
    """Pairs beyond the M − 1 that ratings fit whatever they say: with none, nothing was checked."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """Competitors over tasks; all arrays are in the order of `competitors`."""

    competitors: tuple[str, ...]
    """Names, best first."""
    rating: Floats
    """(M,), Bradley-Terry in natural units, mean zero. Where votes separate: +∞ for who never lost to another group, −∞
    for who never won against one, NaN between the two."""
    firth: Floats
    """(M,), Firth's estimate, mean zero; finite."""
    covariance: Floats
    """(M, M), of `firth`: over draws of tasks, and no less than the model's with one vote a meeting."""
    best: Integers
    """(M,), best rank; with probability 1 − α all ranks lie within `best` and `worst`."""
    worst: Integers
    """(M,), worst rank."""
    share: Floats
    """(M,), share of its battles that each won, ties half, every task weighing the same."""
    tasks: Integers
    """(M,), tasks on which each met somebody."""
    elo: OrderStudy
    """Elo over random orders of the meetings, one vote each."""
    condorcet: Condorcet
    """What ratings leave unsaid."""
    lost_draws: float
    """Share of the draws of tasks in which the competitors do not all hang together, which are left out."""

    @property
    def separated(self) -> bool:
        """Whether some ratings are infinite."""
        return not bool(np.all(np.isfinite(self.rating)))


def ladder(meetings: Meetings, seed: int | Generator = 0) -> Ladder:
    """Rank the competitors of `meetings`; the same seed gives the same ladder, whatever the order of the rows.

    Raises VotesError where the competitors do not all hang together by meetings, as those of `together` do.
    """
    generator = np.random.default_rng(seed)
    rows = np.lexsort((meetings.second, meetings.first, meetings.task))
    battles = meetings.battles()
    firth = fit_firth(battles)
    if firth.status is not Status.IDENTIFIED:
        raise VotesError(f"no ladder, {firth.status}: {firth.existence.explain(battles.models)}")
    covariance, lost = _covariance(meetings, battles, firth.ratings, generator)
    best, worst = rank_intervals(firth.ratings, covariance, ALPHA, seed=generator)
    study = order_study(
        meetings.first[rows],
        meetings.second[rows],
        meetings.scores[rows],
        len(battles.models),
        orders=ORDERS,
        generator=generator,
        k=ELO_K,
    )
    rating, order = _maximum(battles, firth.ratings)
    return Ladder(
        competitors=tuple(battles.models[m] for m in order),
        rating=rating[order],
        firth=firth.ratings[order],
        covariance=covariance[np.ix_(order, order)],
        best=best[order],
        worst=worst[order],
        share=_shares(battles)[order],
        tasks=_tasks(meetings)[order],
        elo=OrderStudy(study.ratings[:, order], study.mean[order], study.sd[order], study.rank_spread[order]),
        condorcet=condorcet(battles),
        lost_draws=lost,
    )


def condorcet(battles: Battles) -> Condorcet:
    """Cycles, and how much of the variance of the pairs' scores Bradley-Terry leaves; separated votes are no bar."""
    size = len(battles.models)
    met = np.zeros((size, size), dtype=np.int64)
    met[battles.first, battles.second] = met[battles.second, battles.first] = 1
    y = battles.score / battles.games
    left, all_of_it = (float(battles.games @ (y - p) ** 2) for p in (_fitted(battles), 0.5))
    # Rounding must not make a majority of an even pair.
    lead = np.round(y - 0.5, 9)
    majority = from_counts(
        battles.first, battles.second, np.stack([lead < 0, lead == 0, lead > 0], axis=1), battles.models
    )
    return Condorcet(
        cycles=three_cycles(majority),
        triples=int(np.trace(met @ met @ met)) // 6,
        unexplained=left / all_of_it if all_of_it > 0 else float("nan"),
        spare=battles.first.size - (size - 1),
    )


def _covariance(meetings: Meetings, battles: Battles, firth: Floats, generator: Generator) -> tuple[Floats, float]:
    """Covariance of Firth's ratings, and the share of the draws that have none.

    Where all tasks agree, all draws agree, and a bootstrap sees no variance though tasks be three: hence the floor.
    """
    tasks = len(meetings.tasks)
    drawn = generator.multinomial(tasks, np.full(tasks, 1 / tasks), DRAWS).astype(np.float64)
    pair = np.searchsorted(
        battles.first * len(battles.models) + battles.second,
        meetings.first * len(battles.models) + meetings.second,
    )
    games = np.zeros((tasks, battles.first.size))
    score = np.zeros_like(games)
    games[meetings.task, pair] = meetings.weights
    score[meetings.task, pair] = meetings.weights * meetings.scores
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    ratings = firth_draws(graph, drawn @ games, drawn @ score)
    ratings = ratings[~np.isnan(ratings[:, 0])]
    floor = model_covariance(battles, firth)
    if len(ratings) < 2:
        return floor, 1 - len(ratings) / DRAWS
    # The mean of T draws from T tasks varies less than that of T new tasks.
    spread = np.atleast_2d(np.cov(ratings, rowvar=False)) * tasks / max(tasks - 1, 1)
    return at_least(spread, floor), 1 - len(ratings) / DRAWS


def _maximum(battles: Battles, firth: Floats) -> tuple[Floats, Integers]:
    """Maximum-likelihood ratings, infinite where votes separate, and the order that they give, best first.

    Groups of which neither is above the other stand by the best of their Firth ratings; equals by their index.
    """
    groups, label, within = _within_groups(battles)
    if len(groups) == 1:
        return within, np.argsort(-np.round(within, 9), kind="stable")
    above = np.zeros((len(groups), len(groups)), dtype=bool)
    first, second = label[battles.first], label[battles.second]
    np.logical_or.at(above, (first, second), battles.score > 0)
    np.logical_or.at(above, (second, first), battles.games - battles.score > 0)
    np.fill_diagonal(above, False)
    wins, loses = (above.sum(axis=1) > 0)[label], (above.sum(axis=0) > 0)[label]
    rating = np.where(wins & loses, np.nan, np.where(wins, np.inf, -np.inf))
    waiting = list(range(len(groups)))
    order: list[int] = []
    while waiting:
        ready = [g for g in waiting if not above[waiting, g].any()]
        top = max(ready, key=lambda g: (round(float(firth[list(groups[g])].max()), 9), -min(groups[g])))
        waiting.remove(top)
        order += sorted(groups[top], key=lambda m: (-round(float(within[m]), 9), m))
    return rating, np.array(order)


def _within_groups(battles: Battles) -> tuple[tuple[tuple[int, ...], ...], Integers, Floats]:
    """Strongly connected groups; for each competitor (M,) the number of its group and its rating within that."""
    groups = existence(battles).groups
    label, within = np.zeros(len(battles.models), dtype=np.int64), np.zeros(len(battles.models))
    for number, members in enumerate(groups):
        label[list(members)] = number
        if len(members) > 1:
            fit = fit_bradley_terry(battles.subset(members))
            if fit.status is not Status.IDENTIFIED:
                raise VotesError(f"no ratings, {fit.status}: {fit.existence.explain(battles.models)}")
            within[list(members)] = fit.ratings
    return groups, label, within


def _fitted(battles: Battles) -> Floats:
    """(E,), probabilities with which the first wins under the maximum likelihood, 0 and 1 between separated groups."""
    _, label, within = _within_groups(battles)
    win, _ = win_and_loss(within[battles.first] - within[battles.second])
    return np.where(label[battles.first] == label[battles.second], win, battles.score / battles.games)


def _shares(battles: Battles) -> Floats:
    size = len(battles.models)
    won = summed(battles.first, battles.score, size) + summed(battles.second, battles.games - battles.score, size)
    return won / (summed(battles.first, battles.games, size) + summed(battles.second, battles.games, size))


def _tasks(meetings: Meetings) -> Integers:
    """(M,), tasks on which each competitor met another."""
    on = np.zeros((len(meetings.competitors), len(meetings.tasks)), dtype=bool)
    on[meetings.first, meetings.task] = on[meetings.second, meetings.task] = True
    return on.sum(axis=1)

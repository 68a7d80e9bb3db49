"""Ladders as a page shows them: Bradley-Terry with its rank intervals, the size of the leads, and Elo's spread."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from claimbench.competition import Contest, Task, contests
from claimbench.health import Health
from claimbench.record import Record
from claimbench.reports.numbers import number, quantity, times
from claimbench.reports.tables import table
from claimbench.spec import AnyClaim
from claimbench.stats.ranking.ladder import DRAWS, ELO_K, ORDERS, Ladder, ladder
from claimbench.stats.ranking.meetings import mean_advantage

__all__ = ["Ranking", "of_one_paper", "of_several_papers"]

_SEED = 0
"""Of every draw, so that equal records give equal pages."""
_LEAD = {
    "speed": "speed-up, geometric mean",
    "memory": "saving, geometric mean",
    "quality": "mean lead, larger is better",
}


@dataclass(frozen=True)
class Ranking:
    """One ladder, as text for the template."""

    title: str
    """What it is about, with a capital."""
    table: str
    """The competitors, best first."""
    notes: list[str]
    """Tasks, and how far the ladder is to be trusted."""


def of_one_paper(claims: Iterable[AnyClaim], records: Sequence[Record], health: Health) -> list[Ranking]:
    """The ladders of one paper's locked claims, for its own page; none where no two competitors met often enough."""
    return [_ranking(one, lambda task: "") for one in contests(claims, records, health)]


def of_several_papers(claims: Iterable[AnyClaim], records: Sequence[Record], health: Health) -> list[Ranking]:
    """The ladders of all papers' locked claims together, for the index: those on which more than one paper counts."""
    found = contests(claims, records, health)
    shared = [one for one in found if len({task.claim.paper for task in one.tasks}) > 1]
    return [_ranking(one, lambda task: f"{task.claim.paper}.md") for one in shared]


def _ranking(contest: Contest, page: Callable[[Task], str]) -> Ranking:
    """`page` gives the file on which a task's claim stands."""
    found, leads = ladder(contest.meetings, _SEED), _leads(contest)
    rows = [
        (
            str(place + 1),
            name,
            str(found.tasks[place]),
            f"{100 * found.share[place]:.0f} %",
            _rating(found, place),
            f"{found.best[place]} to {found.worst[place]}",
            leads[name],
            f"{found.elo.mean[place]:.0f} ± {number(float(found.elo.sd[place]), 2)}",
            str(found.elo.rank_spread[place]),
        )
        for place, name in enumerate(found.competitors)
    ]
    headers = ("", "competitor", "tasks", "won", "Bradley–Terry", "rank (95 %)")
    elo = ("Elo ± over orders", "Elo rank spread")
    return Ranking(
        title=contest.kind.capitalize(),
        table=table((*headers, _LEAD[contest.kind], *elo), rows),
        notes=[*_tasks(contest, page), *_battles(contest), *_trust(found)],
    )


def _rating(found: Ladder, place: int) -> str:
    """Log-odds in favour against the mean; where votes separate there is no such number, only Firth's bound."""
    rating, firth = float(found.rating[place]), _signed(float(found.firth[place]))
    if math.isfinite(rating):
        return _signed(rating)
    if math.isnan(rating):
        return f"between (Firth: {firth})"
    return (
        f"+∞ (bounded below by Firth: {firth})" if rating > 0 else f"{number(rating)} (bounded above by Firth: {firth})"
    )


def _signed(value: float) -> str:
    value = round(value, 2) + 0.0  # no −0
    return f"+{value:.2f}" if value > 0 else number(value) if value == 0 else f"\N{MINUS SIGN}{-value:.2f}"


def _leads(contest: Contest) -> dict[str, str]:
    """Competitor → what it is ahead of those it met: a factor, or a difference in each metric that was measured."""
    if contest.kind != "quality":
        ahead = zip(contest.meetings.competitors, mean_advantage(contest.meetings).tolist(), strict=True)
        return {name: times(math.exp(lead)) if math.isfinite(lead) else "" for name, lead in ahead}
    words: dict[str, list[str]] = {name: [] for name in contest.meetings.competitors}
    metrics = [(task.claim.metric.name, task.claim.metric.unit) for task in contest.tasks]
    for metric, unit in sorted(set(metrics)):
        of_metric = np.array([one == (metric, unit) for one in metrics])
        own = contest.meetings.subset(of_metric[contest.meetings.task])
        for name, lead in zip(own.competitors, mean_advantage(own).tolist(), strict=True):
            if math.isfinite(lead):
                sign = "+" if lead > 0 else ""
                words[name].append(f"{metric} {sign}{quantity(lead, unit)}")
    return {name: ", ".join(parts) for name, parts in words.items()}


def _tasks(contest: Contest, page: Callable[[Task], str]) -> list[str]:
    links = [f"[{task.claim.label}]({page(task)}#{task.claim.label.lower()})" for task in contest.tasks]
    named = ", ".join(f"{link} at {task.tier}" for link, task in zip(links, contest.tasks, strict=True))
    return [f"{len(contest.tasks)} tasks: {named}"]


def _battles(contest: Contest) -> list[str]:
    counts = contest.meetings.counts
    ties = _percent(counts[:, 1].sum() / counts.sum())
    return [
        f"{number(float(counts.sum()))} battles, of one unit a side; {ties} are ties, no further apart than by noise"
    ]


def _trust(found: Ladder) -> list[str]:
    lost = f", less {_percent(found.lost_draws)} in which not all hang together" if found.lost_draws else ""
    said = [f"the intervals of ranks hold all at once, by {DRAWS} draws of the tasks, not of their units{lost}"]
    checked = found.condorcet
    if checked.spare:
        said.append(
            f"{checked.cycles} of {checked.triples} triples that met in full go round in a circle"
            + (
                ""
                if math.isnan(checked.unexplained)
                else f"; the ratings leave {_percent(checked.unexplained)} of the "
                "variance of the pairs' scores unexplained"
            )
        )
    else:
        said.append("the ratings have as many pairs as they need, so nothing checks whether they can explain them")
    return [*said, f"Elo: steps of K = {ELO_K:g}, {ORDERS} random orders of the same meetings; it decides nothing"]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

"""Ideas, the plan that an idea's comparison is held to, and whether an idea is new.

New is meant narrowly: not in the archive of this loop's papers, and not on the template's own short list of what is
known. Nothing else is searched, and a paper says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from claimbench.impls.ai_scientist.loop.template import Settings, Space, Template, printed
from claimbench.spec import Model

__all__ = ["Entry", "Idea", "Novelty", "Plan", "Rating", "described", "idea_of", "listed", "novelty", "taken"]

Rating = Annotated[int, Field(ge=1, le=10)]


class Idea(Model):
    """A question about some levers of a template."""

    title: str
    """Title of the paper about it."""
    hypothesis: str
    """What is expected, in a sentence."""
    levers: Annotated[tuple[str, ...], Field(min_length=1)]
    """What it is about; everything else stays as it is, or is tuned for every arm alike."""
    interestingness: Rating | None = None
    """As its author rates it; None from an author that has no opinions."""
    feasibility: Rating | None = None
    """The same."""
    novelty: Rating | None = None
    """The same."""


class Entry(Model):
    """A paper of the archive."""

    template: str
    """Template that it is about."""
    title: str
    """Its title."""
    levers: tuple[str, ...]
    """What it is about."""
    outcome: Literal["better", "worse", "undecided"]
    """What it found."""
    estimate: float
    """By how much, as it reports it."""
    paper: str
    """Folder."""


class Novelty(Model):
    """What was found when an idea was looked up."""

    status: Literal["archived", "known", "partly known", "not on the lists"]
    """`archived` ideas are refused; the others go on, and the paper says what is known."""
    archived: str = ""
    """Title of the archived paper about the same."""
    known: tuple[int, ...] = ()
    """Places on the template's list of what is known."""
    searched: int
    """Papers in the archive about this template."""


class Plan(Model):
    """What will be compared, how, and what would decide it; written before any seed of the comparison is run."""

    subject: str
    """Arm that the idea is about."""
    baseline: str
    """Arm that it must beat."""
    arms: dict[str, Settings]
    """All arms that are compared."""
    metric: str
    """Metric that is judged."""
    level: float
    """Of the intervals; two looks at this level err by no more than 5 % together."""
    held_out: tuple[int, ...]
    """Seeds of the comparison."""
    second: tuple[int, ...]
    """Seeds of a second look, where the first does not decide and the reviewer asks for it."""
    program: str
    """SHA-256 of the experiment's program."""


def idea_of(template: Template, settings: Settings) -> Idea:
    """The question that the embedded proposer asks: whether settings that did well in a search do so on other seeds."""
    space = template.space
    changed = space.changed(settings)
    labels = listed([space.lever(name).label for name in changed])
    only = settings | {name: space.lever(name).baseline for name in space.tuned}
    tuned = listed([space.lever(name).label for name in space.tuned])
    verb = "lower" if template.metric.better == "lower" else "raise"
    return Idea(
        title=f"{labels[0].upper()}{labels[1:]} in {template.subject}",
        hypothesis=f"With a tuned {tuned}, {described(space, only)} {verb} the {template.metric.label} further than "
        f"the {tuned} alone does",
        levers=changed,
    )


def listed(names: Sequence[str]) -> str:
    """Names as an enumeration."""
    if not names:
        return ""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def taken(archive: Sequence[Entry], template: Template) -> set[frozenset[str]]:
    """Sets of levers that the archive has a paper about."""
    return {frozenset(entry.levers) for entry in archive if entry.template == template.name}


def novelty(idea: Idea, archive: Sequence[Entry], template: Template) -> Novelty:
    """Look an idea up in the archive, by its levers and its title, and on the template's list."""
    own = [entry for entry in archive if entry.template == template.name]
    for entry in own:
        if set(entry.levers) == set(idea.levers) or _same_words(entry.title, idea.title):
            return Novelty(status="archived", archived=entry.title, searched=len(own))
    known = tuple(place for place, one in enumerate(template.known) if set(one.levers) & set(idea.levers))
    covered = {name for place in known for name in template.known[place].levers}
    status = "not on the lists" if not known else "known" if set(idea.levers) <= covered else "partly known"
    return Novelty(status=status, known=known, searched=len(own))


def described(space: Space, settings: Settings) -> str:
    """Settings in words: what differs from the baseline, or that nothing does."""
    changed = [
        f"{lever.label} {printed(settings[lever.name])}"
        for lever in space.levers
        if settings[lever.name] != lever.baseline
    ]
    return ", ".join(changed) or "the template's own settings"


def _same_words(one: str, other: str) -> bool:
    first, second = (set(re.findall(r"\w+", text.lower())) for text in (one, other))
    return first == second

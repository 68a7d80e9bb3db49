"""Where a paper's idea comes from: a language model after a pilot, or what did best in a search."""

from __future__ import annotations

from collections.abc import Sequence

from claimbench.impls.ai_scientist.loop.archive import Archive
from claimbench.impls.ai_scientist.loop.explore import untaken, within
from claimbench.impls.ai_scientist.loop.ideas import Entry, Idea, Novelty, idea_of, novelty, taken
from claimbench.impls.ai_scientist.loop.proposer import Tried
from claimbench.impls.ai_scientist.loop.template import Settings, Template
from claimbench.impls.ai_scientist.loop.written import Author, NoAnswer
from claimbench.spec import Model

__all__ = ["HadIdea", "OwnIdea", "had_idea", "own_idea", "testable"]


class OwnIdea(Model):
    """A language model's idea, or why there is none."""

    idea: Idea | None
    """The idea."""
    note: str = ""
    """What the paper says where none came."""


class HadIdea(Model):
    """The idea of the paper, and the settings that it is tested by."""

    idea: Idea
    """The idea."""
    novelty: Novelty
    """What was found when it was looked up."""
    settings: Settings
    """The found settings."""


def own_idea(author: Author | None, tried: Sequence[Tried], archive: Archive) -> OwnIdea:
    """What a language model makes of a pilot, if there is one."""
    if author is None:
        return OwnIdea(idea=None)
    try:
        return OwnIdea(idea=author.idea(tried, archive.entries()))
    except NoAnswer as error:
        note = f"A language model was to have the idea, but {error}; the question is about what did best instead."
        return OwnIdea(idea=None, note=note)


def testable(template: Template, own: Idea | None, tried: Sequence[Tried], archive: Sequence[Entry]) -> list[Tried]:
    """Settings by which an idea may be tested: a language model's, or one that the archive has no paper about."""
    if own:
        return within(template.space, tried, {*own.levers, *template.space.tuned})
    return untaken(template.space, tried, taken(archive, template))


def had_idea(template: Template, own: Idea | None, settings: Settings, archive: Sequence[Entry]) -> HadIdea:
    """The idea with the settings that it is tested by; the language model's where it had one."""
    idea = own or idea_of(template, settings)
    return HadIdea(idea=idea, novelty=novelty(idea, archive, template), settings=settings)

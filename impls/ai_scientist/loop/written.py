"""A language model in the embedded proposer's place: it has the idea, proposes settings, and discusses the results.

It may choose among the same settings and nothing else, and answers in JSON that is checked. Where it gives no usable
answer, or the budget is spent, the embedded proposer goes on, and the paper says from where on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import TypeVar

from pydantic import BaseModel, Field, field_validator

from claimbench.errors import SpecError
from claimbench.impls.ai_scientist.chat import ChatModel, Message
from claimbench.impls.ai_scientist.loop.ideas import Entry, Idea, described, novelty
from claimbench.impls.ai_scientist.loop.proposer import Tried
from claimbench.impls.ai_scientist.loop.template import Settings, Space, Template, printed
from claimbench.impls.ai_scientist.loop.verify import levels, stray_numbers
from claimbench.spec import Model

__all__ = ["Author", "NoAnswer", "asked"]

M = TypeVar("M", bound=BaseModel)
_TEMPERATURE = 0.75
_TOKENS = 1500
_REPAIRS = 2
_HONEST = (
    "You work in a program that runs small experiments and writes papers about them. The program measures, compares "
    "and reports; what you write is printed as a quotation under your name. Claim nothing that was not measured."
)


class NoAnswer(Exception):
    """A language model gave nothing that can be used; the message says why, as a clause."""


def asked(
    model: ChatModel, messages: Sequence[Message], schema: type[M], stage: str, *, temperature: float = _TEMPERATURE
) -> M:
    """A typed answer, its price entered under `stage`.

    Raises NoAnswer where none comes or the budget is spent, and EndpointFailed as the model does.
    """
    from claimbench.impls.ai_scientist import budget
    from claimbench.impls.ai_scientist.answers import AnswerRefused, ask

    try:
        with budget.stage(stage):
            answer = ask(model, messages, schema, temperature=temperature, max_tokens=_TOKENS, repairs=_REPAIRS)
    except budget.BudgetSpent as error:
        raise NoAnswer("the budget for it was spent") from error
    except AnswerRefused as error:
        raise NoAnswer(f"{model.name} gave no usable answer") from error
    return answer.value


class Author:
    """What a language model is asked for in a loop about one template."""

    def __init__(self, model: ChatModel, template: Template) -> None:
        self.model = model
        self.template = template

    def idea(self, tried: Sequence[Tried], archive: Sequence[Entry]) -> Idea:
        """An idea that the archive does not have; raises NoAnswer."""
        titles = "\n".join(f"- {entry.title}: {entry.outcome}" for entry in archive) or "none yet"
        task = (
            f"{self._experiment()}\n\nRuns so far:\n{self._table(tried)}\n\nPapers in the archive:\n{titles}\n\n"
            "Have an idea for a paper: which of the settings that an idea may be about should be changed together, and "
            "what do you expect? It must differ from the archive. Answer in JSON with title (without numbers), "
            "hypothesis (one sentence), levers (names of settings), and your own ratings from 1 to 10 of "
            "interestingness, feasibility and novelty."
        )
        found = asked(self.model, self._said(task), _idea_schema(self.template, archive), "idea")
        return Idea.model_validate(found.model_dump())

    def settings(self, space: Space, tried: Sequence[Tried], levers: Collection[str]) -> Settings:
        """New settings; raises NoAnswer."""
        task = (
            f"{self._experiment()}\n\nRuns so far, on tuning seeds:\n{self._table(tried)}\n\n"
            f"Propose the next settings to run. Change {', '.join(levers)} and leave all else at the default. Answer "
            "in JSON with settings, an object that has a value for every setting."
        )
        return asked(self.model, self._said(task), _settings_schema(space, tried, levers), "settings").settings

    def discussion(self, paper: str, allowed: Collection[str], review: str) -> str:
        """A discussion of the results in two paragraphs at most; raises NoAnswer."""
        task = (
            f"This is the paper so far:\n\n{paper}\n\n{review}\n\nWrite its discussion, one or two paragraphs: what "
            "the results mean, and what they do not show. A number may only be used as the paper prints it. Answer in "
            "JSON with discussion."
        )
        return asked(self.model, self._said(task.strip()), _discussion_schema(allowed), "discussion").discussion

    def _said(self, task: str) -> tuple[Message, Message]:
        return Message("system", _HONEST), Message("user", task)

    def _experiment(self) -> str:
        template = self.template
        lines = [template.about, *(f"- {text}" for text in template.fixed), "Settings and their values:"]
        for lever in template.space.levers:
            role = "tuned in every arm" if lever.tuned else "an idea may be about it"
            values = ", ".join(map(str, lever.levels))
            lines.append(f"- {lever.name} ({lever.about}): {values}; default {lever.baseline}; {role}")
        return "\n".join([*lines, f"Judged by: {template.metric.about} {template.metric.better} is better."])

    def _table(self, tried: Sequence[Tried]) -> str:
        template = self.template
        lines: list[str] = []
        for one in tried:
            value = f"{template.undo(one.loss):.{template.metric.digits}f}" if math.isfinite(one.loss) else "failed"
            lines.append(f"- {value}: {described(template.space, one.settings)}")
        return "\n".join(lines) or "none yet"


class _Discussion(Model):
    discussion: str = Field(min_length=1)


class _Proposed(Model):
    settings: Settings


def _idea_schema(template: Template, archive: Sequence[Entry]) -> type[Idea]:
    class Proposal(Idea):
        @field_validator("levers")
        @classmethod
        def _open(cls, levers: tuple[str, ...]) -> tuple[str, ...]:
            if unknown := [name for name in levers if name not in template.space.ideas]:
                raise ValueError(f"{unknown[0]!r} is not one of {', '.join(template.space.ideas)}")
            idea = Idea(title="-", hypothesis="-", levers=levers)
            found = novelty(idea, archive, template)
            if found.status == "archived":
                raise ValueError(f"the archive has a paper about these: {found.archived!r}")
            return tuple(name for name in template.space.ideas if name in levers)

        @field_validator("title")
        @classmethod
        def _wordy(cls, title: str) -> str:
            if re.search(r"\d", title):
                raise ValueError("a title has no numbers")
            return title

        @field_validator("hypothesis")
        @classmethod
        def _unmeasured(cls, hypothesis: str) -> str:
            return _without_strays(hypothesis, levels(template.space))

    return Proposal


def _settings_schema(space: Space, tried: Sequence[Tried], levers: Collection[str]) -> type[_Proposed]:
    class Proposal(_Proposed):
        @field_validator("settings")
        @classmethod
        def _new(cls, settings: Settings) -> Settings:
            try:
                checked = space.checked(settings)
            except SpecError as error:
                raise ValueError(str(error)) from error
            for name, value in checked.items():
                if name not in levers and value != space.lever(name).baseline:
                    raise ValueError(f"{name} must stay at the default, {printed(space.lever(name).baseline)}")
            if any(checked == one.settings for one in tried):
                raise ValueError("these settings were run already")
            return checked

    return Proposal


def _discussion_schema(allowed: Collection[str]) -> type[_Discussion]:
    class Proposal(_Discussion):
        @field_validator("discussion")
        @classmethod
        def _measured(cls, discussion: str) -> str:
            return _without_strays(discussion, allowed)

    return Proposal


def _without_strays(text: str, allowed: Collection[str]) -> str:
    if stray := stray_numbers(text, allowed):
        raise ValueError(f"{stray[0]} is not a number that stands there already: leave it out")
    return text

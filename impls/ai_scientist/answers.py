"""Typed answers: what a language model says, as the pydantic model that was asked for.

Issue 36 of the original's repository is what happens otherwise: it takes what stands between the first two fences,
parses it, and goes on without an idea where that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from claimbench.errors import ClaimbenchError
from claimbench.impls.ai_scientist.chat import ChatModel, Message, Reply
from claimbench.impls.ai_scientist.extract import NotJson, json_values

__all__ = ["Answer", "AnswerRefused", "InvalidAnswer", "ask", "parse"]

M = TypeVar("M", bound=BaseModel)
_MOST_ERRORS = 10


class InvalidAnswer(ValueError):
    """A text that does not hold what was asked for; says why, in words that the model can act on."""


class AnswerRefused(ClaimbenchError):
    """A model did not give what it was asked for."""

    def __init__(self, message: str, turns: tuple[Message, ...]) -> None:
        super().__init__(message)
        self.turns = turns
        """All that was said."""


@dataclass(frozen=True)
class Answer(Generic[M]):
    """What a model answered."""

    value: M
    """As it was asked for."""
    turns: tuple[Message, ...]
    """The conversation up to and with it, repairs among it, to be carried on."""
    repairs: int
    """How often it had to be asked again."""


def ask(
    model: ChatModel,
    messages: Sequence[Message],
    schema: type[M],
    *,
    temperature: float,
    max_tokens: int,
    repairs: int = 1,
) -> Answer[M]:
    """Ask for a `schema`; where the answer is none, say what is wrong with it and ask again, `repairs` times at most.

    Raises AnswerRefused where none comes or the model declines, and what the model raises.
    """
    turns, problem = tuple(messages), ""
    for repair in range(repairs + 1):
        reply = model.complete(turns, temperature=temperature, max_tokens=max_tokens)
        turns = (*turns, Message("assistant", reply.text or "(nothing)"))
        if reply.finish == "refusal":
            raise AnswerRefused(f"{model.name} declines to give a {schema.__name__}; ask for something else", turns)
        try:
            return Answer(_whole(reply, schema, max_tokens), turns, repair)
        except InvalidAnswer as error:
            problem = str(error)
        turns = (*turns, Message("user", _repair(problem)))
    raise AnswerRefused(
        f"{model.name} gave no {schema.__name__} in {repairs + 1} tries; of the last one: {problem}\n"
        "allow more repairs or tokens, or take another model",
        turns[:-1],
    )


def parse(text: str, schema: type[M]) -> M:
    """The one value in a text that is a `schema`; numbers may stand in strings.

    Raises InvalidAnswer where there is none, or two that differ.
    """
    try:
        offered = json_values(text)
    except NotJson as error:
        raise InvalidAnswer(f"no valid JSON: {error}") from error
    valid: list[M] = []
    wrong: list[tuple[Any, ValidationError]] = []
    for value in offered:
        try:
            found = schema.model_validate(value)
        except ValidationError as error:
            wrong.append((value, error))
        else:
            valid += [] if found in valid else [found]
    if len(valid) > 1:
        raise InvalidAnswer(f"{len(valid)} different answers; give one")
    if valid:
        return valid[0]
    # What is nearest to an answer: an object, the last one where there are several, for it is the one thought over.
    objects = [error for value, error in wrong if isinstance(value, dict)]
    raise InvalidAnswer(_listed((objects or [error for _, error in wrong])[-1]))


def _whole(reply: Reply, schema: type[M], max_tokens: int) -> M:
    if reply.finish == "length":
        raise InvalidAnswer(f"it was cut off after {max_tokens} tokens; be shorter")
    return parse(reply.text, schema)


def _listed(error: ValidationError) -> str:
    lines: list[str] = []
    for one in error.errors(include_url=False, include_context=False):
        place = ".".join(map(str, one["loc"])) or "the answer"
        given = "" if one["type"] == "missing" else f", not {_short(repr(one['input']))}"
        lines.append(f"{place}: {one['msg']}{given}")
    rest = len(lines) - _MOST_ERRORS
    return "\n".join(lines[:_MOST_ERRORS] + ([f"and {rest} more"] if rest > 0 else []))


def _repair(problem: str) -> str:
    return (
        f"That answer cannot be used:\n{problem}\n\n"
        "Give the whole answer again, as one block of valid JSON between ```json and ```, with nothing after it."
    )


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"

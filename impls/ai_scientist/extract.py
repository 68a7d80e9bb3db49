"""JSON in what a language model writes around it.

Strict JSON is taken first. What is not strict is mended where it can mean one thing only: a comma before a closing
bracket, a line break or a tab within a string. Anything else that begins like JSON and is none is refused, above all
what ends before its brackets close: a part of an answer, such as its first finished object, is never taken for all.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

__all__ = ["NotJson", "json_values"]

_THOUGHT = re.compile(r"\s*<(think|thinking)>.*?(?:</\1>|(\Z))", re.DOTALL)
_MARK = re.compile(r"`{3,}|~{3,}|[{\[]")
_OPENING = re.compile(r"(?P<fence>`{3,}|~{3,})[ \t]*(?:(?P<tag>[\w+#.-]*)[ \t]*\r?\n|(?P<inline>json\w*)?)\s*")
_OBJECT = re.compile(r"\{\s*(?:[\"'“}/]|[\w$]+\s*:|\{\s*[\"'])")
_LIST = re.compile(r"\[\s*(?:[\"'“{\[\]/]|-?\d|(?:true|false|null)\b)")
_CITATION = re.compile(r"\[[^\[\]{}\"]*\]")
_PIECE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
_COMMA = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|(?<![\[{,:\s])(\s*),(?=\s*[}\]])', re.DOTALL)
_SCALAR = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\w.+-]+', re.DOTALL)


class NotJson(ValueError):
    """An answer without JSON, or with JSON that is broken or cut off; says what is wrong and where."""


class _CutOff(NotJson):
    """It ends before its brackets close."""


def json_values(text: str) -> list[Any]:
    """The values that an answer offers, in their order: of fenced blocks if it has such, else objects and lists.

    A text that is JSON as a whole offers that. Raises NotJson where there is none, and where what begins like JSON is
    broken or cut off, unless it stands outside fenced blocks that are whole.
    """
    text = _after_thought(text).strip().lstrip("\ufeff")
    try:
        return [json.loads(text, **_HOOKS)]
    except (ValueError, RecursionError):
        pass
    fenced: list[Any] = []
    bare: list[Any] = []
    broken: NotJson | None = None
    at = 0
    while mark := _MARK.search(text, at):
        at = mark.end()
        if mark[0][0] in "`~":
            opening = _OPENING.match(text, mark.start())
            assert opening is not None
            at, found, whole = _block(text, opening)
            (fenced if whole else bare).extend(found)
        elif _begins(text, mark.start()):
            try:
                value, at = _value(text, mark.start())
                bare.append(value)
            except _CutOff:
                raise
            except NotJson as error:
                citation = _CITATION.match(text, mark.start())
                at = citation.end() if citation else _end(text, mark.start())
                broken = broken if citation else error
    if fenced:
        return fenced
    if broken is not None:
        raise broken
    if not bare:
        raise NotJson("there is no JSON in it")
    return bare


def _after_thought(text: str) -> str:
    """What follows the reasoning that some models write before their answer, which may hold drafts of it."""
    thought = _THOUGHT.match(text)
    if thought is None:
        return text
    if thought[2] is not None:
        raise _CutOff("it ends within its reasoning, before the answer")
    return text[thought.end() :]


def _block(text: str, opening: re.Match[str]) -> tuple[int, list[Any], bool]:
    """Where to go on behind a fence, what JSON was found there, and whether it is all that the block holds."""
    start, tag = opening.end(), (opening["tag"] or opening["inline"] or "").lower()
    foreign = bool(tag) and not tag.startswith(("json", "markdown", "md"))
    try:
        value, end = _value(text, start)
    except NotJson:
        if foreign:
            closing = re.compile(rf"^[ \t]*{opening['fence']}", re.MULTILINE).search(text, start)
            return (closing.end() if closing else len(text)), [], False
        if _begins(text, start) and not _CITATION.match(text, start):
            raise
        # No JSON: what closes this block will look like the beginning of another that holds none either.
        return start, [], False
    closing = re.compile(rf"\s*(?:{opening['fence']}[`~]*|\Z)").match(text, end)
    if closing:
        return closing.end(), [value], True
    # A number or a word with more behind it is prose.
    return (end, [value], False) if text[start] in "{[" else (start, [], False)


def _begins(text: str, start: int) -> bool:
    """Whether a bracket is meant to be JSON's, right or wrong, and not one of prose, mathematics or code."""
    return bool(_OBJECT.match(text, start) or _LIST.match(text, start))


def _value(text: str, start: int) -> tuple[Any, int]:
    """The value that begins here, and its end; raises NotJson."""
    if text[start : start + 1] in ("{", "["):
        end = _end(text, start)
    else:
        scalar = _SCALAR.match(text, start)
        if scalar is None:
            raise NotJson(f"no value begins with {_quoted(text, start)}")
        end = scalar.end()
    # Nothing changes in what is JSON already: strings are passed over, and a comma never stands there.
    mended = _COMMA.sub(lambda found: found[1] or found[2], text[start:end])
    try:
        return json.loads(mended, strict=False, **_HOOKS), end
    except (ValueError, RecursionError) as error:
        raise NotJson(_explained(error, mended)) from None


def _end(text: str, start: int) -> int:
    """Behind the bracket that closes the one here; brackets within strings do not count."""
    depth = 0
    for piece in _PIECE.finditer(text, start):
        if piece[0] == '"':
            break
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(piece[0], 0)
        if depth == 0:
            return piece.end()
    raise _CutOff(
        f"it ends before what begins with {_quoted(text, start)} is closed (or a quote in a string has no backslash)"
    )


def _explained(error: Exception, text: str) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at {_quoted(text, max(error.pos - 20, 0))}"
    return "brackets within brackets, too many" if isinstance(error, RecursionError) else str(error)


def _quoted(text: str, start: int) -> str:
    return repr(text[start : start + 40])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} occurs twice")
    return content


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_HOOKS: dict[str, Any] = {"object_pairs_hook": _unique, "parse_float": _finite, "parse_constant": _no_constant}

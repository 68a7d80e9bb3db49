"""The body of a chat completion, whatever a server makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

__all__ = ["PASSING", "Completion", "Tokens", "Unusable", "read_completion", "well_formed"]

_CUT = frozenset({"length", "max_tokens"})
_DECLINED = frozenset({"content_filter", "refusal", "safety"})

PASSING = frozenset({408, 409, 429, 500, 502, 503, 504, 524, 529})
"""Statuses that may be another when asked again."""
Tokens: TypeAlias = "int | None"
"""A number of tokens, None where nobody counted them."""


@dataclass(frozen=True)
class Completion:
    """An answer that can be read."""

    text: str
    """What the model said; empty where it declined."""
    finish: Literal["stop", "length", "refusal"]
    """Why it ends."""
    refusal: str
    """What it said when it declined."""
    prompt_tokens: Tokens
    """Tokens read."""
    completion_tokens: Tokens
    """Tokens written."""


@dataclass(frozen=True)
class Unusable:
    """An answer that is none."""

    reason: str
    """What is wrong with it; may quote all of it, for who cuts it must look for secrets first."""
    passing: bool
    """Whether it may be right when asked again."""
    prompt_tokens: Tokens = None
    """Tokens read."""
    completion_tokens: Tokens = None
    """Tokens written."""


def read_completion(body: bytes, max_tokens: int) -> Completion | Unusable:
    """Read the body of an answer whose status says that all is well."""
    text = body.decode("utf-8", "replace").strip()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        if text.startswith("<"):
            return Unusable("a web page, not JSON; does the address end in /v1?", passing=False)
        return Unusable(f"no JSON: {text}", passing=True)
    if not isinstance(content, dict):
        return Unusable(f"JSON that is no completion: {text}", passing=False)
    fields = cast(dict[str, Any], content)
    usage = _mapping(fields.get("usage"))
    read, written = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    choices = fields.get("choices")
    if not isinstance(choices, list) or not choices:
        # Routers answer 200 before they know that the server behind them fails.
        error = _mapping(fields.get("error"))
        if error:
            return Unusable(f"an error: {error.get('message')}", error.get("code") in PASSING, read, written)
        return Unusable("no choices", True, read, written)
    choice = _mapping(cast(list[Any], choices)[0])
    message = _mapping(choice.get("message"))
    said, declined = _said(message.get("content")), _said(message.get("refusal"))
    if said is None and not declined and (message.get("tool_calls") or message.get("function_call")):
        return Unusable("a call of a tool, and there are none", True, read, written)
    reason = str(choice.get("finish_reason") or "").lower()
    if declined or reason in _DECLINED:
        return Completion("", "refusal", declined or said or "", read, written)
    if "message" not in choice:
        return Unusable("a choice without a message", True, read, written)
    # A server that gives no reason at all was cut off if it wrote all that it may.
    cut = reason in _CUT or (not reason and written is not None and written >= max_tokens)
    return Completion(said or "", "length" if cut else "stop", "", read, written)


def well_formed(text: str) -> str:
    """Surrogates joined where they are pairs, replaced where not: JSON may hold lone ones, a file may not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _said(content: object) -> str | None:
    """Text, whole or in parts."""
    if isinstance(content, str):
        return well_formed(content)
    if isinstance(content, list):
        parts = [_mapping(part).get("text") for part in cast(list[Any], content)]
        return well_formed("".join(part for part in parts if isinstance(part, str)))
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _count(value: object) -> Tokens:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

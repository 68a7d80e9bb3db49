"""What the loop asks of a language model: messages in, a reply with its tokens and price out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["ChatModel", "Message", "Reply"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    """Who speaks."""
    content: str
    """What is said."""


@dataclass(frozen=True)
class Reply:
    """What a model answered, and what it took."""

    text: str
    """The answer; empty where the model refused or was cut off before it said anything."""
    finish: Literal["stop", "length", "refusal"]
    """Why it ends: the model was done, had no tokens left, or declined."""
    prompt_tokens: int
    """Tokens read."""
    completion_tokens: int
    """Tokens written."""
    dollars: float
    """Price of the call; 0 for a model without one."""


class ChatModel(Protocol):
    """A language model behind whatever transport."""

    name: str

    def complete(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Reply:
        """The model's next turn.

        Raises BudgetSpent before a call that the budget does not cover, EndpointFailed where no answer comes.
        """
        ...

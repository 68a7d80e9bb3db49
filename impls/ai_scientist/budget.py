"""What calls of a language model cost, and the end of the loop before they cost too much.

A call is entered at its worst before it is sent: the most tokens that its prompt can be, all tokens that it may write.
When its answer is there, what it took replaces that. So a call that never came back, or a process that died in one,
counts at its worst; and no call is sent that could exceed the budget.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from claimbench.errors import ClaimbenchError, HostError
from claimbench.impls.ai_scientist.journal import Journal

__all__ = ["Budget", "BudgetSpent", "Call", "Entry", "Ledger", "Prices", "Total", "stage"]

_stage: ContextVar[str] = ContextVar("stage", default="")


class BudgetSpent(ClaimbenchError):
    """The next call could exceed the budget; it was not sent."""


@dataclass(frozen=True)
class Prices:
    """What tokens cost, in dollars per million; rebates for cached prompts are left out, so that no call costs more."""

    prompt: float
    """Tokens read."""
    completion: float
    """Tokens written, those of the reasoning that is not shown among them."""

    def __post_init__(self) -> None:
        """Raises ValueError unless both are numbers from 0 on."""
        if not all(math.isfinite(price) and price >= 0 for price in (self.prompt, self.completion)):
            raise ValueError(f"prices must be dollars from 0 on, not {self.prompt} and {self.completion}")

    def dollars(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Price of a call."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


@dataclass(frozen=True)
class Budget:
    """What a loop may spend."""

    dollars: float
    """Of all calls together."""
    calls: int
    """Requests sent, those that failed and were sent again among them."""

    def __post_init__(self) -> None:
        """Raises ValueError unless both are numbers from 0 on."""
        if not (math.isfinite(self.dollars) and self.dollars >= 0 and self.calls >= 0):
            raise ValueError(f"a budget is dollars and calls from 0 on, not {self.dollars} and {self.calls}")


@dataclass(frozen=True)
class Entry:
    """A call in the ledger."""

    call: int
    """Its number, from 1."""
    stage: str
    """What it was for."""
    model: str
    """Who was asked."""
    prompt_tokens: int
    """Tokens read."""
    completion_tokens: int
    """Tokens written."""
    dollars: float
    """What it cost."""
    seconds: float
    """How long it took; 0 until it has ended."""
    ended: bool = False
    """Whether it came to an end; if not, tokens and dollars are the most that it may take."""
    reported: bool = False
    """Whether the endpoint counted the tokens; if not, they are the most that they can be."""
    note: str = ""
    """What was not as it should be."""


@dataclass(frozen=True)
class Total:
    """Calls together."""

    calls: int
    """How many."""
    prompt_tokens: int
    """Tokens read."""
    completion_tokens: int
    """Tokens written."""
    dollars: float
    """What they cost."""
    seconds: float
    """How long they took, one after another."""


class Ledger:
    """All calls of a loop, on the disk where a path is given; one that is there already is carried on."""

    def __init__(self, budget: Budget, path: Path | None = None) -> None:
        """Raises HostError where the file is in use, is no ledger or cannot be written."""
        self.budget = budget
        self._journal = None if path is None else Journal(path)
        lines = [] if self._journal is None else self._journal.lines
        read = [_entry(line, path) for line in lines]
        # A call has one line when it is sent and another when it has ended: the last one holds.
        self._entries = {entry.call: entry for entry in read}
        self._lock = threading.Lock()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Calls in the order in which they were sent."""
        return tuple(self._entries.values())

    @property
    def total(self) -> Total:
        """All calls together."""
        return _total(self.entries)

    def totals(self) -> dict[str, Total]:
        """Calls by stage, in the order in which the stages began."""
        by_stage: dict[str, list[Entry]] = {}
        for entry in self.entries:
            by_stage.setdefault(entry.stage, []).append(entry)
        return {name: _total(tuple(entries)) for name, entries in by_stage.items()}

    def begin(self, model: str, prices: Prices, prompt_tokens: int, completion_tokens: int) -> Call:
        """Enter a call that may take so many tokens; raises BudgetSpent where the budget does not cover them."""
        worst = prices.dollars(prompt_tokens, completion_tokens)
        with self._lock:
            total = self.total
            if total.calls >= self.budget.calls:
                raise BudgetSpent(f"all {self.budget.calls} calls of the budget are made; give it more to go on")
            if total.dollars + worst > self.budget.dollars:
                raise BudgetSpent(
                    f"the next call may cost ${worst:.4f}, and of ${self.budget.dollars:.2f} there are "
                    f"${self.budget.dollars - total.dollars:.4f} left; give more, or ask for fewer tokens"
                )
            number = max(self._entries, default=0) + 1
            entry = Entry(number, _stage.get(), model, prompt_tokens, completion_tokens, worst, 0.0)
            self._enter(entry)
        return Call(self, prices, entry)

    def enter(self, entry: Entry) -> None:
        """Write what became of a call."""
        with self._lock:
            self._enter(entry)

    def close(self) -> None:
        """Let the file go."""
        if self._journal is not None:
            self._journal.close()

    def _enter(self, entry: Entry) -> None:
        if self._journal is not None:
            self._journal.append(asdict(entry))
        self._entries[entry.call] = entry


class Call:
    """A call that was sent."""

    def __init__(self, ledger: Ledger, prices: Prices, entry: Entry) -> None:
        self._ledger = ledger
        self._prices = prices
        self._entry = entry
        self._since = time.monotonic()

    def end(self, prompt_tokens: int | None, completion_tokens: int | None, note: str = "") -> Entry:
        """Enter what it took; of tokens that nobody counted (None) the most that there can be."""
        read = self._entry.prompt_tokens if prompt_tokens is None else prompt_tokens
        written = self._entry.completion_tokens if completion_tokens is None else completion_tokens
        ended = replace(
            self._entry,
            prompt_tokens=read,
            completion_tokens=written,
            dollars=self._prices.dollars(read, written),
            seconds=round(time.monotonic() - self._since, 3),
            ended=True,
            reported=prompt_tokens is not None and completion_tokens is not None,
            note=note,
        )
        self._ledger.enter(ended)
        return ended


@contextmanager
def stage(name: str) -> Generator[None]:
    """Calls made within, in this thread, are entered as made for `name`."""
    token = _stage.set(name)
    try:
        yield
    finally:
        _stage.reset(token)


def _total(entries: tuple[Entry, ...]) -> Total:
    return Total(
        calls=len(entries),
        prompt_tokens=sum(entry.prompt_tokens for entry in entries),
        completion_tokens=sum(entry.completion_tokens for entry in entries),
        dollars=math.fsum(entry.dollars for entry in entries),
        seconds=math.fsum(entry.seconds for entry in entries),
    )


def _entry(line: dict[str, Any], path: Path | None) -> Entry:
    try:
        return _ENTRY.validate_python(line)
    except ValidationError as error:
        raise HostError(f"{path}: holds a line that is no call; give the ledger a file of its own") from error


_ENTRY = TypeAdapter(Entry)

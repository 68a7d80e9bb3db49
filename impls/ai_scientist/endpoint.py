"""Any endpoint that speaks OpenAI's chat completions, with every request in a ledger.

Three variables say which: CLAIMBENCH_LLM_URL, CLAIMBENCH_LLM_MODEL and CLAIMBENCH_LLM_KEY; two more what it costs:
CLAIMBENCH_LLM_PRICE_IN and CLAIMBENCH_LLM_PRICE_OUT, dollars per million tokens read and written.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, cast

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.budget import Call, Ledger, Prices
from claimbench.impls.ai_scientist.chat import Message, Reply
from claimbench.impls.ai_scientist.completion import PASSING, Tokens, Unusable, read_completion, well_formed
from claimbench.impls.ai_scientist.wire import Answer, Connect, Key, NoAnswer, official_client

__all__ = ["Endpoint", "EndpointFailed", "from_environment", "most_prompt_tokens"]

_GATEWAY_GAVE_UP = frozenset({502, 504, 524})
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0
_ADVICE = {
    401: "; check CLAIMBENCH_LLM_KEY",
    403: "; check CLAIMBENCH_LLM_KEY and what it may do",
    404: "; check CLAIMBENCH_LLM_URL and CLAIMBENCH_LLM_MODEL",
}


class EndpointFailed(HostError):
    """No answer came, or none that can be read."""


@dataclass(frozen=True)
class _Failure:
    """A request that brought nothing."""

    reason: str
    """What went wrong."""
    again: Literal["never", "later", "at once"]
    """When to ask again."""
    wait_s: float = 0.0
    """How long the server asks to wait."""


class Endpoint:
    """A language model behind an address; a ChatModel."""

    def __init__(
        self,
        url: str,
        model: str,
        key: Key,
        prices: Prices,
        ledger: Ledger,
        *,
        timeout_s: float = 600.0,
        retries: int = 4,
        connect: Connect = official_client,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises HostError where the address is none or the client is not installed."""
        self.name = model
        self._key = key
        self._prices = prices
        self._ledger = ledger
        self._retries = retries
        self._sleep = sleep
        self._wire = connect(url, key, timeout_s)
        self._limit = "max_tokens"
        self._has_temperature = True

    def complete(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Reply:
        """The model's next turn.

        What passes (a lost connection, 429, a server's error, an answer that is none) is asked again, later each time.
        Raises BudgetSpent before a request that the budget may not cover, EndpointFailed where no answer comes.
        """
        if any(self._key.within(message.content) for message in messages):
            raise EndpointFailed("a message shows the key, and was not sent; keep the key from what the loop runs")
        tries = 0
        while True:
            outcome = self._ask(messages, temperature, max_tokens)
            if isinstance(outcome, Reply):
                return outcome
            if outcome.again == "at once":
                continue
            tries += 1
            if outcome.again == "never" or tries > self._retries or outcome.wait_s > _LONGEST_WAIT_S:
                break
            self._sleep(max(outcome.wait_s, _FIRST_WAIT_S * 2 ** (tries - 1)))
        raise EndpointFailed(f"{self.name}: {outcome.reason} ({tries} tried)")

    def _ask(self, messages: Sequence[Message], temperature: float, max_tokens: int) -> Reply | _Failure:
        turns = [{"role": message.role, "content": well_formed(message.content)} for message in messages]
        body: dict[str, object] = {"model": self.name, "messages": turns, self._limit: max_tokens}
        if self._has_temperature:
            body["temperature"] = temperature
        call = self._ledger.begin(self.name, self._prices, most_prompt_tokens(messages), max_tokens)
        try:
            answer = self._wire(body)
        except NoAnswer as error:
            unknown = None if error.sent else 0
            return self._failed(call, str(error), "later", (unknown, unknown))
        if not 200 <= answer.status < 300:
            return self._refused(answer, call)
        found = read_completion(answer.body, max_tokens)
        tokens = found.prompt_tokens, found.completion_tokens
        if isinstance(found, Unusable):
            return self._failed(call, f"answers with {found.reason}", "later" if found.passing else "never", tokens)
        notes = [f"declined: {self._short(found.refusal)}"] if found.finish == "refusal" else []
        notes += ["tokens not counted by the endpoint, the most there can be"] if None in tokens else []
        notes += [] if self._has_temperature else ["temperature left to the model, which takes none"]
        entry = call.end(*tokens, "; ".join(notes))
        text = self._key.redact(found.text)
        return Reply(text, found.finish, entry.prompt_tokens, entry.completion_tokens, entry.dollars)

    def _refused(self, answer: Answer, call: Call) -> _Failure:
        """What a status other than success means."""
        error = _error(answer.body)
        # Behind a gateway that waited no longer the model may have answered, and its owner may charge for it.
        tokens = None if answer.status in _GATEWAY_GAVE_UP else 0
        again = "never"
        # A quota that is used up has the status of a rate that is too high.
        if answer.status in PASSING and error.get("code") != "insufficient_quota":
            again = "later"
        elif answer.status == 400 and self._adapt(str(error.get("param")), str(error.get("code"))):
            again = "at once"
        reason = f"HTTP {answer.status}: {error.get('message') or _page(answer.body)}"
        failure = self._failed(call, reason, again, (tokens, tokens), _wait(answer.headers))
        return replace(failure, reason=failure.reason + _ADVICE.get(answer.status, ""))

    def _adapt(self, param: str, code: str) -> bool:
        """Ask from now on as models that reason want it; False where something else is wrong."""
        if code not in ("unsupported_parameter", "unsupported_value"):
            return False
        if param == "max_tokens" and self._limit == param:
            self._limit = "max_completion_tokens"
        elif param == "temperature" and self._has_temperature:
            self._has_temperature = False
        else:
            return False
        return True

    def _failed(
        self,
        call: Call,
        reason: str,
        again: Literal["never", "later", "at once"],
        tokens: tuple[Tokens, Tokens],
        wait_s: float = 0.0,
    ) -> _Failure:
        reason = self._short(reason)
        call.end(*tokens, reason)
        return _Failure(reason, again, wait_s)

    def _short(self, text: str) -> str:
        """The beginning of a text on one line, cut after the key is out of it: half a key is no less secret."""
        line = " ".join(self._key.redact(text).split())
        return line if len(line) <= 300 else line[:300] + " …"


def from_environment(ledger: Ledger, environment: Mapping[str, str] = os.environ) -> Endpoint:
    """The endpoint that the environment names; raises HostError, which names the variable, where one is missing."""
    url, model, secret = (_variable(environment, name) for name in ("URL", "MODEL", "KEY"))
    try:
        key = Key(secret)
    except ValueError as error:
        raise HostError(f"CLAIMBENCH_LLM_KEY: {error}") from error
    prices = Prices(_price(environment, "PRICE_IN"), _price(environment, "PRICE_OUT"))
    return Endpoint(url, model, key, prices, ledger)


def most_prompt_tokens(messages: Sequence[Message]) -> int:
    """No prompt has more tokens: one a byte of text, and what a server's template puts around the turns."""
    return 64 + sum(16 + len(well_formed(message.content).encode()) for message in messages)


def _variable(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(f"CLAIMBENCH_LLM_{name}", "").strip()
    if not value:
        hint = {
            "URL": "the endpoint's address, like https://host/v1",
            "MODEL": "the model's name there",
            "KEY": "its key; any word for a server that wants none",
        }.get(name, "dollars per million tokens; 0 for a model of your own")
        raise HostError(f"CLAIMBENCH_LLM_{name} is not set: {hint}")
    return value


def _price(environment: Mapping[str, str], name: str) -> float:
    value = _variable(environment, name)
    try:
        price = float(value)
        Prices(price, price)
    except ValueError as error:
        raise HostError(f"CLAIMBENCH_LLM_{name}: {value!r} is no number of dollars from 0 on") from error
    return price


def _error(body: bytes) -> Mapping[str, Any]:
    """The error that a body describes, empty where it describes none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = cast(dict[str, Any], content).get("error") if isinstance(content, dict) else None
    return cast(dict[str, Any], error) if isinstance(error, dict) else {"message": error} if error else {}


def _page(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    return "a web page" if text.startswith("<") else text or "nothing"


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait, 0 where it does not."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return 0.0
    return seconds if seconds > 0 else 0.0

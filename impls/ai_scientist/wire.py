"""The official client, and nothing else of the endpoint: a request's body goes out, a status and bytes come back.

The key stays in here. Whatever leaves this module as text went through `Key.redact`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from claimbench.errors import HostError

__all__ = ["Answer", "Connect", "Key", "NoAnswer", "Wire", "official_client"]

_SHORTEST_SECRET = 8
_LONGEST_ANSWER = 1 << 24


class Key:
    """A secret that no text, pickle or copy of it shows."""

    __slots__ = ("_reveal",)

    def __init__(self, secret: str) -> None:
        """Raises ValueError, which does not show it, where a header cannot hold it."""
        if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
            raise ValueError("a key is printable ASCII without blanks or line breaks")
        # A closure, because what an object holds in a field, debuggers and error pages print.
        self._reveal: Callable[[], str] = lambda: secret

    def reveal(self) -> str:
        """The secret itself."""
        return self._reveal()

    def within(self, text: str) -> bool:
        """Whether a text shows it. Words that servers which want no key are given, of under 8 letters, are none."""
        return any(form in text for form in self._forms())

    def redact(self, text: str) -> str:
        """The text without it."""
        for form in self._forms():
            text = text.replace(form, "[key]")
        return text

    def _forms(self) -> set[str]:
        """As it is, within JSON and within an address."""
        secret = self._reveal()
        return {secret, json.dumps(secret)[1:-1], quote(secret, safe="")} if len(secret) >= _SHORTEST_SECRET else set()

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied; read it from the environment where it is needed")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Headers, names in lower case."""
    body: bytes
    """Content as it was sent."""


class NoAnswer(Exception):
    """Nothing came back, or not all of it."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent
        """Whether the endpoint may have got the request, and charge for it."""


Wire = Callable[[Mapping[str, object]], Answer]
"""Posts the body of a chat completion; raises NoAnswer."""
Connect = Callable[[str, Key, float], Wire]
"""Makes a wire of an address, a key and the seconds that an answer may take."""


def official_client(url: str, key: Key, timeout_s: float) -> Wire:
    """The `openai` package's client; raises HostError where it is not installed or the address is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise HostError("the endpoint's address must be like https://host/v1, with nothing secret in it")
    try:
        import openai
    except ImportError as error:
        raise HostError("a language model needs the openai package: pip install 'claimbench[llm]'") from error
    # The endpoint tries again itself, so that every request is in the ledger.
    client = openai.OpenAI(base_url=url, api_key=key.reveal(), timeout=timeout_s, max_retries=0)
    # The client would send what it finds in OPENAI_ORG_ID and OPENAI_PROJECT_ID to whatever address this is.
    client.organization = client.project = None

    def post(body: Mapping[str, object]) -> Answer:
        fields: dict[str, Any] = dict(body)
        until = time.monotonic() + timeout_s
        try:
            with client.chat.completions.with_streaming_response.create(**fields) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                content, failure = _content(response, until)
                if failure is None:
                    return Answer(response.status_code, headers, content)
        except openai.APIStatusError as error:
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            return Answer(error.status_code, headers, error.response.content)
        except openai.APITimeoutError as error:
            failure = NoAnswer(f"no answer within {timeout_s:g} s", sent=not _unsent(error))
        except openai.OpenAIError as error:
            cause = error.__cause__ or error
            failure = NoAnswer(key.redact(f"{type(cause).__name__}: {cause}"), sent=not _unsent(error))
        # Raised out here, so that the client's error, which may quote the key, is not this one's context.
        raise failure

    return post


def _content(response: Any, until: float) -> tuple[bytes, NoAnswer | None]:
    """The body. The client's time-out is for each piece of it, and a server that sends blanks would never meet it."""
    # The client is built on httpx or on its successor, whose errors while reading it passes on as they are.
    http: Any = import_module(type(response.http_response).__module__.partition(".")[0])
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if time.monotonic() > until:
                return b"", NoAnswer("the answer did not end in time", sent=True)
            if size > _LONGEST_ANSWER:
                return b"", NoAnswer(f"the answer has more than {_LONGEST_ANSWER >> 20} MiB", sent=True)
    except http.HTTPError as error:
        return b"", NoAnswer(f"the answer broke off ({type(error).__name__})", sent=True)
    return b"".join(pieces), None


def _unsent(error: BaseException) -> bool:
    return type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol")

"""Conversations on the disk: recorded beside any model, replayed by a server that speaks OpenAI's chat completions.

A transcript has a line for each reply, with all that it answers. A server finds the reply by the request's hash; a
request that was made several times, as an ensemble of reviewers makes it, gets its replies in their order.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.chat import ChatModel, Message, Reply
from claimbench.impls.ai_scientist.completion import well_formed
from claimbench.impls.ai_scientist.journal import Journal, read

__all__ = ["Exchange", "NotRecorded", "Recorder", "Request", "Transcript", "replay_server"]


@dataclass(frozen=True)
class Request:
    """What a model is asked."""

    model: str
    """Its name."""
    temperature: float
    """Of its sampling."""
    max_tokens: int
    """That it may write."""
    messages: tuple[Message, ...]
    """The conversation so far."""

    @property
    def sha256(self) -> str:
        """Hash of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Exchange:
    """A line of a transcript."""

    sha256: str
    """The request's hash."""
    request: Request
    """What was asked."""
    reply: Reply
    """What was answered."""


class NotRecorded(LookupError):
    """A request that a transcript does not have; says what is nearest to it and where they part."""


class Recorder:
    """A ChatModel that writes what another one answers to a transcript; one that is there already is carried on."""

    def __init__(self, model: ChatModel, path: Path) -> None:
        """Raises HostError where the file is in use, is no journal or cannot be written."""
        self.name = model.name
        self._model = model
        self._journal = Journal(path)
        self._lock = threading.Lock()

    def complete(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Reply:
        """The model's next turn; raises what the model raises, which is not recorded."""
        reply = self._model.complete(messages, temperature=temperature, max_tokens=max_tokens)
        said = tuple(Message(message.role, well_formed(message.content)) for message in messages)
        request = Request(self.name, float(temperature), max_tokens, said)
        with self._lock:
            self._journal.append(asdict(Exchange(request.sha256, request, reply)))
        return reply

    def close(self) -> None:
        """Let the file go."""
        self._journal.close()


class Transcript:
    """Replies by request, each given once."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = tuple(exchanges)
        self._replies: dict[str, list[Reply]] = {}
        for exchange in self._exchanges:
            self._replies.setdefault(exchange.sha256, []).append(exchange.reply)
        self._given: dict[str, int] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path) -> Transcript:
        """Read a transcript; raises HostError where there is none or it was changed."""
        found: list[Exchange] = []
        for number, line in enumerate(read(path), start=1):
            try:
                exchange = _EXCHANGE.validate_python(line)
            except ValidationError as error:
                raise HostError(f"{path}:{number}: not a line of a transcript; restore the file") from error
            if exchange.request.sha256 != exchange.sha256:
                raise HostError(f"{path}:{number}: the request is not the one that was recorded; restore the file")
            found.append(exchange)
        return cls(found)

    def reply(self, request: Request) -> Reply:
        """The next reply to this request; raises NotRecorded."""
        with self._lock:
            replies, given = self._replies.get(request.sha256, []), self._given.get(request.sha256, 0)
            if given == len(replies):
                raise NotRecorded(self._difference(request, given))
            self._given[request.sha256] = given + 1
            return replies[given]

    def _difference(self, request: Request, given: int) -> str:
        if given:
            return f"this request was recorded {given} times, and is made once more"
        if not self._exchanges:
            return "the transcript is empty"
        # The nearest is the one with most turns in common, the first of several.
        number, near = max(
            enumerate((exchange.request for exchange in self._exchanges), start=1),
            key=lambda numbered: (_common(numbered[1].messages, request.messages), -numbered[0]),
        )
        asked, recorded, turn = request.messages, near.messages, _common(near.messages, request.messages)
        if turn < min(len(asked), len(recorded)):
            return f"turn {turn + 1} differs from that of call {number}: {_parting(recorded[turn], asked[turn])}"
        if len(asked) != len(recorded):
            return f"it has {len(asked)} turns; call {number}, which begins the same, has {len(recorded)}"
        differing = [
            f"{name} {getattr(near, name)!r} was recorded, {getattr(request, name)!r} is asked for"
            for name in ("model", "temperature", "max_tokens")
            if getattr(near, name) != getattr(request, name)
        ]
        return f"its turns are those of call {number}, but " + ", ".join(differing)


@contextmanager
def replay_server(path: Path, port: int = 0) -> Generator[str]:
    """Serve a transcript on this machine; gives the address for CLAIMBENCH_LLM_URL, with any key.

    A request that it does not have is answered with 404 and what differs. Raises HostError where there is no
    transcript or it was changed.
    """
    transcript = Transcript.load(path)

    class Handler(_Handler):
        source = transcript

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    source: Transcript

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.rstrip("/") != "/v1/chat/completions":
            self._send(404, _error(f"there is no {self.path} here, only /v1/chat/completions"))
            return
        try:
            request = _request(json.loads(content))
        except (ValueError, KeyError, TypeError) as error:
            self._send(400, _error(f"not a request that can be replayed: {error!r}"))
            return
        try:
            self._send(200, _completion(request, self.source.reply(request)))
        except NotRecorded as error:
            self._send(404, _error(f"not in the transcript: {error}"))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a request's header holds a key."""

    def _send(self, status: int, content: Mapping[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _request(body: Mapping[str, Any]) -> Request:
    if body.get("stream"):
        raise ValueError("streams are not replayed")
    limit = body["max_completion_tokens"] if "max_completion_tokens" in body else body["max_tokens"]
    messages = tuple(Message(message["role"], message["content"]) for message in body["messages"])
    return Request(body["model"], float(body["temperature"]), limit, messages)


def _completion(request: Request, reply: Reply) -> dict[str, object]:
    declined = reply.finish == "refusal"
    message = {"role": "assistant", "content": None if declined else reply.text}
    return {
        "id": f"replay-{request.sha256[:16]}",
        "object": "chat.completion",
        "created": 0,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "content_filter" if declined else reply.finish}],
        "usage": {
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        },
    }


def _error(message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": "not_recorded"}}


def _common(one: Sequence[Message], other: Sequence[Message]) -> int:
    """Turns that two conversations begin with."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _parting(recorded: Message, asked: Message) -> str:
    if recorded.role != asked.role:
        return f"{recorded.role} was recorded, {asked.role} is asked"
    pairs = enumerate(zip(recorded.content, asked.content, strict=False))
    shorter = min(len(recorded.content), len(asked.content))
    at = next((place for place, (a, b) in pairs if a != b), shorter)
    was, is_ = (repr(text[max(at - 20, 0) : at + 40]) for text in (recorded.content, asked.content))
    return f"{asked.role}, from character {at + 1} on: {was} was recorded, {is_} is asked"


_EXCHANGE = TypeAdapter(Exchange)

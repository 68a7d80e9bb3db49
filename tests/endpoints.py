"""A real server that answers as it is told, and a client of it from the standard library."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from claimbench.impls.ai_scientist.chat import Message, Reply
from claimbench.impls.ai_scientist.wire import Answer, Key, NoAnswer, Wire


def completion(content: object = "hello", **choice: object) -> dict[str, Any]:
    """A body as OpenAI describes it; what a choice has beside its message is given by name."""
    whole = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"} | choice
    return {"choices": [whole], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}


@dataclass
class Step:
    """One answer of the server."""

    status: int = 200
    body: object = field(default_factory=completion)
    """JSON, or bytes as they are; a function gets the request's headers."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    drop: bool = False
    """Close the connection in the middle of the body."""
    drip_s: float = 0.0
    """A blank every so many seconds, without end."""


@dataclass
class Server:
    """Where it is, and what it was asked."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@contextmanager
def serving(*steps: Step) -> Generator[Server]:
    """Answer the first request with the first step, and so on; the last one again and again."""
    found = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            step = steps[min(len(found.bodies), len(steps) - 1)]
            found.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            body = step.body(self.headers) if isinstance(step.body, Callable) else step.body
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(step.status)
            for name, value in step.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data) + 1000 * (step.drop or step.drip_s > 0)))
            self.end_headers()
            try:
                while step.drip_s:
                    self.wfile.write(b" ")
                    time.sleep(step.drip_s)
                self.wfile.write(data)
            except OSError:
                pass

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def plain_client(url: str, key: Key, timeout_s: float) -> Wire:
    """A wire without the openai package."""
    parts = urlsplit(url)

    def post(body: Mapping[str, object]) -> Answer:
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
        headers = {"content-type": "application/json", "authorization": f"Bearer {key.reveal()}"}
        try:
            connection.request("POST", f"{parts.path}/chat/completions", json.dumps(body), headers)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        except ConnectionRefusedError:
            failure = NoAnswer("refused", sent=False)
        except (OSError, http.client.HTTPException) as error:
            failure = NoAnswer(type(error).__name__, sent=True)
        finally:
            connection.close()
        raise failure

    return post


class Scripted:
    """A ChatModel that says what it is given, and keeps what it was asked."""

    name = "scripted"

    def __init__(self, *replies: Reply | str) -> None:
        self._replies = list(replies)
        self.asked: list[tuple[Message, ...]] = []

    def complete(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Reply:
        self.asked.append(tuple(messages))
        reply = self._replies.pop(0)
        return Reply(reply, "stop", 5, 3, 0.0) if isinstance(reply, str) else reply

"""The endpoint, against a real server that misbehaves, through the official client and through one without it."""

from __future__ import annotations

import copy
import logging
import pickle
import socket
import traceback
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from endpoints import Server, Step, completion, plain_client, serving

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.budget import Budget, BudgetSpent, Ledger, Prices
from claimbench.impls.ai_scientist.chat import Message, Reply
from claimbench.impls.ai_scientist.completion import Completion, read_completion
from claimbench.impls.ai_scientist.endpoint import Endpoint, EndpointFailed, from_environment, most_prompt_tokens
from claimbench.impls.ai_scientist.wire import Connect, Key, official_client

SECRET = 'sk-not/a"real+key-0123456789'
ASKED = (Message("system", "You are a scientist."), Message("user", "Hé?"))
PRICES = Prices(2.0, 10.0)
AMPLE = Budget(10.0, 100)
WORST = PRICES.dollars(most_prompt_tokens(ASKED), 100)
PAID = PRICES.dollars(11, 7)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(params=["official", "plain"])
def connect(request: pytest.FixtureRequest) -> Connect:
    if request.param == "plain":
        return plain_client
    pytest.importorskip("openai", reason="the official client is in the extra 'llm'")
    return official_client


class Asking:
    """An endpoint whose waits are kept instead of waited."""

    def __init__(self, url: str, connect: Connect, *, budget: Budget = AMPLE, **options: Any) -> None:
        self.waits: list[float] = []
        self.ledger = Ledger(budget)
        self.endpoint = Endpoint(
            url, "a-model", Key(SECRET), PRICES, self.ledger, connect=connect, sleep=self.waits.append, **options
        )

    def __call__(self) -> Reply:
        return self.endpoint.complete(ASKED, temperature=0.75, max_tokens=100)

    @property
    def dollars(self) -> list[float]:
        return [entry.dollars for entry in self.ledger.entries]


@pytest.fixture
def asked(connect: Connect) -> Generator[Callable[..., tuple[Asking, Server]]]:
    """Serves steps, and gives who asks and the server."""
    open_servers: list[Any] = []

    def serve(*steps: Step, **options: Any) -> tuple[Asking, Server]:
        context = serving(*steps)
        server = context.__enter__()
        open_servers.append(context)
        return Asking(server.url, connect, **options), server

    yield serve
    for context in open_servers:
        context.__exit__(None, None, None)


Serve = Callable[..., tuple[Asking, Server]]


def test_a_question_goes_out_and_an_answer_comes_back(asked: Serve) -> None:
    asking, server = asked(Step())
    assert asking() == Reply("hello", "stop", 11, 7, PAID)
    (body,) = server.bodies
    assert body["model"] == "a-model"
    assert body["messages"] == [{"role": turn.role, "content": turn.content} for turn in ASKED]
    assert (body["temperature"], body["max_tokens"]) == (0.75, 100)
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"
    (entry,) = asking.ledger.entries
    assert (entry.model, entry.prompt_tokens, entry.completion_tokens) == ("a-model", 11, 7)
    assert (entry.reported, entry.note) == (True, "")


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_what_passes_is_asked_again(asked: Serve, status: int) -> None:
    asking, server = asked(Step(status, {"error": {"message": "busy"}}), Step(status, b""), Step())
    assert asking().text == "hello"
    assert len(server.bodies) == 3
    assert asking.waits == [0.5, 1.0]
    assert asking.dollars == [0, 0, PAID]
    assert [entry.note for entry in asking.ledger.entries] == [f"HTTP {status}: busy", f"HTTP {status}: nothing", ""]


def test_asking_again_ends(asked: Serve) -> None:
    asking, server = asked(Step(503, {"error": {"message": "down"}}), retries=2)
    with pytest.raises(EndpointFailed, match=r"a-model: HTTP 503: down \(3 tried\)"):
        asking()
    assert len(server.bodies) == 3


def test_a_server_says_how_long_to_wait(asked: Serve) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30))
    steps = [Step(429, b"", {"retry-after": value}) for value in ("3", later, "nan", "soon", "-5")]
    asking, _ = asked(*steps, Step(), retries=5)
    asking()
    assert asking.waits == [3, pytest.approx(30, abs=20), 2.0, 4.0, 8.0]


def test_a_server_that_wants_an_hour_is_not_waited_for(asked: Serve) -> None:
    asking, server = asked(Step(429, b"", {"retry-after": "3600"}))
    with pytest.raises(EndpointFailed, match="429"):
        asking()
    assert len(server.bodies) == 1
    assert asking.waits == []


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        pytest.param(401, "wrong key", "401: wrong key; check CLAIMBENCH_LLM_KEY", id="key"),
        pytest.param(404, "no such model", "404: no such model; check .*_URL and .*_MODEL", id="model"),
        pytest.param(400, "too long", "400: too long", id="request"),
        pytest.param(402, "no money", "402: no money", id="money"),
    ],
)
def test_what_does_not_pass_is_asked_once(asked: Serve, status: int, error: str, message: str) -> None:
    asking, server = asked(Step(status, {"error": {"message": error}}))
    with pytest.raises(EndpointFailed, match=message):
        asking()
    assert len(server.bodies) == 1
    assert asking.dollars == [0]


def test_a_quota_that_is_used_up_is_no_rate_to_wait_for(asked: Serve) -> None:
    asking, server = asked(Step(429, {"error": {"message": "pay first", "code": "insufficient_quota"}}))
    with pytest.raises(EndpointFailed, match="pay first"):
        asking()
    assert len(server.bodies) == 1


def test_a_gateway_that_gave_up_may_have_cost_the_worst(asked: Serve) -> None:
    asking, _ = asked(Step(504, b"<html>Gateway Time-out</html>"), Step())
    asking()
    assert asking.dollars == [pytest.approx(WORST), PAID]
    assert asking.ledger.entries[0].note == "HTTP 504: a web page"


def test_nobody_there_costs_nothing(connect: Connect) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        asking = Asking(f"http://127.0.0.1:{free.getsockname()[1]}/v1", connect, retries=1)
        with pytest.raises(EndpointFailed, match="2 tried"):
            asking()
    assert asking.dollars == [0, 0]


def test_an_answer_that_breaks_off_is_asked_for_again(asked: Serve) -> None:
    asking, _ = asked(Step(drop=True), Step())
    assert asking().text == "hello"
    assert asking.dollars == [pytest.approx(WORST), PAID]


def test_a_server_that_sends_blanks_for_ever_is_left(asked: Serve, request: pytest.FixtureRequest) -> None:
    if "plain" in request.node.callspec.id:
        pytest.skip("the time for a whole answer is the official wire's")
    asking, _ = asked(Step(drip_s=0.02), retries=0, timeout_s=0.5)
    with pytest.raises(EndpointFailed, match="did not end in time"):
        asking()
    assert asking.dollars == [pytest.approx(WORST)]


def test_a_server_that_says_nothing_is_left(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        asking = Asking(url, connect, retries=0, timeout_s=0.1)
        with pytest.raises(EndpointFailed):
            asking()
    assert asking.dollars == [pytest.approx(WORST)]


@pytest.mark.parametrize(
    ("body", "why", "tries"),
    [
        pytest.param(b"<!doctype html><p>Welcome</p>", "a web page.*end in /v1", 1, id="web page"),
        pytest.param(b'{"choices": [{"mess', "no JSON", 2, id="half a body"),
        pytest.param(b"", "no JSON", 2, id="no body"),
        pytest.param(b"[1]", "JSON that is no completion", 1, id="a list"),
        pytest.param(b"[" * 100_000, "no JSON", 2, id="brackets"),
        pytest.param({"choices": []}, "no choices", 2, id="no choices"),
        pytest.param({"choices": None}, "no choices", 2, id="null for choices"),
        pytest.param({"choices": ["x"]}, "without a message", 2, id="a word for a choice"),
        pytest.param({"choices": [{"finish_reason": "stop"}]}, "without a message", 2, id="no message"),
        pytest.param(completion(None, message={"tool_calls": [{}]}), "a call of a tool", 2, id="tool"),
        pytest.param({"error": {"message": "upstream", "code": 502}}, "an error: upstream", 2, id="error that passes"),
        pytest.param({"error": {"message": "banned", "code": 403}}, "an error: banned", 1, id="error that stays"),
    ],
)
def test_an_answer_that_is_none_says_what_it_is(asked: Serve, body: object, why: str, tries: int) -> None:
    asking, server = asked(Step(200, body), retries=1)
    with pytest.raises(EndpointFailed, match=why):
        asking()
    assert len(server.bodies) == tries
    uncounted = not isinstance(body, dict) or "usage" not in body
    assert asking.dollars == [pytest.approx(WORST if uncounted else PAID)] * tries


@pytest.mark.parametrize(
    ("body", "text", "finish"),
    [
        pytest.param(completion("half a", finish_reason="length"), "half a", "length", id="cut off"),
        pytest.param(completion("half a", finish_reason="MAX_TOKENS"), "half a", "length", id="cut off, other words"),
        pytest.param(completion("x", finish_reason="content_filter"), "", "refusal", id="filtered"),
        pytest.param(completion(None, message={"content": None, "refusal": "No."}), "", "refusal", id="declined"),
        pytest.param(completion(None), "", "stop", id="null for a text"),
        pytest.param(completion("x", finish_reason=None), "x", "stop", id="no reason"),
        pytest.param(completion([{"type": "text", "text": "a"}, {"text": "b"}, 3]), "ab", "stop", id="in parts"),
        pytest.param(completion("\ud83d\ude42 \ud83d"), "🙂 \ufffd", "stop", id="surrogates"),
    ],
)
def test_answers_of_other_kinds_are_read(asked: Serve, body: object, text: str, finish: str) -> None:
    asking, server = asked(Step(200, body))
    assert asking() == Reply(text, finish, 11, 7, PAID)
    assert len(server.bodies) == 1


def test_a_refusal_is_in_the_ledger(asked: Serve) -> None:
    asking, _ = asked(Step(200, completion(None, message={"refusal": "I cannot\nhelp."})))
    asking()
    assert asking.ledger.entries[0].note == "declined: I cannot help."


def test_no_reason_and_all_tokens_written_is_cut_off() -> None:
    body = b'{"choices": [{"message": {"content": "x"}}], "usage": {"completion_tokens": 100}}'
    found = read_completion(body, 100)
    assert isinstance(found, Completion)
    assert found.finish == "length"


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": "11", "completion_tokens": -7}, "many", {"prompt_tokens": True}]
)
def test_tokens_that_are_not_counted_are_the_most_there_can_be(asked: Serve, usage: object) -> None:
    asking, _ = asked(Step(200, completion() | {"usage": usage}))
    reply = asking()
    (entry,) = asking.ledger.entries
    assert reply.dollars == entry.dollars == pytest.approx(WORST)
    assert not entry.reported
    assert "not counted" in entry.note


def test_no_prompt_has_more_tokens_than_is_reckoned() -> None:
    # Byte-level tokenizers write at least a byte a token; templates put under a dozen tokens around a turn.
    assert most_prompt_tokens(ASKED) >= len("You are a scientist.") + len("Hé?".encode()) + 2 * 12


def test_a_model_that_reasons_is_asked_in_its_way(asked: Serve) -> None:
    def unsupported(param: str, code: str) -> Step:
        return Step(400, {"error": {"message": f"'{param}' is not supported", "param": param, "code": code}})

    steps = unsupported("max_tokens", "unsupported_parameter"), unsupported("temperature", "unsupported_value")
    asking, server = asked(*steps, Step())
    asking()
    asking()
    assert asking.waits == []
    for body in server.bodies[2:]:
        assert (body["max_completion_tokens"], "max_tokens" in body, "temperature" in body) == (100, False, False)
    assert len(server.bodies) == 4
    assert "temperature left to the model" in asking.ledger.entries[-1].note


def test_a_server_that_supports_nothing_is_not_asked_for_ever(asked: Serve) -> None:
    error = {"message": "no", "param": "temperature", "code": "unsupported_value"}
    asking, server = asked(Step(400, {"error": error}))
    with pytest.raises(EndpointFailed, match="400: no"):
        asking()
    assert len(server.bodies) == 2


def test_the_budget_stops_before_the_call(asked: Serve) -> None:
    asking, server = asked(Step(), budget=Budget(WORST + PAID / 2, 100))
    asking()
    with pytest.raises(BudgetSpent):
        asking()
    assert len(server.bodies) == 1


def test_the_budget_stops_what_is_asked_again(asked: Serve) -> None:
    asking, server = asked(Step(503, b""), budget=Budget(10.0, 2))
    with pytest.raises(BudgetSpent, match="2 calls"):
        asking()
    assert len(server.bodies) == 2


def echo(headers: Any) -> dict[str, object]:
    return {"error": {"message": f"Bad credentials: {headers['authorization']!r}", "header": headers["authorization"]}}


def echo_page(headers: Any) -> bytes:
    # The key stands where a message that is cut first would be cut within it.
    return b"x" * 290 + headers["authorization"].encode() + b" end"


@pytest.mark.parametrize("status", [200, 400, 401, 500, 502])
@pytest.mark.parametrize("body", [echo, echo_page])
def test_a_server_that_echoes_the_key_gets_it_nowhere(
    asked: Serve, body: object, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asking, server = asked(Step(status, body), retries=1)
    with pytest.raises(EndpointFailed) as caught:
        asking()
    assert SECRET in server.headers[0]["authorization"]
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(asking.ledger.entries)
    for half in (SECRET[:12], SECRET[-12:]):
        assert half not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_answer_that_echoes_the_key_is_given_without_it(asked: Serve) -> None:
    asking, _ = asked(Step(200, completion(f"your key is {SECRET}!")))
    assert asking().text == "your key is [key]!"


def test_a_message_that_shows_the_key_is_not_sent(asked: Serve) -> None:
    asking, server = asked(Step())
    leaked = (*ASKED, Message("user", f"stderr: KeyError in environ({SECRET})"))
    with pytest.raises(EndpointFailed, match="a message shows the key, and was not sent") as caught:
        asking.endpoint.complete(leaked, temperature=0.0, max_tokens=10)
    assert SECRET not in str(caught.value)
    assert server.bodies == []


def test_a_key_is_not_shown(asked: Serve) -> None:
    key = Key(SECRET)
    assert key.reveal() == SECRET
    asking, _ = asked(Step())
    assert SECRET not in f"{key} {key!r} {vars(asking.endpoint)} {asking.endpoint!r}"
    assert not hasattr(key, "__dict__")
    for hides in (key, asking.endpoint):
        for copies in (pickle.dumps, copy.copy, copy.deepcopy):
            if hides is key or copies is not copy.copy:
                with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
                    copies(hides)


@pytest.mark.parametrize("secret", ["", "two words", "with\nbreak", "schlüssel", "nul\0"])
def test_a_key_that_no_header_holds_is_refused_unseen(secret: str) -> None:
    with pytest.raises(ValueError, match="a key is printable ASCII") as caught:
        Key(secret)
    assert not secret or secret not in str(caught.value)


def test_words_for_servers_without_keys_are_no_secrets() -> None:
    assert Key("EMPTY").redact("the list is EMPTY") == "the list is EMPTY"


def test_what_openai_keeps_in_the_environment_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai", reason="the official client is in the extra 'llm'")
    for name in ("ORG_ID", "PROJECT_ID", "API_KEY", "BASE_URL"):
        monkeypatch.setenv(f"OPENAI_{name}", "from-the-environment")
    with serving(Step()) as server:
        Asking(server.url, official_client)()
    assert "from-the-environment" not in str(server.headers)


ENVIRONMENT = {
    "CLAIMBENCH_LLM_URL": "http://127.0.0.1:1/v1",
    "CLAIMBENCH_LLM_MODEL": "a-model",
    "CLAIMBENCH_LLM_KEY": f"{SECRET}\n",
    "CLAIMBENCH_LLM_PRICE_IN": "2.5",
    "CLAIMBENCH_LLM_PRICE_OUT": "10",
}


def test_the_environment_names_the_endpoint() -> None:
    pytest.importorskip("openai", reason="the official client is in the extra 'llm'")
    with serving(Step()) as server:
        ledger = Ledger(AMPLE)
        endpoint = from_environment(ledger, ENVIRONMENT | {"CLAIMBENCH_LLM_URL": server.url + "/"})
        reply = endpoint.complete(ASKED, temperature=0.0, max_tokens=10)
    assert endpoint.name == "a-model"
    assert reply.dollars == pytest.approx((11 * 2.5 + 7 * 10) / 1e6)
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
@pytest.mark.parametrize("value", [None, " "])
def test_a_variable_that_is_missing_is_named(name: str, value: str | None) -> None:
    environment = {other: content for other, content in ENVIRONMENT.items() if other != name}
    if value is not None:
        environment[name] = value
    with pytest.raises(HostError, match=f"{name} is not set"):
        from_environment(Ledger(AMPLE), environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PRICE_IN", "cheap"), ("PRICE_OUT", "-1"), ("PRICE_OUT", "nan"), ("KEY", "two words"), ("KEY", "schlüssel")],
)
def test_a_variable_that_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(HostError, match=f"CLAIMBENCH_LLM_{name}: "):
        from_environment(Ledger(AMPLE), ENVIRONMENT | {f"CLAIMBENCH_LLM_{name}": value})


@pytest.mark.parametrize(
    "url",
    ["example.org/v1", "ftp://example.org/v1", "https://u:secret@example.org/v1", "https://example.org/v1?key=secret"],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_unseen(url: str) -> None:
    with pytest.raises(HostError, match="like https://host/v1") as caught:
        official_client(url, Key(SECRET), 1.0)
    assert "secret@" not in str(caught.value)


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    with pytest.raises(HostError, match=r"pip install 'claimbench\[llm\]'"):
        official_client("https://example.org/v1", Key(SECRET), 1.0)


def test_the_ledger_on_the_disk_has_no_key(tmp_path: Path) -> None:
    ledger = Ledger(AMPLE, tmp_path / "ledger.jsonl")
    with serving(Step(401, echo)) as server:
        endpoint = Endpoint(server.url, "m", Key(SECRET), PRICES, ledger, connect=plain_client)
        with pytest.raises(EndpointFailed):
            endpoint.complete(ASKED, temperature=0.0, max_tokens=10)
    ledger.close()
    written = (tmp_path / "ledger.jsonl").read_text()
    assert "Bad credentials" in written
    assert SECRET[:8] not in written

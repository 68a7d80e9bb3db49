"""Transcripts: what was recorded is replayed by a real server, word for word; what was not is told where it differs."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from endpoints import Scripted, Step, completion, plain_client, serving
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.answers import ask
from claimbench.impls.ai_scientist.budget import Budget, Ledger, Prices
from claimbench.impls.ai_scientist.chat import ChatModel, Message, Reply
from claimbench.impls.ai_scientist.endpoint import Endpoint, EndpointFailed
from claimbench.impls.ai_scientist.transcripts import (
    Exchange,
    NotRecorded,
    Recorder,
    Request,
    Transcript,
    replay_server,
)
from claimbench.impls.ai_scientist.wire import Connect, Key, official_client

SECRET = "sk-0123456789abcdef"
ASKED = (Message("system", "You are a scientist."), Message("user", "An idea, please. 🙂"))
PRICES = Prices(2.0, 10.0)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(params=["official", "plain"])
def connect(request: pytest.FixtureRequest) -> Connect:
    if request.param == "plain":
        return plain_client
    pytest.importorskip("openai", reason="the official client is in the extra 'llm'")
    return official_client


class Idea(BaseModel):
    name: str
    interest: int


def endpoint(url: str, connect: Connect, model: str = "scripted") -> Endpoint:
    return Endpoint(url, model, Key(SECRET), PRICES, Ledger(Budget(10.0, 100)), retries=0, connect=connect)


def recorded(path: Path, *replies: Reply | str, asked: Sequence[Message] = ASKED) -> list[Reply]:
    recorder = Recorder(Scripted(*replies), path)
    found = [recorder.complete(asked, temperature=0.75, max_tokens=100) for _ in replies]
    recorder.close()
    return found


def loop(model: ChatModel) -> list[object]:
    """Two ideas, one of them after a repair, and an ensemble of three."""
    first = ask(model, ASKED, Idea, temperature=0.75, max_tokens=100)
    second = ask(model, (*first.turns, Message("user", "Another.")), Idea, temperature=0.75, max_tokens=100)
    votes = [model.complete(ASKED, temperature=1, max_tokens=5) for _ in range(3)]
    return [first, second, [vote.text for vote in votes], [vote.finish for vote in votes]]


def test_a_recorded_loop_runs_again_without_a_model(tmp_path: Path, connect: Connect) -> None:
    replies = [
        "```json\n{}\n```",
        '{"name": "é", "interest": "3"}',
        'Here: {"name": "b", "interest": 4}',
        Reply("4", "stop", 9, 1, 0.1),
        Reply("5 beca", "length", 9, 5, 0.1),
        Reply("", "refusal", 9, 0, 0.1),
    ]
    recorder = Recorder(Scripted(*replies), tmp_path / "loop.jsonl")
    was = loop(recorder)
    recorder.close()
    for _ in range(2):
        with replay_server(tmp_path / "loop.jsonl") as url:
            assert loop(endpoint(url, connect)) == was


@given(st.lists(st.text(), min_size=1, max_size=3), st.floats(0, 2), st.integers(1, 10**6))
def test_a_request_is_found_by_what_it_says(contents: list[str], temperature: float, max_tokens: int) -> None:
    request = Request("m", temperature, max_tokens, tuple(Message("user", content) for content in contents))
    reply = Reply("x", "stop", 1, 1, 0.0)
    again = Request("m", temperature, max_tokens, tuple(Message("user", content) for content in contents))
    assert Transcript([Exchange(request.sha256, request, reply)]).reply(again) == reply


def test_tokens_are_replayed_and_priced(tmp_path: Path, connect: Connect) -> None:
    recorded(tmp_path / "one.jsonl", Reply("hi", "stop", 1000, 100, 0.5))
    with replay_server(tmp_path / "one.jsonl") as url:
        reply = endpoint(url, connect).complete(ASKED, temperature=0.75, max_tokens=100)
    assert reply == Reply("hi", "stop", 1000, 100, PRICES.dollars(1000, 100))


@pytest.mark.parametrize(
    ("asked", "options", "why"),
    [
        pytest.param(
            (ASKED[0], Message("user", "An idea, thanks. 🙂")), {},
            "turn 2 differs from that of call 1: user, from character 10 on: "
            "'An idea, please. 🙂' was recorded, 'An idea, thanks. 🙂' is asked",
            id="a word",
        ),
        pytest.param((ASKED[0], Message("user", ASKED[1].content + "!")), {}, "turn 2 .* character 19 on", id="longer"),
        pytest.param((ASKED[0], Message("assistant", ASKED[1].content)), {}, "user was recorded, assistant", id="role"),
        pytest.param((*ASKED, Message("user", "Now.")), {}, "it has 3 turns; call 1, .*, has 2", id="more turns"),
        pytest.param(ASKED[:1], {}, "it has 1 turns; call 1, .*, has 2", id="fewer turns"),
        pytest.param(ASKED, {"temperature": 0.5}, "call 1, but temperature 0.75 was recorded, 0.5", id="temperature"),
        pytest.param(ASKED, {"max_tokens": 99}, "of call 1, but max_tokens 100 was recorded, 99", id="tokens"),
    ],
)  # fmt: skip
def test_a_request_that_was_not_recorded_is_told_where_it_differs(
    tmp_path: Path, connect: Connect, asked: Sequence[Message], options: dict[str, float], why: str
) -> None:
    recorded(tmp_path / "one.jsonl", "hi")
    with replay_server(tmp_path / "one.jsonl") as url:
        settings = {"temperature": 0.75, "max_tokens": 100} | options
        with pytest.raises(EndpointFailed, match=f"HTTP 404: not in the transcript: .*{why}"):
            endpoint(url, connect).complete(asked, **settings)  # pyright: ignore[reportArgumentType]


def test_another_model_is_another_request(tmp_path: Path, connect: Connect) -> None:
    recorded(tmp_path / "one.jsonl", "hi")
    with (
        replay_server(tmp_path / "one.jsonl") as url,
        pytest.raises(EndpointFailed, match="model 'scripted' was recorded, 'other' is asked for"),
    ):
        endpoint(url, connect, "other").complete(ASKED, temperature=0.75, max_tokens=100)


def test_a_request_made_more_often_than_recorded_says_so(tmp_path: Path, connect: Connect) -> None:
    recorded(tmp_path / "two.jsonl", "a", "b")
    with replay_server(tmp_path / "two.jsonl") as url:
        model = endpoint(url, connect)
        assert [model.complete(ASKED, temperature=0.75, max_tokens=100).text for _ in range(2)] == ["a", "b"]
        with pytest.raises(EndpointFailed, match="recorded 2 times, and is made once more"):
            model.complete(ASKED, temperature=0.75, max_tokens=100)


def test_the_nearest_call_is_the_one_with_most_turns_in_common(tmp_path: Path) -> None:
    recorder = Recorder(Scripted("a", "b", "c"), tmp_path / "three.jsonl")
    for asked in (ASKED[:1], (*ASKED, Message("user", "One.")), (*ASKED, Message("user", "Two."))):
        recorder.complete(asked, temperature=0.75, max_tokens=100)
    recorder.close()
    transcript = Transcript.load(tmp_path / "three.jsonl")
    with pytest.raises(NotRecorded, match="turn 3 differs from that of call 2"):
        transcript.reply(Request("scripted", 0.75, 100, (*ASKED, Message("user", "Six."))))


def test_what_the_official_client_sends_under_the_other_name_is_found(tmp_path: Path, connect: Connect) -> None:
    recorded(tmp_path / "one.jsonl", "hi")
    body = {
        "model": "scripted",
        "messages": [{"role": turn.role, "content": turn.content} for turn in ASKED],
        "temperature": 0.75,
        "max_completion_tokens": 100,
    }
    with replay_server(tmp_path / "one.jsonl") as url:
        answer = connect(url, Key(SECRET), 10.0)(body)
    assert answer.status == 200
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "hi"


@pytest.mark.parametrize("body", [{}, {"model": "m", "messages": "hi", "max_tokens": 3, "temperature": 1}])
def test_a_request_that_is_none_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    recorded(tmp_path / "one.jsonl", "hi")
    with replay_server(tmp_path / "one.jsonl") as url:
        answer = plain_client(url, Key(SECRET), 10.0)(body)
        assert answer.status == 400
        assert plain_client(url + "/x", Key(SECRET), 10.0)(body).status == 404


def test_the_official_client_finds_nothing_wrong_with_the_answers(tmp_path: Path) -> None:
    openai = pytest.importorskip("openai", reason="the official client is in the extra 'llm'")
    recorded(tmp_path / "two.jsonl", "hi", Reply("", "refusal", 5, 0, 0.0))
    with replay_server(tmp_path / "two.jsonl") as url:
        client = openai.OpenAI(base_url=url, api_key=SECRET, max_retries=0, _strict_response_validation=True)
        turns = [{"role": turn.role, "content": turn.content} for turn in ASKED]
        found = [
            client.chat.completions.create(model="scripted", messages=turns, temperature=0.75, max_tokens=100)
            for _ in range(2)
        ]
    assert [answer.choices[0].finish_reason for answer in found] == ["stop", "content_filter"]
    assert [answer.choices[0].message.content for answer in found] == ["hi", None]
    assert found[0].usage.total_tokens == 8


def test_answers_of_the_server_are_the_same_every_time(tmp_path: Path) -> None:
    recorded(tmp_path / "one.jsonl", "hi")
    bodies: set[bytes] = set()
    for _ in range(2):
        with replay_server(tmp_path / "one.jsonl") as url:
            model = plain_client(url, Key(SECRET), 10.0)
            turns = [{"role": turn.role, "content": turn.content} for turn in ASKED]
            body = {"model": "scripted", "messages": turns, "temperature": 0.75, "max_tokens": 100}
            bodies.add(model(body).body)
    assert len(bodies) == 1


def test_a_failure_is_not_recorded(tmp_path: Path, connect: Connect) -> None:
    with serving(Step(400, b""), Step()) as server:
        recorder = Recorder(endpoint(server.url, connect), tmp_path / "one.jsonl")
        with pytest.raises(EndpointFailed):
            recorder.complete(ASKED, temperature=0.75, max_tokens=100)
        recorder.complete(ASKED, temperature=0.75, max_tokens=100)
        recorder.close()
    assert len((tmp_path / "one.jsonl").read_text().splitlines()) == 1


def test_a_transcript_is_carried_on_and_has_no_key(
    tmp_path: Path, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "loop.jsonl"
    with serving(Step(200, completion(f"I saw {SECRET} and \ud83d"))) as server:
        for name in ("One.", "Two \udc00."):
            recorder = Recorder(endpoint(server.url, connect), path)
            recorder.complete((Message("user", name),), temperature=0, max_tokens=9)
            recorder.close()
    assert SECRET not in path.read_text() + caplog.text
    with replay_server(path) as url:
        model = endpoint(url, connect)
        for name in ("Two \udc00.", "One."):
            reply = model.complete((Message("user", name),), temperature=0.0, max_tokens=9)
            assert reply.text == "I saw [key] and \ufffd"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        pytest.param("scientist", "poet", ":1: the request is not the one", id="changed"),
        pytest.param('"finish"', '"end"', ":1: not a line of a transcript", id="other names"),
        pytest.param('{"sha256"', '["sha256"', ":1: not a line of a journal", id="broken"),
    ],
)
def test_a_transcript_that_was_changed_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "one.jsonl"
    recorded(path, "hi")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(HostError, match=why), replay_server(path):
        pass


def test_a_transcript_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="none.jsonl: cannot be read"), replay_server(tmp_path / "none.jsonl"):
        pass


def test_an_empty_transcript_has_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="empty"):
        Transcript([]).reply(Request("m", 0.0, 1, ()))

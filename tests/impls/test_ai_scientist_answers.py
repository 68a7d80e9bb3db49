"""Typed answers: JSON out of what models write around it, never a part of it, and a second chance that says why."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from endpoints import Scripted
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from claimbench.impls.ai_scientist.answers import AnswerRefused, InvalidAnswer, ask, parse
from claimbench.impls.ai_scientist.chat import Message, Reply
from claimbench.impls.ai_scientist.extract import NotJson, json_values

# Strings that could be taken for what is around them.
HOSTILE = st.sampled_from(
    [
        "```",
        "```json\n{}\n```",
        "}",
        '{"a": 1}',
        "]",
        '\\"',
        '"',
        "\\",
        "\n```\n",
        "<think>",
        "～é🙂",
        "\u2028",
        ",]",
        "~~~",
    ]
)
STRINGS = st.one_of(HOSTILE, st.text(st.characters(exclude_categories=["Cs"])))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False), STRINGS
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(STRINGS, inner), max_leaves=8
)
CONTAINERS = VALUES.filter(lambda value: isinstance(value, dict | list))
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="{}[]`~<"))
LAYOUTS = st.builds(
    dict, indent=st.sampled_from([None, 0, 2]), ensure_ascii=st.booleans(), separators=st.just((",", ":"))
)
ASKED = (Message("user", "an idea, please"),)


class Idea(BaseModel):
    name: str
    interest: int
    novel: float = 0.0


@given(VALUES, LAYOUTS)
def test_a_text_that_is_json_is_that_value(value: Any, layout: dict[str, Any]) -> None:
    assert json_values(f"\n {json.dumps(value, **layout)}\n") == [value]


@given(
    VALUES, LAYOUTS, PROSE, PROSE, st.sampled_from(["```json\n", "```\n", "```JSON  \r\n", "~~~json\n", "````json\n"])
)
def test_any_value_in_a_fence_is_found(value: Any, layout: dict[str, Any], before: str, after: str, fence: str) -> None:
    closing = fence.rstrip("jsonJSON \r\n")
    assert json_values(f"{before}\n{fence}{json.dumps(value, **layout)}\n{closing}\n{after}") == [value]


@given(CONTAINERS, LAYOUTS, PROSE, PROSE)
def test_any_object_or_list_in_prose_is_found(value: Any, layout: dict[str, Any], before: str, after: str) -> None:
    assert json_values(f"{before}{json.dumps(value, **layout)}{after}") == [value]


@given(CONTAINERS, LAYOUTS, PROSE, st.sampled_from(["", "```json\n", "```\n"]), st.data())
def test_what_is_cut_off_is_never_taken_for_whole(
    value: Any, layout: dict[str, Any], before: str, fence: str, data: st.DataObject
) -> None:
    whole = json.dumps(value, **layout)
    part = whole[: data.draw(st.integers(1, len(whole) - 1))]
    with pytest.raises(NotJson):
        json_values(f"{before}\n{fence}{part}")


@given(st.dictionaries(STRINGS, VALUES, min_size=1), st.sampled_from([" =", "", ":,"]))
def test_json_that_is_damaged_gives_none_of_its_parts(value: dict[str, Any], colon: str) -> None:
    members = (f"{json.dumps(name)}{colon} {json.dumps(content)}" for name, content in value.items())
    with pytest.raises(NotJson):
        json_values("{" + ", ".join(members) + "}")


@given(st.text())
def test_no_text_brings_down_the_reader(text: str) -> None:
    with suppress(NotJson):
        assert json_values(text)


@given(st.lists(st.sampled_from(["{", "}", "[", "]", '"', ",", ":", "1", "a", "```", "json", "\n", "\\", " "])))
def test_no_heap_of_brackets_and_fences_brings_down_the_reader(pieces: list[str]) -> None:
    with suppress(NotJson):
        assert json_values("".join(pieces))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param('{"a": [1, 2,], "b": 3,}', [{"a": [1, 2], "b": 3}], id="comma before a closing bracket"),
        pytest.param('{"a": ",]", "b": 3,}', [{"a": ",]", "b": 3}], id="such a comma in a string stays"),
        pytest.param('{"a": "one\ntwo\tthree"}', [{"a": "one\ntwo\tthree"}], id="line break in a string"),
        pytest.param('```json\n{"a": "x\n```\ny"}\n```', [{"a": "x\n```\ny"}], id="fence in a string over lines"),
        pytest.param('As in [1, p. 5] and [2]: {"a": 1}', [[2], {"a": 1}], id="citations"),
        pytest.param("With $\\frac{1}{2}$ and f(x){x}: ```json\n[3]\n```", [[3]], id="mathematics"),
        pytest.param('```python\nd = {"a": 1}\n```\nso ```json\n{"b": 2}\n```', [{"b": 2}], id="code beside it"),
        pytest.param('```\nsome text\n```\n{"a": 1}\nmore', [{"a": 1}], id="behind a block of text"),
        pytest.param('````markdown\n```json\n{"a": 1}\n```\n````', [{"a": 1}], id="fence within a fence"),
        pytest.param('```json {"a": 1}``` there', [{"a": 1}], id="fence on one line"),
        pytest.param('```json\n{"a": 1}', [{"a": 1}], id="fence left open behind a whole value"),
        pytest.param('<think>maybe {"a": 0}?</think>\n{"a": 1}', [{"a": 1}], id="reasoning before it"),
        pytest.param('\ufeff{"a": 1}', [{"a": 1}], id="byte order mark"),
        pytest.param('{"a": 1} or {"a": 2}', [{"a": 1}, {"a": 2}], id="two"),
        pytest.param('{x: y} is a set; ```json\n{"a": 1}\n```', [{"a": 1}], id="a set in prose beside a fence"),
    ],
)
def test_what_stands_around_json_does_not_hide_it(text: str, values: list[Any]) -> None:
    assert json_values(text) == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "no JSON", id="nothing"),
        pytest.param("I would rather not.", "no JSON", id="prose"),
        pytest.param("NaN", "no JSON", id="not a number"),
        pytest.param('{"a": Infinity}', "Infinity is no JSON", id="infinity"),
        pytest.param('{"a": 1e999}', "too large", id="overflow"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "digits", id="more digits than Python reads"),
        pytest.param('{"a": 1, "a": 2}', "'a' occurs twice", id="a name twice"),
        pytest.param('{"a": "\\alpha"}', "escape", id="backslash that LaTeX left"),
        pytest.param("{'a': {\"b\": 1}}", "double quotes", id="single quotes, a whole object within"),
        pytest.param('{ // why\n "a": {"b": 1}}', "double quotes", id="comment, a whole object within"),
        pytest.param('[{"a": 1}, oops, {"a": 2}]', "Expecting value", id="list with a word"),
        pytest.param('{{"a": 1}}', "double quotes", id="doubled braces"),
        pytest.param('{"a": "say "hi" now"}', "delimiter", id="quotes in a string"),
        pytest.param('{"a": "5" screen"}', "no backslash", id="one quote in a string"),
        pytest.param('```json\n{"a": 1}\n```\nand {"b": [1,', "ends before", id="something begun behind it"),
        pytest.param('<think>so {"a": 1}', "within its reasoning", id="cut off while it thinks"),
        pytest.param("[" * 100_000, "ends before", id="brackets that do not close"),
        pytest.param("[" * 100_000 + "]" * 100_000, "too many", id="brackets too deep"),
        pytest.param("[1,,2]", "no JSON", id="two commas"),
        pytest.param("[,]", "no JSON", id="a comma alone"),
    ],
)
def test_what_is_no_json_says_so(text: str, why: str) -> None:
    with pytest.raises(NotJson, match=why):
        json_values(text)


def test_a_long_text_of_many_brackets_takes_a_moment() -> None:
    assert json_values("[1, p. 5] {x} ``` " * 20_000 + '{"a": 1}') == [{"a": 1}]


def test_numbers_in_strings_are_numbers() -> None:
    assert parse('{"name": "x", "interest": "7", "novel": "0.5"}', Idea) == Idea(name="x", interest=7, novel=0.5)
    assert parse('{"name": "x", "interest": 7.0}', Idea).interest == 7


def test_the_value_that_fits_is_taken_among_others() -> None:
    assert parse('See [3]. {"name": "x", "interest": 1}', Idea).name == "x"
    assert parse('{"name": "x", "interest": 1} again: {"name": "x", "interest": "1"}', Idea).interest == 1


def test_two_different_answers_are_none() -> None:
    with pytest.raises(InvalidAnswer, match="2 different answers"):
        parse('{"name": "x", "interest": 1} or {"name": "y", "interest": 1}', Idea)


def test_errors_name_the_field_and_what_stood_there() -> None:
    with pytest.raises(InvalidAnswer, match=r"interest: .*integer.*'7/10'") as caught:
        parse('{"interest": "7/10"}', Idea)
    assert "name: Field required" in str(caught.value)


def test_a_good_answer_is_carried_on() -> None:
    model = Scripted('Sure!\n```json\n{"name": "x", "interest": "3"}\n```')
    found = ask(model, ASKED, Idea, temperature=0.7, max_tokens=50)
    assert (found.value, found.repairs) == (Idea(name="x", interest=3), 0)
    assert [turn.role for turn in found.turns] == ["user", "assistant"]


def test_a_repair_quotes_what_was_wrong() -> None:
    model = Scripted('{"name": "x"}', '{"name": "x", "interest": 3}')
    found = ask(model, ASKED, Idea, temperature=0.7, max_tokens=50)
    assert found.repairs == 1
    *_, said, repair = model.asked[1]
    assert said == Message("assistant", '{"name": "x"}')
    assert repair.role == "user"
    assert "interest: Field required" in repair.content
    assert found.turns[:3] == model.asked[1]


def test_an_answer_that_was_cut_off_counts_as_none_even_where_json_in_it_is_whole() -> None:
    cut = Reply('```json\n{"name": "x", "interest": 3}\n```\nBetter: {"na', "length", 5, 50, 0.0)
    whole = Reply('{"name": "x", "interest": 3} as', "length", 5, 50, 0.0)
    for reply in (cut, whole):
        model = Scripted(reply, '{"name": "y", "interest": 4}')
        assert ask(model, ASKED, Idea, temperature=0.7, max_tokens=50).value.name == "y"
        assert "cut off after 50 tokens" in model.asked[1][-1].content


def test_a_refusal_is_not_argued_with() -> None:
    model = Scripted(Reply("", "refusal", 5, 0, 0.0))
    with pytest.raises(AnswerRefused, match="scripted declines to give a Idea"):
        ask(model, ASKED, Idea, temperature=0.7, max_tokens=50, repairs=3)
    assert len(model.asked) == 1


def test_repairs_end() -> None:
    model = Scripted("no", "", "never")
    with pytest.raises(AnswerRefused, match="no Idea in 3 tries.*no JSON") as caught:
        ask(model, ASKED, Idea, temperature=0.7, max_tokens=50, repairs=2)
    assert [turn.content for turn in caught.value.turns if turn.role == "assistant"] == ["no", "(nothing)", "never"]


def test_without_repairs_a_model_is_asked_once() -> None:
    model = Scripted("no")
    with pytest.raises(AnswerRefused):
        ask(model, ASKED, Idea, temperature=0.7, max_tokens=50, repairs=0)
    assert len(model.asked) == 1

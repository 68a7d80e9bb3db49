"""The review's form, the rules that fill it in, and a language model's ensemble."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loops import Machine, Script, loop
from pydantic import ValidationError

from claimbench.impls.ai_scientist.chat import Message
from claimbench.impls.ai_scientist.loop.panel import panel
from claimbench.impls.ai_scientist.loop.review import SCORES, Review, combined
from claimbench.impls.ai_scientist.loop.written import NoAnswer

FORM: dict[str, Any] = {
    "by": "nobody",
    "summary": "s",
    "strengths": ("a",),
    "weaknesses": ("b",),
    **dict.fromkeys(SCORES, 2),
    "overall": 5,
    "confidence": 3,
}


def answer(**changes: object) -> str:
    form = {name: value for name, value in FORM.items() if name != "by"}
    return json.dumps({**form, "decision": "Reject", **changes})


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("score", [0, 5, 2.5, "high"])
def test_scores_are_from_one_to_four(name: str, score: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Review.model_validate({**FORM, name: score})


@pytest.mark.parametrize(("name", "score"), [("overall", 0), ("overall", 11), ("confidence", 0), ("confidence", 6)])
def test_overall_and_confidence_have_ranges_of_their_own(name: str, score: int) -> None:
    with pytest.raises(ValidationError, match=name):
        Review.model_validate({**FORM, name: score})


@given(st.integers(1, 10))
def test_the_decision_follows_from_the_score(overall: int) -> None:
    review = Review.model_validate({**FORM, "overall": overall})
    assert review.decision == ("Accept" if overall >= 6 else "Reject")
    assert Review.model_validate_json(review.model_dump_json(round_trip=True)) == review


@given(st.lists(st.integers(1, 10), min_size=1, max_size=7))
def test_an_ensembles_score_is_the_mean_and_its_words_are_everyones(scores: list[int]) -> None:
    members = [Review.model_validate({**FORM, "overall": score, "weaknesses": (f"w{score}", "b")}) for score in scores]
    found = combined(members, "all")
    assert abs(found.overall - sum(scores) / len(scores)) <= 0.5
    assert set(found.weaknesses) == {"b", *(f"w{score}" for score in scores)}
    assert found.members == len(scores)


def test_no_reviews_are_no_review() -> None:
    with pytest.raises(ValueError, match="no review"):
        combined([], "nobody")


def test_rules_ask_for_what_is_missing_once(tmp_path: Path) -> None:
    done = loop(tmp_path).run()
    first = json.loads((done.paper / "draft" / "review.json").read_text())
    assert first["follow_ups"] == ["put back"]
    assert any("do not say which" in text or "does not say which" in text for text in first["weaknesses"])
    assert done.review.follow_ups == ()
    assert done.review.soundness >= first["soundness"]
    assert done.review.overall <= 5


def test_rules_ask_for_a_second_look_where_the_first_does_not_decide(tmp_path: Path) -> None:
    done = loop(tmp_path, runner=Machine(scale=0.0)).run()
    first = json.loads((done.paper / "draft" / "review.json").read_text())
    assert first["follow_ups"] == ["second look"]
    assert done.review.significance == 1
    assert "The comparison does not decide: no effect lies inside the interval." in done.review.weaknesses


def test_a_panel_leaves_out_what_is_no_review_and_says_so() -> None:
    asked: list[Sequence[Message]] = []

    def says(messages: Sequence[Message]) -> str:
        asked.append(messages)
        if "Area Chair" in messages[0].content:
            return answer(summary="summed up", overall=9)
        if "Round" in messages[-1].content:
            return answer(done=True)
        # Members three and four answer nothing that can be used, in three tries each.
        return "no" if 3 <= len(asked) <= 8 else answer(overall=5 if len(asked) < 3 else 8)

    found = panel(Script(says), "A paper.")
    assert (found.overall, found.members, found.summary) == (6, 3, "summed up")
    assert found.decision == "Accept"
    assert any("Of 5 reviews 2 did not come" in note for note in found.notes)
    assert any("says Reject with an Overall of 8" in note for note in found.notes)


def test_reflections_know_which_round_it_is_and_may_change_the_review() -> None:
    rounds: list[str] = []

    def says(messages: Sequence[Message]) -> str:
        if "Round" in messages[-1].content:
            rounds.append(messages[-1].content.split(".")[0])
            return answer(overall=3, weaknesses=["c"], done=False)
        return answer()

    found = panel(Script(says), "A paper.")
    assert rounds == ["Round 1/2", "Round 2/2"]
    assert (found.overall, found.weaknesses) == (3, ("c",))


def test_a_panel_of_nobody_is_no_panel() -> None:
    with pytest.raises(NoAnswer):
        panel(Script(lambda messages: "no"), "A paper.")

"""A language model as the reviewer: an ensemble, a meta-review, reflections, as in the paper's own reviewer.

Five reviews at a temperature of .75; those that are no review are left out, and it is said how many. Scores are means,
rounded; an area chair's words take the place of the reviews' where it has any; then the review is reflected on, with
the number of the round in the prompt, where the original's prompt has the name of the variable. The decision follows
from the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from claimbench.impls.ai_scientist.chat import ChatModel, Message
from claimbench.impls.ai_scientist.loop.review import ACCEPT_FROM, SCORES, Form, Review, combined
from claimbench.impls.ai_scientist.loop.written import NoAnswer, asked

__all__ = ["panel"]

_MEMBERS, _REFLECTIONS = 5, 2
_HOT, _COLD = 0.75, 0.1
_REVIEWER = (
    "You are an AI researcher who reviews a paper that was submitted to a prestigious ML venue. Be critical and "
    "cautious in your decision. If a paper is bad or you are unsure, give it bad scores and reject it."
)
_CHAIR = "You are an Area Chair at a machine learning conference, in charge of meta-reviewing a paper."
_FORM = (
    "Fill in the form in JSON: summary; strengths, weaknesses, questions and limitations (lists of strings); "
    "ethical_concerns (true or false); originality, quality, clarity, significance, soundness, presentation and "
    "contribution (1 to 4 each); overall (1 to 10, accepted from 6 on); confidence (1 to 5); decision (Accept or "
    'Reject); follow_ups, a list of what should be run before a revision: "put back" (each changed setting put back to '
    'the default), "second look" (the comparison on new seeds), or nothing.'
)


class _Answer(Form):
    decision: Literal["Accept", "Reject"]


class _Reflection(_Answer):
    done: bool


def panel(model: ChatModel, paper: str) -> Review:
    """The review of a paper in Markdown; raises NoAnswer where not one review comes."""
    question = Message("user", f"{_FORM}\n\nThe paper:\n\n{paper}")
    members: list[Review] = []
    missing: list[str] = []
    for _ in range(_MEMBERS):
        try:
            answer = asked(model, (Message("system", _REVIEWER), question), _Answer, "review", temperature=_HOT)
            members.append(_review(answer, model.name))
        except NoAnswer as error:
            missing.append(str(error))
    if not members:
        raise NoAnswer(missing[0])
    notes = [f"Of {_MEMBERS} reviews {len(missing)} did not come: {missing[0]}."] if missing else []
    review = combined(members, model.name)
    try:
        review = _chaired(model, paper, members, review)
        review = _reflected(model, paper, review)
    except NoAnswer as error:
        notes.append(f"Meta-review and reflections broke off: {error}.")
    return review.model_copy(update={"notes": (*review.notes, *notes)})


def _chaired(model: ChatModel, paper: str, members: Sequence[Review], review: Review) -> Review:
    """The area chair's words with the members' mean scores."""
    reviews = "\n\n".join(one.model_dump_json(include=set(Form.model_fields)) for one in members)
    task = (
        f"{_FORM}\n\nSum up {len(members)} reviews of a paper in one.\n\nReviews:\n\n{reviews}\n\nThe paper:\n\n{paper}"
    )
    chair = asked(model, (Message("system", _CHAIR), Message("user", task)), _Answer, "review", temperature=_COLD)
    said = {name: getattr(chair, name) for name in ("summary", "strengths", "weaknesses", "questions", "limitations")}
    return review.model_copy(update=said)


def _reflected(model: ChatModel, paper: str, review: Review) -> Review:
    for number in range(1, _REFLECTIONS + 1):
        task = (
            f"Round {number}/{_REFLECTIONS}. This is your review:\n\n{review.model_dump_json()}\n\nThe paper:\n\n"
            f"{paper}\n\nIs it accurate and fair, and are its scores those that its words ask for? Give it again, "
            f"mended where it needs to be. {_FORM} Add done (true where nothing is to be mended)."
        )
        found = asked(
            model, (Message("system", _REVIEWER), Message("user", task)), _Reflection, "review", temperature=_COLD
        )
        if found.done:
            break
        new = _review(found, model.name)
        kept = {name: getattr(new, name) for name in (*SCORES, "overall", "confidence", "summary")}
        kept |= {
            name: getattr(new, name) for name in ("strengths", "weaknesses", "questions", "limitations", "follow_ups")
        }
        review = review.model_copy(update={**kept, "notes": (*review.notes, *new.notes)})
    return review


def _review(answer: _Answer, by: str) -> Review:
    form = {name: getattr(answer, name) for name in Form.model_fields}
    follows = "Accept" if answer.overall >= ACCEPT_FROM else "Reject"
    wrong = f"A review says {answer.decision} with an Overall of {answer.overall}; the decision follows from the score."
    return Review(by=by, notes=() if answer.decision == follows else (wrong,), **form)

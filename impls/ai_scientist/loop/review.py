"""A review on the paper's form (NeurIPS), the embedded reviewer of rules, and what several reviews say together.

In the original's code a review may accept with a score of 3: Decision and Overall are separate words of the model.
Here the decision follows from the score, and a review in which the model says otherwise says that it did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Annotated, Literal

from pydantic import Field, computed_field

from claimbench.impls.ai_scientist.loop.closing_sections import edges
from claimbench.impls.ai_scientist.loop.story import ARMS, Story
from claimbench.spec import Model

__all__ = ["ACCEPT_FROM", "SCORES", "FollowUp", "Form", "Review", "combined", "rules"]

ACCEPT_FROM = 6
"""Least Overall that is accepted, as in the paper."""
SCORES = ("originality", "quality", "clarity", "significance", "soundness", "presentation", "contribution")
"""Scores from 1 to 4."""
_FEW_SEEDS = 6
"""Held-out seeds below which an exact sign-flip test cannot reach .025 on either side, nearly."""

Four = Annotated[int, Field(ge=1, le=4)]
FollowUp = Literal["put back", "second look"]
"""What a reviewer may ask for: each changed setting put back, or the comparison on new seeds."""


class Form(Model):
    """The form, without its decision."""

    summary: str
    """What the paper is about."""
    strengths: tuple[str, ...]
    """What is good."""
    weaknesses: tuple[str, ...]
    """What is not."""
    questions: tuple[str, ...] = ()
    """What the authors should answer."""
    limitations: tuple[str, ...] = ()
    """What the paper does not say of its limits."""
    ethical_concerns: bool = False
    """Whether there are any."""
    originality: Four
    """1 low, 2 medium, 3 high, 4 very high."""
    quality: Four
    """1 low, 2 medium, 3 high, 4 very high."""
    clarity: Four
    """1 low, 2 medium, 3 high, 4 very high."""
    significance: Four
    """1 low, 2 medium, 3 high, 4 very high."""
    soundness: Four
    """1 poor, 2 fair, 3 good, 4 excellent."""
    presentation: Four
    """1 poor, 2 fair, 3 good, 4 excellent."""
    contribution: Four
    """1 poor, 2 fair, 3 good, 4 excellent."""
    overall: Annotated[int, Field(ge=1, le=10)]
    """1 very strong reject, 5 borderline accept, 6 weak accept, 10 award quality."""
    confidence: Annotated[int, Field(ge=1, le=5)]
    """1 an educated guess, 5 absolutely certain."""
    follow_ups: tuple[FollowUp, ...] = ()
    """What should be run before the paper is revised."""


class Review(Form):
    """A form with who filled it in; its decision follows from the score."""

    by: str
    """Reviewer."""
    members: Annotated[int, Field(ge=1)] = 1
    """Reviews that it puts together."""
    notes: tuple[str, ...] = ()
    """What should be known of how it came about."""

    @computed_field
    @property
    def decision(self) -> Literal["Accept", "Reject"]:
        """Accept from an Overall of 6 on."""
        return "Accept" if self.overall >= ACCEPT_FROM else "Reject"


def combined(reviews: Sequence[Review], by: str) -> Review:
    """Reviews of one paper as one: means of scores, a half upwards, and everything that any of them says.

    Raises ValueError where there is none.
    """
    if not reviews:
        raise ValueError("no review to put together")
    found: dict[str, object] = {
        name: math.floor(mean(getattr(one, name) for one in reviews) + 0.5)
        for name in (*SCORES, "overall", "confidence")
    }
    found |= {
        name: tuple(dict.fromkeys(text for one in reviews for text in getattr(one, name)))
        for name in ("strengths", "weaknesses", "questions", "limitations", "notes")
    }
    found |= {
        "by": by,
        "members": sum(one.members for one in reviews),
        "summary": reviews[0].summary,
        "ethical_concerns": any(one.ethical_concerns for one in reviews),
        "follow_ups": _majority(reviews),
    }
    return Review.model_validate(found)


def _majority(reviews: Sequence[Review]) -> tuple[FollowUp, ...]:
    kinds: tuple[FollowUp, ...] = ("put back", "second look")
    return tuple(kind for kind in kinds if 2 * sum(kind in one.follow_ups for one in reviews) > len(reviews))


@dataclass(frozen=True)
class _Rule:
    """Something about a paper that can be looked up."""

    holds: Callable[[Story], bool]
    good: str
    bad: str


_RULES = (
    _Rule(
        lambda story: len(story.plan.held_out) >= _FEW_SEEDS,
        "The comparison is on held-out seeds, with intervals paired by seed.",
        "There are too few held-out seeds for an exact test to decide anything.",
    ),
    _Rule(
        lambda story: not set(story.plan.held_out) & set(story.template.seeds.tuning),
        "No seed of the comparison was used to choose settings.",
        "Seeds that chose settings are among those of the comparison.",
    ),
    _Rule(
        lambda story: story.evidence.counts["grid"] > 1,
        "The default is tuned in its step size before it is compared with.",
        "The default is not tuned.",
    ),
    _Rule(
        lambda story: (
            story.evidence.counts["control"]
            >= sum(story.evidence.counts[stage] for stage in ("grid", "pilot", "search"))
        ),
        "A random search of equal budget is reported beside the result.",
        "There is no control of equal budget.",
    ),
    _Rule(
        lambda story: not edges(story),
        "The chosen values lie inside the ranges that were tried.",
        "A chosen value lies at the end of what was tried; the range should be wider.",
    ),
    _Rule(
        lambda story: not story.evidence.counts["failed"],
        "No run failed.",
        "Runs failed, and it is not known why.",
    ),
    _Rule(
        lambda story: _told_apart(story),
        "Which of the changed settings matter is tested.",
        "Several settings were changed at once, and the paper does not say which of them matter.",
    ),
    _Rule(
        lambda story: story.outcome != "undecided",
        "The comparison decides.",
        "The comparison does not decide: no effect lies inside the interval.",
    ),
)
_BEST_OVERALL = 5


def rules(story: Story) -> Review:
    """The embedded reviewer: rules about what can be looked up, and no understanding.

    Soundness and quality are by the share of rules that hold; originality is 1 where all is known and else 2, for a
    search over given settings is no more; significance and contribution are 2 where the found settings beat the random
    search too, and else 1. Clarity and presentation are 2 always: it cannot read. Overall is at most 5, below what is
    accepted, because nothing that it sees could tell a paper that should be.
    """
    held = [rule.holds(story) for rule in _RULES]
    share = sum(held) / len(held)
    sound = 1 + sum(share >= least for least in (0.5, 0.75, 1.0))
    beats = story.outcome == "better" and story.evidence.decision(
        "held_out/found", "held_out/control", story.plan.level
    )
    matter = 2 if beats == "better" else 1
    return Review(
        by="a program of rules, which looks up what can be looked up and understands nothing",
        summary=f"The paper compares {ARMS['found']} with {ARMS['tuned']} and finds: {story.outcome}.",
        strengths=tuple(rule.good for rule, holds in zip(_RULES, held, strict=True) if holds),
        weaknesses=tuple(rule.bad for rule, holds in zip(_RULES, held, strict=True) if not holds),
        limitations=("One small experiment; whether anything holds at another size is not looked at.",),
        originality=1 if story.novelty.status == "known" else 2,
        quality=sound,
        clarity=2,
        significance=matter,
        soundness=sound,
        presentation=2,
        contribution=matter,
        overall=min(_BEST_OVERALL, sound + matter - 1),
        confidence=1,
        follow_ups=_wanted(story),
        notes=("Rules are the same each time: there is one review, for five of them would be five times the same.",),
    )


def _wanted(story: Story) -> tuple[FollowUp, ...]:
    wanted: list[FollowUp] = []
    if not _told_apart(story):
        wanted.append("put back")
    if story.decision == "undecided" and not (story.follow_ups and story.follow_ups.second):
        wanted.append("second look")
    return tuple(wanted)


def _told_apart(story: Story) -> bool:
    """Whether one setting alone is changed, or each was put back, or there is no effect to be told apart."""
    changed = story.template.space.changed(story.plan.arms["found"])
    return len(changed) == 1 or story.decision != "better" or bool(story.follow_ups and story.follow_ups.without)

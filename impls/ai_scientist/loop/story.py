"""All that a paper is written from, and the phrases that several of its sections need."""

from __future__ import annotations

from dataclasses import dataclass

from claimbench.impls.ai_scientist.loop.document import Cell, Inline, Number, sentence
from claimbench.impls.ai_scientist.loop.evidence import Decision, Evidence
from claimbench.impls.ai_scientist.loop.ideas import Idea, Novelty, Plan
from claimbench.impls.ai_scientist.loop.proposer import Tried
from claimbench.impls.ai_scientist.loop.quantities import Count, Counted, FlipP, Improvement, Level, Mean, Quantity
from claimbench.impls.ai_scientist.loop.template import Template

__all__ = ["ARMS", "FollowUps", "Story", "percent"]

ARMS = {
    "found": "found settings",
    "tuned": "tuned default",
    "control": "random search",
    "baseline": "default",
}
"""Arms of the comparison, as they are called in a paper."""


@dataclass(frozen=True)
class FollowUps:
    """What a reviewer asked for and was run."""

    without: tuple[str, ...] = ()
    """Levers that were put back to the default, one at a time."""
    second: bool = False
    """Whether there was a second look on new seeds."""
    refused: tuple[str, ...] = ()
    """What was asked for and cannot be done, with the reason."""


@dataclass(frozen=True)
class Story:
    """A loop's experiments, before they are words."""

    template: Template
    """What was worked on."""
    idea: Idea
    """What was asked."""
    novelty: Novelty
    """What was known of it."""
    plan: Plan
    """How it was compared."""
    evidence: Evidence
    """The logs."""
    explored: tuple[Tried, ...]
    """Grid, pilot and search, in order."""
    controlled: tuple[Tried, ...]
    """Random search, in order."""
    model: str
    """Name of the language model that was asked; empty where none was."""
    idea_by: str
    """The same if it had the idea; empty for the embedded proposer."""
    settings_by: tuple[int, int]
    """How many settings of the search a language model proposed, and how many the bandit."""
    notes: tuple[str, ...]
    """What went otherwise than meant, a sentence each."""
    containment: str
    """How runs were kept apart from the machine, as a clause."""
    command: str
    """What starts the same loop."""
    follow_ups: FollowUps | None = None
    """What the first review led to; None before it."""
    first_review: str = ""
    """Who reviewed the first version, and with what score, in a sentence."""
    discussion: str = ""
    """The language model's discussion of the results."""

    @property
    def decision(self) -> Decision:
        """What the first comparison says."""
        return self.decided("held_out")

    @property
    def outcome(self) -> Decision:
        """What both looks say together, each at the plan's level: what either of them decides."""
        first = self.decision
        if first != "undecided" or self.follow_ups is None or not self.follow_ups.second:
            return first
        return self.decided("second")

    @property
    def look(self) -> str:
        """The seeds by which the outcome is decided."""
        second = self.follow_ups is not None and self.follow_ups.second
        return "second" if second and self.decision == "undecided" else "held_out"

    def decided(self, seeds: str) -> Decision:
        """The plan's comparison on one set of seeds."""
        plan = self.plan
        return self.evidence.decision(f"{seeds}/{plan.subject}", f"{seeds}/{plan.baseline}", plan.level)

    def number(self, quantity: Quantity) -> Number:
        """A quantity as it is printed."""
        return Number(text=self.evidence.text(quantity), quantity=quantity)

    def count(self, of: Counted) -> Number:
        """How many there are of what."""
        return self.number(Count(of=of))

    def mean(self, run: str, metric: str = "") -> Number:
        """Mean of a run's seeds, of the judged metric if no other is named."""
        return self.number(Mean(run=run, metric=metric or self.template.metric.name))

    def level(self, run: str, lever: str) -> Number | str:
        """What a lever of a run was set to, a number or a name."""
        value = self.evidence.results[run].settings[lever]
        return value.replace("_", " ") if isinstance(value, str) else self.number(Level(run=run, lever=lever))

    def gain(self, subject: str, baseline: str, level: float) -> tuple[Number, Number, Number]:
        """Improvement with the ends of its interval."""
        estimate, low, high = (
            self.number(Improvement(subject=subject, baseline=baseline, level=level, part=part))
            for part in ("estimate", "low", "high")
        )
        return estimate, low, high

    def gain_row(self, name: str, subject: str, baseline: str, level: float) -> tuple[Cell, ...]:
        """A row of a table of comparisons: name, improvement, ends of its interval, p of the sign-flip test."""
        return (name, *self.gain(subject, baseline, level), self.number(FlipP(subject=subject, baseline=baseline)))

    def improvement(self, subject: str, baseline: str, level: float) -> Inline:
        """An improvement in words, with its interval."""
        estimate, low, high = self.gain(subject, baseline, level)
        if self.template.metric.compare == "ratio":
            text = "a factor of {estimate} ({level} interval {low} to {high}; above 1 is better)"
        else:
            text = "{estimate} {unit} ({level} interval {low} to {high}; positive is better)"
        return sentence(text, estimate=estimate, low=low, high=high, level=percent(level), unit=self.gain_unit)

    @property
    def gain_unit(self) -> str:
        """Unit of an improvement."""
        unit = self.template.metric.unit
        return "factor" if self.template.metric.compare == "ratio" else {"%": "percentage points"}.get(unit, unit)


def percent(level: float) -> str:
    """A level of confidence as it is printed."""
    return f"{100 * level:.2f}".rstrip("0").rstrip(".") + " %"

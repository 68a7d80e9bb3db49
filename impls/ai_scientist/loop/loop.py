"""The loop, from an idea to a revised paper, in one folder in which it can be interrupted at any time.

    grid → search → idea → control → plan → held-out runs → paper → review → follow-ups → paper → review

Everything that is decided is on file before it is acted on, and everything else follows from seeds, so that a loop that
goes on after an interruption writes the same paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from claimbench.impls.ai_scientist.chat import ChatModel
from claimbench.impls.ai_scientist.loop.archive import Archive
from claimbench.impls.ai_scientist.loop.asked import STAGES, Asked
from claimbench.impls.ai_scientist.loop.effort import MOST, fitted
from claimbench.impls.ai_scientist.loop.evidence import Decision, Evidence, Index
from claimbench.impls.ai_scientist.loop.explore import Effort, control, extend, grid
from claimbench.impls.ai_scientist.loop.guided import Guided
from claimbench.impls.ai_scientist.loop.ideas import Entry, Idea, Plan, listed
from claimbench.impls.ai_scientist.loop.ideation import HadIdea, OwnIdea, had_idea, own_idea, testable
from claimbench.impls.ai_scientist.loop.proposer import AdditiveBandit, Tried, best
from claimbench.impls.ai_scientist.loop.publish import RUNS
from claimbench.impls.ai_scientist.loop.review import Review
from claimbench.impls.ai_scientist.loop.runs import Bench, Part, Request, Runner, code_sha, contained
from claimbench.impls.ai_scientist.loop.stages import LoopStopped, Stages
from claimbench.impls.ai_scientist.loop.story import FollowUps, Story
from claimbench.impls.ai_scientist.loop.template import Settings, Template
from claimbench.impls.ai_scientist.loop.verify import Verified
from claimbench.impls.ai_scientist.loop.writing import Writer
from claimbench.impls.ai_scientist.loop.written import Author
from claimbench.stats.intervals import Interval

__all__ = ["Finished", "Loop"]

_LEVEL = 0.975
"""Of the intervals: two looks at it err by 5 % at most."""
_TOP = 5


@dataclass(frozen=True)
class _Explored:
    effort: Effort
    own: OwnIdea
    had: HadIdea
    guided: Guided | None
    tried: list[Tried]
    controlled: list[Tried]
    arms: dict[str, Settings]


@dataclass(frozen=True)
class Finished:
    """A loop that has come to its end."""

    paper: Path
    """Folder of the paper."""
    outcome: Decision
    """What the paper says."""
    improvement: Interval
    """By how much."""
    review: Review
    """Of its last version."""
    verified: Verified
    """What was checked of it."""
    seconds: float
    """Wall-clock time of all runs."""


@dataclass
class Loop:
    """One paper about one template."""

    template: Template
    """What is worked on."""
    folder: Path
    """Where everything is kept."""
    seed: int = 0
    """What proposers draw from."""
    budget_s: float = 600.0
    """Seconds of all runs together, about."""
    effort: Effort | None = None
    """Runs of pilot and search, if not by the budget."""
    model: ChatModel | None = None
    """A language model for idea, settings, discussion and reviews; None for the embedded ones."""
    archive: Path | None = None
    """The archive's file; default one in the folder."""
    runner: Runner = contained
    """What runs a program."""
    containment: str = "kept in this suite's sandbox"
    """How it keeps runs apart from the machine, as a clause of the paper."""
    command: str = "python -P -m claimbench.impls.ai_scientist.loop"
    """What starts the loop, as the paper prints it, with its options but for the numbers of runs."""
    say: Callable[[str], None] = print
    """Receives lines of progress."""
    names: dict[str, str] = field(default_factory=dict, init=False)
    """Name in the paper → run."""

    def __post_init__(self) -> None:
        self._stages = Stages(self.folder / STAGES)
        self._bench = Bench(self.template, self.folder / RUNS, self.runner, self.say)
        self._archive = Archive(self.archive or self.folder / "archive.jsonl")
        self._bandit = AdditiveBandit(self.seed)
        self._author = Author(self.model, self.template) if self.model else None

    def run(self) -> Finished:
        """All of it, or what is left of it.

        Raises LoopStopped where it cannot go on, EndpointFailed where the language model does not answer, and
        PaperRefused where a paper holds a number that its logs do not.
        """
        self._check_same()
        return self._publish(self._compared(self._explored()))

    def _explored(self) -> _Explored:
        space, evaluate, seed = self.template.space, self._evaluate, self.seed
        tried = grid(space, evaluate)
        tuned = self._best(tried)
        effort = self._stages.once("effort", Effort, lambda: self._fitted(len(tried)))
        # Without a language model nobody is shown a pilot: it is the beginning of the search.
        stage = "pilot" if self._author else "search"
        tried = extend(stage, space, evaluate, self._bandit, tried, space.names, effort.pilot)
        own = self._stages.once("own_idea", OwnIdea, lambda: own_idea(self._author, tried, self._archive))
        levers = {*own.idea.levers, *space.tuned} if own.idea else space.names
        guided = Guided(self._author, self._bandit, self._stages) if self._author else None
        tried = extend("search", space, evaluate, guided or self._bandit, tried, levers, effort.search)
        had = self._stages.once("idea", HadIdea, lambda: self._had(own.idea, tried))
        self.say(f"idea: {had.idea.title} ({had.novelty.status})")
        controlled = control(space, evaluate, seed, effort.control(space))
        arms = {
            "found": had.settings,
            "tuned": tuned.settings,
            "control": self._best(controlled).settings,
            "baseline": space.baseline(),
        }
        return _Explored(effort, own, had, guided, tried, controlled, arms)

    def _compared(self, explored: _Explored) -> Story:
        effort, had, guided = explored.effort, explored.had, explored.guided
        by = self.model.name if self.model and explored.own.idea else ""
        plan = self._stages.once("plan", Plan, lambda: self._plan(explored.arms))
        for arm, settings in plan.arms.items():
            self._name(f"tuning/{arm}", "named", settings, self.template.seeds.tuning, "validation")
            self._name(f"held_out/{arm}", "held_out", settings, plan.held_out, "test")
        for place, one in enumerate(_leading(explored.tried)):
            self._name(f"top/{place}", "named", one.settings, self.template.seeds.tuning, "validation")
        return Story(
            template=self.template,
            idea=had.idea,
            novelty=had.novelty,
            plan=plan,
            evidence=self._evidence(),
            explored=tuple(explored.tried),
            controlled=tuple(explored.controlled),
            model=self.model.name if self.model else "",
            idea_by=by,
            settings_by=(guided.own, guided.others) if guided else (0, effort.search),
            notes=self._notes(effort, explored.own, guided),
            containment=self.containment,
            command=f"{self.command} --pilot {effort.pilot} --search {effort.search}",
        )

    def _publish(self, story: Story) -> Finished:
        writer = Writer(self.folder, self._stages, self.model, self._author, self.say)
        first = writer.write(story, self.folder / "draft", self._index(), review=None)
        asked = self._follow_up(story, first.review)
        story = replace(
            story,
            follow_ups=asked,
            evidence=self._evidence(),
            first_review=_first_review(first.review),
        )
        last = writer.write(story, self.folder, self._index(), review=first.review)
        plan = story.plan
        gain = story.evidence.improvement(f"{story.look}/{plan.subject}", f"{story.look}/{plan.baseline}", plan.level)
        entry = Entry(
            template=self.template.name,
            title=story.idea.title,
            levers=story.idea.levers,
            outcome=story.outcome,
            estimate=gain.estimate,
            paper=str(self.folder.resolve()),
        )
        self._archive.add(entry)
        self.say(f"{story.outcome}: {self.folder / 'paper.md'}")
        return Finished(self.folder, story.outcome, gain, last.review, last.verified, self._bench.seconds)

    def _check_same(self) -> None:
        now = Asked(
            template=self.template.name,
            program=code_sha(self.template),
            seed=self.seed,
            budget_s=self.budget_s,
            effort=self.effort,
            model=self.model.name if self.model else "",
        )
        now.agree(self.folder)

    def _evaluate(self, stage: str, settings: Settings) -> float:
        request = Request(settings=settings, seeds=self.template.seeds.tuning, evaluate_on="validation")
        results = self._bench.run(stage, request).results
        return self.template.loss(results.values[self.template.metric.name]) if results else math.inf

    def _best(self, tried: list[Tried]) -> Tried:
        try:
            return best(tried)
        except ValueError:
            self._bench.give_up(f"of {len(tried)} runs not one had a result")

    def _fitted(self, runs: int) -> Effort:
        return self.effort or fitted(self.template, self.budget_s, self._bench.seconds, runs)

    def _had(self, own: Idea | None, tried: list[Tried]) -> HadIdea:
        archive = self._archive.entries()
        candidates = testable(self.template, own, tried, archive)
        if not candidates:
            raise LoopStopped("the archive has a paper about all that was tried: give more runs, or another archive")
        return had_idea(self.template, own, self._best(candidates).settings, archive)

    def _plan(self, arms: dict[str, Settings]) -> Plan:
        plan = Plan(
            subject="found",
            baseline="tuned",
            arms=arms,
            metric=self.template.metric.name,
            level=_LEVEL,
            held_out=self.template.seeds.held_out,
            second=self.template.seeds.second,
            program=code_sha(self.template),
        )
        self._bench.log({"stage": "plan", **plan.model_dump()})
        return plan

    def _name(self, name: str, stage: str, settings: Settings, seeds: tuple[int, ...], part: Part) -> None:
        run = self._bench.run(stage, Request(settings=settings, seeds=seeds, evaluate_on=part))
        if run.results is None:
            self._bench.give_up("a run that the comparison needs failed")
        self.names[name] = run.key

    def _follow_up(self, story: Story, review: Review) -> FollowUps:
        refused: list[str] = []
        without: tuple[str, ...] = ()
        settings = story.plan.arms["found"]
        if "put back" in review.follow_ups:
            without = self.template.space.changed(settings)
            for name in without:
                back = settings | {name: self.template.space.lever(name).baseline}
                self._name(f"without/{name}", "follow_up", back, story.plan.held_out, "test")
        second = "second look" in review.follow_ups
        if second and story.decision != "undecided":
            refused.append("A second look was asked for, which the plan does not allow where the first one decides.")
            second = False
        if second:
            for arm in (story.plan.subject, story.plan.baseline):
                self._name(f"second/{arm}", "follow_up", story.plan.arms[arm], story.plan.second, "test")
        return FollowUps(without, second, tuple(refused))

    def _notes(self, effort: Effort, own: OwnIdea, guided: Guided | None) -> tuple[str, ...]:
        notes = [own.note] if own.note else []
        if self.effort is None and effort != MOST:
            runs, most = effort.pilot + effort.search, MOST.pilot + MOST.search
            notes.append(f"The time allowed {runs} runs of the search, where {most} would have been made.")
        if guided and guided.others:
            notes.append(
                f"For {guided.others} of {guided.own + guided.others} settings of the search {guided.reason}, and the "
                "bandit proposed them."
            )
        return tuple(notes)

    def _index(self) -> Index:
        return Index(names=self.names, uses=tuple(use for use in self._bench.uses if use[0] != "named"))

    def _evidence(self) -> Evidence:
        return Evidence.read(self.template, self._index(), self.folder / RUNS)


def _leading(tried: list[Tried]) -> list[Tried]:
    good = sorted((one for one in tried if math.isfinite(one.loss)), key=lambda one: one.loss)
    return good[:_TOP]


def _first_review(review: Review) -> str:
    asked = {
        "put back": "each changed setting to be put back to the default",
        "second look": "a second look on new seeds",
    }
    wanted = listed([asked[one] for one in review.follow_ups])
    return (
        f"A first version of this paper was reviewed by {review.by}, with an Overall of {review.overall} of 10 "
        f"({review.decision}). {f'It asked for {wanted}.' if wanted else 'It asked for no runs.'} The review of this "
        f"version lies beside it, in review.json."
    )

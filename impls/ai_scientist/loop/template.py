"""What a loop works on: an experiment, the settings that may be changed, what is measured, what is known already."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from claimbench.errors import SpecError, UnknownName
from claimbench.impls.ai_scientist.sandbox.limits import Limits
from claimbench.spec import Model

__all__ = ["Known", "Lever", "Metric", "Scalar", "Seeds", "Settings", "Space", "Template", "printed"]

Scalar = int | float | str
Settings = dict[str, Scalar]


def printed(value: Scalar) -> str:
    """A level as it is written everywhere: whole numbers without a point, no exponents, names with spaces."""
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


class Lever(Model):
    """One setting and the values it may take."""

    name: str
    """Key in the settings."""
    label: str
    """What it is called in a text."""
    levels: Annotated[tuple[Scalar, ...], Field(min_length=2)]
    """All values that may be tried; numbers ascend."""
    baseline: Scalar
    """The template's own value, one of the levels."""
    about: str
    """What it does, in a sentence's part."""
    tuned: bool = False
    """Whether it is tuned for every arm alike, as a step size is; an idea is about the other levers."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.baseline not in self.levels or len(set(self.levels)) != len(self.levels):
            raise ValueError(f"{self.name}: levels must differ and hold the baseline {self.baseline!r}")
        if self.ordered and list(self.levels) != sorted(self.levels, key=float):
            raise ValueError(f"{self.name}: numbers must ascend, got {self.levels}")
        return self

    @property
    def ordered(self) -> bool:
        """Whether the levels are numbers, so that the first and the last are edges."""
        return not any(isinstance(level, str) for level in self.levels)

    def on_edge(self, value: Scalar) -> bool:
        """Whether a number is the least or the greatest that may be tried, and not zero, below which nothing lies."""
        return self.ordered and value in (self.levels[0], self.levels[-1]) and value != 0


class Space(Model):
    """All settings that may be tried: one level of each lever."""

    levers: Annotated[tuple[Lever, ...], Field(min_length=1)]
    """In the order in which they are printed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levers."""
        return tuple(lever.name for lever in self.levers)

    @property
    def ideas(self) -> tuple[str, ...]:
        """Levers that an idea may be about."""
        return tuple(lever.name for lever in self.levers if not lever.tuned)

    @property
    def tuned(self) -> tuple[str, ...]:
        """Levers that every arm is tuned in."""
        return tuple(lever.name for lever in self.levers if lever.tuned)

    @property
    def size(self) -> int:
        """How many settings there are."""
        return math.prod(len(lever.levels) for lever in self.levers)

    def lever(self, name: str) -> Lever:
        """The lever called `name`; raises UnknownName."""
        for lever in self.levers:
            if lever.name == name:
                return lever
        raise UnknownName("lever", name, self.names)

    def baseline(self) -> Settings:
        """The template's own settings."""
        return {lever.name: lever.baseline for lever in self.levers}

    def checked(self, settings: Mapping[str, Scalar]) -> Settings:
        """Settings with every lever at one of its levels, in order; raises SpecError naming the first that isn't."""
        if unknown := sorted(set(settings) - set(self.names)):
            raise SpecError(f"no lever {unknown[0]!r}; the levers are {', '.join(self.names)}")
        found: Settings = {}
        for lever in self.levers:
            if lever.name not in settings:
                raise SpecError(f"{lever.name} is missing: give every lever a level")
            same = [level for level in lever.levels if level == settings[lever.name]]
            if not same:
                levels = ", ".join(map(str, lever.levels))
                raise SpecError(f"{lever.name}: {settings[lever.name]!r} is not one of its levels {levels}")
            found[lever.name] = same[0]
        return found

    def changed(self, settings: Settings) -> tuple[str, ...]:
        """Levers other than the tuned ones that differ from the baseline."""
        return tuple(name for name in self.ideas if settings[name] != self.lever(name).baseline)


class Metric(Model):
    """What a run reports for each seed."""

    name: str
    """Key among the values of a run."""
    label: str
    """What it is called in a text."""
    unit: str
    """Its unit; empty for a pure number."""
    better: Literal["lower", "higher"]
    """Which direction is good."""
    compare: Literal["difference", "ratio"]
    """How two arms are compared; for a ratio all values are above zero."""
    digits: int
    """Decimals that are printed."""
    about: str
    """How it is computed, in a sentence."""


class Seeds(Model):
    """Which seeds are for what; no two sets share one."""

    tuning: Annotated[tuple[int, ...], Field(min_length=1)]
    """Seen while settings are chosen."""
    held_out: Annotated[tuple[int, ...], Field(min_length=2)]
    """Of the comparison alone."""
    second: Annotated[tuple[int, ...], Field(min_length=2)]
    """Of a second look, where a reviewer asks for one."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        everything = (*self.tuning, *self.held_out, *self.second)
        if len(set(everything)) != len(everything):
            raise ValueError("tuning, held_out and second must not share a seed: what chose would also judge")
        return self


class Known(Model):
    """Something that is known about levers of this kind of experiment, with where it says so."""

    levers: tuple[str, ...]
    """What it is about."""
    says: str
    """What is known, as a clause that follows "that"."""
    reference: str
    """Authors, year, title and identifier."""


@dataclass(frozen=True)
class Template:
    """A small experiment and everything that a loop must know of it."""

    name: str
    """Name, as on the command line."""
    subject: str
    """What it is about, as a noun phrase in a title."""
    about: str
    """The task and the model, in a few sentences."""
    fixed: tuple[str, ...]
    """What is the same in every run."""
    space: Space
    """What may be changed."""
    metrics: tuple[Metric, ...]
    """What is measured; the first one is judged."""
    seeds: Seeds
    """Seeds for choosing and for judging."""
    curve: tuple[str, str]
    """What the curve of a run has on its axes; empty where runs have none."""
    known: tuple[Known, ...]
    """What is known already; a list by hand, and short."""
    caveats: tuple[str, ...]
    """What this size does not show."""
    experiment: Path
    """The program that a run is."""
    limits: Limits
    """What one run may take."""

    @property
    def metric(self) -> Metric:
        """The metric that is judged."""
        return self.metrics[0]

    def loss(self, values: Sequence[float]) -> float:
        """Mean over seeds, oriented so that lower is better; of logarithms where arms are compared by ratios.

        Infinite where there is no ratio because a value is not above zero.
        """
        if self.metric.compare == "ratio" and min(values) <= 0:
            return math.inf
        terms = [math.log(value) for value in values] if self.metric.compare == "ratio" else list(values)
        mean = sum(terms) / len(terms)
        return mean if self.metric.better == "lower" else -mean

    def undo(self, loss: float) -> float:
        """The mean that has this loss."""
        mean = loss if self.metric.better == "lower" else -loss
        return math.exp(mean) if self.metric.compare == "ratio" else mean

"""What would decide a claim: a closed set of expectations, each with one rule in `claimbench.verdict`.

Every expectation orients its effect so that larger favours the claim. `reference` is the effect at which there
is nothing to claim (θ0 in the reports), `published` the effect that the paper reports, in the same units.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from operator import not_
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "IF_USED",
    "AllOf",
    "AtLeast",
    "Box",
    "Difference",
    "Equivalent",
    "Exact",
    "Expectation",
    "NotWorse",
    "Order",
    "Part",
    "Ratio",
    "Slope",
    "Within",
    "leaves",
    "printed",
]


IF_USED: Any = Field(exclude_if=not_)
"""For fields that came after claims were locked: they are written, and hashed, only where they are used."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _Expectation(_Frozen):
    def arms_used(self) -> tuple[str, ...]:
        """Names of the arms that the rule compares."""
        return ()

    def comparisons(self) -> int:
        """How many statistical comparisons the rule makes."""
        return 1


class _TwoArms(_Expectation):
    subject: str
    """Arm that the claim praises."""
    baseline: str
    """Arm that it is compared with."""
    metric: str | None = None
    """Metric compared; default the claim's."""

    def arms_used(self) -> tuple[str, ...]:
        return (self.subject, self.baseline)


class AtLeast(_Expectation):
    """The mean of one arm reaches a floor (or stays under a ceiling, where lower is better)."""

    kind: Literal["at_least"] = "at_least"
    """Discriminator."""
    arm: str
    """Arm that is judged."""
    floor: float
    """r: reproduced when the whole interval is on the good side of it."""
    reference: float
    """θ0: the value that means nothing was achieved."""
    published: float | None = None
    """The paper's value."""
    metric: str | None = None
    """Metric judged; default the claim's."""

    def arms_used(self) -> tuple[str, ...]:
        return (self.arm,)


class Ratio(_TwoArms):
    """The subject is better by a factor; compared on the log scale, 1 means equal."""

    kind: Literal["ratio"] = "ratio"
    """Discriminator."""
    at_least: Annotated[float, Field(gt=1)]
    """r: smallest factor that counts as reproduced."""
    is_floor: bool = False
    """The paper states a floor: an interval below it that reaches no effect contradicts the claim."""
    published: Annotated[float, Field(gt=0)] | None = None
    """The paper's factor."""
    of_means: Annotated[bool, IF_USED] = False
    """Compare arithmetic means, by Fieller, not the units' logarithms: for mean squared errors and counts."""


class Difference(_TwoArms):
    """The subject is better by an amount, in the metric's unit."""

    kind: Literal["difference"] = "difference"
    """Discriminator."""
    at_least: Annotated[float, Field(gt=0)]
    """r: smallest difference that counts as reproduced."""
    equivalence: Annotated[float, Field(ge=0)] = 0.0
    """δ: an interval inside ±δ contradicts the claim as "no effect"; 0 leaves the rule out."""
    is_floor: bool = False
    """The paper states a floor, so falling short of it contradicts even where no effect is possible."""
    published: float | None = None
    """The paper's difference, oriented so that larger favours the claim."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.equivalence >= self.at_least:
            raise ValueError(
                f"equivalence {self.equivalence} must be below at_least {self.at_least}: "
                "else one effect is both what is asked and none"
            )
        return self


class NotWorse(_TwoArms):
    """The subject is not worse by more than a margin."""

    kind: Literal["not_worse"] = "not_worse"
    """Discriminator."""
    margin: Annotated[float, Field(gt=0)]
    """δ, in the metric's unit."""
    relative: Annotated[bool, IF_USED] = False
    """δ is a share instead: .05 stands for a factor of 1.05, and the arms are compared on the log scale."""
    published: float | None = None
    """The paper's difference (its factor, where δ is relative), oriented so that larger favours the claim."""


class Equivalent(_TwoArms):
    """The arms differ by less than a margin."""

    kind: Literal["equivalent"] = "equivalent"
    """Discriminator."""
    margin: Annotated[float, Field(gt=0)]
    """δ, in the metric's unit."""
    relative: Annotated[bool, IF_USED] = False
    """δ is a share instead: .05 stands for a factor of 1.05, and the arms are compared on the log scale."""
    published: float | None = None
    """The paper's difference (its factor, where δ is relative)."""


class Within(_Expectation):
    """The mean of one arm lies within a margin of a value."""

    kind: Literal["within"] = "within"
    """Discriminator."""
    arm: str
    """Arm that is judged."""
    value: float
    """What the mean should be."""
    margin: Annotated[float, Field(gt=0)]
    """The mean must lie within value ± margin."""
    published: float | None = None
    """The paper's value."""
    metric: str | None = None
    """Metric judged; default the claim's."""

    def arms_used(self) -> tuple[str, ...]:
        return (self.arm,)


class Slope(_Expectation):
    """Cost grows as size to a power: the slope of log metric on log size, one slope a unit."""

    kind: Literal["slope"] = "slope"
    """Discriminator."""
    arm: str
    """Arm whose curve is fitted."""
    exponent: float
    """p: the power claimed."""
    tolerance: Annotated[float, Field(gt=0)]
    """The slope must lie within p ± tolerance."""
    max_curvature: Annotated[float, Field(gt=0)] = 0.1
    """Gate: largest absolute coefficient of (log size)² in a quadratic fit, beyond which no power law holds."""
    metric: str | None = None
    """Curve that is fitted; default the claim's metric."""

    def arms_used(self) -> tuple[str, ...]:
        return (self.arm,)


class Order(_Expectation):
    """The arms stand in a given order."""

    kind: Literal["order"] = "order"
    """Discriminator."""
    arms: Annotated[tuple[str, ...], Field(min_length=2)]
    """Arms, best first."""
    at_least: Annotated[float, Field(gt=0)]
    """r: smallest difference between neighbours that counts as reproduced, in the metric's unit."""
    metric: str | None = None
    """Metric compared; default the claim's."""

    def arms_used(self) -> tuple[str, ...]:
        return self.arms

    def comparisons(self) -> int:
        return len(self.arms) - 1


class Box(_Frozen):
    """Where a deterministic value must lie."""

    low: float | None = None
    """Smallest value allowed."""
    high: float | None = None
    """Largest value allowed."""
    published: float | None = None
    """The printed figure, if there is one."""
    unit: str = "1"
    """Unit of the value."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both: a box without sides cannot be missed")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Exact(_Expectation):
    """Deterministic values, each inside its box; the experiment must report exactly these checks."""

    kind: Literal["exact"] = "exact"
    """Discriminator."""
    boxes: Annotated[dict[str, Box], Field(min_length=1)]
    """Check name → where its value must lie."""

    def comparisons(self) -> int:
        return 0


Part = Annotated[
    AtLeast | Ratio | Difference | NotWorse | Equivalent | Within | Slope | Order | Exact, Field(discriminator="kind")
]


class AllOf(_Expectation):
    """Every part must hold."""

    kind: Literal["all_of"] = "all_of"
    """Discriminator."""
    parts: Annotated[tuple[Part, ...], Field(min_length=2)]
    """The parts; each counts in the family of tests."""


Expectation = Annotated[
    AtLeast | Ratio | Difference | NotWorse | Equivalent | Within | Slope | Order | Exact | AllOf,
    Field(discriminator="kind"),
]


def leaves(expectation: Expectation) -> Iterator[Part]:
    """The parts of an `AllOf`, or the expectation itself."""
    if isinstance(expectation, AllOf):
        yield from expectation.parts
    else:
        yield expectation


def printed(figure: str, unit: str = "1") -> Box:
    """The box of every value that rounds to `figure` as printed: `printed("4.6")` is [4.55, 4.65]."""
    value = Decimal(figure)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{figure!r} is not a printed number")
    half = Decimal(1).scaleb(exponent) / 2
    return Box(low=float(value - half), high=float(value + half), published=float(value), unit=unit)

"""Quantities that a paper may print: each says which runs it comes from, so that it can be computed again from these.

An improvement is oriented so that more is better: the difference of means, or the ratio of geometric means, of a
baseline and a subject, with Student's paired interval over the seeds that they share.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Model

__all__ = ["Count", "Counted", "FlipP", "Improvement", "Level", "Mean", "Quantity", "SeedValue", "Spread"]

Counted = Literal[
    "grid", "pilot", "search", "control", "tuning_seeds", "held_out_seeds", "second_seeds", "failed", "runs"
]
"""What there is a number of: runs that a stage asked for, seeds of a set, runs that failed, different runs in all."""


class SeedValue(Model):
    """What one seed of a run measured."""

    kind: Literal["seed"] = "seed"
    """Discriminator."""
    run: str
    """Name of the run in the evidence."""
    metric: str
    """Which metric."""
    seed: int
    """Which seed."""


class Mean(Model):
    """Mean over a run's seeds; the geometric one where arms are compared by ratios."""

    kind: Literal["mean"] = "mean"
    """Discriminator."""
    run: str
    """Name of the run in the evidence."""
    metric: str
    """Which metric."""


class Spread(Model):
    """Standard deviation over a run's seeds."""

    kind: Literal["spread"] = "spread"
    """Discriminator."""
    run: str
    """Name of the run in the evidence."""
    metric: str
    """Which metric."""


class Improvement(Model):
    """By how much a subject is better than a baseline in the judged metric."""

    kind: Literal["improvement"] = "improvement"
    """Discriminator."""
    subject: str
    """Name of its run."""
    baseline: str
    """Name of the other's, on the same seeds."""
    level: float
    """Of the interval."""
    part: Literal["estimate", "low", "high"]
    """What is printed of it."""


class FlipP(Model):
    """Two-sided p of the exact sign-flip test of the same comparison."""

    kind: Literal["flip"] = "flip"
    """Discriminator."""
    subject: str
    """Name of its run."""
    baseline: str
    """Name of the other's, on the same seeds."""


class Count(Model):
    """How many there are."""

    kind: Literal["count"] = "count"
    """Discriminator."""
    of: Counted
    """What is counted."""


class Level(Model):
    """What a lever of a run was set to, where it is a number."""

    kind: Literal["level"] = "level"
    """Discriminator."""
    run: str
    """Name of the run in the evidence."""
    lever: str
    """Which lever."""


Quantity = Annotated[SeedValue | Mean | Spread | Improvement | FlipP | Count | Level, Field(discriminator="kind")]

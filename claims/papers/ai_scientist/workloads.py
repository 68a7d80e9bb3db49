"""What the trials of The AI Scientist's claims work on, where its released data or its printed figures decide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Workload

__all__ = ["Adversaries", "Decisions", "Printed", "Released", "Resampled"]


class Printed(Workload):
    """Numbers that the paper prints; there is nothing to choose."""

    kind: Literal["printed"] = "printed"
    """Discriminator."""


class Released(Workload):
    """Files that the authors released; there is nothing to choose."""

    kind: Literal["released"] = "released"
    """Discriminator."""


class Resampled(Workload):
    """The same files, papers drawn anew."""

    kind: Literal["resampled"] = "resampled"
    """Discriminator."""
    draws: Annotated[int, Field(ge=200)]
    """Draws."""


class Decisions(Workload):
    """Decisions on the 500 papers, one an item."""

    kind: Literal["decisions"] = "decisions"
    """Discriminator."""


class Adversaries(Workload):
    """Experiments that do harm, each run once."""

    kind: Literal["adversaries"] = "adversaries"
    """Discriminator."""
    seconds: Annotated[float, Field(gt=0)]
    """Wall-clock limit of each."""

"""What the trials of The AI Scientist's claims work on: its released data, its printed figures, and our own loop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Workload
from claimbench.workloads import Count

__all__ = ["Adversaries", "Decisions", "Planted", "Printed", "Released", "Resampled", "Searched"]


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


class Searched(Workload):
    """Settings of one of the loop's templates, searched with the loop's stages."""

    kind: Literal["searched"] = "searched"
    """Discriminator."""
    template: Literal["diffusion", "grokking"]
    """Experiment that is run."""
    search: Count
    """Runs, to which those of the default's grid are added."""
    tuning_seeds: Count
    """Seeds that settings are chosen by."""
    held_out_seeds: Count
    """Seeds that the choice is judged by."""


class Planted(Workload):
    """Whole loops, up to their papers, on effects that were planted."""

    kind: Literal["planted"] = "planted"
    """Discriminator."""
    search: Count
    """Runs, to which those of the default's grid are added."""

"""What a loop was started with, which its folder remembers."""

from __future__ import annotations

from pathlib import Path

from claimbench.impls.ai_scientist.loop.explore import Effort
from claimbench.impls.ai_scientist.loop.stages import LoopStopped, Stages
from claimbench.spec import Model

__all__ = ["STAGES", "Asked", "read_asked"]

STAGES = "stages"
"""Folder of what was decided."""


class Asked(Model):
    """What a loop was started with; a folder holds one loop."""

    template: str
    """Name of the template."""
    program: str
    """SHA-256 of its experiment."""
    seed: int
    """What proposers draw from."""
    budget_s: float
    """Seconds of all runs together, about."""
    effort: Effort | None
    """Runs of pilot and search; None where the budget decides."""
    model: str
    """The language model; empty for the embedded proposer and reviewer."""

    def agree(self, folder: Path) -> None:
        """Note it in a loop's folder; raises LoopStopped where that holds another loop."""
        before = Stages(folder / STAGES).once("asked", Asked, lambda: self)
        for name in Asked.model_fields:
            if getattr(before, name) != getattr(self, name):
                raise LoopStopped(
                    f"{folder} holds a loop with {name} {getattr(before, name)}, not {getattr(self, name)}: give that, "
                    "or another folder"
                )


def read_asked(folder: Path) -> Asked:
    """What the loop in a folder was started with; raises LoopStopped where there is none."""

    def none() -> Asked:
        raise LoopStopped(f"{folder} holds no loop: give the folder of one")

    return Stages(folder / STAGES).once("asked", Asked, none)

"""What a contained run may take, and how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

__all__ = ["Limits", "Outcome", "Status"]

Status = Literal["ok", "failed", "no_results", "time", "memory", "processes", "disk"]


@dataclass(frozen=True)
class Limits:
    """What a run may take. Only the parent holds them: nothing that the run can write changes one.

    Raises ValueError where a limit is not positive and finite.
    """

    seconds: float
    """Wall-clock time."""
    memory_bytes: int
    """Memory of all its processes together; of what two of them share, each has its part. A single process that asks
    for more than this is refused it, and mostly fails by itself."""
    processes: int
    """Processes and threads at a time."""
    disk_bytes: int
    """Bytes of all files in its folder together, the copies that it starts with included, and of any one."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"Limits.{field.name} is {value}; give a positive number")


@dataclass(frozen=True)
class Outcome:
    """How a run ended. Whatever it is, no process of it is left."""

    status: Status
    """`ok` only with exit code 0 and results; otherwise what was wrong, or the limit that was met."""
    returncode: int
    """Exit code of the first process; negative where a signal ended it."""
    seconds: float
    """Wall-clock time until everything had ended."""
    stdout: str
    """The last of what it printed."""
    stderr: str
    """The last of what it printed as errors."""

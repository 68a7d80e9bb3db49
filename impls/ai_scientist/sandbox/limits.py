"""What a contained run may take, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Limits", "Outcome"]


@dataclass(frozen=True)
class Limits:
    """What a run may take. Only the parent holds them: nothing that the run can write changes one."""

    seconds: float
    """Wall-clock time."""
    memory_bytes: int
    """Memory of all its processes together."""
    processes: int
    """Processes and threads at a time."""
    disk_bytes: int
    """Bytes of all files in its folder together, and of any one."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended. Whatever it is, no process of it is left."""

    status: Literal["ok", "failed", "no_results", "time", "memory", "processes", "disk"]
    """`ok` only with exit code 0 and results; otherwise what was wrong, or the limit that was met."""
    returncode: int
    """Exit code of the first process; negative where a signal ended it."""
    seconds: float
    """Wall-clock time until everything had ended."""
    stdout: str
    """The last of what it printed."""
    stderr: str
    """The last of what it printed as errors."""

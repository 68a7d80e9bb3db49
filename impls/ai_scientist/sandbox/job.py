"""What the watcher and the launcher are told, and what the watcher answers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from claimbench.impls.ai_scientist.sandbox.limits import Limits
from claimbench.impls.ai_scientist.sandbox.view import View

__all__ = ["Ended", "Job", "Mechanisms", "Report"]

Ended = Literal["itself", "time", "memory", "processes", "disk", "never_started", "not_killed"]


@dataclass(frozen=True)
class Mechanisms:
    """What a run is contained by, beside the watcher; each only where it was seen to work."""

    bubblewrap: str = ""
    """Path of bubblewrap; empty: without."""
    namespaces: bool = False
    """Namespaces that the launcher makes itself."""
    landlock: int = 0
    """Version of Landlock's interface; 0: without."""
    seccomp: bool = False
    """The filter of system calls."""
    gate: bool = False
    """The gate before new processes, which is part of the filter."""

    @property
    def alone(self) -> bool:
        """Whether other processes, sockets and files are out of reach by namespaces."""
        return bool(self.bubblewrap) or self.namespaces


@dataclass(frozen=True)
class Job:
    """One run."""

    argv: tuple[str, ...]
    """The command."""
    folder: str
    """Where it runs, within what it may write."""
    stage: str
    """An empty folder, which namespaces of ours put a new root on."""
    environment: dict[str, str]
    """All of its environment."""
    view: View
    """What it may touch of the file system."""
    limits: Limits
    """What it may take."""
    mechanisms: Mechanisms
    """How it is contained."""

    def dumps(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Job:
        """From `dumps`."""
        told: dict[str, Any] = json.loads(line)
        view: dict[str, Any] = told.pop("view")
        return cls(
            argv=tuple(told.pop("argv")),
            view=View(tuple(view["readable"]), view["writable"], tuple(view["devices"])),
            limits=Limits(**told.pop("limits")),
            mechanisms=Mechanisms(**told.pop("mechanisms")),
            **told,
        )


@dataclass(frozen=True)
class Report:
    """How a run ended, as the watcher saw it."""

    ended: Ended
    """What ended it; `never_started` and `not_killed` are failures of the sandbox, said in `message`."""
    returncode: int
    """Exit code of the command; negative where a signal ended it."""
    seconds: float
    """Until nothing of it was left."""
    stdout: str
    """The last of what it printed."""
    stderr: str
    """The last of what it printed as errors."""
    message: str = ""
    """What the sandbox itself failed at."""

    def dumps(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Report:
        """From `dumps`."""
        return cls(**json.loads(line))

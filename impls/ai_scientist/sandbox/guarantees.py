"""What holds on this machine, by which mechanism, and what is weaker than it could be: said, and demanded."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from typing import Literal

from claimbench.errors import SandboxError
from claimbench.impls.ai_scientist.sandbox import landlock
from claimbench.impls.ai_scientist.sandbox.job import Mechanisms
from claimbench.impls.ai_scientist.sandbox.mechanisms import at_hand

__all__ = ["GUARANTEES", "Guarantee", "Held", "Isolation", "isolation", "of"]

Guarantee = Literal[
    "time", "no_survivors", "memory", "processes", "disk", "network", "writes", "reads", "environment", "others"
]
GUARANTEES: dict[Guarantee, str] = {
    "time": "it ends at its limit of time",
    "no_survivors": "no process of it is left afterwards",
    "memory": "it takes no more memory than its limit",
    "processes": "it has no more processes than its limit",
    "disk": "it writes no more than its limit",
    "network": "it reaches no network, this machine's own included",
    "writes": "it changes no file outside its folder",
    "reads": "it reads no file but its own, the interpreter's and the system's",
    "environment": "it sees the environment and the command line of no other process",
    "others": "it signals, traces and slows no process that is not its own",
}
_INSTALL = (
    "install bubblewrap (apt install bubblewrap, dnf install bubblewrap) and let this user have user namespaces, "
    "or use Linux 6.12 or later with Landlock"
)


@dataclass(frozen=True)
class Held:
    """One guarantee, on one machine."""

    guarantee: Guarantee
    """Which."""
    by: str
    """What works towards it."""
    weaker: str = ""
    """What is weaker than it could be although it holds; empty where nothing is to be said."""
    broken: str = ""
    """How generated code that tries can break it; empty where it holds."""

    @property
    def holds(self) -> bool:
        """Whether generated code is not expected to break it."""
        return not self.broken


@dataclass(frozen=True)
class Isolation:
    """What holds on one machine."""

    held: tuple[Held, ...]
    """Every guarantee."""
    where: str
    """The system and its mechanisms."""

    @property
    def missing(self) -> tuple[Guarantee, ...]:
        """Guarantees that do not hold."""
        return tuple(one.guarantee for one in self.held if not one.holds)

    def text(self) -> str:
        """For people: a line for each guarantee."""
        lines = [f"Generated code on {self.where}:"]
        for one in self.held:
            said = f"holds by {one.by}" + (f"; {one.weaker}" if one.weaker else "")
            lines.append(f"  {GUARANTEES[one.guarantee]}: " + (f"DOES NOT HOLD: {one.broken}" if one.broken else said))
        if self.missing:
            lines.append(f"  To have all of it, {_INSTALL}.")
        return "\n".join(lines)

    def require(self, *guarantees: Guarantee) -> None:
        """Raises SandboxError where one of these does not hold here, and says what to install."""
        if lacking := [one for one in self.held if one.guarantee in guarantees and not one.holds]:
            said = "; ".join(f"{one.guarantee} ({GUARANTEES[one.guarantee]}): {one.broken}" for one in lacking)
            raise SandboxError(f"generated code is not contained here as asked. {said}. To have it, {_INSTALL}")


def isolation() -> Isolation:
    """What holds on this machine; found out by small runs the first time, which takes some tenths of a second."""
    return of(at_hand())


def of(mechanisms: Mechanisms) -> Isolation:
    """What holds by given mechanisms."""
    linux = sys.platform.startswith("linux")
    version = mechanisms.landlock
    walls = "bubblewrap" if mechanisms.bubblewrap else "namespaces of its own" if mechanisms.namespaces else ""
    rules = f"Landlock (ABI {version})" if version else ""
    calls = "a filter of system calls" if mechanisms.seccomp else ""
    # Whatever the watcher sees to ends with the watcher.
    unwatched = "" if walls or calls or version >= landlock.SIGNALS else "it may end the watcher, which is the user's"
    unwatched = unwatched if linux else "without /proc a process that leaves its group is not found"
    changes = "the modes and times of the user's files may be changed"
    changes += "" if version >= landlock.TRUNCATION else ", and their content cut"
    unwritten = "" if walls or (rules and calls) else changes if rules else "all that the user may write lies open"
    unread = "" if walls or rules else "all that the user may read lies open, keys in the home folder included"
    tcp = "only TCP is stopped, not UDP, nor sockets that are files"
    looks = "the watcher's looks"
    between = "between two looks, of some hundredths of a second, it may pass it"
    held = (
        Held("time", "the watcher's clock", broken=unwatched),
        Held(
            "no_survivors",
            walls or "the watcher, to which all orphans are left",
            "" if walls else "if the machine, out of memory, ends both that watch, it may go on",
            unwatched,
        ),
        Held("memory", f"{looks}, and a limit on each process", between, unwatched),
        Held("processes", *(("a gate before each", "") if mechanisms.gate else (looks, between)), unwatched),
        Held(
            "disk",
            f"{looks}, and a limit on each file",
            between,
            unwatched or ("" if walls or rules else "what it writes outside its folder is not counted"),
        ),
        Held(
            "network",
            _all(walls, calls, rules if version >= landlock.TCP else ""),
            broken="" if walls or calls else tcp if version >= landlock.TCP else "nothing stops it",
        ),
        Held(
            "writes",
            _all(walls, rules, calls),
            "" if walls else "modes and times of its own stay as they are",
            unwritten,
        ),
        Held("reads", _all(walls, rules), broken=unread),
        Held(
            "environment", _all("one of its own", walls, rules), broken=unread and "those of others lie open in /proc"
        ),
        Held(
            "others",
            _all(walls, calls, rules if version >= landlock.SIGNALS else ""),
            "" if walls or version >= landlock.SIGNALS else "its own processes cannot signal each other either",
            "" if walls or calls else "it may slow any process of the user, and more",
        ),
    )
    return Isolation(
        held, f"{platform.system()} {platform.release()} with {_all(walls, rules, calls) or 'a watcher alone'}"
    )


def _all(*mechanisms: str) -> str:
    return ", ".join(one for one in mechanisms if one)

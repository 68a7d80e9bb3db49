"""Where numbers come from: commit, hash of the code that made them, environment. Imports no torch."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from platform import python_version

from claimbench.record import Machine
from claimbench.sources import sources_sha
from claimbench.spec import canonical_sha

__all__ = ["PACKAGES", "Environment", "code_sha", "commit", "environment", "versions"]

PACKAGES = ("torch", "triton", "numba", "llvmlite", "numpy", "scipy", "leaderbot")
"""Distributions whose version may change a number."""


@dataclass(frozen=True)
class Environment:
    """What the numbers of a machine depend on, beside the code."""

    machine: Machine
    """Where it runs."""
    versions: dict[str, str]
    """Package → version."""
    sha: str
    """Hash of Python, versions, processor or GPU model and threads; the load is left out."""


def environment(machine: Machine, device: str = "cpu", threads: int = 1) -> Environment:
    """The environment of trials on `device` (`cpu` or `cuda`) of `machine` with `threads` compute threads."""
    found = versions()
    sha = canonical_sha(
        {
            "versions": found,
            "arch": machine.arch,
            "processor": machine.gpu if device == "cuda" else machine.cpu,
            "threads": threads,
        }
    )
    return Environment(machine, found, sha)


@cache
def versions() -> dict[str, str]:
    """Version of Python and of each of `PACKAGES` that is installed."""
    found = {"python": python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def code_sha(experiment: str) -> str:
    """Hash of the code behind an experiment `module:function`; raises SpecError where it cannot be found."""
    return sources_sha(experiment.split(":")[0])


@cache
def commit() -> str:
    """Commit of the checkout that this package runs from, with `+dirty` where it holds changes, else `unknown`."""
    here = Path(__file__)
    # A wheel installed into an environment inside some checkout is not that checkout's code: ask for this very file.
    if _git(here.parent, "ls-files", "--error-unmatch", here.name) is None:
        return "unknown"
    head = _git(here.parent, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    return head.strip() + ("+dirty" if _git(here.parent, "status", "--porcelain") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None

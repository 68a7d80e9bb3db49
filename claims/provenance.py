"""Where numbers come from: commit, hash of the code that made them, environment. Imports no torch."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from platform import python_version

from claimbench.errors import SpecError
from claimbench.record import Machine
from claimbench.spec import canonical_sha

__all__ = ["PACKAGES", "Environment", "code_sha", "commit", "environment", "versions"]

PACKAGES = ("torch", "triton", "numba", "llvmlite", "numpy", "scipy", "leaderbot")
"""Distributions whose version may change a number."""

_MEASURING = ("claimbench.impls.common", "claimbench.kernels", "claimbench.measure", "claimbench.trial")


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
    """Hash of the code behind an experiment `module:function`, from a checkout or an installed wheel alike.

    It covers the sources of the package that holds the experiment (`claimbench.impls.<paper>`; for a plugin its
    top-level package) and what every trial shares: impls.common, kernels, measure, trial. Raises SpecError where
    the experiment's package cannot be found.
    """
    module = experiment.split(":")[0]
    parts = module.split(".")
    own = ".".join(parts[:3]) if module.startswith("claimbench.") else parts[0]
    return _sources_sha((own, *(name for name in _MEASURING if name != own)))


def _sources_sha(modules: tuple[str, ...]) -> str:
    total = hashlib.sha256()
    for module in modules:
        for name, path in _sources(module):
            total.update(f"{module}/{name}\n".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _sources(module: str) -> list[tuple[str, Path]]:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        raise SpecError(f"no module {module!r}: mend the claim's `experiment`, or install the package that holds it")
    if spec.submodule_search_locations is None:
        path = Path(spec.origin or "")
        return [(path.name, path)] if path.suffix == ".py" else []
    found = [
        (path.relative_to(folder).as_posix(), path)
        for folder in map(Path, spec.submodule_search_locations)
        for path in folder.rglob("*.py")
    ]
    return sorted(found)


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

"""What this machine can contain a run by: every mechanism is tried on a small run, and counts only if it held."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from claimbench.errors import SandboxError
from claimbench.impls.ai_scientist.sandbox import bubblewrap, landlock, seccomp
from claimbench.impls.ai_scientist.sandbox.folder import remove
from claimbench.impls.ai_scientist.sandbox.guarded import guarded
from claimbench.impls.ai_scientist.sandbox.job import Job, Mechanisms
from claimbench.impls.ai_scientist.sandbox.limits import Limits
from claimbench.impls.ai_scientist.sandbox.view import View, interpreter

__all__ = ["at_hand", "holds"]

_LIMITS = Limits(seconds=10, memory_bytes=1 << 29, processes=8, disk_bytes=1 << 24)
_TRIED = """
import os, socket, sys
def fails(kind, attempt):
    try:
        attempt()
    except kind:
        return True
    return False
secret = sys.argv[1]
held = {
    "alone": lambda: fails(FileNotFoundError, lambda: open(secret)) and os.getpid() < 10,
    "landlock": lambda: fails(PermissionError, lambda: open(secret)) and fails(OSError, lambda: open(secret, "w")),
    "gate": lambda: os.waitpid(os.fork() or os._exit(0), 0)[1] == 0,
    "seccomp": lambda: fails(PermissionError, lambda: socket.socket()),
}
open("written", "w").close()
sys.exit(0 if all(held[name]() for name in sys.argv[2:]) else 1)
"""


@functools.cache
def at_hand() -> Mechanisms:
    """The strongest that holds here; it takes some tenths of a second the first time."""
    if not sys.platform.startswith("linux"):
        return Mechanisms()
    found = Mechanisms()
    version = landlock.abi()
    if version and holds(Mechanisms(landlock=version)):
        found = Mechanisms(landlock=version)
    if seccomp.supported() and holds(Mechanisms(seccomp=True)):
        found = replace(found, seccomp=True, gate=holds(Mechanisms(seccomp=True, gate=True)))
    for path, own in ((bubblewrap.installed() or "", False), ("", True)):
        both = replace(found, bubblewrap=path, namespaces=own)
        if both.alone and holds(Mechanisms(bubblewrap=path, namespaces=own)) and holds(both):
            return both
    return found


def holds(mechanisms: Mechanisms) -> bool:
    """Whether a run contained by these can start and write in its folder, and cannot do what they should prevent."""
    expected = [name for name in ("alone", "landlock", "seccomp", "gate") if getattr(mechanisms, name)]
    if mechanisms.alone and mechanisms.landlock:
        # What is not there cannot be forbidden.
        expected.remove("landlock")
    base = os.path.realpath(tempfile.mkdtemp(prefix="claimbench-try-"))
    try:
        own, stage, secret = (Path(base, name) for name in ("own", "stage", "secret"))
        own.mkdir()
        stage.mkdir()
        secret.touch()
        package = os.path.dirname(__file__)
        job = Job(
            argv=(sys.executable, "-I", "-S", "-c", _TRIED, str(secret), *expected),
            folder=str(own),
            stage=str(stage),
            environment={},
            view=View.of(str(own), [*interpreter(), package]),
            limits=_LIMITS,
            mechanisms=mechanisms,
        )
        report = guarded(job)
    except SandboxError:
        return False
    finally:
        remove(base)
    return report.ended == "itself" and report.returncode == 0

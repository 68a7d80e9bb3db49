"""Which edits a proposer may make: the experiment's file, and nothing beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from claimbench.errors import EditRefused
from claimbench.impls.ai_scientist.sandbox.folder import plain_file

__all__ = ["check_edit"]

_NAMED = 5


def check_edit(before: Path, after: Path, experiment: str = "experiment.py") -> None:
    """Refuse an edit that touches anything but the experiment's file.

    `before` and `after` are the folder as it was and as the proposer left it. Raises EditRefused where a file was
    added, removed, changed or turned into something else, or where the experiment's is no plain file any more.
    """
    if not plain_file(str(after), experiment):
        raise EditRefused(f"{experiment} is no plain file after the edit; an edit may change what is in it, no more")
    old, new = _contents(before), _contents(after)
    touched = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path) and path != experiment)
    if touched:
        named = ", ".join(touched[:_NAMED]) + (f" and {len(touched) - _NAMED} more" if len(touched) > _NAMED else "")
        raise EditRefused(f"the edit touches {named}; only {experiment} may be edited")


def _contents(folder: Path) -> dict[str, tuple[int, bool, bytes]]:
    """All that is in a folder, by its path there: its kind, whether it may be executed, what is in it."""
    found: dict[str, tuple[int, bool, bytes]] = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            content = b""
            if stat.S_ISLNK(mode):
                content = os.fsencode(os.readlink(path))
            elif stat.S_ISREG(mode):
                content = path.read_bytes()
            runs = stat.S_ISREG(mode) and bool(mode & stat.S_IXUSR)
            found[str(path.relative_to(folder))] = (stat.S_IFMT(mode), runs, content)
    return found

"""A file of JSON lines that outlives the process: each is on the disk when `append` returns, a torn last one is cut."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claimbench.errors import HostError

__all__ = ["Journal", "read"]


class Journal:
    """Appends to a file that no other process appends to meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open or begin it; raises HostError where it is in use, is no journal or cannot be written."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise HostError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.lines, whole = _parse(path)
            # What a crash left of a line is cut off, else the next one would be glued to it.
            os.ftruncate(self._fd, whole)
        except OSError as error:
            os.close(self._fd)
            busy = isinstance(error, BlockingIOError)
            why = "another loop is writing it" if busy else f"cannot be locked ({error.strerror})"
            raise HostError(f"{path}: {why}; give each loop a file of its own, on a local disk") from error
        except HostError:
            os.close(self._fd)
            raise

    def append(self, line: Mapping[str, object]) -> None:
        """Write one line and force it to the disk; raises HostError where that fails, what was written stays whole."""
        data = (json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n").encode()
        size = os.fstat(self._fd).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            os.fsync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, size)
            raise HostError(f"{self.path}: cannot be written ({error.strerror}); make room and start again") from error

    def close(self) -> None:
        """Let others write."""
        os.close(self._fd)


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a journal; raises HostError where there is none or it is damaged."""
    try:
        return _parse(path)[0]
    except OSError as error:
        raise HostError(f"{path}: cannot be read ({error.strerror})") from error


def _parse(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Lines, and the bytes that they take; a last one without its end does not count."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    found: list[dict[str, Any]] = []
    for number, line in enumerate(data[:whole].split(b"\n")[:-1], start=1):
        try:
            content = json.loads(line)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise HostError(f"{path}:{number}: not a line of a journal; restore the file or move it away")
        found.append(content)
    return found, whole

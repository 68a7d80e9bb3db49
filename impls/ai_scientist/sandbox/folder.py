"""The folder that a run works on: a copy, measured while it runs, of which only plain files come back.

What lies in it was made by generated code: links lead anywhere, pipes block who opens them, and folders may be nested
deeper than a path can say. Nothing here follows a link or trusts a depth.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import stat
from pathlib import Path

__all__ = ["copy_in", "copy_out", "plain_file", "remove", "size"]

_BLOCK = 4096
_DEEPEST = 64


def size(folder: str, enough: int) -> int:
    """Bytes of all that is in it, a block at least for each; no more is counted once `enough` is passed.

    A folder that cannot be looked at, being nested too deep or closed, counts as more than enough.
    """
    total = 0
    links: set[tuple[int, int]] = set()
    ahead = [(folder, 0)]
    while ahead and total <= enough:
        path, depth = ahead.pop()
        if depth > _DEEPEST:
            return enough + 1
        try:
            found = _look(path)
        except FileNotFoundError:
            continue
        except OSError:
            return enough + 1
        for inner, status in found:
            if stat.S_ISDIR(status.st_mode):
                ahead.append((inner, depth + 1))
            elif status.st_nlink > 1:
                if (status.st_dev, status.st_ino) in links:
                    continue
                links.add((status.st_dev, status.st_ino))
            total += max(_BLOCK, status.st_size, status.st_blocks * 512)
    return total


def _look(path: str) -> list[tuple[str, os.stat_result]]:
    """What is in a folder while others change it; what goes meanwhile is left out."""
    found: list[tuple[str, os.stat_result]] = []
    with os.scandir(path) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                found.append((entry.path, entry.stat(follow_symlinks=False)))
    return found


def copy_in(source: Path, target: Path, top: str = "") -> None:
    """Copy a template: files and folders as they are, links as links, which lead out of it to where they did.

    `top` is the folder that a link may be within, by default `source`. Raises ValueError at anything else, such as a
    pipe.
    """
    top = top or os.path.realpath(source)
    target.mkdir()
    for entry in os.scandir(source):
        inner = target / entry.name
        if entry.is_symlink():
            leads = os.path.realpath(entry.path)
            within = os.path.commonpath((leads, top)) == top
            inner.symlink_to(os.readlink(entry.path) if within else leads)
        elif entry.is_dir():
            copy_in(Path(entry.path), inner, top)
        elif entry.is_file():
            shutil.copyfile(entry.path, inner)
            inner.chmod(entry.stat().st_mode & 0o777 | stat.S_IRUSR | stat.S_IWUSR)
        else:
            raise ValueError(f"{entry.path} is neither a file nor a folder nor a link; remove it")


def copy_out(source: str, target: Path, depth: int = 0) -> None:
    """Copy the plain files and the folders of what a run wrote; whatever else there is stays behind."""
    if depth > _DEEPEST or not stat.S_ISDIR(os.lstat(source).st_mode):
        return
    target.mkdir()
    for entry in _entries(source):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            copy_out(entry.path, target / entry.name, depth + 1)
        elif stat.S_ISREG(mode):
            with open(_open(entry.path), "rb") as read, open(target / entry.name, "xb") as written:
                shutil.copyfileobj(read, written)


def plain_file(folder: str, *names: str) -> bool:
    """Whether `names`, one within the other, lead to a plain file by plain folders."""
    path = folder
    mode = 0
    for place, name in enumerate(names):
        if place and not stat.S_ISDIR(mode):
            return False
        path = os.path.join(path, name)
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return False
    return stat.S_ISREG(mode)


def remove(folder: str) -> None:
    """Remove a folder and all that is in it, nested however deep and whatever its modes."""
    moved = (os.path.join(folder, f"{secrets.token_hex(8)}-{number}") for number in itertools.count())
    while entries := _entries(folder):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            for inner in _entries(entry.path):
                if inner.is_dir(follow_symlinks=False):
                    # Up by one, round after round, so that no path grows long.
                    os.chmod(inner.path, stat.S_IRWXU)
                    os.rename(inner.path, next(moved))
                else:
                    os.unlink(inner.path)
            os.rmdir(entry.path)
    os.rmdir(folder)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder that nobody else changes any more; its mode may have forbidden to look."""
    os.chmod(folder, stat.S_IRWXU)
    with os.scandir(folder) as entries:
        return list(entries)


def _open(path: str) -> int:
    """Open a plain file for reading, whatever its mode: no link, and no waiting for the other end of a pipe."""
    os.chmod(path, stat.S_IRUSR)
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)

"""All that descends from a process, on Linux: who it is, what it takes, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "Usage",
    "descendants",
    "end",
    "memory",
    "reap",
    "shared_memory_bytes",
    "unlinked_bytes",
    "usage",
    "user_tasks",
]

_KB = 1024
_LISTED = os.path.exists("/proc/thread-self/children")


@dataclass(frozen=True)
class Usage:
    """What some processes take together."""

    tasks: int
    """Processes and their threads."""
    memory_bytes: int
    """Memory that is theirs and not a file's, what they share counted for each: an upper bound, and cheap."""


def descendants(ancestor: int) -> list[int]:
    """Processes that `ancestor` and its children started, and theirs, without itself; empty where there is no /proc.

    One that starts or ends at this moment may be missing.
    """
    by_parent = {} if _LISTED else _by_parent()
    found: list[int] = []
    ahead = [ancestor]
    while ahead:
        pid = ahead.pop()
        children = _children(pid) if _LISTED else by_parent.get(pid, [])
        found += children
        ahead += children
    return found


def usage(processes: Iterable[int]) -> Usage:
    """What they take now; one that has ended takes nothing."""
    tasks = kilobytes = 0
    for pid in processes:
        fields = _fields(f"/proc/{pid}/status")
        tasks += int(fields.get("Threads", "0"))
        kilobytes += sum(_kilobytes(fields, name) for name in ("RssAnon", "RssShmem", "VmSwap"))
    return Usage(tasks, kilobytes * _KB)


def memory(processes: Iterable[int], shared_bytes: int) -> int:
    """Bytes of memory that is theirs, what they share counted once: exact, and slow where there is much.

    `shared_bytes` are of files in memory, which some of them may have mapped.
    """
    private = shared = 0
    for pid in processes:
        fields = _fields(f"/proc/{pid}/smaps_rollup")
        if "Pss_Anon" in fields:
            private += _kilobytes(fields, "Pss_Anon") + _kilobytes(fields, "SwapPss")
            shared += _kilobytes(fields, "Pss_Shmem")
        else:
            private += usage([pid]).memory_bytes // _KB
    return private * _KB + max(shared * _KB, shared_bytes)


def shared_memory_bytes(process: int) -> int:
    """Bytes of the files in /dev/shm as `process` sees it, where that is not this process's."""
    path = os.path.join("/proc", str(process), "root", "dev", "shm")
    try:
        if os.stat(path).st_dev == os.stat("/dev/shm").st_dev:
            return 0
        use = os.statvfs(path)
    except OSError:
        return 0
    return (use.f_blocks - use.f_bfree) * use.f_frsize


def unlinked_bytes(processes: Iterable[int], folder: str) -> int:
    """Bytes of files that no folder names any more but some process holds, open or mapped from within `folder`."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in processes:
        for descriptor in _names(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                status = os.stat(f"/proc/{pid}/fd/{descriptor}")
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    sizes[status.st_dev, status.st_ino] = max(status.st_size, status.st_blocks * 512)
        for line in _text(f"/proc/{pid}/maps").splitlines():
            if line.endswith(" (deleted)") and f" {folder}/" in line:
                ends, _, _, device, inode = line.split(maxsplit=5)[:5]
                low, high = (int(end, 16) for end in ends.split("-"))
                major, minor = (int(part, 16) for part in device.split(":"))
                key = (os.makedev(major, minor), int(inode))
                sizes[key] = max(sizes.get(key, 0), high - low)
    return sum(sizes.values())


def user_tasks() -> int:
    """Processes and threads of this user, as RLIMIT_NPROC counts them."""
    mine = [pid for pid in _names("/proc") if pid.isdigit() and _owner(pid) == os.getuid()]
    return usage(int(pid) for pid in mine).tasks


def end(ancestor: int, first: int | None, patience_s: float) -> bool:
    """Kill all that descends from `ancestor`, which is this process and reaps orphans, until nothing is left.

    Whole groups at a time, for a group cannot grow while it is killed; that of `first`, a child, is known where no
    /proc tells of others, and comes last, so that nobody notices. False where something is left after `patience_s`,
    as may happen while the kernel waits for a device.
    """
    until = time.monotonic() + patience_s
    groups = set[int]() if first is None else {first}
    while True:
        found = descendants(ancestor)
        for pid in found:
            with contextlib.suppress(OSError):
                groups.add(os.getpgid(pid))
        for group in sorted(groups - {os.getpgid(0)}, key=lambda group: group == first):
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        groups.clear()
        # No child is left only when no descendant is: an orphan becomes a child.
        if not reap():
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.001)


def reap() -> bool:
    """Let go of children that have ended; False when no child is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in _names(f"/proc/{pid}/task"):
        found += map(int, _text(f"/proc/{pid}/task/{task}/children").split())
    return found


def _by_parent() -> dict[int, list[int]]:
    """Every process of the machine by its parent: for kernels that do not list a process's children."""
    found: dict[int, list[int]] = {}
    for pid in filter(str.isdigit, _names("/proc")):
        found.setdefault(int(_fields(f"/proc/{pid}/status").get("PPid", "0")), []).append(int(pid))
    return found


def _fields(path: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in _text(path).splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}


def _kilobytes(fields: dict[str, str], name: str) -> int:
    return int(fields.get(name, "0 kB").split()[0])


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _owner(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1


def _text(path: str) -> str:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""

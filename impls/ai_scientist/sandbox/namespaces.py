"""Namespaces of one's own: a process sees no others, no network, and of the file system what was put in place.

What bubblewrap does, for where it is not installed: an unprivileged user namespace, in it all the others, and a new
root that holds bind mounts alone. Needs Linux 5.12 and a kernel that lets this user have one.
"""

from __future__ import annotations

import ctypes
import os
import struct

from claimbench.impls.ai_scientist.sandbox.syscalls import number
from claimbench.impls.ai_scientist.sandbox.system import die_with_parent, machine, mount, syscall, unshare
from claimbench.impls.ai_scientist.sandbox.view import View, is_link_of_root

__all__ = ["build_root", "leave"]

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (1 << bit for bit in (17, 26, 27, 28, 29, 30))
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 1 << 12, 1 << 14, 1 << 18
_MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2"}


def leave() -> int | None:
    """Become the first process of new namespaces; the caller stays outside and gets its pid, the process inside None.

    Raises OSError where the kernel does not let this user.
    """
    user, group = os.geteuid(), os.getegid()
    unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    child = os.fork()
    # The change of user above has forgotten it.
    die_with_parent()
    return child or None


def build_root(view: View, stage: str, shared_memory_bytes: int) -> None:
    """Put a new root together on the empty folder `stage` and move there. Raises OSError where a mount fails."""
    mount("", "/", flags=_REC | _PRIVATE)
    mount("root", stage, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for path in view.readable:
        _show(path, stage)
        if not is_link_of_root(path):
            _read_only(stage + path)
    for path in view.devices:
        _show(path, stage)
    for path, target in _LINKS.items():
        os.symlink(target, stage + path)
    for path, kind, flags, options in (
        ("/proc", "proc", _NOSUID | _NODEV | _NOEXEC, ""),
        ("/dev/shm", "tmpfs", _NOSUID | _NODEV, f"size={shared_memory_bytes},mode=1777"),
    ):
        os.makedirs(stage + path, exist_ok=True)
        mount(kind, stage + path, kind, flags, options)
    _show(view.writable, stage)
    _enter(stage)
    _read_only("/", recursive=False)


def _show(path: str, stage: str) -> None:
    """`path` at the same place under `stage`, a link of the root's (/lib) as a link."""
    target = stage + path
    if is_link_of_root(path):
        os.symlink(os.readlink(path), target)
        return
    if not os.path.exists(target):
        os.makedirs(target if os.path.isdir(path) else os.path.dirname(target), exist_ok=True)
    if not os.path.isdir(path):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    mount(path, target, flags=_BIND | _REC)


def _read_only(path: str, *, recursive: bool = True) -> None:
    # struct mount_attr: set, clear, propagation, namespace
    attributes = struct.pack("=QQQQ", _RDONLY | _NOSUID, 0, 0, 0)
    call = number("mount_setattr", machine())
    assert call is not None
    flags = _AT_RECURSIVE if recursive else 0
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    syscall(call, _AT_FDCWD, ctypes.c_char_p(path.encode()), flags, buffer, len(attributes))


def _enter(stage: str) -> None:
    call = number("pivot_root", machine())
    assert call is not None
    before = os.path.join(stage, ".before")
    os.mkdir(before)
    syscall(call, ctypes.c_char_p(stage.encode()), ctypes.c_char_p(before.encode()))
    os.chdir("/")
    _unmount("/.before")
    os.rmdir("/.before")


def _unmount(path: str) -> None:
    call = number("umount2", machine())
    assert call is not None
    syscall(call, ctypes.c_char_p(path.encode()), _MNT_DETACH)

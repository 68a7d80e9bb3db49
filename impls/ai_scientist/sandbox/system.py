"""The system calls that Python's standard library does not have, on Linux."""

from __future__ import annotations

import ctypes
import os
import platform
from enum import IntEnum

__all__ = ["Prctl", "die_with_parent", "drop_privileges", "machine", "mount", "prctl", "syscall", "unshare"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63
_AMBIENT_CLEAR_ALL = 4
_SIGKILL = 9


class Prctl(IntEnum):
    """Options of prctl, as <linux/prctl.h> numbers them."""

    SET_PDEATHSIG = 1
    SET_DUMPABLE = 4
    CAPBSET_DROP = 24
    SET_CHILD_SUBREAPER = 36
    SET_NO_NEW_PRIVS = 38
    CAP_AMBIENT = 47


def machine() -> str:
    """The processor's architecture, as Linux calls it."""
    return {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())


def syscall(number: int, *arguments: object) -> int:
    """A system call by its number; raises OSError where it fails."""
    return _checked(f"system call {number}", _libc.syscall(ctypes.c_long(number), *_words(arguments)))


def prctl(option: Prctl, *arguments: int) -> int:
    """An operation on this process; raises OSError where it fails."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return _checked(f"prctl {option.name}", _libc.prctl(int(option), *_words(padded)))


def unshare(flags: int) -> None:
    """Namespaces of one's own; raises OSError where the kernel does not let this user."""
    _checked("unshare", _libc.unshare(flags))


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """One mount; raises OSError where it fails."""
    _checked(
        f"mount {target}",
        _libc.mount(source.encode(), target.encode(), kind.encode() or None, _word(flags), options.encode() or None),
    )


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends."""
    prctl(Prctl.SET_PDEATHSIG, _SIGKILL)


def drop_privileges() -> None:
    """No capability is left, and no program that is run later can regain one."""
    prctl(Prctl.SET_NO_NEW_PRIVS, 1)
    for capability in range(_LAST_CAPABILITY + 1):
        # The kernel knows fewer; and without CAP_SETPCAP, of an ordinary user, there are none to drop.
        try:
            prctl(Prctl.CAPBSET_DROP, capability)
        except OSError:
            break
    prctl(Prctl.CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _checked("capset", _libc.capset(header, (ctypes.c_uint32 * 6)()))


def _word(value: int) -> ctypes.c_ulong:
    return ctypes.c_ulong(value)


def _words(values: tuple[object, ...]) -> list[object]:
    return [_word(value) if isinstance(value, int) else value for value in values]


def _checked(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result

"""Landlock: a process gives up all of the file system but what it names, for good and for all its children.

Linux 5.13 and later, for any user (Documentation/userspace-api/landlock.rst). What an older kernel cannot give up, its
version of the interface (ABI) tells: 3 cutting files by path, 4 TCP, 5 devices' ioctl, 6 signals and abstract sockets.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Sequence

from claimbench.impls.ai_scientist.sandbox.system import syscall

__all__ = ["SIGNALS", "TCP", "TRUNCATION", "abi", "restrict"]

TRUNCATION = 3
"""Version from which on files outside cannot be cut by their path."""
TCP = 4
"""Version from which on TCP is given up as well."""
SIGNALS = 6
"""Version from which on signals reach only processes under the same restriction."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_BASE = (1 << 13) - 1
_TCP = 0b11
_SCOPES = 0b11
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICE = _WRITE_FILE | _READ_FILE | _READ_DIR | _TRUNCATE | _IOCTL_DEV
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def abi() -> int:
    """Version of the kernel's interface; 0 where there is none or it is switched off."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(version: int, readable: Sequence[str], writable: Sequence[str], devices: Sequence[str]) -> None:
    """From now on: read and execute `readable`, do all in `writable`, use `devices`; no TCP, no signals to others.

    Paths that do not exist are passed over. Needs no_new_privs. Raises OSError where the kernel refuses.
    """
    handled = _BASE | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= TRUNCATION else 0)
    handled |= _IOCTL_DEV if version >= 5 else 0
    attributes = struct.pack("=Q", handled)
    if version >= TCP:
        attributes += struct.pack("=Q", _TCP)
    if version >= SIGNALS:
        attributes += struct.pack("=Q", _SCOPES)
    ruleset = syscall(_CREATE_RULESET, ctypes.create_string_buffer(attributes, len(attributes)), len(attributes), 0)
    try:
        everything = handled & ~(_MAKE_CHAR | _MAKE_BLOCK)
        for paths, access in ((readable, _READ), (writable, everything), (devices, _DEVICE)):
            for path in paths:
                _allow(ruleset, path, access & handled)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not there, or not for this user: nothing to allow
    try:
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            access &= _OF_A_FILE
        rule = struct.pack("=Qi", access, beneath)
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(beneath)

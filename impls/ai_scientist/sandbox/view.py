"""What a contained run gets to see of the file system: what an interpreter needs, and its own folder."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DEVICES", "View", "interpreter", "is_link_of_root"]

_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/sys", "/opt/rocm", "/nix/store", "/gnu/store")
_SETTINGS = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "alternatives", "nsswitch.conf"),
    *("passwd", "group", "os-release", "mime.types", "fonts", "OpenCL", "ssl/certs", "ssl/openssl.cnf"),
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_ACCELERATORS = ("/dev/nvidia*", "/dev/kfd", "/dev/dri", "/dev/dxg", "/dev/accel*")


@dataclass(frozen=True)
class View:
    """What a run may touch; all else is not there, or not to be opened."""

    readable: tuple[str, ...]
    """Files and folders that it may read and execute from."""
    writable: str
    """The one folder in which it may do anything."""
    devices: tuple[str, ...]
    """Devices that it may read and write."""

    @classmethod
    def of(cls, writable: str, readable: Sequence[str]) -> View:
        """The system's libraries, `readable`, accelerators as far as there are any, and `writable`."""
        wanted = [*_SYSTEM, *(f"/etc/{name}" for name in _SETTINGS), *readable]
        paths = {path for one in wanted for path in (os.path.abspath(one), os.path.realpath(one))}
        found: list[str] = []
        for path in sorted(path for path in paths if os.path.exists(path)):
            if not any(path == one or path.startswith(one.rstrip("/") + "/") for one in found):
                found.append(path)
        devices = [*DEVICES, *(path for pattern in _ACCELERATORS for path in sorted(glob.glob(pattern)))]
        return cls(tuple(found), writable, tuple(path for path in devices if os.path.exists(path)))


def interpreter() -> tuple[str, ...]:
    """Where this interpreter, its libraries and its packages lie; no folder of sources is among them."""
    packages = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    libraries = [path for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if path]
    folders = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *packages, *libraries]
    return tuple(dict.fromkeys(folders))


def is_link_of_root(path: str) -> bool:
    """Whether this is a link such as /lib: shown as the link that it is, not as what it leads to."""
    return os.path.islink(path) and os.path.dirname(path) == "/"

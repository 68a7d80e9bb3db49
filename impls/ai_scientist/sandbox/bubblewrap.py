"""Bubblewrap, the same namespaces by a program that others have looked at: https://github.com/containers/bubblewrap."""

from __future__ import annotations

import os
import shutil

from claimbench.impls.ai_scientist.sandbox.view import DEVICES, View, is_link_of_root

__all__ = ["command", "installed"]


def installed() -> str | None:
    """Path of `bwrap`, or None."""
    return shutil.which("bwrap")


def command(bwrap: str, view: View, shared_memory_bytes: int) -> list[str]:
    """What is put before a command, so that it runs in namespaces of its own and sees `view` alone."""
    words = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in view.readable:
        words += ["--symlink", os.readlink(path), path] if is_link_of_root(path) else ["--ro-bind", path, path]
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += ["--size", str(shared_memory_bytes), "--tmpfs", "/dev/shm"]
    for path in view.devices:
        if path not in DEVICES:
            words += ["--dev-bind", path, path]
    words += ["--bind", view.writable, view.writable, "--remount-ro", "/dev", "--remount-ro", "/"]
    return [*words, "--"]

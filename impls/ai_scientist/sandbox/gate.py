"""A gate before every new process and thread: the kernel asks, and starts it only when it is let through.

A fork bomb outruns whoever counts processes now and then, and where the user is root no limit of the kernel's counts
them. Here it waits for an answer each time (seccomp_unotify(2), Linux 5.5, for any user).
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

__all__ = ["Gate", "hand_over", "take_over"]

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_NOTIFICATION_BYTES = 80
_CONTINUE = 1
_HUNG_UP = select.POLLHUP | select.POLLERR | select.POLLNVAL


def hand_over(listener: int, channel: socket.socket) -> None:
    """Give the listener of one's own filter to whoever keeps the gate, and keep nothing of it."""
    channel.sendmsg([b"gate"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    os.close(listener)
    channel.close()


def take_over(channel: socket.socket) -> int | None:
    """The listener that `hand_over` gives; None where the process ended without one."""
    _, found, _, _ = channel.recvmsg(16, socket.CMSG_SPACE(4))
    channel.close()
    for level, kind, content in found:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return int(array.array("i", content[:4])[0])
    return None


class Gate:
    """Who lets new tasks of one process and its children through, up to a number of them."""

    def __init__(self, listener: int, most: int, count: Callable[[], int]) -> None:
        """`count` tells how many there are; it is asked no more often than it must be."""
        self._listener = listener
        self._most = most
        self._count = count
        self._free = 0
        # A child's end wakes whoever waits below.
        self._woken, waker = os.pipe()
        for descriptor in (self._woken, waker):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)

    def keep(self, ended: Callable[[], bool]) -> bool:
        """Keep the gate until `ended`; False where more asked to be let through than there is room for."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while not ended():
            for descriptor, event in poll.poll():
                if descriptor == self._woken:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 512)
                elif event & _HUNG_UP:
                    poll.unregister(self._listener)
                elif not self._answer():
                    return False
        return True

    def _answer(self) -> bool:
        asked = bytearray(_NOTIFICATION_BYTES)
        # Whoever asked may be gone by now.
        with suppress(OSError):
            fcntl.ioctl(self._listener, _RECEIVE, asked)
            if self._free <= 0:
                self._free = self._most - self._count()
            if self._free <= 0:
                return False
            self._free -= 1
            (number,) = struct.unpack_from("=Q", asked)
            fcntl.ioctl(self._listener, _SEND, struct.pack("=QqiI", number, 0, 0, _CONTINUE))
        return True

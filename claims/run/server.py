"""The parent of the workers: one small process that starts them, tidies up after them, and dies with the run.

It imports what trials share once (torch, numba) and forks from there, or starts fresh interpreters; it never computes,
because a fork after a parallel kernel dies. multiprocessing's own fork server is not used: its children import the
caller's main module each time, and hold the pipe by which the server learns that its caller was killed.

Requests on the socket (one packet each): `fork` or `exec` with two file descriptors (channel, log), `kill <pid>`.
Answers: `ready` once, `started <pid>`, and `exited <pid> <status>` once the trial and its children are killed.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from claimbench.errors import HostError
from claimbench.run import worker

__all__ = ["Exited", "Server"]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Exited:
    """A worker that is gone."""

    pid: int
    """Its process id."""
    status: int
    """Exit code, or minus the signal that ended it."""


class Server:
    """The caller's end."""

    def __init__(self, preload: Sequence[str], log: Path) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = log
        self._socket = ours
        self._exited: list[Exited] = []
        self._ready = False
        command = "import sys; from claimbench.run.server import serve; serve(int(sys.argv[1]), sys.argv[2:])"
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", command, str(theirs.fileno()), *preload],
                pass_fds=[theirs.fileno()],
                env=os.environ | worker.ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Its own session: a Ctrl-C on the terminal is the caller's to handle.
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def fileno(self) -> int:
        """For selectors: readable when a worker has gone."""
        return self._socket.fileno()

    def wait_until_ready(self) -> None:
        """Wait until everything is imported, seconds after the start; raises HostError."""
        while not self._ready:
            self._ready = self._receive() == ["ready"]

    def start(self, channel: int, log: int, *, fresh: bool) -> int:
        """Start a worker on the two file descriptors and return its process id; raises HostError."""
        try:
            socket.send_fds(self._socket, [b"exec" if fresh else b"fork"], [channel, log])
        except OSError as error:
            raise self._gone() from error
        while True:
            word, *numbers = self._receive()
            if word == "started":
                return int(numbers[0])
            self._note(numbers)

    def kill(self, pid: int) -> None:
        """Kill a worker and its group; harmless where it is gone."""
        with suppress(OSError):
            self._socket.send(f"kill {pid}".encode())

    def exited(self) -> Iterator[Exited]:
        """Workers that have gone since the last call; raises HostError where the server itself has."""
        while select.select([self._socket], [], [], 0)[0]:
            self._note(self._receive()[1:])
        found, self._exited = self._exited, []
        yield from found

    def close(self) -> None:
        """End the server and with it every worker."""
        self._socket.close()
        if not self._ready:
            self._process.kill()  # it is still importing, and has started nothing
        self._process.wait()

    def _note(self, numbers: list[str]) -> None:
        self._exited.append(Exited(int(numbers[0]), int(numbers[1])))

    def _receive(self) -> list[str]:
        packet = self._socket.recv(64)
        if not packet:
            raise self._gone()
        return packet.decode().split()

    def _gone(self) -> HostError:
        """What to raise where the connection broke; from here on the server is not alive."""
        self._process.kill()  # a dying process closes its socket before it can be waited for
        self._process.wait()
        return HostError(f"the process that starts the trials has died; see {self._log}, then give the command again")


def serve(handle: int, preload: Sequence[str]) -> None:
    """The server's own side: import, then start and tidy up until the caller closes the socket or dies."""
    for name in preload:
        # What is not installed is missed by the trials that need it, each with its own cause.
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    # A trial's orphans become this process's children, so that none can outlive its trial.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    workers: set[int] = set()
    with socket.socket(fileno=handle) as requests:
        requests.set_inheritable(False)
        with suppress(OSError):
            requests.send(b"ready")
        while True:
            ready, _, _ = select.select([requests, wake_read], [], [])
            if wake_read in ready:
                with suppress(BlockingIOError):
                    os.read(wake_read, 4096)
                for gone in _reap(workers):
                    with suppress(OSError):
                        requests.send(f"exited {gone.pid} {gone.status}".encode())
            if requests in ready and not _answer(requests, workers):
                break
    for pid in workers:
        _kill_group(pid)
    _kill_orphans(set())
    os._exit(0)


def _answer(requests: socket.socket, workers: set[int]) -> bool:
    try:
        request, handles, _, _ = socket.recv_fds(requests, 64, 2)
    except ConnectionError:
        return False
    word, *rest = request.decode().split() or [""]
    if word == "kill" and int(rest[0]) in workers:
        _kill_group(int(rest[0]))
    elif word in ("fork", "exec"):
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            requests.close()
            _become_worker(server, handles, fresh=word == "exec")
        workers.add(pid)
        for handle in handles:
            os.close(handle)
        with suppress(OSError):
            requests.send(f"started {pid}".encode())
    return bool(word)


def _become_worker(server: int, handles: Sequence[int], *, fresh: bool) -> None:
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        channel, log = handles
        os.dup2(log, 1)
        os.dup2(log, 2)
        if os.getppid() != server:
            os._exit(1)
        if fresh:
            os.set_inheritable(channel, True)
            command = "import sys; from claimbench.run.worker import main; main(int(sys.argv[1]))"
            os.execv(sys.executable, [sys.executable, "-P", "-c", command, str(channel)])
        worker.main(channel)
    finally:
        # Reached only by an error before or around the trial: never fall back into the server's loop.
        os._exit(1)


def _reap(workers: set[int]) -> Iterator[Exited]:
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None:
            return
        pid = ended.si_pid
        if pid in workers:
            # Not reaped yet, so neither its id nor its group's can belong to anyone else.
            _kill_group(pid)
            _kill_orphans(workers)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if pid in workers:
            workers.remove(pid)
            yield Exited(pid, status)


def _kill_group(pid: int) -> None:
    # Itself too: a worker that was forked a moment ago does not lead its group yet.
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _kill_orphans(workers: set[int]) -> None:
    for child in psutil.Process().children():
        if child.pid not in workers:
            with suppress(psutil.NoSuchProcess):
                for process in (*child.children(recursive=True), child):
                    process.kill()

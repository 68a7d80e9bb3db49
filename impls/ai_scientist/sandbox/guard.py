"""The watcher: a process between the caller and a run, which holds the limits and outlives every process of it.

Orphans of the run become its children, wherever they hide, so that it knows when nothing is left. It loads nothing but
the standard library, has no environment to be read, and when the caller ends it ends the run.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Literal

from claimbench.impls.ai_scientist.sandbox import bubblewrap, entry, launcher, processes
from claimbench.impls.ai_scientist.sandbox.folder import size
from claimbench.impls.ai_scientist.sandbox.job import Ended, Job, Report
from claimbench.impls.ai_scientist.sandbox.system import Prctl, prctl

__all__ = ["main"]

_LOOK_S = 0.02
_LONGEST_LOOK_S = 0.5
_SHARE_OF_TIME = 0.02
_KEPT_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 16
_PATIENCE_S = 20.0


def main() -> None:
    """Run the job that is a line of the standard input, for the caller whose pid is the first argument.

    The report is a line of the standard output.
    """
    if sys.platform.startswith("linux"):
        prctl(Prctl.SET_CHILD_SUBREAPER, 1)
    run = _Run(Job.loads(sys.stdin.readline()), caller=int(sys.argv[2]))
    print(run.watch().dumps(), flush=True)


class _Tail:
    """The last of what a pipe carries."""

    def __init__(self) -> None:
        self.descriptor, self.writer = os.pipe()
        os.set_blocking(self.descriptor, False)
        self._kept = b""

    def take(self) -> bool:
        """Take a chunk of what is there; False where there is nothing."""
        try:
            new = os.read(self.descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return False
        self._kept = (self._kept + new)[-_KEPT_BYTES:]
        return bool(new)

    def text(self) -> str:
        """What is kept, once all that is there is taken."""
        while self.take():
            pass
        return self._kept.decode(errors="replace")


class _Run:
    """One run, from its start until nothing of it is left."""

    def __init__(self, job: Job, caller: int) -> None:
        self._job = job
        self._caller = caller
        self._started = time.monotonic()
        self._stdout, self._stderr, self._answer = _Tail(), _Tail(), _Tail()
        # Of the launcher and what it lies in.
        self._own_tasks = 3 if job.mechanisms.bubblewrap else 2 if job.mechanisms.namespaces else 1

    def watch(self) -> Report:
        """Start it, see it end or end it, and say how."""
        launcher = self._start()
        ended = self._look_on()
        gone = processes.end(os.getpid(), launcher, _PATIENCE_S)
        if ended == "left":
            os._exit(1)
        limits, folder_now = self._job.limits, self._job.view.writable
        if ended == "itself" and size(folder_now, limits.disk_bytes) > limits.disk_bytes:
            ended = "disk"
        kind, _, said = self._answer.text().partition("\n")[0].partition(" ")
        if not gone:
            ended, said = "not_killed", f"{processes.descendants(os.getpid())} do not end when they are killed"
        elif kind == "error":
            ended = "never_started"
        elif kind == "processes":
            ended = "processes"
        return Report(
            ended=ended,
            returncode=int(said) if kind == "exit" and ended != "not_killed" else -signal.SIGKILL,
            seconds=time.monotonic() - self._started,
            stdout=self._stdout.text(),
            stderr=self._stderr.text(),
            message=said if ended in ("never_started", "not_killed") else "",
        )

    def _start(self) -> int:
        """Pid of the launcher, which has been told its job."""
        job = self._job
        reader, writer = os.pipe()
        answer = self._answer.writer
        inside = entry.command(launcher, str(reader), str(answer))
        bwrap = job.mechanisms.bubblewrap
        process = subprocess.Popen(
            [*(bubblewrap.command(bwrap, job.view, job.limits.memory_bytes) if bwrap else []), *inside],
            cwd=job.folder,
            env=job.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._stdout.writer,
            stderr=self._stderr.writer,
            pass_fds=(reader, answer),
            start_new_session=True,
        )
        for ours in (reader, answer, self._stdout.writer, self._stderr.writer):
            os.close(ours)
        with suppress(BrokenPipeError), os.fdopen(writer, "w") as told:
            told.write(f"{job.dumps()}\n{processes.user_tasks() if os.getuid() else 0}\n")
        return process.pid

    def _look_on(self) -> Ended | Literal["left"]:
        """What ends the run; `left` where the caller does not wait for it any more."""
        deadline = self._started + self._job.limits.seconds
        due = dict.fromkeys((self._look_at_processes, self._look_at_files), self._started)
        with selectors.DefaultSelector() as selector:
            for tail in (self._stdout, self._stderr, self._answer):
                selector.register(tail.descriptor, selectors.EVENT_READ, tail)
            selector.register(sys.stdin, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(max(0.0, min(*due.values(), deadline) - time.monotonic())):
                    if key.data is None:
                        return "left"
                    if not key.data.take():
                        selector.unregister(key.fileobj)
                    if key.data is self._answer:
                        return "itself"
                if time.monotonic() >= deadline:
                    return "time"
                for look, when in due.items():
                    if time.monotonic() < when:
                        continue
                    before = time.process_time()
                    if met := look():
                        return met
                    # The more work a look is, the later comes the next.
                    cost = (time.process_time() - before) / _SHARE_OF_TIME
                    due[look] = time.monotonic() + min(max(_LOOK_S, cost), _LONGEST_LOOK_S)

    def _look_at_processes(self) -> Ended | Literal["left"] | None:
        """The limit of processes or memory that is met, or None."""
        if os.getppid() != self._caller:
            return "left"
        if not processes.reap():
            return "itself"
        limits = self._job.limits
        found = processes.descendants(os.getpid())
        use = processes.usage(found)
        if use.tasks - self._own_tasks > limits.processes:
            return "processes"
        shared = processes.shared_memory_bytes(found[-1]) if found and self._job.mechanisms.alone else 0
        if use.memory_bytes + shared > limits.memory_bytes and processes.memory(found, shared) > limits.memory_bytes:
            return "memory"
        return None

    def _look_at_files(self) -> Ended | None:
        """Whether the limit of bytes on disk is met."""
        most, folder = self._job.limits.disk_bytes, self._job.view.writable
        unlinked = processes.unlinked_bytes(processes.descendants(os.getpid()), folder)
        return "disk" if size(folder, most) + unlinked > most else None

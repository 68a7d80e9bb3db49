"""The launcher of one machine: worker processes with limits of time and memory, timings alone, no daemon."""

from __future__ import annotations

import atexit
import json
import os
import pickle
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
from pydantic import ValidationError

from claimbench.errors import StoreError
from claimbench.run import worker
from claimbench.run.job import Ended, Job, Payload
from claimbench.run.server import Exited, Server

__all__ = ["LocalLauncher"]

_PRELOAD = ("numpy", "torch", "numba", "claimbench.measure")
_CHECK_EVERY_S = 0.1
_STOP_WITHIN_S = 5.0

_servers: dict[bool, Server] = {}


def _server(logs: Path, *, fresh: bool) -> Server:
    """The process that starts workers; kept for the next run of this process, because importing torch takes seconds."""
    server = _servers.get(fresh)
    if server is None or not server.alive:
        if server is not None:
            server.close()
        server = _servers[fresh] = Server(() if fresh else _PRELOAD, logs / "server.log")
    return server


@atexit.register
def _close_servers() -> None:
    while _servers:
        _servers.popitem()[1].close()


@dataclass
class _Running:
    job: Job
    server: Server
    pid: int
    channel: Connection
    log: Path
    load_1m: float
    asked: float
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    result: bytes | None = None
    stopped: str = ""

    def receive(self, on_progress: Callable[[Job, int, int], None]) -> None:
        """Read what the worker has sent; a closed channel stays closed."""
        try:
            while not self.channel.closed and self.channel.poll():
                message = self.channel.recv_bytes()
                if message[:1] == worker.PROGRESS:
                    done, total = json.loads(message[1:])
                    on_progress(self.job, done, total)
                else:
                    self.result = message[1:]
        except (EOFError, OSError):
            self.channel.close()

    def stop_if_over(self) -> None:
        """Kill the worker where it has taken too long or too much memory."""
        elapsed = time.monotonic() - self.asked
        if self.stopped:
            return
        if elapsed > self.job.wall_s:
            self.stopped = f"stopped after {self.job.wall_s:g} s (needs.trial_seconds)"
        elif (resident := _resident_bytes(self.pid)) > self.job.memory_bytes:
            limit = self.job.memory_bytes / 2**20
            self.stopped = f"stopped at {resident / 2**20:.0f} MiB of memory, over {limit:.0f} MiB (needs.memory_bytes)"
        if self.stopped:
            self.server.kill(self.pid)

    def ended(self, status: int) -> Ended:
        """How the trial ended, now that its process is gone."""
        self.channel.close()
        log = self.log if self.log.exists() and self.log.stat().st_size else None
        if log is None:
            self.log.unlink(missing_ok=True)
        return Ended(
            job=self.job,
            payload=self._payload(status),
            started=self.started,
            duration_s=time.monotonic() - self.asked,
            load_1m=self.load_1m,
            log=log,
        )

    def _payload(self, status: int) -> Payload:
        if self.result is not None:
            try:
                return Payload.model_validate_json(self.result)
            except ValidationError:
                return Payload(status="failed", reason="the worker sent an unreadable result")
        return Payload(status="failed", reason=self.stopped or _cause_of_death(status))


class LocalLauncher:
    """Runs trials on this machine, `workers` side by side; one run at a time in a process."""

    def __init__(self, workers: int, logs: Path) -> None:
        self.workers = workers
        self.logs = logs

    def run(
        self,
        jobs: Iterable[Job],
        on_started: Callable[[Job], None],
        on_progress: Callable[[Job, int, int], None],
    ) -> Generator[Ended, None, None]:
        """Run the jobs in their order and yield each as it ends; closing the iterator stops those in flight.

        Raises StoreError where logs cannot be written, HostError where no process can be started.
        """
        waiting = deque(jobs)
        running: dict[int, _Running] = {}
        try:
            while waiting or running:
                while waiting and self._has_room(waiting[0], running):
                    one = self._start(waiting.popleft())
                    running[one.pid] = one
                    on_started(one.job)
                for gone in self._wait(running, on_progress):
                    if one := running.pop(gone.pid, None):
                        yield one.ended(gone.status)
        finally:
            self._stop(running)

    def _has_room(self, job: Job, running: dict[int, _Running]) -> bool:
        if not running:
            return True
        return not job.alone and len(running) < self.workers and not any(one.job.alone for one in running.values())

    def _start(self, job: Job) -> _Running:
        name = f"{job.claim.id}-{job.arm}-{'_'.join(map(str, job.seeds))}"[:150]
        log = self.logs / f"{name}-{job.identity[:8]}.log"
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            server = _server(self.logs, fresh=job.fresh_process)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"cannot write {log} ({error.strerror}); choose another folder with --store") from error
        server.wait_until_ready()
        asked, load = time.monotonic(), os.getloadavg()[0]
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = server.start(theirs.fileno(), output, fresh=job.fresh_process)
            finally:
                os.close(output)
        one = _Running(job, server, pid, Connection(ours.detach()), log, load, asked)
        try:
            one.channel.send_bytes(pickle.dumps((sys.path, dict(os.environ), os.getcwd(), pickle.dumps(job))))
        except OSError:
            one.channel.close()  # it is dead already; how, the server will say
        return one

    def _wait(self, running: dict[int, _Running], on_progress: Callable[[Job, int, int], None]) -> list[Exited]:
        servers = {one.server for one in running.values()}
        channels = [one.channel for one in running.values() if not one.channel.closed]
        select.select([*servers, *channels], [], [], _CHECK_EVERY_S)
        # Exits first: what a worker sent, it sent before, so that nothing is missed when it is read afterwards.
        gone = [exited for server in servers for exited in server.exited()]
        for one in running.values():
            one.receive(on_progress)
            one.stop_if_over()
        return gone

    def _stop(self, running: dict[int, _Running]) -> None:
        for one in running.values():
            one.channel.close()
            one.server.kill(one.pid)
        deadline = time.monotonic() + _STOP_WITHIN_S
        while running and time.monotonic() < deadline:
            servers = {one.server for one in running.values() if one.server.alive}
            if not servers:
                return
            select.select([*servers], [], [], _CHECK_EVERY_S)
            for server in servers:
                for gone in server.exited():
                    running.pop(gone.pid, None)


def _resident_bytes(pid: int) -> int:
    total = 0
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _cause_of_death(status: int) -> str:
    if status >= 0:
        return f"the process exited with code {status} before it reported"
    name = signal.Signals(-status).name
    hint = " (the system may be out of memory)" if name == "SIGKILL" else ""
    return f"the process died of {name}{hint}"

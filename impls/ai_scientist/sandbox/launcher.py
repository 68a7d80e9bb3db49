"""The last process before generated code: it gives up all that the run must not have, and starts it.

It runs in the run's own environment and folder, so that nothing there may be read before the restrictions hold. Any
restriction that cannot be put in place ends it: what was seen to work, and is counted on, must work.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys

from claimbench.impls.ai_scientist.sandbox import landlock, namespaces, seccomp
from claimbench.impls.ai_scientist.sandbox.gate import Gate, hand_over, take_over
from claimbench.impls.ai_scientist.sandbox.job import Job
from claimbench.impls.ai_scientist.sandbox.processes import descendants, end, usage
from claimbench.impls.ai_scientist.sandbox.system import Prctl, die_with_parent, drop_privileges, prctl

__all__ = ["EXIT", "main"]

EXIT = 125
"""Exit code where the run could not be started."""
_OPEN_FILES = 4096
_SPARE_TASKS = 256
_PATIENCE_S = 20.0
_PROC = ("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "sys", "driver")


def main() -> None:
    """Run the job that is read from the descriptor named first; tell the second one `exit CODE` or `error TEXT`."""
    told, answer = int(sys.argv[2]), int(sys.argv[3])
    with os.fdopen(told) as file:
        job = Job.loads(file.readline())
        tasks = int(file.readline())
    os.set_inheritable(answer, False)
    try:
        _isolate(job)
        _limit(job, tasks)
        ours, its = socket.socketpair()
        first = os.fork()
        if first == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            ours.close()
            _become(job, its)
        its.close()
    except Exception as error:  # noqa: BLE001 whatever it was, nothing may start
        _tell(answer, f"error {type(error).__name__}: {error}")
        os._exit(EXIT)
    if job.mechanisms.gate and not _gate_holds(first, ours, job.limits.processes):
        _tell(answer, "processes")
        # Whoever asked waits for an answer until the watcher has ended all of it.
        signal.pause()
    _tell(answer, f"exit {_wait(first)}")
    # Its end is the end of all that live in its namespace.
    os._exit(0)


def _isolate(job: Job) -> None:
    if not sys.platform.startswith("linux"):
        return
    die_with_parent()
    if job.mechanisms.namespaces:
        child = namespaces.leave()
        if child is not None:
            os._exit(0 if _wait(child) == 0 else EXIT)
        namespaces.build_root(job.view, job.stage, job.limits.memory_bytes)
    # Orphans stay where they are counted.
    prctl(Prctl.SET_CHILD_SUBREAPER, 1)
    if not job.mechanisms.alone:
        # Where no kernel ends all with the first, the first does, should the watcher be gone.
        prctl(Prctl.SET_PDEATHSIG, signal.SIGTERM)
        signal.signal(signal.SIGTERM, _end_all)
    # What the first process is asked by others in /proc, it does not answer.
    prctl(Prctl.SET_DUMPABLE, 0)
    drop_privileges()


def _limit(job: Job, tasks: int) -> None:
    """A second net under the watcher, of what the kernel counts by itself for each process."""
    limits = job.limits
    cores = os.cpu_count() or 1
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.disk_bytes,
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_CPU: int(limits.seconds * cores) + 2,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        # Counted for all processes of the user, those outside too.
        resource.RLIMIT_NPROC: tasks + limits.processes + _SPARE_TASKS,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def _become(job: Job, channel: socket.socket) -> None:
    """Turn into the command, in a session of its own; returns only by raising."""
    os.setsid()
    mechanisms, view = job.mechanisms, job.view
    readable = [*view.readable, *(["/proc"] if mechanisms.alone else ["/proc/self", *(f"/proc/{n}" for n in _PROC)])]
    writable = [view.writable, *(["/dev/shm"] if mechanisms.alone else [])]
    if mechanisms.landlock:
        landlock.restrict(mechanisms.landlock, readable, writable, view.devices)
    if mechanisms.seccomp:
        scoped = mechanisms.alone or mechanisms.landlock >= landlock.SIGNALS
        rules = seccomp.rules(alone=mechanisms.alone, scoped=scoped, gate=mechanisms.gate, process=os.getpid())
        listener = seccomp.install(rules)
        if listener is not None:
            hand_over(listener, channel)
    os.chdir(job.folder)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvpe(job.argv[0], job.argv, job.environment)


def _end_all(*_: object) -> None:
    end(os.getpid(), None, _PATIENCE_S)
    os._exit(EXIT)


def _gate_holds(first: int, channel: socket.socket, most: int) -> bool:
    """Keep the gate until the command has ended; False where more processes were wanted than there may be."""
    listener = take_over(channel)
    if listener is None:
        return True
    gate = Gate(listener, most, lambda: usage(descendants(os.getpid())).tasks)
    return gate.keep(lambda: _has_ended(first))


def _has_ended(first: int) -> bool:
    """Whether one child has, whose exit code can still be asked for; others that have are let go."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None or found.si_pid == first:
            return found is not None
        os.waitpid(found.si_pid, 0)


def _wait(first: int) -> int:
    """Exit code of one child; others that end before it are let go."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == first:
            return os.waitstatus_to_exitcode(status)


def _tell(descriptor: int, text: str) -> None:
    os.write(descriptor, text.encode(errors="replace")[:4000] + b"\n")

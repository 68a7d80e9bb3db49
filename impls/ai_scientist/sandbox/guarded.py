"""The caller's side of the watcher."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

from claimbench.errors import SandboxError
from claimbench.impls.ai_scientist.sandbox import entry, guard
from claimbench.impls.ai_scientist.sandbox.job import Job, Report

__all__ = ["guarded"]

_PATIENCE_S = 30.0


def guarded(job: Job) -> Report:
    """Run a job under a watcher of its own; nothing of it is left when this returns or raises.

    Raises SandboxError where the run could not be started as told, or could not be ended.
    """
    # It needs none of the caller's environment, and what it does not have cannot be read from it.
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    with subprocess.Popen(
        entry.command(guard, str(os.getpid())),
        cwd="/",
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as watcher:
        assert watcher.stdin is not None
        assert watcher.stdout is not None
        assert watcher.stderr is not None
        try:
            with suppress(BrokenPipeError):
                watcher.stdin.write(job.dumps() + "\n")
                watcher.stdin.flush()
            line, errors = watcher.stdout.read(), watcher.stderr.read()
        except BaseException:
            # To the watcher the end of its input is the end of the run.
            watcher.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                watcher.wait(_PATIENCE_S)
            watcher.kill()
            raise
    if not line:
        raise SandboxError(
            f"the watcher ended before its run, with {watcher.returncode}: {errors[-500:].strip() or 'killed'}; "
            "lower Limits.memory_bytes if the machine ran out of memory"
        )
    report = Report.loads(line)
    if report.ended == "not_killed":
        raise SandboxError(f"processes {report.message}; end them before anything else runs")
    if report.ended == "never_started":
        raise SandboxError(f"{job.argv[0]} could not be started in the sandbox: {report.message}")
    return report

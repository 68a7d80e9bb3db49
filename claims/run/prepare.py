"""What a run needs once before its workers start: compiled kernels, and the rates of this machine.

It happens in a process of its own, because the one that supervises a run imports no torch.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from claimbench.measure.roofline import Roofline
from claimbench.run.job import Job
from claimbench.run.worker import ENVIRONMENT

__all__ = ["main", "prepare"]

_log = logging.getLogger(__name__)


def prepare(jobs: Sequence[Job], logs: Path) -> list[Job]:
    """Compile our kernels into numba's cache, measure the roofline, and give it to the jobs that time.

    What fails here is logged and left to the trials: a kernel that cannot be compiled fails those that use it, each
    with its cause, and without a roofline no floor is checked.
    """
    timings = {job.claim.needs.device for job in jobs if job.timing}
    kernels = any(job.claim.experiment.startswith("claimbench.impls.") for job in jobs)
    if not timings and not kernels:
        return list(jobs)
    command = [sys.executable, "-P", "-m", "claimbench.run.prepare", str(int(kernels)), *sorted(timings)]
    done = subprocess.run(command, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        logs.mkdir(parents=True, exist_ok=True)
        (logs / "prepare.log").write_text(done.stdout + done.stderr, encoding="utf-8")
        _log.warning("kernels or roofline could not be prepared; see %s", logs / "prepare.log")
        return list(jobs)
    rooflines = {device: Roofline(**rates) for device, rates in json.loads(done.stdout.splitlines()[-1]).items()}
    return [replace(job, roofline=rooflines[job.claim.needs.device]) if job.timing else job for job in jobs]


def main(kernels: str, *devices: str) -> None:
    """Entry point of the process: prints device → rates as JSON."""
    from claimbench.measure.roofline import measure_roofline

    if int(kernels):
        from claimbench.kernels import warm

        warm()
    print(json.dumps({device: asdict(measure_roofline(device)) for device in devices}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The process of one trial: reads a job, runs it on one thread, reports through a socket, and is gone.

Whatever a trial does (raises, exits, returns nonsense) becomes a payload; what kills the process is seen from
outside. Messages to the launcher are a byte that names their kind and JSON: `p[done, total]`, `r{payload}`.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import pickle
import random
import resource
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from pydantic import ValidationError

from claimbench.errors import DataMissing, SpecError
from claimbench.run.job import Job, Payload
from claimbench.trial import Trial

__all__ = ["ENVIRONMENT", "PROGRESS", "RESULT", "main", "run_job"]

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    # Iteration order of sets of strings is part of "same seed, same numbers".
    "PYTHONHASHSEED": "0",
    # What a trial needs was fetched before; two trials must not fetch the same file, nor a timing wait for one.
    "CLAIMBENCH_OFFLINE": "1",
}
"""Environment of every worker, set before its interpreter starts: thread pools read it when they load."""

PROGRESS, RESULT = b"p", b"r"
_OWN_SHARE = 0.95
"""A trial that watches its deadline stops by itself, and says where it was, before it is stopped from outside."""
_PROGRESS_EVERY_S = 0.1


def main(handle: int) -> None:
    """Run the job that arrives on the socket `handle`, send its payload and leave without cleaning up."""
    faulthandler.enable()
    with Connection(handle) as channel:
        # The server may have been started long ago: what its caller looks like now comes with the job.
        search_path, environment, folder, job = pickle.loads(channel.recv_bytes())
        sys.path[:] = search_path
        os.environ.clear()
        os.environ.update(environment | ENVIRONMENT)
        os.chdir(folder)
        payload = run_job(pickle.loads(job), _Progress(channel))
        channel.send_bytes(RESULT + payload.model_dump_json(exclude_none=True).encode())
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Interpreter and thread pools hold nothing that anyone needs; taking them down costs tens of milliseconds.
    os._exit(0)


class _Progress:
    """Hands on a trial's progress, at most ten times a second."""

    def __init__(self, channel: Connection) -> None:
        self._channel = channel
        self._said = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= _PROGRESS_EVERY_S or done == total:
            self._said = now
            self._channel.send_bytes(PROGRESS + json.dumps([int(done), int(total)]).encode())


def run_job(job: Job, on_progress: Callable[[int, int], None] | None = None) -> Payload:
    """Run one job in this process and say how it ended; raises nothing that a trial can cause."""
    claim = job.claim
    trial = Trial(
        claim=claim.id,
        tier=job.tier,
        workload=claim.workloads[job.tier],
        arm=job.arm,
        options=claim.arm(job.arm).options,
        seeds=job.seeds,
        device=claim.needs.device,
        deadline_s=_OWN_SHARE * job.wall_s,
        tolerances=claim.gates,
        scratch=job.scratch,
        on_progress=on_progress,
    )
    try:
        measured = _measure(job, trial)
        return Payload(
            status="ok",
            samples=measured.samples,
            curves=measured.curves,
            checks=measured.checks,
            gates=trial.gates,
            regime=measured.regime,
            floor_s=measured.floor_s,
            peak_bytes=_peak_bytes(trial.device),
        )
    except DataMissing as error:
        return Payload(status="skipped", reason=str(error))
    except BaseException as error:  # noqa: BLE001 - the border of a trial: whatever it raises is its cause of failure
        traceback.print_exc()
        return Payload(status="failed", reason=_cause(error), gates=trial.gates)


def _measure(job: Job, trial: Trial) -> Any:
    from claimbench import measure

    experiment = _resolve(job.claim.experiment)
    _prepare(job.seeds[0])
    return measure.execute(experiment(trial), trial, fresh_process=job.fresh_process, roofline=job.roofline)


def _resolve(reference: str) -> Callable[[Trial], Any]:
    module, name = reference.split(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise SpecError(f"experiment {reference!r}: no module {error.name!r}") from error
        raise
    if not callable(found):
        raise SpecError(f"experiment {reference!r}: the module has no function {name!r}")
    return found


def _prepare(seed: int) -> None:
    """One thread, and a seed for every global generator; experiments seed their own units themselves."""
    import numpy as np
    import torch

    torch.set_num_threads(1)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global generator is what a careless experiment uses
    torch.manual_seed(seed)


def _peak_bytes(device: str) -> int:
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _cause(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the trial called exit({error.code!r})"
    if isinstance(error, ValidationError) and error.title == Payload.__name__:
        first = error.errors()[0]
        return f"measured something that is no record: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = str(error).strip()
    return f"{type(error).__name__}{': ' if text else ''}{text[:1000]}{where}"

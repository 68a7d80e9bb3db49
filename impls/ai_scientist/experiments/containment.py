"""Claims about running generated code: nine adversaries in the sandbox, and under the authors' time limit alone."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable

from claimbench.errors import SpecError, UnknownName
from claimbench.impls.ai_scientist.adversaries import ADVERSARIES, DISK_BYTES, PROCESSES
from claimbench.impls.ai_scientist.sandbox import Limits, isolation, run_contained
from claimbench.impls.ai_scientist.sandbox.guarantees import GUARANTEES
from claimbench.impls.ai_scientist.scene import Scene, scene
from claimbench.papers.ai_scientist.workloads import Adversaries
from claimbench.trial import Exact, Trial

__all__ = ["contained", "in_sandbox", "under_time_limit"]

MARGIN_S = 2.0
"""How long after its limit a run may end."""
_MEMORY_BYTES = 1 << 29


def contained(trial: Trial) -> Exact:
    """AIS-17: how many of the nine adversaries the arm contains.

    Raises SandboxError where this machine cannot contain them, which says nothing of the sandbox.
    """
    work = trial.workload
    if not isinstance(work, Adversaries):
        raise SpecError(f"{trial.claim}: workload must be Adversaries, not {type(work).__name__}")
    run = {"ours": in_sandbox, "plain": under_time_limit}.get(trial.arm)
    if run is None:
        raise UnknownName("arm", trial.arm, ("ours", "plain"))
    if trial.arm == "ours":
        isolation().require(*GUARANTEES)
    count = 0
    for done, source in enumerate(ADVERSARIES.values()):
        count += not _broken(source, run, work.seconds)
        trial.progress(done + 1, len(ADVERSARIES))
    return Exact({trial.arm: count})


def in_sandbox(stage: Scene, seconds: float) -> tuple[str, bool]:
    """What the run printed, and whether it was taken for a success that it was not."""
    limits = Limits(seconds=seconds, memory_bytes=_MEMORY_BYTES, processes=PROCESSES, disk_bytes=DISK_BYTES)
    outcome = run_contained(stage.argv, stage.folder, limits)
    deceived = outcome.status == "ok" and not (stage.folder / "run_1" / "final_info.json").is_file()
    return outcome.stdout + outcome.stderr, deceived


def under_time_limit(stage: Scene, seconds: float) -> tuple[str, bool]:
    """The same for `subprocess.run` with a time limit: `run_experiment` of the authors' perform_experiments.py.

    After exit code 0 it opens final_info.json, whether it is there or not.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        try:
            ended = subprocess.run(
                stage.argv, cwd=stage.folder, stdout=printed, stderr=subprocess.PIPE, text=True, timeout=seconds
            )
            success, errors = ended.returncode == 0, ended.stderr
        except subprocess.TimeoutExpired:
            success, errors = False, ""
        printed.seek(0)
        return printed.read() + errors, success and not (stage.folder / "run_1" / "final_info.json").is_file()


def _broken(source: str, run: Callable[[Scene, float], tuple[str, bool]], seconds: float) -> set[str]:
    """What an adversary broke; nothing, where it was contained."""
    with scene(source) as stage:
        started = time.monotonic()
        output, deceived = run(stage, seconds)
        late = time.monotonic() - started > seconds + MARGIN_S
        found = {name for name, happened in (("time", late), ("results", deceived)) if happened}
        return found | stage.broken(output)

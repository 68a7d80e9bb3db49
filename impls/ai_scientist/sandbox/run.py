"""One run of an experiment that a language model wrote: contained, in a copy of its folder, results brought back."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from claimbench.errors import SandboxError
from claimbench.impls.ai_scientist.sandbox.folder import copy_in, copy_out, plain_file, remove, size
from claimbench.impls.ai_scientist.sandbox.guarded import guarded
from claimbench.impls.ai_scientist.sandbox.job import Ended, Job, Mechanisms
from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome, Status
from claimbench.impls.ai_scientist.sandbox.mechanisms import at_hand
from claimbench.impls.ai_scientist.sandbox.view import View, interpreter

__all__ = ["contain", "run_contained"]

_PASSED_ON = (
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG"),
    *("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"),
)
"""All that a run gets to know of the caller's environment."""
_LARGEST_RESULTS = 1 << 24
"""Bytes of results that are still parsed."""
_STATUS: dict[Ended, Status] = {
    "itself": "failed",
    "time": "time",
    "memory": "memory",
    "processes": "processes",
    "disk": "disk",
}


def run_contained(
    argv: Sequence[str],
    folder: Path,
    limits: Limits,
    *,
    results: str = "final_info.json",
    experiment: str = "experiment.py",
    readable: Sequence[Path] = (),
) -> Outcome:
    """Run `argv` in a copy of `folder`, by the strongest means that this machine has (`isolation` says which).

    The command names where it writes: `--out_dir=run_1` or `--out_dir run_1`. If it exits with 0 and leaves `results`
    there, a JSON object with something in it where the name ends in .json, the plain files of that folder are brought
    back to `folder`; otherwise nothing is, and nothing else ever.

    `readable`: files and folders, such as data, that it may read beside the interpreter, its packages and the system's
    libraries. A link in `folder` that leads elsewhere needs its target here.

    Raises SandboxError where the run cannot be contained or `folder` is not fit for it.
    """
    return contain(argv, folder, limits, at_hand(), results=results, experiment=experiment, readable=readable)


def contain(
    argv: Sequence[str],
    folder: Path,
    limits: Limits,
    mechanisms: Mechanisms,
    *,
    results: str = "final_info.json",
    experiment: str = "experiment.py",
    readable: Sequence[Path] = (),
) -> Outcome:
    """The same by given means; each must be at hand."""
    out = _out_dir(argv)
    if not plain_file(str(folder), experiment):
        raise SandboxError(f"{folder} holds no file {experiment}; put the experiment there, as a plain file")
    if os.path.lexists(folder / out):
        raise SandboxError(f"{folder / out} exists, and would pass as what this run wrote; remove it or name another")
    base = os.path.realpath(tempfile.mkdtemp(prefix="claimbench-run-"))
    try:
        job = _job(tuple(argv), Path(base), folder, limits, mechanisms, readable)
        report = guarded(job)
        status = _STATUS[report.ended]
        if report.ended == "itself" and report.returncode == 0:
            status = "no_results"
            if plain_file(job.folder, *out.parts, results) and _is_result(os.path.join(job.folder, out, results)):
                _bring_back(os.path.join(job.folder, out), folder / out)
                status = "ok"
        return Outcome(status, report.returncode, report.seconds, report.stdout, report.stderr)
    finally:
        remove(base)


def _out_dir(argv: Sequence[str]) -> Path:
    """Where the command says that it writes: a path below the folder that it runs in."""
    given = [word.removeprefix("--out_dir=") for word in argv if word.startswith("--out_dir=")]
    given += [after for word, after in pairwise(argv) if word == "--out_dir"]
    if len(given) != 1 or not given[0]:
        raise SandboxError(f"{' '.join(argv)} must say once where it writes, such as --out_dir=run_1")
    out = Path(given[0])
    if out.is_absolute() or ".." in out.parts or not out.parts:
        raise SandboxError(f"--out_dir={out} must be a folder below the experiment's, such as run_1")
    return out


def _job(
    argv: tuple[str, ...],
    base: Path,
    folder: Path,
    limits: Limits,
    mechanisms: Mechanisms,
    readable: Sequence[Path],
) -> Job:
    """The run of a fresh copy of `folder`, which has a home and a temporary folder beside it."""
    own, stage = base / "own", base / "stage"
    work, home, temporary = own / "experiment", own / "home", own / "tmp"
    for made in (own, stage, home, temporary):
        made.mkdir()
    try:
        copy_in(folder, work)
    except ValueError as error:
        raise SandboxError(str(error)) from error
    if size(str(own), limits.disk_bytes) > limits.disk_bytes:
        raise SandboxError(
            f"{folder} alone is larger than disk_bytes, {limits.disk_bytes}; raise it, or move what is large"
        )
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin")),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
    }
    # The launcher starts from within what bubblewrap shows.
    package = [os.path.dirname(__file__)] if mechanisms.bubblewrap else []
    view = View.of(str(own), [*interpreter(), *package, *(str(path) for path in readable)])
    return Job(argv, str(work), str(stage), environment, view, limits, mechanisms)


def _is_result(path: str) -> bool:
    if os.path.getsize(path) == 0 or not path.endswith(".json"):
        return os.path.getsize(path) > 0
    if os.path.getsize(path) > _LARGEST_RESULTS:
        return False
    try:
        found: object = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool(found)


def _bring_back(written: str, target: Path) -> None:
    """Copy what a run wrote, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        copy_out(written, partial)
        partial.rename(target)
    except OSError as error:
        if partial.exists():
            remove(str(partial))
        raise SandboxError(f"what the run wrote could not be copied to {target}: {error}; is the disk full?") from error

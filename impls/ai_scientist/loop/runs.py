"""Runs of a template's experiment: each in a folder of its own, run once, and read back with its hash checked.

The program of a run is a copy of the template's; it finds its settings in a file beside it. What it writes is believed
only where it is about the settings and seeds that were asked for and every value is a finite number.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Protocol, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from claimbench.impls.ai_scientist.loop.stages import LoopStopped, write
from claimbench.impls.ai_scientist.loop.template import Scalar, Settings, Template
from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome
from claimbench.spec import Model

__all__ = ["Bench", "Curve", "Part", "Request", "Results", "Run", "Runner", "code_sha", "contained", "read_run"]

Part = Literal["validation", "test"]
_PROGRAM, _SETTINGS, _OUTCOME = "experiment.py", "settings.json", "outcome.json"
_OUT, _RESULTS = "results", "final_info.json"
_FAILURES = 4
"""Failed runs in a row after which a loop gives up, as in the paper's code."""
_TAIL = 1500
"""Characters of errors that are kept, as in the paper's code."""


class Runner(Protocol):
    """Whatever runs a program in a folder within limits."""

    def __call__(self, argv: Sequence[str], folder: Path, limits: Limits) -> Outcome:
        """Run it to its end."""
        ...


class Request(Model):
    """What a run is asked for."""

    settings: Settings
    """One level of each lever."""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    """Seeds to train with."""
    evaluate_on: Part
    """Held-out data to be measured on."""

    def key(self, code: str) -> str:
        """Name of the run of this request by the program with hash `code`."""
        return hashlib.sha256(f"{self.model_dump_json()}{code}".encode()).hexdigest()[:12]


class Curve(Model):
    """A line a seed over a common x."""

    x: tuple[FiniteFloat, ...]
    """Where."""
    y: tuple[tuple[FiniteFloat, ...], ...]
    """Values, one tuple a seed."""

    @model_validator(mode="after")
    def _square(self) -> Self:
        if any(len(line) != len(self.x) for line in self.y):
            raise ValueError("every line of a curve needs a value for each x")
        return self


class Results(Request):
    """What a run wrote: the request again, and what was measured."""

    values: dict[str, tuple[FiniteFloat, ...]]
    """Metric → one value a seed."""
    curve: Curve | None = None
    """The judged metric in the course of training."""
    wall_seconds: FiniteFloat
    """Seconds that it says it took."""

    @model_validator(mode="after")
    def _one_a_seed(self) -> Self:
        if any(len(values) != len(self.seeds) for values in self.values.values()):
            raise ValueError("every metric needs one value a seed")
        if self.curve and len(self.curve.y) != len(self.seeds):
            raise ValueError("the curve needs one line a seed")
        return self


class _Record(Model):
    """How a run ended, as its folder holds it."""

    status: str
    """The outcome's, or `malformed` where the results are not what was asked for."""
    seconds: float
    """Wall-clock time."""
    message: str
    """The end of its errors."""
    results_sha: str
    """SHA-256 of the results; empty where there are none."""


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    key: str
    """Name of its folder."""
    status: str
    """`ok`, or what was wrong."""
    seconds: float
    """Wall-clock time."""
    message: str
    """The end of its errors."""
    results: Results | None
    """What it measured; None where it failed."""


def contained(argv: Sequence[str], folder: Path, limits: Limits) -> Outcome:
    """The default runner: a process in the sandbox."""
    from claimbench.impls.ai_scientist.sandbox import run_contained

    return run_contained(argv, folder, limits, results=_RESULTS, experiment=_PROGRAM)


def code_sha(template: Template) -> str:
    """SHA-256 of the template's program."""
    return hashlib.sha256(template.experiment.read_bytes()).hexdigest()


@dataclass
class Bench:
    """Runs a template's experiment, and remembers what for."""

    template: Template
    """What is run."""
    folder: Path
    """Where the folders of runs lie."""
    runner: Runner = contained
    """What runs a program."""
    say: Callable[[str], None] = print
    """Receives a line a run."""
    uses: list[tuple[str, str]] = field(default_factory=list)
    """Stage and run, in the order in which runs were asked for; a run may serve several stages and is run once."""
    known: dict[str, Run] = field(default_factory=dict)
    """Runs that were asked for, by key."""

    @property
    def seconds(self) -> float:
        """Wall-clock time of all runs that were asked for, each once."""
        return sum(run.seconds for run in self.known.values())

    def run(self, stage: str, request: Request) -> Run:
        """The run of a request, from its folder where it has been run before.

        Raises LoopStopped after four failures in a row, which are forgotten, so that they are tried again.
        """
        key = request.key(code_sha(self.template))
        if key not in self.known:
            if not (self.folder / key / _OUTCOME).exists():
                self._execute(stage, request, self.folder / key)
            self.known[key] = read_run(self.folder / key)
        self.uses.append((stage, key))
        last = [self.known[used] for _, used in self.uses[-_FAILURES:]]
        if len(last) == _FAILURES and all(one.results is None for one in last):
            self.give_up(f"{_FAILURES} runs in a row failed")
        return self.known[key]

    def log(self, entry: dict[str, object]) -> None:
        """Add a line to the log, which holds what was done in its order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")

    def give_up(self, reason: str) -> NoReturn:
        """End the loop for a reason, and forget all failures, so that they are tried again; raises LoopStopped."""
        failed = [run for run in self.known.values() if run.results is None]
        for run in failed:
            (self.folder / run.key / _OUTCOME).unlink()
        last = failed[-1] if failed else None
        why = f": {last.status}, {last.message[-300:].strip()}" if last else ""
        raise LoopStopped(f"{reason}{why}\nmend what is wrong and start the loop again: it goes on from here")

    def _execute(self, stage: str, request: Request, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copyfile(self.template.experiment, folder / _PROGRAM)
        (folder / _SETTINGS).write_text(request.model_dump_json())
        argv = (sys.executable, "-P", _PROGRAM, f"--out_dir={_OUT}")
        outcome = self.runner(argv, folder, self.template.limits)
        record = _judged(outcome, request, folder / _OUT / _RESULTS, self.template)
        write(folder / _OUTCOME, record.model_dump_json(indent=1))
        self.log({"stage": stage, "run": folder.name, "status": record.status, "seconds": round(record.seconds, 3)})
        self.say(f"{stage}: {_short(self.template, request.settings)}: {record.status}, {record.seconds:.1f} s")


def read_run(folder: Path) -> Run:
    """A run as its folder holds it; raises LoopStopped where its results are not those that it ended with."""
    record = _Record.model_validate_json((folder / _OUTCOME).read_bytes())
    if record.status != "ok":
        return Run(folder.name, record.status, record.seconds, record.message, None)
    path = folder / _OUT / _RESULTS
    written = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(written).hexdigest() != record.results_sha:
        raise LoopStopped(f"{path} was changed after the run: remove {folder} to run it again")
    return Run(folder.name, "ok", record.seconds, record.message, Results.model_validate_json(written))


def _judged(outcome: Outcome, request: Request, path: Path, template: Template) -> _Record:
    message = outcome.stderr[-_TAIL:]
    if outcome.status != "ok":
        return _Record(status=outcome.status, seconds=outcome.seconds, message=message, results_sha="")
    written = path.read_bytes()
    try:
        results = Results.model_validate_json(written)
        if any(getattr(results, name) != getattr(request, name) for name in Request.model_fields):
            raise ValueError("the results are not about the settings, seeds and data that were asked for")
        if missing := {metric.name for metric in template.metrics} - set(results.values):
            raise ValueError(f"the results have no {', '.join(sorted(missing))}")
        if template.metric.compare == "ratio" and min(results.values[template.metric.name]) <= 0:
            raise ValueError(f"{template.metric.name} must be above zero, for arms are compared by its ratio")
    except (ValidationError, ValueError) as error:
        return _Record(status="malformed", seconds=outcome.seconds, message=str(error)[-_TAIL:], results_sha="")
    sha = hashlib.sha256(written).hexdigest()
    return _Record(status="ok", seconds=outcome.seconds, message=message, results_sha=sha)


def _short(template: Template, settings: dict[str, Scalar]) -> str:
    baseline = template.space.baseline()
    changed = [f"{name} {value}" for name, value in settings.items() if value != baseline[name]]
    return ", ".join(changed) or "baseline"

"""What a launcher is given and what it hands back. Another engine than `local` implements `Launcher`, no more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from claimbench.measure.roofline import Roofline
from claimbench.record import Curve, Gate, Machine, Record, Regime, Status
from claimbench.spec import Claim, Tier

__all__ = ["Ended", "Job", "Launcher", "Payload"]


@dataclass(frozen=True)
class Job:
    """One trial to run; picklable, and complete: a worker needs nothing beside it."""

    run: str
    """Run that it belongs to."""
    claim: Claim
    """The claim itself, so that a worker needs no registry."""
    tier: Tier
    """Tier."""
    arm: str
    """Arm name."""
    seeds: tuple[int, ...]
    """Seeds."""
    role: str
    """Role of its record."""
    attempt: int
    """Attempt of its record."""
    identity: str
    """Identity of the trial."""
    code_sha: str
    """Hash of the code behind it."""
    environment_sha: str
    """Hash of the environment."""
    fresh_process: bool
    """Whether it wants an interpreter of its own rather than a fork of one that has imported torch and numba."""
    alone: bool
    """Whether nothing else may run beside it."""
    roofline: Roofline | None = None
    """Rates of the machine that its timings are held against."""
    scratch: Path | None = None
    """Folder of its checkpoints, removed once it has ended ok."""
    twins: tuple[Job, ...] = ()
    """Trials of other claims that ask for the same measurement: it runs once, and gives each of them a record."""

    @property
    def timing(self) -> bool:
        """Whether its samples are times."""
        return self.claim.protocol.unit == "process"

    @property
    def label(self) -> str:
        """Claim, arm and seeds, for people."""
        seeds = f"{self.seeds[0]}" if len(self.seeds) == 1 else f"{self.seeds[0]}-{self.seeds[-1]}"
        return f"{self.claim.id} {self.arm} {seeds}"

    @property
    def wall_s(self) -> float:
        """Wall-clock seconds after which it is stopped."""
        return self.claim.needs.trial_seconds

    @property
    def memory_bytes(self) -> int:
        """Resident memory of its processes beyond which it is stopped."""
        return self.claim.needs.memory_bytes


class Payload(BaseModel):
    """How a trial ended and what it measured; travels from the worker as JSON, never as a pickle."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    status: Status
    reason: str = ""
    samples: dict[str, tuple[float, ...]] = {}
    curves: dict[str, Curve] = {}
    checks: dict[str, tuple[float, float]] = {}
    gates: dict[str, Gate] = {}
    regime: Regime | None = None
    floor_s: float | None = None
    peak_bytes: int | None = None


@dataclass(frozen=True)
class Ended:
    """A job that has ended."""

    job: Job
    """The job."""
    payload: Payload
    """How it ended."""
    started: str
    """UTC, ISO 8601."""
    duration_s: float
    """Wall clock, from asking for a process until it and all its children were gone."""
    load_1m: float
    """One-minute load average when it began."""
    log: Path | None
    """What it printed; None where it printed nothing."""

    def records(self, machine: Machine, versions: dict[str, str], commit: str) -> list[Record]:
        """The record of the trial, and one for each of its twins."""
        return [self._record(job, machine, versions, commit) for job in (self.job, *self.job.twins)]

    def _record(self, job: Job, machine: Machine, versions: dict[str, str], commit: str) -> Record:
        return Record.model_validate(
            {
                "run": job.run,
                "trial": job.identity,
                "claim": job.claim.id,
                "version": job.claim.version,
                "tier": job.tier,
                "arm": job.arm,
                "seeds": job.seeds,
                "role": job.role,
                "attempt": job.attempt,
                "measure_sha": job.claim.measure_sha(),
                "code_sha": job.code_sha,
                "environment_sha": job.environment_sha,
                **dict(self.payload),
                "machine": machine.model_copy(update={"load_1m": self.load_1m}),
                "versions": versions,
                "commit": commit,
                "started": self.started,
                "duration_s": self.duration_s,
            }
        )


class Launcher(Protocol):
    """Starts trials and hands back how they ended; that is the whole interface."""

    def run(
        self,
        jobs: Iterable[Job],
        on_started: Callable[[Job], None],
        on_progress: Callable[[Job, int, int], None],
    ) -> Generator[Ended, None, None]:
        """Run the jobs in their order and yield each as it ends; closing the iterator stops those in flight."""
        ...

"""One run: plan, start the workers, write every record as it comes, tell whoever watches."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from claimbench import data, provenance
from claimbench.errors import DataMissing
from claimbench.lock import Lock, States
from claimbench.record import Record
from claimbench.run.events import Event, PlanReady, TrialEnded, TrialProgress, TrialStarted
from claimbench.run.job import Ended, Job, Launcher, Payload
from claimbench.run.local import LocalLauncher
from claimbench.run.plan import Plan, plan
from claimbench.run.prepare import prepare
from claimbench.spec import Claim, Tier
from claimbench.store import RunWriter, Store, new_run_id

__all__ = ["RunSummary", "run_claims"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunSummary:
    """How a run ended."""

    run: str
    """Its id, and the name of its file."""
    ok: int
    """Trials measured; one that several claims ask for is one."""
    failed: int
    """Trials that failed."""
    skipped: int
    """Trials that could not run here."""
    kept: int
    """Trials that the store held already."""
    duration_s: float
    """Wall clock."""


def run_claims(
    claims: Sequence[Claim],
    tier: Tier,
    store: Store,
    *,
    fresh: bool = False,
    workers: int = 2,
    on_event: Callable[[Event], None] | None = None,
    role: str | None = None,
    seeds: Sequence[int] | None = None,
    arms: Sequence[str] | None = None,
    lock: States | None = None,
    controls: Sequence[Claim] | None = None,
    launcher: Launcher | None = None,
) -> RunSummary:
    """Measure what the store lacks of the claims at the tier, and append one record a trial.

    A trial that fails is a record with its cause, and the run goes on. `role`, `seeds` and `arms` replace what the
    claims say (tuning, replay); lock, controls and launcher default to LOCK.json, the house's placebo and positive
    control, and worker processes on this machine. A claim whose protocol plans looks is judged at each of them, and
    measured further where it is undecided. An interrupt loses the trials in flight and nothing else: the
    same call goes on from there. Raises SpecError over budget, StoreError and HostError where the host will not go
    on; what was written before stays.
    """
    began, run_id = time.monotonic(), new_run_id()
    tell = on_event or _ignore
    if tier != "smoke":
        _fetch(claims, tier)
    made = plan(
        claims,
        tier,
        store,
        lock or Lock.load(),
        fresh=fresh,
        seeds=seeds,
        role=role,
        arms=arms,
        controls=controls,
        run=run_id,
    )
    tell(PlanReady(len(made.jobs), made.kept, len(made.skips), made.core_seconds_to_run))
    logs = store.root / "logs" / run_id
    counts = {"ok": 0, "failed": 0, "skipped": 0}
    kept = made.kept
    if made.jobs or made.skips:
        with store.run(run_id) as writer:
            scratch = store.root / "scratch"
            if fresh:
                for job in made.jobs:
                    shutil.rmtree(scratch / job.identity, ignore_errors=True)
            sequential = [claim for claim in claims if seeds is None and len(claim.looks(tier)) > 1]
            tried: set[tuple[str, str]] = set()
            while True:
                for record in _run(made, writer, launcher or LocalLauncher(workers, logs), logs, scratch, tell):
                    counts[record.status] += 1
                tried |= {(one.identity, one.claim.id) for job in made.jobs for one in (job, *job.twins)}
                if not sequential:
                    break
                # A look that did not decide is followed by the next; what was tried in this run is not tried again.
                made = plan(sequential, tier, store, lock or Lock.load(), role=role, arms=arms, controls=(), run=run_id)
                left = tuple(job for job in made.jobs if (job.identity, job.claim.id) not in tried)
                made = replace(made, jobs=left, skips=())
                if not made.jobs:
                    break
                tell(PlanReady(len(made.jobs), 0, 0, made.core_seconds_to_run))
    return RunSummary(run_id, **counts, kept=kept, duration_s=time.monotonic() - began)


def _run(
    made: Plan, writer: RunWriter, launcher: Launcher, logs: Path, scratch: Path, tell: Callable[[Event], None]
) -> list[Record]:
    from claimbench.measure.machine import machine as this_machine

    machine, versions, commit = this_machine(), provenance.versions(), provenance.commit()
    records: list[Record] = []

    def keep(ended: Ended) -> None:
        ended = _of_planned_code(ended)
        record, *others = ended.records(machine, versions, commit)
        for one in (record, *others):
            writer.append(one)
        records.append(record)
        if record.status == "ok" and ended.job.scratch:
            shutil.rmtree(ended.job.scratch, ignore_errors=True)
        tell(TrialEnded(record, ended.job.label, ended.log))

    def started(job: Job) -> None:
        tell(TrialStarted(job.identity, job.claim.id, job.label))

    def progress(job: Job, done: int, total: int) -> None:
        tell(TrialProgress(job.identity, job.claim.id, job.label, done, total))

    for skip in made.skips:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        keep(Ended(skip.job, Payload(status="skipped", reason=skip.reason), now, 0.0, os.getloadavg()[0], None))
    if made.jobs:
        jobs = [_with_scratch(job, scratch) for job in prepare(made.jobs, logs)]
        with closing(launcher.run(jobs, started, progress)) as ending:
            for ended in ending:
                keep(ended)
    return records


def _with_scratch(job: Job, folder: Path) -> Job:
    """A job that trains finds its checkpoints again; a timing always starts anew."""
    return job if job.timing else replace(job, scratch=(folder / job.identity).resolve())


def _ignore(event: Event) -> None:
    """Nobody watches."""


def _of_planned_code(ended: Ended) -> Ended:
    """The job as it ended, or failed where its code changed since the plan and the record would name other code."""
    job = ended.job
    if ended.payload.status != "ok" or provenance.code_sha(job.claim.experiment) == job.code_sha:
        return ended
    reason = "the code behind this trial was edited while the run went on; start the run again"
    return replace(ended, payload=Payload(status="failed", reason=reason))


def _fetch(claims: Sequence[Claim], tier: Tier) -> None:
    """Fetch what the claims need and this machine lacks; what cannot be fetched makes its trials skipped."""
    if data.offline():
        return
    needed = {name for claim in claims for name in claim.needs.data_for(tier)}
    for name in sorted(name for name in needed if not data.available(name)):
        try:
            data.fetch(name)
        except DataMissing as error:
            _log.warning("%s", error)

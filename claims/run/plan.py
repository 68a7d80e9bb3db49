"""From claims to trials: which to run, which the store holds already, which cannot run here, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec

from claimbench import data, provenance
from claimbench.errors import SpecError
from claimbench.evidence import judge_all
from claimbench.lock import States
from claimbench.record import Machine, Record
from claimbench.run.job import Job
from claimbench.spec import Claim, Tier, canonical_sha
from claimbench.store import Store

__all__ = ["BUDGET_CORE_SECONDS", "Plan", "Row", "Skip", "plan"]

BUDGET_CORE_SECONDS: dict[Tier, float] = {"smoke": 240.0, "cpu": 7200.0, "gpu": 600.0}
"""Most a paper's claims may declare: 2 and 60 minutes on two cores; ten minutes of one GPU."""


@dataclass(frozen=True)
class Skip:
    """A trial that cannot run here."""

    job: Job
    """The trial."""
    reason: str
    """Why, and what to do."""


@dataclass(frozen=True)
class Row:
    """One claim's line in the plan."""

    claim: str
    """Claim id."""
    to_run: int
    """Trials to run."""
    kept: int
    """Trials that the store holds."""
    skipped: int
    """Trials that cannot run here."""
    trials: int
    """All its trials at the tier, those of later looks included."""
    core_seconds: float
    """Declared cost of all its trials."""
    note: str
    """Role of the records, or why its trials are skipped."""


@dataclass(frozen=True)
class Plan:
    """What a run will do."""

    tier: Tier
    """Tier."""
    jobs: tuple[Job, ...]
    """Trials to run, in order: training and simulation first, then what must be alone."""
    skips: tuple[Skip, ...]
    """Trials that cannot run here."""
    rows: tuple[Row, ...]
    """One line a claim."""
    core_seconds: dict[str, float]
    """Paper → declared cost of its selected claims."""

    @property
    def budget_core_seconds(self) -> float:
        """Most that a paper may take at this tier."""
        return BUDGET_CORE_SECONDS.get(self.tier, float("inf"))

    @property
    def kept(self) -> int:
        """Trials that the store holds already."""
        return sum(row.kept for row in self.rows)

    @property
    def core_seconds_to_run(self) -> float:
        """Declared cost of the trials to run."""
        return sum(row.core_seconds * row.to_run / row.trials for row in self.rows)


def plan(
    claims: Iterable[Claim],
    tier: Tier,
    store: Store,
    lock: States,
    *,
    fresh: bool = False,
    seeds: Sequence[int] | None = None,
    role: str | None = None,
    arms: Sequence[str] | None = None,
    controls: Sequence[Claim] | None = None,
    run: str = "",
) -> Plan:
    """Plan the trials of `claims` at `tier`.

    `seeds`, `arms` and `role` replace what the claims say (tuning, replay). `controls` are the placebo and positive
    control that accompany every timing, by default the house's; their trials bear the run in their identity, so
    that each run adds to them. Of a claim whose protocol plans looks, the units up to the next look are wanted, or up
    to the last one where that has decided. Raises SpecError where a paper's claims are over the tier's budget.
    """
    from claimbench.measure.machine import machine as this_machine

    chosen = [claim for claim in claims if tier in claim.workloads]
    if any(claim.needs.device == "cuda" for claim in chosen):
        import_module("torch")  # where the driver's own library is not installed, only torch knows the GPU
    machine = this_machine()
    records = store.records()
    held = _Held(records)
    costs = _costs(chosen, tier)
    planned = [
        _plan_claim(
            claim,
            tier,
            held,
            lock,
            machine,
            fresh=fresh,
            seeds=claim.seeds(tier)[: _wanted(claim, tier, records, lock)] if seeds is None else seeds,
            role=role,
            arms=arms,
            run=run,
        )
        for claim in chosen
    ]
    if role is None and any(job.timing for one in planned for job in one.jobs):
        # First among what runs alone: an interrupted run must not leave timings that no control vouches for.
        planned = [
            _plan_claim(
                claim,
                tier,
                held,
                lock,
                machine,
                fresh=True,
                seeds=claim.seeds(tier),
                role=claim.role,
                arms=None,
                run=run,
            )
            for claim in (_house_controls() if controls is None else controls)
            if tier in claim.workloads
        ] + planned
    jobs = _paired([job for one in planned for job in one.jobs])
    twins = Counter(twin.claim.id for job in jobs for twin in job.twins)
    return Plan(
        tier=tier,
        jobs=tuple(sorted(jobs, key=lambda job: job.alone)),
        skips=tuple(skip for one in planned for skip in one.skips),
        rows=tuple(_less(one.row, twins[one.row.claim]) for one in planned),
        core_seconds=costs,
    )


@dataclass(frozen=True)
class _Planned:
    jobs: list[Job]
    skips: list[Skip]
    row: Row


class _Held:
    """What the store holds: which trials are done, and how often each unit was measured."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.done: set[tuple[str, str, str]] = set()
        self._attempts: dict[tuple[object, ...], int] = {}
        for record in records:
            if record.status == "ok":
                self.done.add((record.trial, record.claim, record.role))
                unit = (record.claim, record.measure_sha, record.tier, record.arm, record.seeds, record.role)
                self._attempts[unit] = max(self._attempts.get(unit, -1), record.attempt)

    def next_attempt(self, job: Job) -> int:
        # A unit that is measured again is a further attempt whatever the cause: --fresh, or code that changed.
        unit = (job.claim.id, job.claim.measure_sha(), job.tier, job.arm, job.seeds, job.role)
        return self._attempts.get(unit, -1) + 1


def _paired(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, those that are one measurement of several claims together as one.

    Raises SpecError where a claim was selected twice.
    """
    same: dict[str, list[Job]] = {}
    for job in jobs:
        twins = same.setdefault(job.identity, [])
        if any(twin.claim.id == job.claim.id for twin in twins):
            raise SpecError(f"{job.claim.id} stands twice among the claims to be run; give it once")
        twins.append(job)
    return [replace(first, twins=tuple(twins)) for first, *twins in same.values()]


def _less(row: Row, twins: int) -> Row:
    """The row without the trials that run as another claim's."""
    if not twins:
        return row
    return replace(row, to_run=row.to_run - twins, note=f"{row.note}, {twins} measured with another claim")


def _costs(claims: Sequence[Claim], tier: Tier) -> dict[str, float]:
    """Paper → declared cost; what several claims ask for alike is paid once."""
    measurements: dict[tuple[str, str], float] = {}
    for claim in claims:
        one = claim.paper, claim.measure_sha()
        measurements[one] = max(measurements.get(one, 0.0), claim.needs.core_seconds[tier])
    costs: dict[str, float] = {}
    for (paper, _), cost in measurements.items():
        costs[paper] = costs.get(paper, 0.0) + cost
    budget = BUDGET_CORE_SECONDS.get(tier)
    for paper, cost in costs.items():
        if budget is not None and cost > budget:
            dearest = max((c for c in claims if c.paper == paper), key=lambda c: c.needs.core_seconds[tier])
            raise SpecError(
                f"{paper}: its claims declare {cost:.0f} core-seconds at {tier}, over the budget of {budget:.0f}; "
                f"select fewer with -k, or shrink {dearest.id} ({dearest.needs.core_seconds[tier]:.0f})"
            )
    return costs


def _plan_claim(
    claim: Claim,
    tier: Tier,
    held: _Held,
    lock: States,
    machine: Machine,
    *,
    fresh: bool,
    seeds: Sequence[int],
    role: str | None,
    arms: Sequence[str] | None,
    run: str,
) -> _Planned:
    role = role or _role(claim, lock)
    code = provenance.code_sha(claim.experiment)
    environment = provenance.environment(machine, claim.needs.device).sha
    basis = [claim.measure_sha(), code, environment, [data.identity(name) for name in claim.needs.data_for(tier)]]
    if claim.role in ("placebo", "control"):
        basis.append(run)
    wanted = [
        Job(
            run=run,
            claim=claim,
            tier=tier,
            arm=arm,
            seeds=batch,
            role=role,
            attempt=0,
            identity=canonical_sha([*basis, tier, arm, batch]),
            code_sha=code,
            environment_sha=environment,
            fresh_process=tier != "smoke",
            # A GPU is never shared: neither by two timings nor by a timing and a training.
            alone=claim.protocol.unit == "process" or claim.needs.device == "cuda",
        )
        for arm, batch in _units(claim, seeds, arms)
    ]
    todo = [
        replace(job, attempt=held.next_attempt(job) if claim.role not in ("placebo", "control") else 0)
        for job in wanted
        if fresh or (job.identity, job.claim.id, job.role) not in held.done
    ]
    reason = _obstacle(claim, tier, machine)
    row = Row(
        claim=claim.id,
        to_run=0 if reason else len(todo),
        kept=len(wanted) - len(todo),
        skipped=len(todo) if reason else 0,
        trials=len(_units(claim, claim.seeds(tier), None)),
        core_seconds=claim.needs.core_seconds[tier],
        note=reason or role,
    )
    return _Planned([] if reason else todo, [Skip(job, reason) for job in todo] if reason else [], row)


def _units(claim: Claim, seeds: Sequence[int], arms: Sequence[str] | None) -> list[tuple[str, tuple[int, ...]]]:
    """Arm and seeds of every trial: the arms of a unit side by side, in turn forwards and backwards (A B B A)."""
    every, size = tuple(seeds), claim.protocol.seeds_per_trial
    names = [arm.name for arm in claim.arms if arms is None or arm.name in arms]
    batches = [every[start : start + size] for start in range(0, len(every), size)]
    return [
        (name, batch) for index, batch in enumerate(batches) for name in (names if index % 2 == 0 else reversed(names))
    ]


def _wanted(claim: Claim, tier: Tier, records: Sequence[Record], lock: States) -> int:
    """How many units an arm are to be measured by now: up to the next look, or the look that has decided."""
    looks = claim.looks(tier)
    if len(looks) == 1:
        return looks[0]
    (verdict,) = judge_all([claim], records, lock, tier)
    if verdict.status == "INCONCLUSIVE":
        return looks[min(verdict.look, len(looks) - 1)]
    return looks[max(verdict.look - 1, 0)]


def _role(claim: Claim, lock: States) -> str:
    if claim.role != "confirmatory":
        return claim.role
    return "confirmatory" if lock.state(claim) == "locked" else "exploratory"


def _obstacle(claim: Claim, tier: Tier, machine: Machine) -> str:
    """Why the claim's trials cannot run on this machine, or nothing."""
    needs = claim.needs
    if needs.device == "cuda" and machine.gpu is None:
        return "needs a GPU, and this machine shows none; run it where `claimbench doctor` finds one"
    for package in needs.packages:
        if find_spec(package.split(".")[0]) is None:
            return f"needs the package {package}: pip install 'claimbench[peers,arena]', or {package} itself"
    for name in needs.data_for(tier):
        if not data.available(name):
            return f"needs the data set {name}: claimbench data fetch {name}"
    return ""


def _house_controls() -> list[Claim]:
    from claimbench import registry

    return registry.controls()

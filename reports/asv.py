"""Result files for an asv dashboard: asv reads our numbers, it never measures them.

asv recognises upward steps only, so every series is lower-is-better. `track_gap` is 0 where the effect is as published,
1 where there is none, above 1 where it goes the wrong way; `track_shortfall` is the same of the effect that is asked,
where none is published, and below 0 where it is exceeded. Raw series end in `_s`, `_bytes` or `_error`.
`series` names them all from the specs alone; `suite/dashboard.py` and `export` both take their names from there.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from claimbench.errors import HostError
from claimbench.evidence import judge_all
from claimbench.expectation import AtLeast, Difference, Exact, Ratio, leaves
from claimbench.lock import Lock
from claimbench.record import Machine, Record
from claimbench.reports.estimates import leaf_name, unit_effects, unit_values
from claimbench.spec import AnyClaim, Claim, Tier
from claimbench.units import collect
from claimbench.verdict import Effect, gap

__all__ = ["Reading", "Series", "commit_time", "export", "machine_key", "read", "series"]

_ENVIRONMENT = "claimbench"
_COLUMNS = [
    *("result", "params", "version", "started_at", "duration"),
    *("stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples"),
]


@dataclass(frozen=True)
class Series:
    """One benchmark of the dashboard: a claim at a tier, with one row a part, arm, gate or check."""

    claim: Claim
    """The claim."""
    tier: Tier
    """Tier."""
    what: Literal["gap", "shortfall", "metric", "gate", "check"]
    """What its rows are read from."""
    suffix: str
    """End of its name."""
    row_name: str
    """What a row is."""
    rows: tuple[str, ...]
    """Names of the rows, known from the spec."""
    unit: str
    """Unit of every value."""

    @property
    def name(self) -> str:
        """The benchmark's name, the same wherever it is asked for."""
        return f"claims.{self.claim.id}.{self.tier}.track_{self.suffix}"

    @property
    def pretty_name(self) -> str:
        """Title on the dashboard."""
        return f"{self.claim.label} at {self.tier}, {self.suffix}: {self.claim.statement}"

    @property
    def version(self) -> str:
        """Changes with the claim, never with the code, so that a curve outlives refactoring."""
        return str(self.claim.version)


@dataclass(frozen=True)
class Reading:
    """One row's value."""

    value: float
    """The value."""
    low: float
    """Lower end of its interval, or the least of its samples."""
    high: float
    """Upper end."""
    samples: tuple[float, ...]
    """One value a unit."""


def series(claims: Iterable[AnyClaim]) -> list[Series]:
    """Every series of the claims, in order of claim and tier."""
    found: list[Series] = []
    for claim in claims:
        if isinstance(claim, Claim) and claim.role in ("confirmatory", "exploratory"):
            for tier in claim.workloads:
                found += _series_of(claim, tier)
    return found


def _series_of(claim: Claim, tier: Tier) -> list[Series]:
    found: list[Series] = []
    judged = [leaf for leaf in leaves(claim.expectation) if isinstance(leaf, AtLeast | Ratio | Difference)]
    if parts := tuple(leaf_name(leaf) for leaf in judged if leaf.published is not None):
        found.append(Series(claim, tier, "gap", "gap", "part", parts, "share of the published effect that is missing"))
    if parts := tuple(leaf_name(leaf) for leaf in judged if leaf.published is None):
        unit = "share of the effect asked that is missing"
        found.append(Series(claim, tier, "shortfall", "shortfall", "part", parts, unit))
    exact = [leaf for leaf in leaves(claim.expectation) if isinstance(leaf, Exact)]
    boxes = {name: box for leaf in exact for name, box in leaf.boxes.items() if box.low is None}
    if not exact and claim.metric.better == "lower":
        arms = tuple(arm.name for arm in claim.arms)
        suffix = _suffixed(claim.metric.name, claim.metric.unit)
        found.append(Series(claim, tier, "metric", suffix, "arm", arms, claim.metric.unit))
    for unit in sorted({box.unit for box in boxes.values()}):
        checks = tuple(name for name, box in boxes.items() if box.unit == unit)
        found.append(Series(claim, tier, "check", _suffixed(f"checks{_words(unit)}", unit), "check", checks, unit))
    if claim.gates:
        found.append(Series(claim, tier, "gate", "gates_error", "gate", tuple(claim.gates), "1"))
    return found


def _suffixed(name: str, unit: str) -> str:
    end = {"s": "_s", "B": "_bytes", "bytes": "_bytes"}.get(unit, "_error")
    return name if name.endswith(end) else name + end


def _words(unit: str) -> str:
    """What tells the checks of one unit from those of another, where the end of the name does not."""
    if unit in ("1", "s", "B", "bytes"):
        return ""
    return "_" + re.sub(r"\W+", "_", unit.replace("%", "percent"))


def read(one: Series, records: Sequence[Record], lock: Lock) -> dict[str, Reading]:
    """Row → reading, from the newest of the claim's records; rows without data are left out."""
    trials = collect(one.claim, one.tier, records).ok
    if not trials:
        return {}
    if one.what in ("gap", "shortfall"):
        return _gaps(one, trials, records, lock)
    found: dict[str, list[float]] = {}
    for row in one.rows:
        if one.what == "metric":
            found[row] = unit_values(one.claim, trials, row, one.claim.metric.name)
        elif one.what == "gate":
            found[row] = [trial.gates[row].error for trial in trials if row in trial.gates]
        else:
            found[row] = [trial.checks[row][1] for trial in trials if row in trial.checks]
    middle = max if one.what == "gate" else statistics.median
    return {
        row: Reading(middle(values), min(values), max(values), tuple(values)) for row, values in found.items() if values
    }


def _gaps(one: Series, trials: Sequence[Record], records: Sequence[Record], lock: Lock) -> dict[str, Reading]:
    """Each part judged by itself; one that cannot be judged, for want of units or of a placebo, has no gap."""
    found: dict[str, Reading] = {}
    for leaf in leaves(one.claim.expectation):
        if leaf_name(leaf) not in one.rows:
            continue
        alone = one.claim.model_copy(update={"expectation": leaf})
        (verdict,) = judge_all([alone], records, lock, one.tier)
        effect = verdict.parts[0].effect if verdict.parts else None
        if effect is None:
            continue
        if one.what == "shortfall":
            effect = effect.model_copy(update={"published": effect.threshold})
        estimate, *ends = (_gap_at(effect, value) for value in (effect.estimate, effect.low, effect.high))
        samples = tuple(_gap_at(effect, value) for value in unit_effects(one.claim, leaf, trials))
        found[leaf_name(leaf)] = Reading(estimate, min(ends), max(ends), samples)
    return found


def _gap_at(effect: Effect, value: float) -> float:
    there = gap(effect.model_copy(update={"estimate": value}))
    return math.nan if there is None else there


def machine_key(machine: Machine) -> str:
    """A name made of stable facts only, so that a new kernel or a busy day starts no new curve."""
    parts = [machine.gpu, f"{machine.cpu}-{machine.cores}c"] if machine.gpu else [f"{machine.cpu}-{machine.cores}c"]
    return re.sub(r"[^a-z0-9]+", "-", " ".join(part for part in parts if part).lower()).strip("-")


def commit_time(repository: Path) -> Callable[[str], int | None]:
    """Commit → its time in milliseconds, or None where the repository does not hold it."""

    def look(commit: str) -> int | None:
        done = subprocess.run(
            ["git", "-C", str(repository), "show", "-s", "--format=%ct", commit],
            capture_output=True,
            text=True,
            check=False,
        )
        return int(done.stdout) * 1000 if done.returncode == 0 else None

    return look


def export(
    claims: Sequence[AnyClaim],
    records: Sequence[Record],
    lock: Lock,
    out: Path,
    time_of: Callable[[str], int | None],
) -> list[str]:
    """Write one result file a machine and commit below `out`; returns lines that say what was written and skipped.

    Records of a dirty tree, or of a commit that `time_of` does not know, belong to no point of any curve and are
    skipped. Raises HostError where `out` cannot be written.
    """
    every = series(claims)
    groups: dict[tuple[str, str], list[Record]] = {}
    times = {commit: _time(commit, time_of) for commit in {record.commit for record in records}}
    for record in records:
        if times[record.commit] is not None:
            groups.setdefault((machine_key(record.machine), record.commit), []).append(record)
    dirty = sum(record.commit.endswith("+dirty") for record in records)
    foreign = sum(times[record.commit] is None for record in records) - dirty
    for (key, commit), own in sorted(groups.items()):
        machine = _machine(key, own[0].machine)
        results = {one.name: row for one in every if (row := _row(one, own, lock))}
        content = {
            "commit_hash": commit,
            "env_name": _ENVIRONMENT,
            "date": times[commit],
            "params": {name: value for name, value in machine.items() if name not in ("version", "ram")},
            "python": "",
            "requirements": {},
            "env_vars": {},
            "result_columns": _COLUMNS,
            "results": results,
            "durations": {},
            "version": 2,
        }
        _write(out / key / "machine.json", machine)
        _write(out / key / f"{commit[:8]}-{_ENVIRONMENT}.json", content)
    _write(out / "benchmarks.json", {"version": 2} | {one.name: _benchmark(one) for one in every})
    said = [f"{len(groups)} result files and {len(every)} series in {out}"]
    if dirty:
        said.append(f"skipped {dirty} records of trees with uncommitted changes: commit first, then run")
    if foreign:
        said.append(f"skipped {foreign} records of commits that this repository lacks: fetch them, then export again")
    return [*said, "next: asv publish && asv preview"]


def _time(commit: str, time_of: Callable[[str], int | None]) -> int | None:
    return None if commit == "unknown" or commit.endswith("+dirty") else time_of(commit)


def _row(one: Series, records: Sequence[Record], lock: Lock) -> list[Any] | None:
    found = read(one, records, lock)
    if not found:
        return None
    rows = [found.get(name) for name in one.rows]
    quartiles = [_quartiles(row.samples or (row.value,)) if row else (None, None) for row in rows]
    own = [record for record in records if record.claim == one.claim.id and record.tier == one.tier]
    return [
        [_finite(row.value) if row else None for row in rows],
        [[repr(name) for name in one.rows]],
        one.version,
        int(datetime.fromisoformat(min(record.started for record in own)).timestamp() * 1000),
        sum(record.duration_s for record in own),
        [_finite(row.low) if row else None for row in rows],
        [_finite(row.high) if row else None for row in rows],
        [low for low, _ in quartiles],
        [high for _, high in quartiles],
        [1 if row else None for row in rows],
        [max(len(row.samples), 1) if row else None for row in rows],
        [[_finite(value) for value in row.samples] if row else None for row in rows],
    ]


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _machine(key: str, machine: Machine) -> dict[str, Any]:
    return {
        "machine": key,
        "os": machine.os.split()[0],
        "arch": machine.arch,
        "cpu": machine.cpu,
        "num_cpu": str(machine.cores),
        "ram": "",
        "gpu": machine.gpu or "none",
        "version": 1,
    }


def _benchmark(one: Series) -> dict[str, Any]:
    return {
        "name": one.name,
        "code": one.claim.experiment,
        "params": [[repr(row) for row in one.rows]],
        "param_names": [one.row_name],
        "type": "track",
        "unit": one.unit,
        "version": one.version,
        "timeout": 60,
        "pretty_name": one.pretty_name,
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1, sort_keys=False, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise HostError(f"cannot write {path} ({error.strerror}); give another folder to export") from error

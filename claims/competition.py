"""From locked claims and their records to ladders: which competitors met on which tasks, and who won there.

A task is a confirmatory claim at a tier. Competitors are arms that bear one `competitor` name; records count where the
claim's verdict may use them. Speed, memory and quality are separate ladders. No verdict depends on any of this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from claimbench.health import Health
from claimbench.record import Record
from claimbench.spec import TIERS, AnyClaim, Arm, Claim, Tier
from claimbench.stats.ranking.meetings import Meetings, battle_counts, mean_effect, noise_floor, together
from claimbench.units import Evidence, collect, values
from claimbench.verdict import unusable

__all__ = ["Contest", "Kind", "Task", "contests"]

Kind = Literal["speed", "memory", "quality"]
"""What a ladder is about; speed and memory are compared by ratios, quality by differences."""
_LIMITS = ("(needs.trial_seconds)", "(needs.memory_bytes)")
_OUT_OF_MEMORY = ("OutOfMemoryError", "MemoryError")
"""How the reason of a trial ends that its launcher stopped, and how that of one begins which found no memory."""


@dataclass(frozen=True)
class Task:
    """A claim at a tier."""

    claim: Claim
    """The claim."""
    tier: Tier
    """The tier."""

    @property
    def name(self) -> str:
        """Unique, and the same whatever else is ranked."""
        return f"{self.claim.id} at {self.tier}"


@dataclass(frozen=True, eq=False)
class Contest:
    """Competitors that may stand on one ladder."""

    kind: Kind
    """What it is about."""
    tasks: tuple[Task, ...]
    """The tasks of `meetings`, in their order."""
    meetings: Meetings
    """Who met whom there; effects are log-ratios for speed and memory, else in the metric's unit; larger is better."""


@dataclass(frozen=True)
class _Results:
    """What competitors reached on one task."""

    task: Task
    units: Mapping[str, Mapping[int, float]]
    """Competitor → seed or process → value, larger is better; NaN where the unit did not finish."""
    least_sd: float
    """Standard deviation of the difference of two units of the same code, as the placebo saw it; 0 where none ran."""


def contests(claims: Iterable[AnyClaim], records: Sequence[Record], health: Health) -> tuple[Contest, ...]:
    """Every contest among `claims`, which are to be locked, in order of kind and names.

    Empty unless at least two competitors met on at least three tasks of one kind. The order of claims and records
    changes nothing.
    """
    ranked = sorted(
        (c for c in claims if isinstance(c, Claim) and c.role == "confirmatory"), key=lambda c: (c.paper, c.label)
    )
    tasks = {task.name: task for c in ranked for tier in TIERS if tier in c.workloads for task in (Task(c, tier),)}
    found: list[Contest] = []
    for kind in get_args(Kind):
        own = [task for task in tasks.values() if _kind(task.claim) == kind]
        if meetings := _meetings([seen for task in own if (seen := _results(task, records, health))]):
            found += [Contest(kind, tuple(tasks[n] for n in group.tasks), group) for group in together(meetings)]
    return tuple(found)


def _kind(claim: Claim) -> Kind | None:
    """The ladder on which a claim's tasks count; a growth, an identity or a sum of printed numbers has no winner."""
    if claim.kind in ("scaling", "identity", "arithmetic"):
        return None
    if claim.kind == "speed" or claim.metric.unit == "s":
        return "speed"
    return "memory" if claim.kind == "memory" or claim.metric.unit in ("B", "bytes") else "quality"


def _results(task: Task, records: Sequence[Record], health: Health) -> _Results | None:
    """What the records of the task's claim say, None where they may say nothing or fewer than two competitors can."""
    claim = task.claim
    named = {arm.competitor: arm for arm in claim.arms if arm.competitor}
    evidence = collect(claim, task.tier, [record for record in records if record.role == claim.role])
    if len(named) < 2 or not evidence.ok or unusable(claim, task.tier, evidence, health):
        return None
    try:
        units = {name: _units(claim, evidence, arm) for name, arm in sorted(named.items())}
    except (KeyError, ValueError):
        return None  # a record that lacks the metric, for which the verdict says INVALID
    units = {name: found for name, found in units.items() if len(found) >= claim.protocol.n_min}
    timed = claim.protocol.unit == "process"
    noise = [health.placebo_sd.get(record.run, 0.0) for record in evidence.ok] if timed else []
    return _Results(task, units, max(noise, default=0.0)) if len(units) > 1 else None


def _units(claim: Claim, evidence: Evidence, arm: Arm) -> dict[int, float]:
    """Seed or process → value, larger is better; NaN for a unit that diverged or ran out of memory or time.

    A trial that failed otherwise is nobody's defeat: it has no value. Raises KeyError where a record lacks the metric,
    ValueError for a ratio of values that are not above zero.
    """
    sign = 1.0 if claim.metric.better == "higher" else -1.0
    ratio = _kind(claim) != "quality"
    found = dict.fromkeys(
        (
            seed
            for record in evidence.failed
            if record.arm == arm.name and _did_not_finish(record)
            for seed in record.seeds
        ),
        math.nan,
    )
    for seed, value in values(claim, evidence.ok, arm.name, claim.metric.name).items():
        if not math.isfinite(value):
            found[seed] = math.nan
        elif ratio and value <= 0:
            raise ValueError("a ratio needs values above zero")
        else:
            found[seed] = sign * (math.log(value) if ratio else value)
    return found


def _did_not_finish(record: Record) -> bool:
    return record.reason.startswith(_OUT_OF_MEMORY) or record.reason.endswith(_LIMITS)


def _meetings(results: Sequence[_Results]) -> Meetings | None:
    """All meetings on these tasks, None where there is none."""
    names = sorted({name for seen in results for name in seen.units})
    place = {name: index for index, name in enumerate(names)}
    rows: list[tuple[int, int, int]] = []
    counts: list[NDArray[np.float64]] = []
    effects: list[float] = []
    for task, seen in enumerate(results):
        for one, other in combinations(seen.units, 2):
            shared = sorted(seen.units[one].keys() & seen.units[other].keys())
            first, second = (np.array([seen.units[name][seed] for seed in shared]) for name in (one, other))
            outcome = battle_counts(first, second, _floor(seen, first, second))
            if outcome.sum() > 0:
                rows.append((task, place[one], place[other]))
                counts.append(outcome)
                effects.append(mean_effect(first, second))
    if not rows:
        return None
    task, one, other = np.array(rows, dtype=np.int64).T
    return Meetings(
        tuple(names), tuple(seen.task.name for seen in results), task, one, other, np.stack(counts), np.array(effects)
    )


def _floor(seen: _Results, first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Largest difference of two units that is a tie."""
    protocol = seen.task.claim.protocol
    if protocol.unit == "deterministic":
        return 0.0
    both = np.isfinite(first) & np.isfinite(second)
    return noise_floor(first[both], second[both], paired=protocol.paired, least_sd=seen.least_sd)

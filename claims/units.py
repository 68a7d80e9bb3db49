"""From a claim's records to the units that a rule may use, or the reason why none may be used."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from claimbench.record import Curve, Record
from claimbench.spec import Claim, Tier

__all__ = ["Evidence", "collect", "diverged", "fault", "sweeps", "values", "vary"]


@dataclass(frozen=True)
class Evidence:
    """The records that are judged."""

    ok: tuple[Record, ...]
    """One record a unit and arm."""
    failed: tuple[Record, ...]
    """Units that were tried and have no record that is ok."""
    tried: tuple[Record, ...]
    """Every try of the same code in the same environment, replaced ones included."""
    role: str
    """Role of the records: the claim's own, or `exploratory` for a draft."""
    attempts: int
    """How often the claim was measured under this measurement, other code and environments included."""
    refused: int
    """Records of another measurement, left out."""
    look: int
    """How many of the planned looks have all their units, tried if not valid; the last one is the end."""


def collect(claim: Claim, tier: Tier, records: Sequence[Record]) -> Evidence:
    """The records of the claim at the tier that count: of its present measurement, its own role, its newest code.

    Records of different code or environment are never mixed: the group that began last is judged. Within it a unit
    counts once, with its newest attempt, and only units that the protocol planned: adding seeds until the interval
    suits would be a stopping rule of its own. Where it plans looks, only units up to the last complete one count.
    """
    own = [record for record in records if record.claim == claim.id and record.tier == tier]
    sha = claim.measure_sha()
    measured = [record for record in own if record.measure_sha == sha and record.status != "skipped"]
    role = claim.role if any(record.role == claim.role for record in measured) else "exploratory"
    measured = [record for record in measured if record.role == role]
    attempts = 1 + max((record.attempt for record in measured), default=0)
    if measured:
        newest = max(measured, key=lambda record: record.started)
        group = (newest.code_sha, newest.environment_sha)
        measured = [record for record in measured if (record.code_sha, record.environment_sha) == group]
    look = _look(claim, tier, measured)
    planned = claim.seeds(tier)[: claim.looks(tier)[max(look - 1, 0)]]
    # Ascending attempts: a later one replaces an earlier; among equals the first stays, whatever it says.
    measured.sort(key=lambda record: (record.attempt, record.started, record.run))
    ok: dict[tuple[str, tuple[int, ...]], Record] = {}
    failed: dict[tuple[str, tuple[int, ...]], Record] = {}
    for record in measured:
        unit = (record.arm, record.seeds)
        if record.status == "failed":
            failed[unit] = record
        elif all(seed in planned for seed in record.seeds) and (unit not in ok or ok[unit].attempt < record.attempt):
            ok[unit] = record
    return Evidence(
        ok=tuple(ok[unit] for unit in sorted(ok)),
        failed=tuple(failed[unit] for unit in sorted(failed) if unit not in ok),
        tried=tuple(measured),
        role=role,
        attempts=attempts,
        refused=sum(record.measure_sha != sha for record in own),
        look=look,
    )


def _look(claim: Claim, tier: Tier, tried: Sequence[Record]) -> int:
    """How many looks had all their units tried, in every arm."""
    seen: dict[str, set[int]] = {arm.name: set() for arm in claim.arms}
    for record in tried:
        seen.get(record.arm, set()).update(record.seeds)
    seeds = claim.seeds(tier)
    return sum(all(own.issuperset(seeds[:look]) for own in seen.values()) for look in claim.looks(tier))


def values(claim: Claim, records: Sequence[Record], arm: str, metric: str) -> dict[int, float]:
    """Seed → the unit's value of a metric: a seed's value, or the median of a process's samples.

    Raises KeyError where a record lacks the metric.
    """
    found: dict[int, float] = {}
    for record in records:
        if record.arm != arm:
            continue
        if metric not in record.samples:
            raise KeyError(f"arm {arm}, seeds {list(record.seeds)}: no samples of {metric!r}")
        samples = record.samples[metric]
        if claim.protocol.unit == "process":
            found[record.seeds[0]] = statistics.median(samples)
        else:
            found.update(zip(record.seeds, samples, strict=True))
    return found


def sweeps(
    claim: Claim, records: Sequence[Record], arm: str, metric: str
) -> list[tuple[tuple[float, ...], list[float]]]:
    """One (sizes, costs) a unit of an arm, in order of seeds; raises KeyError where a record lacks the curve."""
    found: list[tuple[tuple[float, ...], list[float]]] = []
    for record in records:
        if record.arm != arm:
            continue
        curve: Curve | None = record.curves.get(metric)
        if curve is None:
            raise KeyError(f"arm {arm}, seeds {list(record.seeds)}: no curve of {metric!r}")
        if claim.protocol.unit == "process":
            found.append((curve.x, [statistics.median(samples) for samples in curve.y]))
        else:
            found += [(curve.x, list(line)) for line in curve.y]
    return found


def vary(records: Sequence[Record], arm: str) -> bool:
    """Whether anything that an arm's units recorded differs between them: else the seed changes nothing."""
    units: dict[tuple[str, str], set[object]] = {}
    for record in records:
        if record.arm == arm:
            for index in range(len(record.seeds)):
                for name, samples in record.samples.items():
                    units.setdefault(("samples", name), set()).add(samples[index : index + 1])
                for name, curve in record.curves.items():
                    units.setdefault(("curves", name), set()).add(curve.y[index : index + 1])
    return any(len(seen) > 1 for seen in units.values())


def fault(claim: Claim, evidence: Evidence) -> str:
    """Why the records may say nothing, or an empty string: gates, impossible times, mixed conditions, copies."""
    return _gate_fault(claim, evidence) or _unit_fault(evidence) or _timing_fault(claim, evidence)


def _where(record: Record) -> str:
    return f"arm {record.arm}, seeds {list(record.seeds)}"


def _gate_fault(claim: Claim, evidence: Evidence) -> str:
    # A gate that failed once is not forgotten when a second try of the same code passes.
    for record in evidence.tried:
        for name, gate in sorted(record.gates.items()):
            tolerance = claim.gates.get(name, gate.tolerance)
            if not gate.error <= tolerance:
                return f"{_where(record)}: gate {name!r} failed, error {gate.error:.3g} above {tolerance:.3g}"
    for record in evidence.ok:
        for name in claim.gates:
            if name not in record.gates:
                return f"{_where(record)}: gate {name!r} was not reported"
    return ""


def _unit_fault(evidence: Evidence) -> str:
    seen: set[tuple[str, int]] = set()
    for record in evidence.ok:
        for seed in record.seeds:
            if (record.arm, seed) in seen:
                return f"arm {record.arm}: seed {seed} stands in two records; one of them must go"
            seen.add((record.arm, seed))
    return ""


def _timing_fault(claim: Claim, evidence: Evidence) -> str:
    if claim.protocol.unit != "process":
        return ""
    copies: dict[tuple[object, ...], Record] = {}
    for record in evidence.ok:
        times = [*record.samples.get("latency_s", ())]
        times += [time for curve in record.curves.values() for samples in curve.y for time in samples]
        if not times:
            continue
        if not all(0 < time < math.inf for time in times):
            return f"{_where(record)}: a time that is not positive and finite"
        if record.floor_s is not None and min(times) < record.floor_s:
            return f"{_where(record)}: {min(times):.3g} s is below the roofline floor of {record.floor_s:.3g} s"
        twin = copies.setdefault((record.arm, *times), record)
        if twin is not record and len(times) > 2:
            return f"{_where(record)}: its times are those of seeds {list(twin.seeds)} to the last digit; it is a copy"
    regimes = [record.regime for record in evidence.ok if record.regime]
    for what in ("process", "clock", "threads"):
        found = sorted({str(getattr(regime, what)) for regime in regimes})
        if len(found) > 1:
            return f"timing conditions are mixed, {what}: {' and '.join(found)}; measure again with --fresh"
    return ""


def diverged(named: dict[str, dict[int, float]]) -> str:
    """Which units have no finite value, or an empty string."""
    bad = [f"{arm} seed {seed}" for arm, found in named.items() for seed, x in found.items() if not math.isfinite(x)]
    if not bad:
        return ""
    return f"no finite value: {', '.join(bad[:4])}" + (f" and {len(bad) - 4} more" if len(bad) > 4 else "")

"""From a claim's records to the units that a rule may use, or the reason why none may be used."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from claimbench.record import Curve, Record
from claimbench.spec import Claim, Tier

__all__ = ["Evidence", "collect", "values"]


@dataclass(frozen=True)
class Evidence:
    """The records that are judged."""

    ok: tuple[Record, ...]
    """One record a unit and arm."""
    failed: tuple[Record, ...]
    """Units that were tried and have no record that is ok."""
    role: str
    """Role of the records: the claim's own, or `exploratory` for a draft."""
    attempts: int
    """How often the claim was measured under this measurement, other code and environments included."""
    refused: int
    """Records of another measurement, left out."""


def collect(claim: Claim, tier: Tier, records: Sequence[Record]) -> Evidence:
    """The records of the claim at the tier that count: of its present measurement, its own role, its newest code.

    Records of different code or environment are never mixed: the group that began last is judged. Within it a unit
    counts once, with its newest attempt.
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
    ok: dict[tuple[str, tuple[int, ...]], Record] = {}
    failed: dict[tuple[str, tuple[int, ...]], Record] = {}
    # Ascending attempts: a later one replaces an earlier; among equals the first stays, whatever it says.
    for record in sorted(measured, key=lambda record: (record.attempt, record.started)):
        unit = (record.arm, record.seeds)
        if record.status == "failed":
            failed[unit] = record
        elif unit not in ok or ok[unit].attempt < record.attempt:
            ok[unit] = record
    return Evidence(
        ok=tuple(ok[unit] for unit in sorted(ok)),
        failed=tuple(failed[unit] for unit in sorted(failed) if unit not in ok),
        role=role,
        attempts=attempts,
        refused=sum(record.measure_sha != sha for record in own),
    )


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


def sweeps(claim: Claim, records: Sequence[Record], arm: str, metric: str) -> list[tuple[Sequence[float], list[float]]]:
    """One (sizes, costs) a unit of an arm; raises KeyError where a record lacks the curve."""
    found: list[tuple[Sequence[float], list[float]]] = []
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


def fault(claim: Claim, evidence: Evidence) -> str:
    """Why the records may say nothing, or an empty string: gates, roofline floor, mixed timing conditions."""
    for record in evidence.ok:
        where = f"arm {record.arm}, seeds {list(record.seeds)}"
        for name, tolerance in claim.gates.items():
            gate = record.gates.get(name)
            if gate is None:
                return f"{where}: gate {name!r} was not reported"
            if not gate.error <= tolerance:
                return f"{where}: gate {name!r} failed, error {gate.error:.3g} above {tolerance:.3g}"
        if record.floor_s is not None:
            for samples in record.samples.values():
                if samples and min(samples) < record.floor_s:
                    return f"{where}: {min(samples):.3g} s is below the roofline floor of {record.floor_s:.3g} s"
    if len({record.regime.process for record in evidence.ok if record.regime}) > 1:
        return "forked and fresh processes are mixed; measure again with --fresh"
    return ""


def diverged(named: dict[str, dict[int, float]]) -> str:
    """Which units have no finite value, or an empty string."""
    bad = [f"{arm} seed {seed}" for arm, found in named.items() for seed, x in found.items() if not math.isfinite(x)]
    if not bad:
        return ""
    return f"no finite value: {', '.join(bad[:4])}" + (f" and {len(bad) - 4} more" if len(bad) > 4 else "")

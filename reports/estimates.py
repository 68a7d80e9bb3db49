"""Units of a claim's records, and each unit's own effect: what figures and dashboards show behind an interval."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from claimbench.expectation import AtLeast, Difference, Equivalent, NotWorse, Part, Ratio
from claimbench.record import Record
from claimbench.spec import Claim

__all__ = ["leaf_name", "unit_effects", "unit_values"]


def leaf_name(leaf: Part) -> str:
    """A part of an expectation, by the arms that it compares."""
    metric = getattr(leaf, "metric", None)
    return " ".join(part for part in (leaf.kind, "/".join(leaf.arms_used()), metric) if part)


def unit_values(claim: Claim, trials: Sequence[Record], metric: str) -> list[float]:
    """One number a unit, in the order of its seeds: a process's median, or a seed's value.

    Of a sweep it is the value at the largest size.
    """
    values: list[float] = []
    for trial in sorted(trials, key=lambda trial: trial.seeds):
        if metric in trial.samples:
            own = trial.samples[metric]
            values += [statistics.median(own)] if claim.protocol.unit == "process" else own
        elif metric in trial.curves and claim.protocol.unit == "process":
            values.append(statistics.median(trial.curves[metric].y[-1]))
        elif metric in trial.curves:
            values += [line[-1] for line in trial.curves[metric].y]
    return values


def unit_effects(claim: Claim, leaf: Part, trials: Sequence[Record]) -> list[float]:
    """One effect a unit, where a single unit has one: unit i of the subject beside unit i of the baseline."""
    if not isinstance(leaf, AtLeast | Ratio | Difference | NotWorse | Equivalent):
        return []
    metric = leaf.metric or claim.metric.name
    values = [unit_values(claim, [t for t in trials if t.arm == arm], metric) for arm in leaf.arms_used()]
    if isinstance(leaf, AtLeast):
        return values[0]
    pairs = zip(*values, strict=False)
    higher = claim.metric.better == "higher"
    if isinstance(leaf, Ratio):
        return [a / b if higher else b / a for a, b in pairs]
    return [a - b if higher else b - a for a, b in pairs]

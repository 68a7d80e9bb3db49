"""Each unit's own value and effect: what figures, tables and dashboards show behind an interval."""

from __future__ import annotations

from collections.abc import Sequence

from claimbench.expectation import AtLeast, Difference, Equivalent, NotWorse, Part, Ratio, Within
from claimbench.means import scale_of
from claimbench.record import Record
from claimbench.spec import Claim
from claimbench.units import sweeps, values

__all__ = ["leaf_name", "unit_effects", "unit_values"]


def leaf_name(leaf: Part) -> str:
    """A part of an expectation, by the arms that it compares."""
    metric = getattr(leaf, "metric", None)
    return " ".join(part for part in (leaf.kind, "/".join(leaf.arms_used()), metric) if part)


def unit_values(claim: Claim, trials: Sequence[Record], arm: str, metric: str) -> list[float]:
    """One number a unit of the arm: a seed's value, or a process's median; of a sweep, at its largest size.

    Empty where no trial of the arm has the metric.
    """
    own = [trial for trial in trials if trial.arm == arm]
    sampled = [trial for trial in own if metric in trial.samples]
    if sampled:
        return list(values(claim, sampled, arm, metric).values())
    return [costs[-1] for _, costs in sweeps(claim, [trial for trial in own if metric in trial.curves], arm, metric)]


def unit_effects(claim: Claim, leaf: Part, trials: Sequence[Record]) -> list[float]:
    """One effect a unit, where a single unit has one: unit i of the subject beside unit i of the baseline."""
    if not isinstance(leaf, AtLeast | Ratio | Difference | NotWorse | Equivalent | Within):
        return []
    metric = leaf.metric or claim.metric.name
    columns = [unit_values(claim, trials, arm, metric) for arm in leaf.arms_used()]
    if isinstance(leaf, AtLeast | Within):
        return columns[0]
    pairs = zip(*columns, strict=False)
    higher = claim.metric.better == "higher"
    if scale_of(leaf) == "means":
        return []
    if scale_of(leaf) == "log":
        return [a / b if higher else b / a for a, b in pairs]
    return [a - b if higher else b - a for a, b in pairs]

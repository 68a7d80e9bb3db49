"""`claimbench tune`: the same grid, seeds and budget for every arm, on pilot seeds only.

A best value at an end of the grid voids the tuning: the optimum may lie beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from claimbench.errors import SpecError
from claimbench.run.session import run_claims
from claimbench.spec import AnyClaim, Claim, Tier, Tuning
from claimbench.store import Store

__all__ = ["ArmTuning", "Tuned", "tune", "with_value"]


@dataclass(frozen=True)
class ArmTuning:
    """What the grid gave for one arm."""

    arm: str
    """Arm name."""
    means: tuple[float, ...]
    """Mean of the metric over the pilot seeds, in the order of the grid; NaN where a run diverged or failed."""
    best: float
    """Value with the best mean."""
    on_edge: bool
    """Whether the best value is the first or last of the grid."""


@dataclass(frozen=True)
class Tuned:
    """Result of tuning a claim's arms."""

    claim: str
    """Claim id."""
    tuning: Tuning
    """Grid and seeds."""
    arms: tuple[ArmTuning, ...]
    """One result an arm that has the option."""

    @property
    def void(self) -> bool:
        """Whether some arm's best value lies on the edge of the grid."""
        return any(arm.on_edge for arm in self.arms)


def tune(claim: AnyClaim, tier: Tier, store: Store, on_event: Callable[[Any], None] | None = None) -> Tuned:
    """Run the claim's grid and return the mean of its metric for every arm and value.

    Raises SpecError where the claim has no grid or the tier no workload.
    """
    if not isinstance(claim, Claim) or claim.tuning is None:
        raise SpecError(
            f"{claim.id}: nothing to tune; give the claim a `tuning` field with option, grid and pilot seeds"
        )
    if tier not in claim.workloads:
        raise SpecError(f"{claim.id}: no workload at {tier}; it has {sorted(claim.workloads)}")
    tuning = claim.tuning
    variants = [with_value(claim, value) for value in tuning.grid]
    for variant in variants:
        run_claims([variant], tier, store, role="tuning", seeds=tuning.seeds, on_event=on_event)
    arms = [arm.name for arm in claim.arms if tuning.option in arm.options]
    means = {arm: tuple(_mean(variant, tuning, arm, store) for variant in variants) for arm in arms}
    return Tuned(claim.id, tuning, tuple(_best(claim, tuning, arm, means[arm]) for arm in arms))


def with_value(claim: Claim, value: float) -> Claim:
    """The claim with one value of its grid in every arm that has the option."""
    tuning = claim.tuning
    assert tuning is not None
    arms = tuple(
        arm.model_copy(update={"options": {**arm.options, tuning.option: value}})
        if tuning.option in arm.options
        else arm
        for arm in claim.arms
    )
    return claim.model_copy(update={"arms": arms})


def _mean(variant: Claim, tuning: Tuning, arm: str, store: Store) -> float:
    sha = variant.measure_sha()
    values = [
        value
        for record in store.records(claim=variant.id)
        if record.measure_sha == sha and record.role == "tuning" and record.arm == arm and record.status == "ok"
        for value in record.samples[tuning.metric or variant.metric.name]
    ]
    return float(np.mean(values)) if values else float("nan")


def _best(claim: Claim, tuning: Tuning, arm: str, means: tuple[float, ...]) -> ArmTuning:
    sign = 1.0 if claim.metric.better == "higher" else -1.0
    scores = [sign * mean if np.isfinite(mean) else -np.inf for mean in means]
    index = int(np.argmax(scores))
    return ArmTuning(arm, means, tuning.grid[index], on_edge=index in (0, len(tuning.grid) - 1))

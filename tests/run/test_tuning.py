"""Tuning: the same grid for every arm, pilot seeds only, and an edge that voids it."""

from __future__ import annotations

from pathlib import Path

import pytest
from run.builders import make_claim

from claimbench.errors import SpecError
from claimbench.spec import Arm, Claim, Tuning
from claimbench.store import Store
from claimbench.tuning import tune

ARMS = (
    Arm(name="ours", options={"rate": 1.0}),
    Arm(name="theirs", role="baseline", why_fair="alike", options={"rate": 1.0}),
    Arm(name="chance", role="control"),
)


def tunable(*grid: float) -> Claim:
    return make_claim("peaked", arms=ARMS, tuning=Tuning(option="rate", grid=grid, seeds=(1000, 1001)))


def test_the_best_value_inside_the_grid_is_found_for_every_tuned_arm(tmp_path: Path) -> None:
    tuned = tune(tunable(1.0, 2.0, 3.0), "smoke", Store(tmp_path))
    assert [(arm.arm, arm.best, arm.on_edge) for arm in tuned.arms] == [("ours", 2.0, False), ("theirs", 2.0, False)]
    assert tuned.arms[0].means == pytest.approx((-1 + 0.10005, 0.10005, -1 + 0.10005))
    assert not tuned.void
    records = Store(tmp_path).records()
    assert {record.role for record in records} == {"tuning"}
    assert {seed for record in records for seed in record.seeds} == {1000, 1001}


def test_a_best_value_on_the_edge_voids_the_tuning_and_divergence_never_wins(tmp_path: Path) -> None:
    tuned = tune(tunable(2.0, 3.0, 4.0), "smoke", Store(tmp_path))
    assert tuned.void
    assert tuned.arms[0].means[2] != tuned.arms[0].means[2]
    assert tuned.arms[0].best == 2.0


def test_a_claim_without_a_grid_and_a_tier_without_a_workload_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="nothing to tune"):
        tune(make_claim("good"), "smoke", Store(tmp_path))
    with pytest.raises(SpecError, match="no workload at cpu"):
        tune(tunable(1.0, 2.0, 3.0), "cpu", Store(tmp_path))

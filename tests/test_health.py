"""The controls of a run: what a placebo, a slowdown and the pooled false alarms say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from factories import TEN, record, units
from scipy import stats

from claimbench.health import IMPOSSIBLE, Health, assess
from claimbench.papers.house import PLACEBO, PLACEBO_GPU, POSITIVE_CONTROL, POSITIVE_CONTROL_GPU
from claimbench.protocol import Tier
from claimbench.record import Record

TEN_TIMES = [1e-3 * math.exp(0.05 * step) for step in TEN]


def column(rng: np.random.Generator, median: float, spread: float = 0.05, n: int = 10) -> list[float]:
    return (median * np.exp(rng.normal(0.0, spread, n))).tolist()


def controls(run: str, seed: int, *, b: float = 1e-3, slow: float = 1.5e-3, tier: Tier = "smoke") -> list[Record]:
    rng = np.random.default_rng(seed)
    placebo, control = (PLACEBO_GPU, POSITIVE_CONTROL_GPU) if tier == "gpu" else (PLACEBO, POSITIVE_CONTROL)
    return [
        *units(placebo, {"a": column(rng, 1e-3), "b": column(rng, b)}, run=run, tier=tier),
        *units(control, {"fast": column(rng, 1e-3), "slow": column(rng, slow)}, run=run, tier=tier),
    ]


def test_a_healthy_run() -> None:
    health = assess(controls("one", 1))
    assert not health.fault({"one"}, "smoke")
    assert health.runs == 1
    low, high = health.control_ratio["one"]
    assert 1.3 < low < 1.5 < high < 1.7


def test_placebo_p_is_welchs_on_logarithms_of_medians() -> None:
    rng = np.random.default_rng(2)
    a, b = column(rng, 1e-3), column(rng, 1.03e-3, 0.1)
    records = [
        record(PLACEBO, arm, (index,), samples={"latency_s": (x, x, 7.0)})
        for arm, xs in (("a", a), ("b", b))
        for index, x in enumerate(xs)
    ]
    assert 0.05 < (expected := stats.ttest_ind(np.log(a), np.log(b), equal_var=False).pvalue) < 0.95
    assert list(assess(records).placebo_p.values()) == [pytest.approx(expected)]


def test_the_placebo_says_how_far_two_processes_of_one_code_differ() -> None:
    rng = np.random.default_rng(6)
    a, b = column(rng, 1e-3, 0.05), column(rng, 1e-3, 0.1)
    health = assess(units(PLACEBO, {"a": a, "b": b}, run="one"))
    assert health.placebo_sd == {"one": pytest.approx(math.sqrt(np.log(a).var(ddof=1) + np.log(b).var(ddof=1)))}


def test_a_placebo_that_shows_something_condemns_its_run_alone() -> None:
    health = assess([*controls("good", 1), *controls("sick", 2, b=1.4e-3)])
    assert not health.fault({"good"}, "smoke")
    assert "placebo of run sick shows an effect" in health.fault({"good", "sick"}, "smoke")


def test_an_unseen_slowdown_condemns_the_run() -> None:
    health = assess(controls("blind", 3, slow=1e-3))
    assert "could not see a slowdown" in health.fault({"blind"}, "smoke")


def test_a_slowdown_seen_the_wrong_way_is_not_seen() -> None:
    assert "could not see" in assess(controls("turned", 3, slow=0.5e-3)).fault({"turned"}, "smoke")


def test_no_controls_no_belief() -> None:
    health = assess([])
    assert health == Health()
    assert "no placebo" in health.fault({"any"}, "smoke")
    assert not health.fault(set(), "smoke"), "nothing timed, nothing to doubt"
    assert math.isnan(health.rate)
    alone = assess(r for r in controls("one", 1) if r.role == "placebo")
    assert "no positive control" in alone.fault({"one"}, "smoke")


def test_an_interrupted_run_is_vouched_for_by_others() -> None:
    cut = [r for r in controls("cut", 2, b=9.0) if r.seeds[0] < 9]
    health = assess([*controls("one", 1), *cut])
    assert set(health.placebo_p) == set(health.control_ratio) == {"one"}, "half a control is none"
    assert not health.fault({"cut", "one"}, "smoke")


def test_a_gpu_is_vouched_for_by_a_gpu_and_a_processor_by_a_processor() -> None:
    smoke, cpu, gpu = (controls(tier, seed, tier=tier) for seed, tier in enumerate(("smoke", "cpu", "gpu"), 1))
    processor, device, both = assess([*smoke, *cpu]), assess(gpu), assess([*smoke, *gpu])
    assert (processor.gpu_runs, device.gpu_runs, both.gpu_runs) == (frozenset(), {"gpu"}, {"gpu"})
    for tier in ("smoke", "cpu"):
        assert not processor.fault({"cut"}, tier)
        assert not both.fault({"cut"}, tier)
        assert device.fault({"cut"}, tier).startswith("no placebo on a processor has run")
    for tier in ("gpu", "paper"):
        assert not device.fault({"cut"}, tier)
        assert not both.fault({"cut"}, tier)
        assert processor.fault({"cut"}, tier).startswith("no placebo on a GPU has run")
        assert not processor.fault(set(), tier)


def test_both_controls_must_come_from_the_same_kind_of_device() -> None:
    mixed = [
        *(r for r in controls("one", 1, tier="cpu") if r.role == "control"),
        *(r for r in controls("two", 2, tier="gpu") if r.role == "placebo"),
    ]
    health = assess(mixed)
    assert health.fault({"two"}, "gpu").startswith("no positive control on a GPU has run")
    assert health.fault({"one"}, "cpu").startswith("no placebo on a processor has run")


def test_half_a_control_on_a_gpu_vouches_for_nothing() -> None:
    cut = [r for r in controls("cut", 2, tier="gpu") if r.seeds[0] < 9]
    health = assess([*controls("one", 1), *cut])
    assert health.gpu_runs == frozenset()
    assert "on a GPU" in health.fault({"cut"}, "gpu")


def test_a_sick_gpu_condemns_its_own_runs() -> None:
    health = assess([*controls("one", 1), *controls("sick", 2, b=1.4e-3, tier="gpu")])
    assert "placebo of run sick shows an effect" in health.fault({"sick"}, "gpu")
    assert not health.fault({"one"}, "cpu")


def test_merged_copies_count_once() -> None:
    records = controls("one", 1)
    assert assess([*records, *records]) == assess(records)


def test_failed_controls_and_other_roles_are_not_heard() -> None:
    records = controls("one", 1)
    failed = [r.model_copy(update={"status": "failed", "reason": "killed"}) for r in records]
    confirmatory = [r.model_copy(update={"role": "confirmatory"}) for r in records]
    assert assess([*failed, *confirmatory]) == Health()


def test_identical_placebo_sides() -> None:
    same = units(PLACEBO, {"a": [1e-3] * 10, "b": [1e-3] * 10}, run="one")
    assert assess(same).placebo_p == {"one": 1.0}
    apart = units(PLACEBO, {"a": [1e-3] * 10, "b": [2e-3] * 10}, run="one")
    assert assess(apart).placebo_p == {"one": 0.0}


def test_false_alarms_pool_over_runs() -> None:
    quiet = {f"run{i}": 0.5 for i in range(57)}
    nominal = quiet | {f"alarm{i}": 0.04 for i in range(3)}
    assert (Health(placebo_p=nominal).rate, Health(placebo_p=nominal).false_alarms) == (0.05, 3)
    shifted = {arm: [median * math.exp(0.05 * step) for step in TEN] for arm, median in {"a": 1.0, "b": 1.037}.items()}
    health = assess(
        [*controls("quiet", 1), *(r for i in range(5) for r in units(PLACEBO, shifted, run=f"run{i}"))],
    )
    assert health.false_alarms == 5
    assert all(p > 1e-3 for p in health.placebo_p.values()), "no run alone is condemned"
    assert health.pooled_p == pytest.approx(stats.binomtest(5, 6, 0.05).pvalue)
    for tier in ("smoke", "gpu"):
        assert "5 of 6 placebos look like effects, far more than the 5 %" in health.fault({"run0"}, tier)


def test_too_few_false_alarms_are_no_better() -> None:
    health = assess(r for i in range(150) for r in units(PLACEBO, {"a": TEN_TIMES, "b": TEN_TIMES}, run=f"run{i}"))
    assert health.pooled_p == pytest.approx(stats.binomtest(0, 150, 0.05).pvalue)
    assert health.pooled_p < IMPOSSIBLE
    assert "0 of 150 placebos look like effects, far fewer than the 5 %" in health.fault({"run0"}, "smoke")


def test_order_of_records_says_nothing() -> None:
    records = [*controls("one", 1), *controls("two", 2)]
    forth, back = assess(records), assess(records[::-1])
    assert forth.placebo_p == pytest.approx(back.placebo_p)
    assert forth.control_ratio["two"] == pytest.approx(back.control_ratio["two"])


@pytest.mark.parametrize("runs", [1, 10, 57, 200])
def test_pooled_alarms_condemn_healthy_stores_one_time_in_a_thousand_and_sick_ones_soon(runs: int) -> None:
    alarms = np.arange(runs + 1)
    health = [Health(placebo_p={str(i): 0.04 if i < k else 0.5 for i in range(runs)}) for k in alarms]
    assert [one.false_alarms for one in health] == alarms.tolist()
    condemned = np.array([stats.binomtest(int(k), runs, 0.05).pvalue < IMPOSSIBLE for k in alarms])
    assert stats.binom.pmf(alarms, runs, 0.05)[condemned].sum() <= IMPOSSIBLE
    assert runs < 57 or stats.binom.pmf(alarms, runs, 0.25)[condemned].sum() > 0.9


def test_one_placebo_condemns_a_healthy_run_one_time_in_a_thousand() -> None:
    reps = 20_000
    x = np.random.default_rng(11).normal(0.0, 0.05, (2, reps, 10))
    seen = stats.ttest_ind(x[0], x[1], axis=1, equal_var=False).pvalue
    assert np.mean(seen < IMPOSSIBLE) <= IMPOSSIBLE + 3 * math.sqrt(IMPOSSIBLE / reps)
    spot = assess(units(PLACEBO, {"a": np.exp(x[0, 0]).tolist(), "b": np.exp(x[1, 0]).tolist()}, run="one"))
    assert spot.placebo_p["one"] == pytest.approx(seen[0])


def test_false_alarm_rate_is_nominal_and_the_slowdown_is_seen() -> None:
    runs = 300
    health = assess(r for seed in range(runs) for r in controls(f"run{seed:03d}", 10_000 + seed))
    spread = math.sqrt(0.05 * 0.95 / runs)
    assert abs(health.rate - 0.05) < 3 * spread
    assert health.pooled_p > 1e-3
    assert all(low > 1 for low, _ in health.control_ratio.values())
    covered = np.mean([low < 1.5 < high for low, high in health.control_ratio.values()])
    assert abs(covered - 0.95) < 3 * spread

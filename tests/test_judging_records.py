"""Which records are judged, and what makes them say nothing."""

from __future__ import annotations

import math
from random import Random

import pytest
from factories import (
    BAD,
    DIFFERENCE,
    EIGHT,
    FAST,
    GOOD,
    HEALTHY,
    RUN,
    SEVEN,
    around,
    changed,
    claim,
    gate,
    judged,
    lines,
    record,
    timing,
    units,
    unpaired,
)

from claimbench.expectation import Difference, Equivalent, NotWorse, Ratio, Slope
from claimbench.health import Health
from claimbench.record import Record
from claimbench.spec import Claim, Protocol, Tier
from claimbench.verdict import judge

RATIO = Ratio(subject="ours", baseline="theirs", at_least=2.0)


def of_quality(**changes: object) -> Claim:
    return claim(DIFFERENCE, **changes)


def failed(record: Record, why: str = "out of memory") -> Record:
    return changed(record, status="failed", reason=why, samples={})


# What says nothing.


@pytest.mark.parametrize(
    ("gates", "words"),
    [
        ({"before": gate(1e-3), "after": gate(1e-7)}, "gate 'before' failed, error 0.001 above 1e-05"),
        ({"before": gate(math.nan), "after": gate(1e-7)}, "gate 'before' failed, error nan"),
        ({"before": gate(1e-7)}, "gate 'after' was not reported"),
        ({"before": gate(1e-7), "after": gate(1e-3, tolerance=1.0)}, "gate 'after' failed, error 0.001 above 1e-05"),
    ],
)
def test_gate(gates: dict[str, object], words: str) -> None:
    of = timing(RATIO, gates={"before": 1e-5, "after": 1e-5})
    passed = {"before": gate(1e-7), "after": gate(1e-5)}
    records = units(of, FAST, gates=passed)
    assert judged(of, records).status == "REPRODUCED"
    seen = judged(of, [*records[:7], changed(records[7], gates=gates), *records[8:]])
    assert seen.status == "INVALID"
    assert words in seen.reason
    assert "ours, seeds [7]" in seen.reason
    assert not seen.parts


def test_a_gate_that_failed_once_is_not_forgotten() -> None:
    of = of_quality(gates={"finite": 0.0})
    records = units(of, GOOD, gates={"finite": gate(0.0)})
    first = failed(records[0].model_copy(update={"gates": {"finite": gate(1.0)}}), "gate 'finite' failed")
    again = [changed(records[0], attempt=1), *records[1:]]
    assert judged(of, again).status == "REPRODUCED"
    assert judged(of, [first, *again]).status == "INVALID"


def test_time_below_the_roofline() -> None:
    of = timing(RATIO)
    records = units(of, FAST, floor_s=9e-4)
    assert judged(of, records).status == "REPRODUCED"
    seen = judged(of, [*records[:-1], changed(records[-1], floor_s=1.0)])
    assert seen.status == "INVALID"
    assert "below the roofline floor of 1 s" in seen.reason


def test_sweep_below_the_roofline() -> None:
    of = timing(Slope(arm="ours", exponent=1.0, tolerance=0.2))
    records = lines(of, "ours", lambda size: 1e-6 * size)
    assert judged(of, [*records[:-1], changed(records[-1], floor_s=1.0)]).status == "INVALID"


@pytest.mark.parametrize(("field", "value"), [("process", "fresh"), ("threads", 2), ("clock", "cuda_event")])
def test_mixed_timing_conditions(field: str, value: object) -> None:
    of = timing(RATIO)
    records = units(of, FAST)
    assert records[0].regime is not None
    other = changed(records[0], regime=records[0].regime.model_copy(update={field: value}))
    seen = judged(of, [other, *records[1:]])
    assert seen.status == "INVALID"
    assert f"mixed, {field}" in seen.reason
    fresh = [changed(r, regime=other.regime) for r in records]
    assert judged(of, fresh).status == "REPRODUCED"


@pytest.mark.parametrize("time", [0.0, -1e-3, math.inf, math.nan])
def test_impossible_time(time: float) -> None:
    of = timing(RATIO)
    records = units(of, FAST)
    seen = judged(of, [changed(records[0], samples={"latency_s": (time,)}), *records[1:]])
    assert seen.status == "INVALID"
    assert "not positive and finite" in seen.reason


def test_a_copied_process_is_no_second_one() -> None:
    of = timing(RATIO)
    records = units(of, FAST)
    copied = (1.0e-3, 1.1e-3, 1.05e-3)
    twins = [changed(r, samples={"latency_s": copied}) if r.arm == "ours" and r.seeds[0] < 2 else r for r in records]
    seen = judged(of, twins)
    assert seen.status == "INVALID"
    assert "copy" in seen.reason


@pytest.mark.parametrize(("m", "need"), [(1, 6), (2, 7), (6, 8), (10, 9)])
def test_too_few_pairs(m: int, need: int) -> None:
    of = of_quality(protocol=Protocol(unit="seed", n={"smoke": 20}, n_min=2, paired=True))
    column = [0.9 + 0.001 * math.sin(index) for index in range(20)]
    for n in (need - 1, need):
        seen = judged(of, units(of, {"ours": column[:n], "theirs": [0.2] * n}), m=m)
        assert seen.status == ("REPRODUCED" if n == need else "INVALID"), seen.reason
    assert seen.n == {"ours": need, "theirs": need}
    short = judged(of, units(of, {"ours": column[: need - 1], "theirs": [0.2] * 20}), m=m)
    assert f"{need - 1} units of ours" in short.reason, "pairs count, not units"
    assert f"{need} are needed with m = {m}" in short.reason


def test_too_few_processes() -> None:
    of = timing(RATIO)
    seen = judged(of, units(of, {arm: column[:9] for arm, column in FAST.items()}))
    assert seen.status == "INVALID"
    assert "9 units of ours, 9 units of theirs, and 10 are needed" in seen.reason


def test_failures_are_named_where_units_lack() -> None:
    of = of_quality(protocol=Protocol(unit="seed", n={"smoke": 8}, n_min=7, paired=True))
    records = units(of, GOOD)
    two = [failed(r) if r.arm == "ours" and r.seeds[0] in (3, 5) else r for r in records]
    seen = judged(of, two)
    assert seen.status == "INVALID"
    assert "2 trials failed: ours [3]: out of memory; ours [5]: out of memory" in seen.reason
    one = [failed(r) if r.arm == "ours" and r.seeds[0] == 3 else r for r in records]
    assert judged(of, one).status == "REPRODUCED", "the others are enough"
    assert judged(of, one).n == {"ours": 7, "theirs": 7}


def test_every_trial_failed() -> None:
    of = of_quality()
    seen = judged(of, [failed(r, "no compiler") for r in units(of, GOOD)])
    assert seen.status == "INVALID"
    assert "every trial failed" in seen.reason
    assert "no compiler" in seen.reason


def test_nothing_measured_is_undecided() -> None:
    of = of_quality()
    seen = judged(of, [])
    assert (seen.status, seen.reason, seen.attempts) == ("INCONCLUSIVE", "not measured yet", 0)
    skipped = [changed(r, status="skipped", reason="no data", samples={}) for r in units(of, GOOD)]
    assert judged(of, skipped).status == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (Health(), "no placebo"),
        (Health(placebo_p={RUN: 1e-4}, control_ratio={RUN: (1.4, 1.6)}), "shows an effect"),
        (Health(placebo_p={RUN: 0.5}), "no positive control"),
        (Health(placebo_p={RUN: 0.5}, control_ratio={RUN: (0.9, 2.0)}), "could not see a slowdown"),
        (Health(placebo_p={RUN: 0.5}, control_ratio={RUN: (1.4, 1.6)}, pooled_p=1e-4), "look like effects"),
    ],
)
def test_timings_need_a_healthy_run(health: Health, words: str) -> None:
    of = timing(RATIO)
    seen = judged(of, units(of, FAST), health=health)
    assert seen.status == "INVALID"
    assert words in seen.reason
    quality = of_quality()
    assert judged(quality, units(quality, GOOD), health=health).status == "REPRODUCED", "quality needs no placebo"


def test_the_placebo_of_another_run_condemns_nothing() -> None:
    of = timing(RATIO)
    other = Health(placebo_p={RUN: 0.5, "sick": 1e-6}, control_ratio={RUN: (1.4, 1.6)})
    assert judged(of, units(of, FAST), health=other).status == "REPRODUCED"
    assert judged(of, units(of, FAST, run="cut short"), health=other).status == "REPRODUCED"
    assert judged(of, units(of, FAST, run="sick"), health=other).status == "INVALID"


def test_a_processor_s_controls_do_not_vouch_for_a_gpu() -> None:
    of = timing(RATIO, protocol=Protocol(unit="process", n={"smoke": 10, "gpu": 10}, n_min=2))
    of = of.model_copy(update={"workloads": {**of.workloads, "gpu": of.workloads["smoke"]}})
    own = HEALTHY.model_copy(update={"gpu_runs": frozenset({RUN})})
    cases: tuple[tuple[Tier, Health, Health, str], ...] = (
        ("smoke", HEALTHY, own, "a processor"),
        ("gpu", own, HEALTHY, "a GPU"),
    )
    for tier, good, bad, where in cases:
        records = units(of, FAST, tier=tier)
        assert judge(of, tier, 1, records, good).status == "REPRODUCED"
        seen = judge(of, tier, 1, records, bad)
        assert (seen.status, f"no placebo on {where}" in seen.reason) == ("INVALID", True)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_ratio_of_what_is_not_positive(value: float) -> None:
    of = unpaired(RATIO)
    seen = judged(of, units(of, {"ours": around(6.0, 0.1), "theirs": [value, *around(2.0, 0.1)[1:]]}))
    assert seen.status == "INVALID"
    assert "above zero" in seen.reason


def test_lacking_metric_is_named() -> None:
    of = of_quality()
    seen = judged(of, [changed(r, samples={"other": (1.0,)}) for r in units(of, GOOD)])
    assert seen.status == "INVALID"
    assert "no samples of 'score'" in seen.reason
    slope = timing(Slope(arm="ours", exponent=1.0, tolerance=0.1))
    seen = judged(slope, units(slope, {"ours": FAST["ours"]}))
    assert seen.status == "INVALID"
    assert "no curve of 'latency_s'" in seen.reason


def test_slope_of_different_sizes() -> None:
    of = timing(Slope(arm="ours", exponent=1.0, tolerance=0.2))
    records = lines(of, "ours", lambda size: 1e-6 * size)
    curve = records[0].curves["latency_s"]
    shorter = curve.model_copy(update={"x": curve.x[:4], "y": curve.y[:4]})
    seen = judged(of, [changed(records[0], curves={"latency_s": shorter}), *records[1:]])
    assert seen.status == "INVALID"
    assert "different sizes" in seen.reason


def test_one_seed_in_two_batches() -> None:
    of = unpaired(DIFFERENCE)
    overlapping = record(of, "ours", (0, 1), samples={"score": (0.9, 0.9)})
    seen = judged(of, [*units(of, GOOD), overlapping])
    assert seen.status == "INVALID"
    assert "stands in two records" in seen.reason


# What is undecided whatever the interval says.


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_diverged_units_are_named(value: float) -> None:
    of = of_quality()
    records = units(of, {**GOOD, "theirs": [*GOOD["theirs"][:7], value]})
    seen = judged(of, records)
    assert seen.status == "INCONCLUSIVE"
    assert "no finite value: theirs seed 7" in seen.reason
    assert seen.further_units is None


def test_diverged_curve_gives_no_slope() -> None:
    protocol = Protocol(unit="seed", n={"smoke": 4}, n_min=2)
    of = claim(Slope(arm="ours", exponent=1.0, tolerance=0.2), protocol=protocol)
    curve = lines(timing(of.expectation), "ours", lambda size: size)[0].curves["latency_s"]
    law = tuple(samples[0] for samples in curve.y)
    curves = [curve.model_copy(update={"y": (tuple(x * (1 + 0.01 * seed) for x in law),)}) for seed in range(3)] + [
        curve.model_copy(update={"y": ((*law[:4], math.nan),)})
    ]
    records = [record(of, "ours", (seed,), curves={"score": c}) for seed, c in enumerate(curves)]
    seen = judged(of, records)
    assert seen.status == "INCONCLUSIVE"
    assert "no slope can be given" in seen.reason


# Two of seven lie on the bound, one on its far side: the t interval excludes it, three of 128 sign patterns do not.
SKEWED = (0.015, 0.5, 0.51, 0.5, 0.52, 0.5, -0.05)


@pytest.mark.parametrize(
    ("expectation", "sign", "shift"),
    [
        pytest.param(DIFFERENCE, 1, 0.1, id="reproduced"),
        pytest.param(DIFFERENCE.model_copy(update={"at_least": 2.0}), 1, 0.0, id="partial, no effect"),
        pytest.param(DIFFERENCE.model_copy(update={"at_least": 2.0}), -1, 2.0, id="partial, threshold"),
        pytest.param(DIFFERENCE, -1, 0.0, id="contradicted"),
        pytest.param(DIFFERENCE.model_copy(update={"at_least": 2.0, "equivalence": 0.5}), 1, -0.5, id="no effect"),
        pytest.param(Equivalent(subject="ours", baseline="theirs", margin=1.0), 1, -1.0, id="inside, below"),
        pytest.param(Equivalent(subject="ours", baseline="theirs", margin=1.0), -1, 1.0, id="inside, above"),
        pytest.param(Equivalent(subject="ours", baseline="theirs", margin=1.0), 1, 1.0, id="outside, above"),
        pytest.param(Equivalent(subject="ours", baseline="theirs", margin=1.0), -1, -1.0, id="outside, below"),
        pytest.param(NotWorse(subject="ours", baseline="theirs", margin=1.0), 1, -1.0, id="not worse"),
        pytest.param(NotWorse(subject="ours", baseline="theirs", margin=1.0), -1, -1.0, id="worse"),
    ],
)
def test_tests_disagree(expectation: Difference | Equivalent | NotWorse, sign: int, shift: float) -> None:
    of = claim(expectation, protocol=Protocol(unit="seed", n={"smoke": 7}, n_min=6, paired=True))
    records = units(of, {"ours": [sign * d + shift for d in SKEWED], "theirs": [0.0] * 7})
    seen = judged(of, records, m=2)
    assert seen.status == "INCONCLUSIVE"
    effect = seen.parts[0].effect
    assert effect is not None
    assert not effect.low <= shift <= effect.high, "the t interval alone would decide"
    assert "tests disagree" in seen.reason
    alone = judged(of, records, m=1)
    assert alone.status in ("REPRODUCED", "PARTIAL", "CONTRADICTED"), "3/128 is enough for one comparison"


def test_seeds_that_change_nothing_are_no_evidence() -> None:
    of = of_quality()
    seen = judged(of, units(of, {"ours": [0.9] * 8, "theirs": [0.6] * 8}))
    assert seen.status == "INCONCLUSIVE"
    assert "the very same" in seen.reason


def test_saturated_scores_decide_where_the_seeds_did_something() -> None:
    of = of_quality()
    records = units(of, {"ours": [1.0] * 8, "theirs": [0.5] * 8})
    finer = [changed(r, samples={**r.samples, "loss": (0.1 * r.seeds[0],)}) for r in records]
    assert judged(of, finer).status == "REPRODUCED"


# Which records count.


def test_records_of_another_measurement_are_left_out() -> None:
    of = of_quality()
    stale = [changed(r, measure_sha="0" * 64) for r in units(of, GOOD)]
    seen = judged(of, stale)
    assert seen.status == "INCONCLUSIVE"
    assert "16 records of another measurement were left out" in seen.reason
    assert judged(of, [*units(of, BAD), *stale]).status == "CONTRADICTED"


def test_records_of_another_tier_or_claim_are_left_out() -> None:
    of = of_quality()
    others = [changed(r, tier="cpu") for r in units(of, BAD)] + [changed(r, claim="toy.worse") for r in units(of, BAD)]
    assert judged(of, [*others, *units(of, GOOD)]).status == "REPRODUCED"


def test_a_draft_is_judged_as_exploratory() -> None:
    of = of_quality(protocol=Protocol(unit="seed", n={"smoke": 8}, n_min=2, paired=False))
    draft = units(of, {arm: column[:3] for arm, column in GOOD.items()}, role="exploratory")
    seen = judged(of, draft, m=10)
    assert seen.qualifiers == ("exploratory",)
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.level == 0.95, "a draft stands outside the family"
    confirmed = judged(of, [*draft, *units(of, BAD)])
    assert confirmed.status == "CONTRADICTED"
    assert not confirmed.qualifiers, "confirmatory records put the draft's aside"


@pytest.mark.parametrize("role", ["tuning", "placebo"])
def test_other_roles_are_never_judged(role: str) -> None:
    of = of_quality()
    assert judged(of, units(of, GOOD, role=role)).reason.startswith("not measured yet")


@pytest.mark.parametrize("field", ["code_sha", "environment_sha"])
def test_newest_code_and_environment_only(field: str) -> None:
    of = of_quality()
    old = units(of, BAD)
    new = [changed(r, started="2026-02-" + r.started[8:], **{field: "new"}) for r in units(of, GOOD)]
    assert judged(of, [*old, *new]).status == "REPRODUCED"
    assert judged(of, [*new, *old]).status == "REPRODUCED"
    begun = judged(of, [*old, *new[:3]])
    assert begun.status == "INVALID", "what the new code lacks is not filled up with the old"


def test_newest_attempt_replaces_and_all_are_counted() -> None:
    of = of_quality()
    again = [changed(r, attempt=2) for r in units(of, GOOD)]
    seen = judged(of, [*again, *units(of, BAD)])
    assert (seen.status, seen.attempts) == ("REPRODUCED", 3)
    assert judged(of, units(of, BAD)).attempts == 1
    elsewhere = [changed(r, attempt=4, code_sha="old", started="2025" + r.started[4:]) for r in units(of, BAD)]
    assert judged(of, [*elsewhere, *again]).attempts == 5, "attempts with other code count too"


def test_among_equals_the_first_stays() -> None:
    of = of_quality()
    later = [changed(r, started="2026-01-02" + r.started[10:], run="later") for r in units(of, GOOD)]
    assert judged(of, [*later, *units(of, BAD)]).status == "CONTRADICTED"
    assert judged(of, [*units(of, BAD), *later]).status == "CONTRADICTED"


def test_seeds_beyond_the_plan_do_not_count() -> None:
    of = of_quality()
    seen = judged(of, [*units(of, BAD), *units(of, GOOD, first=8), *units(of, GOOD, first=1000)])
    assert seen.status == "CONTRADICTED"
    assert seen.n == {"ours": 8, "theirs": 8}


def test_batched_seeds_are_units_of_their_own() -> None:
    of = of_quality()
    batched = [record(of, arm, tuple(range(8)), samples={"score": tuple(column)}) for arm, column in GOOD.items()]
    singly, together = judged(of, units(of, GOOD)), judged(of, batched)
    assert together.model_dump(exclude={"attempts"}) == singly.model_dump(exclude={"attempts"})
    half = [record(of, arm, (0, 1), samples={"score": (0.5,)}) for arm in GOOD]
    assert judged(of, half).status == "INVALID", "a value is missing"


def test_pairs_are_matched_by_seed_not_by_position() -> None:
    of = of_quality(protocol=Protocol(unit="seed", n={"smoke": 8}, n_min=6, paired=True))
    level = [float(seed) for seed in range(8)]
    records = units(
        of, {"ours": [x + 0.3 + 0.01 * step for x, step in zip(level, EIGHT, strict=True)], "theirs": level}
    )
    missing = [r for r in records if (r.arm, r.seeds) not in {("ours", (0,)), ("theirs", (7,))}]
    Random(1).shuffle(missing)
    seen = judged(of, missing)
    assert seen.status == "REPRODUCED"
    assert seen.n == {"ours": 6, "theirs": 6}


def test_a_process_speaks_by_its_median() -> None:
    of = timing(RATIO)
    spiked = [changed(r, samples={"latency_s": (*r.samples["latency_s"] * 3, 5.0)}) for r in units(of, FAST)]
    plain, seen = judged(of, units(of, FAST)), judged(of, spiked)
    assert seen.parts == plain.parts


def test_odd_numbers_of_pairs_too() -> None:
    of = of_quality()
    columns = {"ours": around(0.9, 0.01, SEVEN), "theirs": around(0.6, 0.01, SEVEN[::-1])}
    assert judged(of, units(of, columns)).status == "REPRODUCED"

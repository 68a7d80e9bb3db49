"""Where the interval alone would decide and the judge does not: skewed pairs, no spread, hidden single samples."""

from __future__ import annotations

import math

import pytest
from factories import EIGHT, FORK, TEN, around, claim, judged, lines, record, timing, units, unpaired

from claimbench.expectation import AtLeast, Difference, Ratio, Slope
from claimbench.rules import Status
from claimbench.spec import Protocol

SEVEN_PAIRS = Protocol(unit="seed", n={"smoke": 7}, n_min=6, paired=True)
SKEWED = (0.015, 0.5, 0.51, 0.5, 0.52, 0.5, -0.05)
"""Its mean is above zero by the t interval at m = 2; of the 128 sign patterns three are as large, which is too many."""


@pytest.mark.parametrize(
    ("gains", "changes", "alone"),
    [
        pytest.param(SKEWED, {"at_least": 2.0}, "PARTIAL", id="partial, near nothing"),
        pytest.param([2.0 - x for x in SKEWED], {"at_least": 2.0}, "PARTIAL", id="partial, near the bar"),
        pytest.param([-x for x in SKEWED], {"at_least": 2.0}, "CONTRADICTED", id="the wrong way"),
        pytest.param([x - 0.5 for x in SKEWED], {"at_least": 1.0, "equivalence": 0.5}, "CONTRADICTED", id="no loss"),
        pytest.param([0.5 - x for x in SKEWED], {"at_least": 1.0, "equivalence": 0.5}, "CONTRADICTED", id="no gain"),
    ],
)
def test_the_exact_test_has_a_say_in_every_status(gains: list[float], changes: dict[str, float], alone: Status) -> None:
    expectation = Difference.model_validate({"subject": "ours", "baseline": "theirs", **changes})
    columns = {"ours": list(gains), "theirs": [0.0] * 7}
    of = claim(expectation, protocol=SEVEN_PAIRS)
    seen = judged(of, units(of, columns), m=2)
    assert seen.status == "INCONCLUSIVE"
    assert "tests disagree" in seen.reason
    wide = unpaired(expectation, n_min=2)
    assert judged(wide, units(wide, columns), m=2).status == alone, "by Welch's interval, where nothing is paired"


def test_few_units_without_spread_decide_nothing() -> None:
    of = unpaired(AtLeast(arm="ours", floor=0.9, reference=0.1), n_min=2)
    every = [
        one.model_copy(update={"samples": {**one.samples, "loss": (0.1 * one.seeds[0],)}})
        for one in units(of, {"ours": [1.0] * 6})
    ]
    assert judged(of, every).status == "REPRODUCED"
    seen = judged(of, every[:5])
    assert seen.status == "INCONCLUSIVE"
    assert "no spread in 5 units, and a test of signs needs 6" in seen.reason
    assert judged(of, every, m=4).status == "INCONCLUSIVE", "a family needs more"


def test_a_deterministic_baseline_does_not_silence_a_saturated_subject() -> None:
    of = claim(Difference(subject="ours", baseline="theirs", at_least=0.1))
    records = units(of, {"ours": [1.0] * 8, "theirs": [0.5] * 8})
    ours = [
        one.model_copy(update={"samples": {**one.samples, "loss": (0.1 * one.seeds[0],)}})
        for one in records
        if one.arm == "ours"
    ]
    theirs = [one for one in records if one.arm == "theirs"]
    assert judged(of, [*ours, *theirs]).status == "REPRODUCED"
    assert judged(of, records).status == "INCONCLUSIVE"


def test_equal_gains_of_unequal_pairs_have_no_spread_but_decide() -> None:
    of = claim(Difference(subject="ours", baseline="theirs", at_least=0.2))
    base = [float(seed) for seed in range(8)]
    seen = judged(of, units(of, {"ours": [x + 0.25 for x in base], "theirs": base}))
    assert seen.status == "REPRODUCED"
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.low == effect.high == 0.25


def test_exploratory_claims_need_only_their_own_minimum() -> None:
    protocol = Protocol(unit="seed", n={"smoke": 2}, n_min=2, paired=True)
    expectation = Difference(subject="ours", baseline="theirs", at_least=0.1)
    columns = {"ours": [0.9, 0.91], "theirs": [0.5, 0.52]}
    explored = claim(expectation, protocol=protocol, role="exploratory")
    seen = judged(explored, units(explored, columns), m=10)
    assert seen.status == "INCONCLUSIVE", "two pairs never convince the exact test"
    assert seen.qualifiers == ("exploratory",)
    assert seen.parts[0].effect is not None
    confirmed = claim(expectation, protocol=protocol)
    assert judged(confirmed, units(confirmed, columns)).status == "INVALID"


def test_one_sample_below_the_floor_is_enough() -> None:
    of = timing(Ratio(subject="ours", baseline="theirs", at_least=2.0))
    records = [
        record(
            of,
            arm,
            (index,),
            samples={"latency_s": (time, 1.1 * time, 1.2 * time)},
            regime=FORK,
            floor_s=1.05e-3 if (arm, index) == ("ours", 4) else 1e-4,
        )
        for arm, median in (("ours", 1e-3), ("theirs", 3e-3))
        for index, time in enumerate(around(median, 1e-5, TEN))
    ]
    seen = judged(of, records)
    assert seen.status == "INVALID"
    assert "ours, seeds [4]" in seen.reason
    sound = [one.model_copy(update={"floor_s": 1e-4}) for one in records]
    assert judged(of, sound).status == "REPRODUCED"


@pytest.mark.parametrize("bend", [-0.2, 0.2])
def test_no_power_law_either_way(bend: float) -> None:
    of = timing(Slope(arm="ours", exponent=1.0, tolerance=0.2))
    seen = judged(of, lines(of, "ours", lambda size: size * math.exp(bend * math.log(size / 256) ** 2)))
    assert seen.status == "INVALID"
    assert f"curvature {bend:.3f}" in seen.reason
    straight = judged(of, lines(of, "ours", lambda size: size * math.exp(bend / 4 * math.log(size / 256) ** 2)))
    assert straight.status == "REPRODUCED"


def test_a_pair_is_lost_with_either_of_its_units() -> None:
    of = claim(Difference(subject="ours", baseline="theirs", at_least=0.1))
    records = units(of, {"ours": around(0.9, 0.01), "theirs": around(0.6, 0.01, EIGHT[::-1])})
    seen = judged(of, [one for one in records if (one.arm, one.seeds) not in {("ours", (1,)), ("theirs", (2,))}])
    assert seen.n == {"ours": 6, "theirs": 6}
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.n == 6

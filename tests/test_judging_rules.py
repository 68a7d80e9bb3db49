"""Every kind of expectation through `judge`, and what holds of the verdict for any numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from factories import DIFFERENCE, EIGHT, TEN, around, checks, claim, judged, lines, record, timing, units, unpaired
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.expectation import (
    AllOf,
    AtLeast,
    Box,
    Difference,
    Equivalent,
    Exact,
    Expectation,
    NotWorse,
    Order,
    Part,
    Ratio,
    Slope,
    printed,
)
from claimbench.record import Curve
from claimbench.rules import DECIDED, Status
from claimbench.spec import Claim, Protocol

Make = Callable[..., Claim]


@pytest.mark.parametrize(
    ("mean", "spread", "changes", "status"),
    [
        (0.3, 0.01, {}, "REPRODUCED"),
        (0.05, 0.01, {}, "PARTIAL"),
        (-0.05, 0.01, {}, "CONTRADICTED"),
        (0.0, 0.01, {}, "INCONCLUSIVE"),
        (0.0, 0.01, {"equivalence": 0.03}, "CONTRADICTED"),
        (0.0, 0.08, {"equivalence": 0.03}, "INCONCLUSIVE"),
        (0.0, 0.08, {"is_floor": True}, "CONTRADICTED"),
        (0.05, 0.01, {"is_floor": True}, "PARTIAL"),
        (0.12, 0.3, {}, "INCONCLUSIVE"),
    ],
)
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_difference(
    mean: float, spread: float, changes: dict[str, object], status: Status, paired: bool, better: str
) -> None:
    make = claim if paired else unpaired
    of = make(DIFFERENCE.model_copy(update=changes), better=better)
    sign = 1 if better == "higher" else -1
    base = around(1.0, 0.2) if paired else [1.0] * 8
    ours = [b + sign * d for b, d in zip(base, around(mean, spread), strict=True)]
    seen = judged(of, units(of, {"ours": ours, "theirs": base}))
    assert seen.status == status, seen.reason
    assert seen.n == {"ours": 8, "theirs": 8}
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.estimate == pytest.approx(mean, abs=1e-12), "oriented: larger favours the claim"
    assert (seen.further_units is not None) == (status == "INCONCLUSIVE" and mean > 0)
    if status == "CONTRADICTED" and "equivalence" in changes:
        assert "no effect beyond ±0.03" in seen.reason


@pytest.mark.parametrize(
    ("better", "floor", "reference", "value", "status"),
    [
        ("higher", 0.8, 0.1, 0.9, "REPRODUCED"),
        ("higher", 0.8, 0.1, 0.5, "PARTIAL"),
        ("higher", 0.8, 0.1, 0.05, "CONTRADICTED"),
        ("higher", 0.8, 0.1, 0.8, "INCONCLUSIVE"),
        ("lower", 3.0, 8.0, 2.0, "REPRODUCED"),
        ("lower", 3.0, 8.0, 5.0, "PARTIAL"),
        ("lower", 3.0, 8.0, 9.0, "CONTRADICTED"),
        ("lower", 3.0, 8.0, 8.0, "INCONCLUSIVE"),
    ],
)
def test_at_least(better: str, floor: float, reference: float, value: float, status: Status) -> None:
    of = claim(AtLeast(arm="ours", floor=floor, reference=reference), better=better)
    seen = judged(of, units(of, {"ours": around(value, 0.01)}))
    assert seen.status == status, seen.reason
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.low < effect.estimate < effect.high
    assert effect.estimate == pytest.approx(value)
    assert effect.threshold == floor


def processes(ratio: float, spread: float = 0.02) -> dict[str, list[float]]:
    """Latencies whose geometric means stand in a ratio."""
    return {
        "ours": [1e-3 * math.exp(spread * step) for step in TEN],
        "theirs": [1e-3 * ratio * math.exp(spread * step) for step in TEN],
    }


@pytest.mark.parametrize(
    ("ratio", "spread", "is_floor", "status"),
    [
        (3.0, 0.02, False, "REPRODUCED"),
        (1.5, 0.02, False, "PARTIAL"),
        (0.5, 0.02, False, "CONTRADICTED"),
        (1.0, 0.02, False, "INCONCLUSIVE"),
        (1.0, 0.02, True, "CONTRADICTED"),
        (1.5, 0.02, True, "PARTIAL"),
        (2.5, 0.9, False, "INCONCLUSIVE"),
    ],
)
def test_ratio(ratio: float, spread: float, is_floor: bool, status: Status) -> None:
    of = timing(Ratio(subject="ours", baseline="theirs", at_least=2.0, is_floor=is_floor))
    seen = judged(of, units(of, processes(ratio, spread)))
    assert seen.status == status, seen.reason
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.estimate == pytest.approx(ratio), "in natural units, not logarithms"
    assert effect.low * effect.high == pytest.approx(ratio**2)
    assert (effect.reference, effect.unit) == (1.0, "1")
    assert effect.detectable is not None
    assert effect.detectable > 1


def test_ratio_of_scores_is_oriented_too() -> None:
    of = unpaired(Ratio(subject="ours", baseline="theirs", at_least=2.0), better="higher")
    assert judged(of, units(of, {"ours": around(6.0, 0.1), "theirs": around(2.0, 0.1)})).status == "REPRODUCED"


def test_a_bar_that_the_spread_cannot_show_is_not_passed() -> None:
    of = timing(Ratio(subject="ours", baseline="theirs", at_least=1.1))
    seen = judged(of, units(of, processes(1.9, 0.5)))
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.detectable is not None
    assert effect.low > 1.1, "the interval alone would pass it"
    assert effect.detectable > 1.1
    assert seen.status == "INCONCLUSIVE"
    assert "closer to 1 than" in seen.reason
    assert seen.further_units is not None
    # Detectable shrinks as the half-width does: log(detectable) must come down to log(1.1).
    assert seen.further_units >= 10 * (math.log(effect.detectable) / math.log(1.1)) ** 2 - 11


def test_a_training_is_judged_by_its_interval_alone() -> None:
    protocol = Protocol(unit="seed", n={"smoke": 10}, n_min=2)
    of = unpaired(Ratio(subject="ours", baseline="theirs", at_least=1.1), better="lower", protocol=protocol)
    seen = judged(of, units(of, processes(1.9, 0.5)))
    assert seen.status == "REPRODUCED"


MARGINS = [
    (NotWorse(subject="ours", baseline="theirs", margin=0.05), (0.0, "REPRODUCED"), (0.3, "REPRODUCED")),
    (NotWorse(subject="ours", baseline="theirs", margin=0.05), (-0.1, "CONTRADICTED"), (-0.05, "INCONCLUSIVE")),
    (Equivalent(subject="ours", baseline="theirs", margin=0.05), (0.0, "REPRODUCED"), (0.3, "CONTRADICTED")),
    (Equivalent(subject="ours", baseline="theirs", margin=0.05), (-0.1, "CONTRADICTED"), (-0.05, "INCONCLUSIVE")),
]


@pytest.mark.parametrize(("expectation", "first", "second"), MARGINS)
@pytest.mark.parametrize("make", [claim, unpaired])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_not_worse_and_equivalent(
    expectation: Expectation, first: tuple[float, Status], second: tuple[float, Status], make: Make, better: str
) -> None:
    of = make(expectation, better=better)
    sign = 1 if better == "higher" else -1
    for mean, status in (first, second):
        records = units(of, {"ours": around(1 + sign * mean, 0.01), "theirs": [1.0] * 8})
        seen = judged(of, records)
        assert seen.status == status, (mean, seen.reason)
        assert seen.further_units is None or status == "INCONCLUSIVE"


SLOPE = Slope(arm="ours", exponent=1.0, tolerance=0.2)


@pytest.mark.parametrize(
    ("power", "spread", "status"),
    [(1.0, 0.02, "REPRODUCED"), (2.0, 0.02, "CONTRADICTED"), (0.5, 0.02, "CONTRADICTED"), (1.19, 0.1, "INCONCLUSIVE")],
)
def test_slope(power: float, spread: float, status: Status) -> None:
    of = timing(SLOPE)
    seen = judged(of, lines(of, "ours", lambda size: 1e-6 * size**power, spread=spread))
    assert seen.status == status, seen.reason
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.estimate == pytest.approx(power)
    assert (seen.further_units is not None) == (status == "INCONCLUSIVE")


def test_a_slope_of_what_is_no_power_law_says_nothing() -> None:
    of = timing(Slope(arm="ours", exponent=0.5, tolerance=0.1))
    seen = judged(of, lines(of, "ours", lambda size: 1e-6 * (256 + size)))
    assert seen.status == "INVALID"
    assert "no power law" in seen.reason
    lax = timing(Slope(arm="ours", exponent=0.5, tolerance=0.1, max_curvature=1.0))
    assert judged(lax, lines(lax, "ours", lambda size: 1e-6 * (256 + size))).status == "REPRODUCED"


def test_slope_of_seeds_takes_one_line_a_seed() -> None:
    protocol = Protocol(unit="seed", n={"smoke": 3}, n_min=3, seeds_per_trial=3)
    of = claim(SLOPE, protocol=protocol)
    curve = Curve(x=(1, 2, 4), y=((1, 2, 4), (2, 4, 8), (3, 6, 12.1)))
    seen = judged(of, [record(of, "ours", (0, 1, 2), curves={"score": curve})])
    assert seen.status == "REPRODUCED"
    assert seen.n == {"ours": 3}


ORDER = Order(arms=("best", "middle", "worst"), at_least=0.1)


@pytest.mark.parametrize(
    ("means", "status"),
    [
        ((0.9, 0.6, 0.3), "REPRODUCED"),
        ((0.9, 0.6, 0.55), "PARTIAL"),
        ((0.9, 0.3, 0.6), "CONTRADICTED"),
        ((0.6, 0.9, 0.3), "CONTRADICTED"),
        ((0.9, 0.6, 0.6), "INCONCLUSIVE"),
        ((0.6, 0.9, 0.9), "CONTRADICTED"),
    ],
)
@pytest.mark.parametrize("make", [claim, unpaired])
def test_order(means: tuple[float, float, float], status: Status, make: Make) -> None:
    of = make(ORDER)
    patterns = (EIGHT, EIGHT[::-1], (*EIGHT[4:], *EIGHT[:4]))
    columns = {arm: around(mean, 0.01, pattern) for arm, mean, pattern in zip(ORDER.arms, means, patterns, strict=True)}
    seen = judged(of, units(of, columns), m=2)
    assert seen.status == status, seen.reason
    if status == "PARTIAL":
        assert seen.reason == "of 2 parts 1 reproduced, 1 smaller than asked"
    assert [part.kind for part in seen.parts] == ["order", "order"]
    assert seen.n == dict.fromkeys(ORDER.arms, 8)


EXACT = Exact(boxes={"ratio": printed("4.6"), "error": Box(high=1e-6)})


def exact() -> Claim:
    return claim(EXACT, kind="identity", protocol=Protocol(unit="deterministic"))


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        ({"ratio": 4.6, "error": 1e-7}, "REPRODUCED", ""),
        ({"ratio": (4.64, 4.9), "error": 1e-6}, "REPRODUCED", ""),
        ({"ratio": (4.66, 4.9), "error": 1e-7}, "CONTRADICTED", "ratio: 4.66 is above 4.65"),
        ({"ratio": 4.6, "error": 1.0}, "CONTRADICTED", "error: 1 is above 1e-06"),
        ({"ratio": 4.6, "error": math.nan}, "INVALID", "error: [nan, nan] is no interval"),
        ({"ratio": 4.6}, "INVALID", "differ in error"),
        ({"ratio": 4.6, "error": 0.0, "more": 1.0}, "INVALID", "differ in more"),
    ],
)
def test_exact(values: dict[str, float | tuple[float, float]], status: Status, words: str) -> None:
    of = exact()
    seen = judged(of, [checks(of, values)])
    assert seen.status == status
    assert words in seen.reason


def test_exact_checks_may_come_from_several_arms_but_not_twice() -> None:
    of = exact()
    apart = [checks(of, {"ratio": 4.6}, "ours"), checks(of, {"error": 0.0}, "theirs")]
    assert judged(of, apart).status == "REPRODUCED"
    twice = [checks(of, {"ratio": 9.0, "error": 0.0}, "ours"), checks(of, {"ratio": 4.6, "error": 0.0}, "theirs")]
    for records in (twice, twice[::-1]):
        seen = judged(of, records)
        assert seen.status != "REPRODUCED", "one arm's good check must not hide another's bad one"


ONE, TWO = DIFFERENCE, Difference(subject="ours", baseline="third", at_least=0.1)


@pytest.mark.parametrize(
    ("theirs", "third", "status"),
    [
        (0.5, 0.5, "REPRODUCED"),
        (0.5, 0.95, "PARTIAL"),
        (0.5, 1.5, "PARTIAL"),
        (0.95, 1.5, "CONTRADICTED"),
        (1.0, 1.5, "CONTRADICTED"),
        (0.5, 1.0, "INCONCLUSIVE"),
        (0.95, 0.95, "PARTIAL"),
    ],
)
def test_all_of(theirs: float, third: float, status: Status) -> None:
    of = claim(AllOf(parts=(ONE, TWO)))
    columns = {"ours": around(1.0, 0.01), "theirs": around(theirs, 0.01, EIGHT[::-1])}
    columns["third"] = around(third, 0.01, EIGHT[::-1])
    seen = judged(of, units(of, columns), m=2)
    assert seen.status == status, seen.reason
    assert len(seen.parts) == 2


def test_a_part_that_says_nothing_spoils_the_whole() -> None:
    of = claim(AllOf(parts=(ONE, TWO)))
    seen = judged(of, units(of, {"ours": around(1.0, 0.01), "theirs": around(0.5, 0.01)}))
    assert seen.status == "INVALID"
    assert "0 units of third" in seen.reason
    assert seen.parts[0].status == "REPRODUCED"


def test_a_share_of_alpha_each() -> None:
    of = unpaired(DIFFERENCE)
    columns = {"ours": around(0.18, 0.09), "theirs": [0.0] * 8}
    alone, family = judged(of, units(of, columns), m=1), judged(of, units(of, columns), m=20)
    assert (alone.status, family.status) == ("REPRODUCED", "INCONCLUSIVE")
    assert family.parts[0].effect is not None
    assert family.parts[0].effect.level == pytest.approx(0.9975)


def two_arms(kind: str, scale: float) -> Part:
    if kind == "difference":
        return Difference(subject="ours", baseline="theirs", at_least=0.1 * scale, equivalence=0.02 * scale)
    if kind == "ratio":
        return Ratio(subject="ours", baseline="theirs", at_least=1.2)
    if kind == "not_worse":
        return NotWorse(subject="ours", baseline="theirs", margin=0.1 * scale)
    return Equivalent(subject="ours", baseline="theirs", margin=0.1 * scale)


COLUMN = st.lists(st.floats(0.25, 4.0, allow_subnormal=False), min_size=7, max_size=7)


@given(
    ours=COLUMN,
    theirs=COLUMN,
    kind=st.sampled_from(["difference", "ratio", "not_worse", "equivalent"]),
    paired=st.booleans(),
    exponent=st.integers(-30, 30),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=80, deadline=None)
def test_units_order_and_names_do_not_matter(
    ours: list[float], theirs: list[float], kind: str, paired: bool, exponent: int, random: Random
) -> None:
    make = claim if paired else unpaired
    scale = 2.0**exponent
    of = make(two_arms(kind, 1.0))
    records = units(of, {"ours": ours, "theirs": theirs})
    seen = judged(of, records)
    assert seen.status in (*DECIDED, "INCONCLUSIVE")

    shuffled = list(records)
    random.shuffle(shuffled)
    assert judged(of, shuffled) == seen

    scaled = make(two_arms(kind, scale))
    columns = {"ours": [scale * x for x in ours], "theirs": [scale * x for x in theirs]}
    again = judged(scaled, units(scaled, columns))
    # A ratio's logarithms are rounded anew, which may move a tie of two sign patterns.
    assert again.status == seen.status or kind == "ratio"

    names = make(two_arms(kind, 1.0).model_copy(update={"subject": "zeta", "baseline": "alpha"}))
    renamed = judged(names, units(names, {"alpha": theirs, "zeta": ours}))
    assert (renamed.status, renamed.further_units) == (seen.status, seen.further_units)


@given(ours=COLUMN, theirs=COLUMN, paired=st.booleans())
@settings(max_examples=60, deadline=None)
def test_both_sides_cannot_win(ours: list[float], theirs: list[float], paired: bool) -> None:
    make = claim if paired else unpaired
    of = make(DIFFERENCE)
    forth = judged(of, units(of, {"ours": ours, "theirs": theirs})).status
    back = judged(of, units(of, {"ours": theirs, "theirs": ours})).status
    if forth in ("REPRODUCED", "PARTIAL"):
        assert back == "CONTRADICTED"
    higher, lower = make(DIFFERENCE), make(DIFFERENCE, better="lower")
    mirrored = judged(lower, units(lower, {"ours": theirs, "theirs": ours})).status
    assert mirrored == judged(higher, units(higher, {"ours": ours, "theirs": theirs})).status


@given(ours=COLUMN, theirs=COLUMN, up=st.floats(0, 4), paired=st.booleans())
@settings(max_examples=60, deadline=None)
def test_better_values_are_never_judged_worse(ours: list[float], theirs: list[float], up: float, paired: bool) -> None:
    of = (claim if paired else unpaired)(DIFFERENCE)
    before = judged(of, units(of, {"ours": ours, "theirs": theirs})).status
    after = judged(of, units(of, {"ours": [x + up for x in ours], "theirs": theirs})).status
    if before == "REPRODUCED":
        assert after == "REPRODUCED"
    if before != "CONTRADICTED":
        assert after != "CONTRADICTED"

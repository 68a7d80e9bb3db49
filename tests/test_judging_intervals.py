"""From the ends of an interval to a status: every row of the table, and what holds of the rules for any numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from claimbench.expectation import (
    printed,
)
from claimbench.rules import DECIDED, Status, combine, decide, decide_box, decide_inside, decide_not_worse, more_units

ENDS = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(sorted)
RANK: dict[Status, int] = {"CONTRADICTED": 0, "INCONCLUSIVE": 1, "PARTIAL": 2, "REPRODUCED": 3}


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (0.10, 0.20, "REPRODUCED"),
        (0.15, 0.20, "REPRODUCED"),
        (0.01, 0.09, "PARTIAL"),
        (0.01, 0.10, "INCONCLUSIVE"),
        (0.00, 0.09, "INCONCLUSIVE"),
        (-0.20, -0.01, "CONTRADICTED"),
        (-0.20, 0.00, "INCONCLUSIVE"),
        (-0.20, 0.20, "INCONCLUSIVE"),
        (-math.inf, math.inf, "INCONCLUSIVE"),
        (math.nan, math.nan, "INCONCLUSIVE"),
    ],
)
def test_interval_to_status(low: float, high: float, status: Status) -> None:
    assert decide(low, high, 0.0, 0.1) == status


def test_no_effect_and_floor() -> None:
    assert decide(-0.02, 0.02, 0.0, 0.1, 0.03) == "CONTRADICTED"
    assert decide(-0.03, 0.02, 0.0, 0.1, 0.03) == "INCONCLUSIVE"
    assert decide(0.01, 0.02, 0.0, 0.1, 0.03) == "PARTIAL", "a small gain is seen before it is called none"
    assert decide(-0.2, 0.09, 0.0, 0.1, is_floor=True) == "CONTRADICTED"
    assert decide(-0.2, 0.11, 0.0, 0.1, is_floor=True) == "INCONCLUSIVE"
    assert decide(0.01, 0.09, 0.0, 0.1, is_floor=True) == "PARTIAL"


@given(ends=ENDS, reference=st.floats(-10, 10), gap=st.floats(0, 10), delta=st.floats(0, 5), floor=st.booleans())
def test_every_interval_has_one_status(
    ends: list[float], reference: float, gap: float, delta: float, floor: bool
) -> None:
    status = decide(*ends, reference, reference + gap, delta, is_floor=floor)
    assert status in (*DECIDED, "INCONCLUSIVE")
    if status == "REPRODUCED":
        assert ends[0] >= reference
    if status == "CONTRADICTED":
        assert ends[0] <= reference or ends[1] < reference + delta


@given(ends=ENDS, up=st.floats(0, 1e6), gap=st.floats(0, 10), floor=st.booleans())
def test_a_larger_effect_is_never_judged_worse(ends: list[float], up: float, gap: float, floor: bool) -> None:
    before = decide(*ends, 0.0, gap, is_floor=floor)
    after = decide(ends[0] + up, ends[1] + up, 0.0, gap, is_floor=floor)
    if before == "PARTIAL":
        assert after != "CONTRADICTED", "the upper end may pass the threshold first, which leaves the size open"
    else:
        assert RANK[after] >= RANK[before]


@given(ends=ENDS, shrink=st.floats(0, 1), gap=st.floats(0, 10), share=st.floats(0, 0.99), floor=st.booleans())
def test_a_narrower_interval_reverses_nothing(
    ends: list[float], shrink: float, gap: float, share: float, floor: bool
) -> None:
    delta = share * gap
    middle = (ends[0] + ends[1]) / 2
    narrow = [middle + shrink * (end - middle) for end in ends]
    assume(ends[0] <= narrow[0] and narrow[1] <= ends[1])
    before, after = (decide(*pair, 0.0, gap, delta, is_floor=floor) for pair in (ends, narrow))
    if before in ("REPRODUCED", "PARTIAL"):
        assert after == before
    if before == "CONTRADICTED":
        assert after in ("CONTRADICTED", "PARTIAL"), "a floor that is missed may still turn out a small gain"
        assert after == before or floor or delta


@given(ends=ENDS, margin=st.floats(1e-3, 1e3))
def test_margins(ends: list[float], margin: float) -> None:
    low, high = ends
    equivalent, not_worse = decide_inside(low, high, -margin, margin), decide_not_worse(low, high, margin)
    if equivalent == "REPRODUCED" and low > -margin:
        assert not_worse == "REPRODUCED"
    if not_worse == "CONTRADICTED":
        assert equivalent == "CONTRADICTED"
    assert decide_inside(-high, -low, -margin, margin) == equivalent, "equivalence knows no better side"


@pytest.mark.parametrize(
    ("ends", "status", "words"),
    [
        ((4.55, 4.65), "REPRODUCED", ""),
        ((4.65, 4.70), "REPRODUCED", ""),
        ((4.66, 4.66), "CONTRADICTED", "above 4.65 by 0.01"),
        ((4.0, 4.5), "CONTRADICTED", "below 4.55 by 0.05"),
        ((math.nan, math.nan), "INVALID", "no interval"),
        ((math.inf, math.inf), "CONTRADICTED", "above"),
    ],
)
def test_box(ends: tuple[float, float], status: Status, words: str) -> None:
    seen, reason = decide_box(*ends, printed("4.6"))
    assert seen == status
    assert words in reason


STATUSES = st.lists(st.sampled_from(sorted(RANK)), min_size=1, max_size=5)


@given(STATUSES)
def test_conjunction(statuses: list[Status]) -> None:
    whole = combine(statuses)
    assert whole == combine(statuses[::-1]), "the order of the parts says nothing"
    assert (whole == "REPRODUCED") == (set(statuses) == {"REPRODUCED"})
    assert (whole == "CONTRADICTED") == ("CONTRADICTED" in statuses and "REPRODUCED" not in statuses)
    assert combine([*statuses, "INVALID"]) == "INVALID"
    if whole == "INCONCLUSIVE":
        assert "INCONCLUSIVE" in statuses


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        (["REPRODUCED", "PARTIAL"], "PARTIAL"),
        (["PARTIAL", "PARTIAL"], "PARTIAL"),
        (["REPRODUCED", "CONTRADICTED"], "PARTIAL"),
        (["REPRODUCED", "CONTRADICTED", "INCONCLUSIVE"], "PARTIAL"),
        (["PARTIAL", "CONTRADICTED"], "CONTRADICTED"),
        (["REPRODUCED", "INCONCLUSIVE"], "INCONCLUSIVE"),
    ],
)
def test_conjunction_table(statuses: list[Status], whole: Status) -> None:
    assert combine(statuses) == whole


def test_nearest_bound_decides_how_many_more() -> None:
    assert more_units(8, 0.25, 0.5, (0.0, 0.125)) == 120
    assert more_units(8, 0.125, 0.2, (0.0, 0.125)) is None

"""What is said beside the status: qualifiers, the words of a tier, the gap to the published figure."""

from __future__ import annotations

import pytest
from factories import (
    BAD,
    DIFFERENCE,
    EIGHT,
    FAST,
    GOOD,
    HEALTHY,
    around,
    changed,
    checks,
    claim,
    judged,
    lines,
    record,
    timing,
    units,
    unpaired,
)
from pydantic import ValidationError

from claimbench.effect import Effect, Verdict, gap
from claimbench.expectation import AllOf, AtLeast, Box, Difference, Equivalent, Exact, NotWorse, Slope
from claimbench.spec import TIERS, Arm, NotTestable, Protocol, Source
from claimbench.verdict import judge, not_testable


def qualified(expectation: Difference | AtLeast, value: float, better: str = "higher") -> tuple[str, ...]:
    of = unpaired(expectation, better=better)
    return judged(of, units(of, {"ours": around(value, 0.01), "theirs": [0.0] * 8})).qualifiers


@pytest.mark.parametrize(("value", "qualifiers"), [(0.5, ("exceeds",)), (0.3, ("faithful",)), (0.2, ()), (0.05, ())])
def test_exceeds_and_faithful(value: float, qualifiers: tuple[str, ...]) -> None:
    assert qualified(DIFFERENCE.model_copy(update={"published": 0.3}), value) == qualifiers


@pytest.mark.parametrize(("value", "qualifiers"), [(1.5, ("exceeds",)), (2.0, ("faithful",)), (2.5, ())])
def test_below_a_published_ceiling_is_better(value: float, qualifiers: tuple[str, ...]) -> None:
    assert qualified(AtLeast(arm="ours", floor=3.0, reference=8.0, published=2.0), value, "lower") == qualifiers


def test_a_ceiling_that_is_met_with_nothing_is_shown_without_a_sign() -> None:
    of = unpaired(AtLeast(arm="ours", floor=0.05, reference=0.1), better="lower")
    (part,) = judged(of, units(of, {"ours": [0.0] * 8, "theirs": [0.0] * 8})).parts
    assert part.effect
    assert [f"{end:g}" for end in (part.effect.low, part.effect.estimate, part.effect.high)] == ["0", "0", "0"]


@pytest.mark.parametrize(("value", "qualifiers"), [(0.0, ("exceeds",)), (0.02, ("faithful",)), (0.04, ())])
def test_closer_than_published_exceeds_an_equivalence(value: float, qualifiers: tuple[str, ...]) -> None:
    expectation = Equivalent(subject="ours", baseline="theirs", margin=0.08, published=0.02)
    of = unpaired(expectation)
    seen = judged(of, units(of, {"ours": around(value, 0.005), "theirs": [0.0] * 8}))
    assert seen.status == "REPRODUCED"
    assert seen.qualifiers == qualifiers


@pytest.mark.parametrize(("dummy", "vacuous"), [(0.9, True), (0.6, False)])
@pytest.mark.parametrize(
    "expectation",
    [
        DIFFERENCE,
        AtLeast(arm="ours", floor=0.8, reference=0.5),
        AllOf(parts=(DIFFERENCE, AtLeast(arm="ours", floor=0.8, reference=0.5))),
        NotWorse(subject="ours", baseline="theirs", margin=0.01),
    ],
)
def test_a_claim_that_a_dummy_meets_is_vacuous(expectation, dummy: float, vacuous: bool) -> None:
    if isinstance(expectation, NotWorse) and not vacuous:
        dummy = 0.4
    arms = (Arm(name="ours"), Arm(name="theirs"), Arm(name="constant", role="control"))
    of = claim(expectation, arms=arms)
    columns = {**GOOD, "constant": around(dummy, 0.01, (*EIGHT[3:], *EIGHT[:3]))}
    seen = judged(of, units(of, columns), m=2)
    assert seen.status == "REPRODUCED"
    assert ("vacuous" in seen.qualifiers) == vacuous
    assert ("A control meets it as well." in seen.words()) == vacuous
    without = judged(of, units(of, GOOD), m=2)
    assert without.status == "INVALID", "a control is there to be measured"
    assert "constant" in without.reason


def test_a_control_without_the_metric_crashes_nothing() -> None:
    of = claim(DIFFERENCE, arms=(Arm(name="ours"), Arm(name="theirs"), Arm(name="constant", role="control")))
    bare = [record(of, "constant", (seed,), samples={"other": (1.0,)}) for seed in range(8)]
    seen = judged(of, [*units(of, GOOD), *bare])
    assert "vacuous" not in seen.qualifiers
    slope = timing(
        Slope(arm="ours", exponent=1.0, tolerance=0.2), arms=(Arm(name="ours"), Arm(name="constant", role="control"))
    )
    swept = [*lines(slope, "ours", lambda size: 1e-6 * size), *units(slope, {"constant": FAST["ours"]})]
    assert "vacuous" not in judged(slope, swept).qualifiers


def test_an_empty_metric_beside_the_judged_one_crashes_nothing() -> None:
    of = claim(DIFFERENCE)
    records = units(of, {"ours": [0.9] * 8, "theirs": [0.6] * 8})
    assert judged(of, [changed(r, samples={**r.samples, "extra": ()}) for r in records]).status == "INCONCLUSIVE"


@pytest.mark.parametrize(("better", "floor", "reference"), [("higher", 0.5, 0.9), ("lower", 0.9, 0.5), ("lower", 1, 1)])
def test_a_floor_on_the_wrong_side_is_refused(better: str, floor: float, reference: float) -> None:
    with pytest.raises(ValidationError, match=f"{better} is better"):
        claim(AtLeast(arm="ours", floor=floor, reference=reference), better=better)


def test_what_is_asked_cannot_be_no_effect() -> None:
    with pytest.raises(ValidationError, match="both what is asked and none"):
        Difference(subject="ours", baseline="theirs", at_least=0.1, equivalence=0.1)


def test_declared_qualifiers_are_kept() -> None:
    of = claim(DIFFERENCE, qualifiers=("unfalsifiable",))
    assert judged(of, units(of, BAD)).qualifiers == ("unfalsifiable",)


def test_exact_claims_never_exceed() -> None:
    of = claim(
        Exact(boxes={"x": Box(low=1.0, published=2.0)}), kind="identity", protocol=Protocol(unit="deterministic")
    )
    seen = judged(of, [checks(of, {"x": 5.0})])
    assert (seen.status, seen.qualifiers) == ("REPRODUCED", ())


def test_not_testable() -> None:
    source = Source(arxiv="2401.00001v1", where="Table 1")
    of = NotTestable(id="toy.votes", label="TO-02", statement="s", source=source, reason="it takes a million voters")
    seen = not_testable(of, "gpu")
    assert (seen.status, seen.reason, seen.tier) == ("NOT_TESTABLE", "it takes a million voters", "gpu")


STATUSES = ("REPRODUCED", "PARTIAL", "CONTRADICTED", "INCONCLUSIVE", "INVALID", "NOT_TESTABLE")


@pytest.mark.parametrize("tier", TIERS)
def test_no_small_tier_speaks_of_the_papers_scale(tier: str) -> None:
    sentences = {
        Verdict.model_validate(
            {"claim": "toy.better", "version": 1, "tier": tier, "status": status, "reason": ""}
        ).words()
        for status in STATUSES
    }
    assert len(sentences) == len(STATUSES), "every status has words of its own"
    if tier != "paper":
        assert not any("as published" in s or "eproduced" in s for s in sentences)


def effect(
    estimate: float, published: float | None, reference: float | None, detectable: float | None = None
) -> Effect:
    return Effect(
        name="e",
        estimate=estimate,
        low=estimate,
        high=estimate,
        level=0.95,
        unit="1",
        threshold=1.0,
        reference=reference,
        published=published,
        n=8,
        detectable=detectable,
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (effect(0.4, 0.4, 0.0), 0.0),
        (effect(0.0, 0.4, 0.0), 1.0),
        (effect(-0.2, 0.4, 0.0), 1.5),
        (effect(0.6, 0.4, 0.0), -0.5),
        (effect(5.0, 2.0, 8.0), 0.5),
        (effect(2.0, 4.0, 1.0, 1.1), 0.5),
        (effect(0.5, 4.0, 1.0, 1.1), 1.5),
        (effect(0.4, None, 0.0), None),
        (effect(0.4, 0.4, None), None),
        (effect(0.4, 0.0, 0.0), None),
    ],
)
def test_gap(seen: Effect, expected: float | None) -> None:
    assert gap(seen) == (None if expected is None else pytest.approx(expected))


def test_verdict_survives_json() -> None:
    of = unpaired(DIFFERENCE)
    for records in (units(of, GOOD), units(of, {arm: column[:2] for arm, column in GOOD.items()}), []):
        seen = judge(of, "smoke", 1, records, HEALTHY)
        assert Verdict.model_validate_json(seen.model_dump_json()) == seen

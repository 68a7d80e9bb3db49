"""From records to meetings: which claims are tasks, what a battle is, which records count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from factories import EIGHT, HEALTHY, RUN, TEN, around, record, timing, units, unpaired
from factories import claim as paired

from claimbench.competition import Contest, contests
from claimbench.expectation import Difference, Ratio
from claimbench.health import Health
from claimbench.record import Record
from claimbench.spec import Arm, Claim, Metric, Protocol

BETTER = Difference(subject="ours", baseline="theirs", at_least=0.1)
FASTER = Ratio(subject="ours", baseline="theirs", at_least=2.0)


def named(claim: Claim, number: int, **names: str) -> Claim:
    """The claim under a number of its own; its arms compete under their names, or under those given."""
    arms = tuple(arm.model_copy(update={"competitor": names.get(arm.name, arm.name)}) for arm in claim.arms)
    return claim.model_copy(update={"id": f"toy.c{number}", "label": f"TO-{number:02d}", "arms": arms})


def quality(number: int, **changes: object) -> Claim:
    return named(paired(BETTER, **changes), number)


def column(mean: float, other: float, n: int = 8) -> dict[str, list[float]]:
    """Eight paired seeds that share most of their spread."""
    pattern = EIGHT[:n]
    return {
        "ours": [mean + step for step in pattern],
        "theirs": [other + step + 0.01 * wobble for step, wobble in zip(pattern, pattern[::-1], strict=True)],
    }


def three(values: Mapping[str, Sequence[float]] | None = None) -> tuple[list[Claim], list[Record]]:
    claims = [quality(number) for number in range(3)]
    return claims, [one for claim in claims for one in units(claim, values or column(0.9, 0.5))]


def only(claims: Sequence[Claim], records: Sequence[Record], health: Health = HEALTHY) -> Contest:
    (found,) = contests(claims, records, health)
    return found


def test_two_competitors_on_three_claims_are_a_contest() -> None:
    found = only(*three())
    assert found.kind == "quality"
    assert found.meetings.competitors == ("ours", "theirs")
    assert [task.name for task in found.tasks] == ["toy.c0 at smoke", "toy.c1 at smoke", "toy.c2 at smoke"]
    assert found.meetings.counts.tolist() == [[0, 0, 8]] * 3
    np.testing.assert_allclose(found.meetings.effect, 0.4)


def test_two_claims_are_too_few_and_arms_without_a_name_do_not_compete() -> None:
    claims, records = three()
    assert contests(claims[:2], records, HEALTHY) == ()
    nameless = [claim.model_copy(update={"arms": paired(BETTER).arms}) for claim in claims]
    assert contests(nameless, records, HEALTHY) == ()


def test_an_arm_competes_under_its_name_in_every_claim_whatever_it_is_called_there() -> None:
    claims, records = three()
    other = named(paired(Difference(subject="a", baseline="b", at_least=0.1)), 3, a="theirs", b="ours")
    found = only([*claims, other], [*records, *units(other, {"a": around(0.9, 0.01), "b": around(0.5, 0.01)})])
    assert found.meetings.counts.tolist() == [[0, 0, 8]] * 3 + [[8, 0, 0]]


def test_differences_within_the_noise_of_the_paired_units_are_ties() -> None:
    found = only(*three({"ours": around(0.5, 0.3), "theirs": around(0.5, 0.3, EIGHT[::-1])}))
    assert found.meetings.counts[:, 1].tolist() == [8, 8, 8]


def test_lower_is_better_where_the_metric_says_so() -> None:
    claims = [quality(number, better="lower") for number in range(3)]
    found = only(claims, [one for claim in claims for one in units(claim, column(0.9, 0.5))])
    assert found.meetings.counts.tolist() == [[8, 0, 0]] * 3
    np.testing.assert_allclose(found.meetings.effect, -0.4)


def test_the_order_of_claims_and_records_changes_nothing() -> None:
    claims, records = three()
    a, b = only(claims, records), only(claims[::-1], records[::-1])
    assert [task.name for task in a.tasks] == [task.name for task in b.tasks]
    np.testing.assert_array_equal(a.meetings.counts, b.meetings.counts)
    np.testing.assert_array_equal(a.meetings.effect, b.meetings.effect)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"role": "exploratory"}, id="exploratory"),
        pytest.param({"measure_sha": "0" * 64}, id="another-measurement"),
        pytest.param({"gates": {"g": {"error": 1.0, "tolerance": 0.1}}}, id="a-failed-gate"),
        pytest.param({"status": "failed", "reason": "ValueError: no", "samples": {}}, id="failed"),
        pytest.param({"samples": {"something else": (1.0,)}}, id="no-such-metric"),
    ],
)
def test_records_that_no_verdict_may_use_make_no_task(changes: dict[str, object]) -> None:
    claims, records = three()
    spoilt = [Record.model_validate(r.model_dump() | changes) if r.claim == claims[0].id else r for r in records]
    assert contests(claims, spoilt, HEALTHY) == ()


def test_exploratory_claims_make_no_task() -> None:
    claims, records = three()
    explored = claims[0].model_copy(update={"role": "exploratory"})
    assert contests([explored, *claims[1:]], records, HEALTHY) == ()


def test_half_measured_claims_make_no_task() -> None:
    claims, records = three()
    half = [one for one in records if one.claim != claims[0].id or one.seeds[0] < claims[0].protocol.n_min - 1]
    assert contests(claims, half, HEALTHY) == ()


def test_claims_of_growth_make_no_task() -> None:
    claims, records = three()
    growth = claims[0].model_copy(update={"kind": "scaling"})
    assert contests([growth, *claims[1:]], records, HEALTHY) == ()


def test_a_unit_without_memory_loses_and_one_that_crashed_does_not() -> None:
    claims, records = three()
    kept = [one for one in records if (one.arm, one.seeds) not in (("ours", (0,)), ("ours", (1,)))]
    for claim in claims:
        kept += [
            record(claim, "ours", (0,), status="failed", reason="OutOfMemoryError: CUDA out of memory (naive.py:3)"),
            record(claim, "ours", (1,), status="failed", reason="ValueError: a bug (naive.py:3)"),
        ]
    found = only(claims, kept)
    assert found.meetings.counts.tolist() == [[1, 0, 6]] * 3


def test_a_unit_that_diverged_or_took_too_long_loses() -> None:
    values = column(0.9, 0.5)
    values["theirs"][2] = math.inf
    claims, records = three(values)
    slow = "stopped after 300 s (needs.trial_seconds)"
    kept = [one for one in records if (one.arm, one.seeds) != ("ours", (0,))]
    kept += [record(claim, "ours", (0,), status="failed", reason=slow) for claim in claims]
    found = only(claims, kept)
    assert found.meetings.counts.tolist() == [[1, 0, 7]] * 3
    np.testing.assert_allclose(found.meetings.effect, 0.4, atol=0.01)


def test_who_never_finished_still_meets_and_loses() -> None:
    claims = [named(paired(Difference(subject="ours", baseline="theirs", at_least=0.1)), n) for n in range(3)]
    records = [one for claim in claims for one in units(claim, column(0.9, 0.5)) if one.arm == "ours"]
    reason = "stopped at 5000 MiB of memory, over 4096 MiB (needs.memory_bytes)"
    records += [record(c, "theirs", (seed,), status="failed", reason=reason) for c in claims for seed in range(8)]
    found = only(claims, records)
    assert found.meetings.counts.tolist() == [[0, 0, 8]] * 3
    assert np.isnan(found.meetings.effect).all()


def speed(number: int) -> Claim:
    return named(timing(FASTER), number)


def timed(claims: Sequence[Claim], ours: float, theirs: float, spread: float = 0.01) -> list[Record]:
    columns = {
        name: [median * math.exp(spread * step) for step in pattern]
        for name, median, pattern in (("ours", ours, TEN), ("theirs", theirs, TEN[::-1]))
    }
    return [one for claim in claims for one in units(claim, columns)]


def test_speed_is_a_ladder_of_its_own_and_compares_logarithms() -> None:
    fast, (claims, records) = [speed(number) for number in range(10, 13)], three()
    one, other = contests([*claims, *fast], [*records, *timed(fast, 1e-3, 4e-3)], HEALTHY)
    assert (one.kind, other.kind) == ("speed", "quality")
    assert one.meetings.counts.tolist() == [[0, 0, 10]] * 3
    np.testing.assert_allclose(one.meetings.effect, math.log(4))


def test_times_closer_than_the_placebo_s_are_ties() -> None:
    fast = [speed(number) for number in range(3)]
    records = timed(fast, 1.0e-3, 1.2e-3)
    assert only(fast, records).meetings.counts[:, 2].tolist() == [10, 10, 10]
    noisy = HEALTHY.model_copy(update={"placebo_sd": {RUN: 0.2}})
    assert only(fast, records, noisy).meetings.counts[:, 1].tolist() == [10, 10, 10]


def test_times_of_a_run_without_a_placebo_make_no_task() -> None:
    fast = [speed(number) for number in range(3)]
    assert contests(fast, timed(fast, 1e-3, 4e-3), Health()) == ()


def test_bytes_that_cannot_vary_have_no_noise() -> None:
    one = unpaired(
        BETTER,
        kind="memory",
        metric=Metric(name="peak_bytes", unit="B", better="lower"),
        protocol=Protocol(unit="deterministic"),
    )
    lean = [named(one, number) for number in range(3)]
    found = only(lean, [r for claim in lean for r in units(claim, {"ours": (1000.0,), "theirs": (1001.0,)})])
    assert found.kind == "memory"
    assert found.meetings.counts.tolist() == [[0, 0, 1]] * 3
    np.testing.assert_allclose(found.meetings.effect, math.log(1.001))


def test_an_arm_that_few_claims_know_is_not_ranked_and_does_not_disturb() -> None:
    claims, records = three()
    arms = (*claims[0].arms, Arm(name="guest", competitor="guest"))
    wide = claims[0].model_copy(update={"arms": arms})
    kept = [one for one in records if one.claim != wide.id]
    values = column(0.9, 0.5) | {"guest": around(0.1, 0.01)}
    found = only([wide, *claims[1:]], [*kept, *units(wide, values)])
    assert found.meetings.competitors == ("ours", "theirs")
    assert found.meetings.counts.tolist() == [[0, 0, 8]] * 3

"""Items and clusters, factors and values: every status through `judge`, and what the spec refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from factories import EIGHT, around, claim, judged, record, timing, units, unpaired
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from claimbench.effect import gap
from claimbench.expectation import AtLeast, Difference, Equivalent, Expectation, NotWorse, Order, Ratio, Slope, Within
from claimbench.record import Record
from claimbench.rules import DECIDED, Status
from claimbench.spec import Arm, Claim, Protocol

ITEMS = Protocol(unit="item", n={"smoke": 400}, n_min=30, paired=True)


def of_items(expectation: Expectation, *, cluster: str | None = None, **changes: object) -> Claim:
    """A claim about items, 400 an arm."""
    return claim(expectation, protocol=ITEMS.model_copy(update={"cluster": cluster}), **changes)


def outcomes(of: Claim, columns: dict[str, Sequence[int]], clusters: Sequence[int] | None = None) -> list[Record]:
    """One record an arm, as a batch gives it."""
    return [
        record(
            of,
            arm,
            range(len(column)),
            samples={of.metric.name: column} | ({"prompt": clusters} if clusters is not None else {}),
        )
        for arm, column in columns.items()
    ]


def successes(number: int, items: int = 400) -> list[int]:
    return [1] * number + [0] * (items - number)


@pytest.mark.parametrize(
    ("number", "status"),
    [(380, "REPRODUCED"), (400, "REPRODUCED"), (350, "INCONCLUSIVE"), (300, "PARTIAL"), (100, "CONTRADICTED")],
)
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_floor_of_a_share(number: int, status: Status, better: str) -> None:
    floor, reference, count = (0.9, 0.5, number) if better == "higher" else (0.1, 0.5, 400 - number)
    of = of_items(AtLeast(arm="ours", floor=floor, reference=reference), better=better)
    seen = judged(of, outcomes(of, {"ours": successes(count)}))
    assert seen.status == status, seen.reason
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.estimate == pytest.approx(count / 400)
    assert effect.low <= effect.estimate <= effect.high
    assert (seen.further_units is not None) == (status == "INCONCLUSIVE")


def test_the_exact_test_has_a_say_in_shares() -> None:
    of = of_items(AtLeast(arm="ours", floor=0.05, reference=0.0), better="higher")
    alone = next(k for k in range(400) if judged(of, outcomes(of, {"ours": successes(k)})).parts[0].effect.low >= 0.05)  # type: ignore[union-attr]
    seen = judged(of, outcomes(of, {"ours": successes(alone)}))
    assert seen.status == "INCONCLUSIVE"
    assert "the interval decides, the exact binomial test does not" in seen.reason
    assert judged(of, outcomes(of, {"ours": successes(alone + 2)})).status == "REPRODUCED"


@pytest.mark.parametrize(
    ("number", "status"), [(380, "REPRODUCED"), (320, "CONTRADICTED"), (400, "CONTRADICTED"), (368, "INCONCLUSIVE")]
)
def test_coverage_is_a_share_within_a_margin(number: int, status: Status) -> None:
    of = of_items(Within(arm="ours", value=0.95, margin=0.035, published=0.95))
    seen = judged(of, outcomes(of, {"ours": successes(number)}))
    assert seen.status == status, seen.reason
    assert seen.parts[0].asked == "0.95 ± 0.035"
    assert (seen.qualifiers == ("faithful",)) == (status == "REPRODUCED")
    assert gap(seen.parts[0].effect) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize(
    ("value", "status"), [(1.0, "REPRODUCED"), (1.2, "CONTRADICTED"), (0.7, "CONTRADICTED"), (1.1, "INCONCLUSIVE")]
)
def test_a_mean_within_a_margin_whichever_side_is_better(value: float, status: Status, better: str) -> None:
    of = claim(Within(arm="ours", value=1.0, margin=0.1), better=better)
    assert judged(of, units(of, {"ours": around(value, 0.02)})).status == status


def pairs(gained: int, lost: int, both: int, items: int = 400) -> dict[str, list[int]]:
    """Numbers of items that only ours, only theirs, and both solve."""
    rest = items - gained - lost - both
    return {
        "ours": [1] * gained + [0] * lost + [1] * both + [0] * rest,
        "theirs": [0] * gained + [1] * lost + [1] * both + [0] * rest,
    }


@pytest.mark.parametrize(
    ("expectation", "gained", "lost", "status"),
    [
        (Difference(subject="ours", baseline="theirs", at_least=0.05), 60, 10, "REPRODUCED"),
        (Difference(subject="ours", baseline="theirs", at_least=0.2), 60, 10, "PARTIAL"),
        (Difference(subject="ours", baseline="theirs", at_least=0.05), 10, 60, "CONTRADICTED"),
        (Difference(subject="ours", baseline="theirs", at_least=0.05), 30, 22, "INCONCLUSIVE"),
        (Difference(subject="ours", baseline="theirs", at_least=0.1, equivalence=0.05), 10, 10, "CONTRADICTED"),
        (NotWorse(subject="ours", baseline="theirs", margin=0.05), 20, 20, "REPRODUCED"),
        (NotWorse(subject="ours", baseline="theirs", margin=0.05), 2, 60, "CONTRADICTED"),
        (Equivalent(subject="ours", baseline="theirs", margin=0.05), 20, 20, "REPRODUCED"),
        (Equivalent(subject="ours", baseline="theirs", margin=0.05), 0, 0, "REPRODUCED"),
        (Equivalent(subject="ours", baseline="theirs", margin=0.05), 80, 10, "CONTRADICTED"),
    ],
)
def test_the_same_items_of_two_arms(expectation: Expectation, gained: int, lost: int, status: Status) -> None:
    of = of_items(expectation)
    seen = judged(of, outcomes(of, pairs(gained, lost, 200)))
    assert seen.status == status, seen.reason
    assert seen.n == {"ours": 400, "theirs": 400}
    assert seen.parts[0].effect is not None
    assert seen.parts[0].effect.estimate == pytest.approx((gained - lost) / 400)


def test_mcnemar_of_the_reviewers_decisions() -> None:
    """AIS-2 and AIS-7: 112 to 97 decides nothing, 45 to 13 does."""
    of = of_items(Difference(subject="ours", baseline="theirs", at_least=1e-6))
    assert judged(of, outcomes(of, pairs(112, 97, 100, 500))).status == "INCONCLUSIVE"
    of = claim(of.expectation, protocol=ITEMS.model_copy(update={"n": {"smoke": 500}}))
    assert judged(of, outcomes(of, pairs(112, 97, 100, 500))).status == "INCONCLUSIVE"
    assert judged(of, outcomes(of, pairs(45, 13, 200, 500))).status == "REPRODUCED"


def test_items_stand_in_an_order() -> None:
    of = of_items(Order(arms=("best", "middle", "worst"), at_least=0.05))
    columns = {"best": successes(380), "middle": successes(300), "worst": successes(200)}
    assert judged(of, outcomes(of, columns), m=2).status == "REPRODUCED"


def test_items_are_ones_and_zeros_and_enough() -> None:
    of = of_items(AtLeast(arm="ours", floor=0.5, reference=0.1))
    seen = judged(of, [record(of, "ours", range(40), samples={"score": [0.5] * 40})])
    assert seen.status == "INVALID"
    assert "1 or 0" in seen.reason
    few = claim(of.expectation, protocol=ITEMS.model_copy(update={"n_min": 1}))
    seen = judged(few, outcomes(few, {"ours": successes(29, 29)}))
    assert seen.status == "INVALID"
    assert "30 are needed" in seen.reason


GROUPS = [index // 10 for index in range(400)]


def test_a_prompt_asked_ten_times_is_one_prompt() -> None:
    expectation = AtLeast(arm="ours", floor=0.6, reference=0.5)
    alike = [1 if group % 4 else 0 for group in GROUPS]
    apart = of_items(expectation)
    assert judged(apart, outcomes(apart, {"ours": alike})).status == "REPRODUCED"
    together = of_items(expectation, cluster="prompt")
    seen = judged(together, outcomes(together, {"ours": alike}, GROUPS))
    assert seen.status == "INCONCLUSIVE"
    assert seen.parts[0].effect is not None
    assert seen.parts[0].effect.estimate == 0.75
    mixed = [1 if index % 4 else 0 for index in range(400)]
    assert judged(together, outcomes(together, {"ours": mixed}, GROUPS)).status == "REPRODUCED"


def test_pairs_in_clusters_count_as_what_they_tell() -> None:
    expectation = Difference(subject="ours", baseline="theirs", at_least=0.02)
    columns = pairs(40, 0, 200)
    apart, together = of_items(expectation), of_items(expectation, cluster="prompt")
    assert judged(apart, outcomes(apart, columns)).status == "REPRODUCED"
    seen = judged(together, outcomes(together, columns, GROUPS))
    assert seen.status == "INCONCLUSIVE", "all forty were gained on four prompts"
    spread = [index % 40 for index in range(400)]
    assert judged(together, outcomes(together, columns, spread)).status == "REPRODUCED"


def test_clusters_must_be_enough_known_and_the_same_for_both_of_a_pair() -> None:
    of = of_items(Difference(subject="ours", baseline="theirs", at_least=0.02), cluster="prompt")
    columns = pairs(60, 0, 200)
    few = judged(of, outcomes(of, columns, [index % 19 for index in range(400)]))
    assert few.status == "INVALID"
    assert "19 clusters of ours, 19 clusters of theirs, and 20 are needed" in few.reason
    assert "no samples of 'prompt'" in judged(of, outcomes(of, columns)).reason
    ours, theirs = outcomes(of, columns, GROUPS)
    torn = theirs.model_copy(update={"samples": {**theirs.samples, "prompt": tuple(reversed(GROUPS))}})
    seen = judged(of, [ours, torn])
    assert seen.status == "INVALID"
    assert "different clusters" in seen.reason


def test_seeds_in_clusters_and_arms_apart() -> None:
    protocol = Protocol(unit="seed", n={"smoke": 40}, n_min=40, cluster="user")
    of = claim(Difference(subject="ours", baseline="theirs", at_least=0.1), protocol=protocol)
    users = [index // 2 for index in range(40)]
    rng = np.random.default_rng(0)
    shift = np.repeat(rng.normal(0, 0.5, 20), 2)
    records = [
        record(of, arm, range(40), samples={"score": (mean + shift).tolist(), "user": users})
        for arm, mean in (("ours", 1.0), ("theirs", 0.6))
    ]
    seen = judged(of, records)
    loose = claim(of.expectation, protocol=protocol.model_copy(update={"cluster": None}))
    alone = judged(loose, [one.model_copy(update={"measure_sha": loose.measure_sha()}) for one in records])
    wide, narrow = seen.parts[0].effect, alone.parts[0].effect
    assert wide is not None
    assert narrow is not None
    assert wide.low < narrow.low < wide.estimate == pytest.approx(0.4)


def latencies(ratio: float, spread: float = 0.01) -> dict[str, list[float]]:
    """Ten processes a side; `ratio` is theirs over ours."""
    steps = np.linspace(-1, 1, 10)
    return {
        "ours": (1e-3 * np.exp(spread * steps)).tolist(),
        "theirs": (ratio * 1e-3 * np.exp(spread * steps)).tolist(),
    }


@pytest.mark.parametrize(
    ("ratio", "not_worse", "equivalent"),
    [
        (1.0, "REPRODUCED", "REPRODUCED"),
        (1 / 1.03, "REPRODUCED", "REPRODUCED"),
        (1 / 1.05, "INCONCLUSIVE", "INCONCLUSIVE"),
        (1 / 1.2, "CONTRADICTED", "CONTRADICTED"),
        (1.2, "REPRODUCED", "CONTRADICTED"),
    ],
)
def test_margins_that_are_factors(ratio: float, not_worse: Status, equivalent: Status) -> None:
    for kind, status in ((NotWorse, not_worse), (Equivalent, equivalent)):
        of = timing(kind(subject="ours", baseline="theirs", margin=0.05, relative=True))
        seen = judged(of, units(of, latencies(ratio)))
        assert seen.status == status, (kind, seen.reason)
        effect = seen.parts[0].effect
        assert effect is not None
        assert effect.is_factor
        assert (effect.estimate, effect.unit) == (pytest.approx(ratio), "1")
        assert effect.threshold == pytest.approx(1 / 1.05 if kind is NotWorse else 1.05)
    assert seen.parts[0].asked == "0.952 to 1.05"


def test_a_factor_of_scores_paired_by_seed() -> None:
    of = claim(NotWorse(subject="ours", baseline="theirs", margin=0.1, relative=True), better="higher")
    base = around(2.0, 0.5)
    assert (
        judged(of, units(of, {"ours": [0.98 * x for x in base[:7]] + [base[7]], "theirs": base})).status == "REPRODUCED"
    )
    assert (
        judged(of, units(of, {"ours": [0.8 * x for x in base[:7]] + [0.79 * base[7]], "theirs": base})).status
        == "CONTRADICTED"
    )
    seen = judged(of, units(of, {"ours": [0.0, *base[1:]], "theirs": base}))
    assert seen.status == "INVALID"


RNG = np.random.default_rng(5)
ERRORS = (RNG.normal(0, 1, 200) ** 2).tolist()


@pytest.mark.parametrize(("factor", "status"), [(2.0, "REPRODUCED"), (1.1, "PARTIAL"), (0.5, "CONTRADICTED")])
@pytest.mark.parametrize("paired", [True, False])
def test_mean_squared_errors_by_their_ratio(factor: float, status: Status, paired: bool) -> None:
    protocol = Protocol(unit="seed", n={"smoke": 200}, n_min=30, paired=paired, seeds_per_trial=200)
    of = claim(Ratio(subject="ours", baseline="theirs", at_least=1.5, of_means=True), better="lower", protocol=protocol)
    noise = np.random.default_rng(6).uniform(0.97, 1.03, 200)
    ours = [*(np.array(ERRORS) * noise)[1:], 0.0]  # an error of nothing has no logarithm
    theirs = [factor * error for error in [*ERRORS[1:], 0.0]]
    if not paired:
        ours, theirs = noise.tolist(), (factor * noise).tolist()
    records = [record(of, arm, range(200), samples={"score": x}) for arm, x in (("ours", ours), ("theirs", theirs))]
    seen = judged(of, records)
    assert seen.status == status, seen.reason
    assert seen.parts[0].effect is not None
    assert seen.parts[0].effect.estimate == pytest.approx(np.mean(theirs) / np.mean(ours))


def test_a_ratio_of_means_needs_means_above_zero() -> None:
    of = unpaired(Ratio(subject="ours", baseline="theirs", at_least=1.5, of_means=True), better="lower")
    seen = judged(of, units(of, {"ours": [0.0] * 8, "theirs": around(1.0, 0.1)}))
    assert seen.status == "INVALID"
    assert "means above zero" in seen.reason


@pytest.mark.parametrize(
    ("expectation", "changes", "words"),
    [
        (Ratio(subject="ours", baseline="theirs", at_least=2.0), {}, "by differences, not by factors"),
        (NotWorse(subject="ours", baseline="theirs", margin=0.1, relative=True), {}, "by differences"),
        (Slope(arm="ours", exponent=1.0, tolerance=0.1), {}, "slopes"),
        (Difference(subject="ours", baseline="theirs", at_least=0.1), {"paired": False}, "the same items"),
        (Slope(arm="ours", exponent=1.0, tolerance=0.1), {"unit": "seed", "cluster": "user"}, "clusters"),
        (
            AtLeast(arm="ours", floor=0.5, reference=0.1),
            {"unit": "process", "cluster": "user"},
            "process unit",
        ),
        (AtLeast(arm="ours", floor=0.5, reference=0.1), {"interim": {"smoke": (30, 400)}}, "below n"),
        (AtLeast(arm="ours", floor=0.5, reference=0.1), {"interim": {"smoke": (20, 50)}}, "from n_min"),
        (AtLeast(arm="ours", floor=0.5, reference=0.1), {"interim": {"cpu": (50,)}}, "below n 0"),
        (
            AtLeast(arm="ours", floor=0.5, reference=0.1),
            {"interim": {"smoke": (50,)}, "seeds_per_trial": 40},
            "multiples of seeds_per_trial",
        ),
    ],
)
def test_what_units_cannot_decide_is_refused(expectation: Expectation, changes: dict[str, object], words: str) -> None:
    fields = {"unit": "item", "n": {"smoke": 400}, "n_min": 30, "paired": True} | changes
    with pytest.raises(ValidationError, match=words):
        claim(expectation, protocol=fields)


@given(
    ours=st.lists(st.booleans(), min_size=40, max_size=40),
    theirs=st.lists(st.booleans(), min_size=40, max_size=40),
    kind=st.sampled_from(["difference", "not_worse", "equivalent"]),
    grouped=st.booleans(),
    rotate=st.integers(0, 39),
)
@settings(max_examples=60, deadline=None)
def test_order_of_items_does_not_matter_and_one_status_is_given(
    ours: list[bool], theirs: list[bool], kind: str, grouped: bool, rotate: int
) -> None:
    leaf: Expectation = Difference(subject="ours", baseline="theirs", at_least=0.1)
    if kind != "difference":
        leaf = (NotWorse if kind == "not_worse" else Equivalent)(subject="ours", baseline="theirs", margin=0.2)
    protocol = Protocol(unit="item", n={"smoke": 40}, n_min=30, paired=True, cluster="prompt" if grouped else None)
    of = claim(leaf, protocol=protocol)

    def turned(column: Sequence[int]) -> list[int]:
        return [int(x) for x in [*column[rotate:], *column[:rotate]]]

    prompts = [index // 2 for index in range(40)]
    seen = judged(of, outcomes(of, {"ours": [*map(int, ours)], "theirs": [*map(int, theirs)]}, prompts))
    again = judged(of, outcomes(of, {"ours": turned(ours), "theirs": turned(theirs)}, turned(prompts)))
    assert seen.status in (*DECIDED, "INCONCLUSIVE")
    assert again.status == seen.status


@given(gained=st.integers(0, 60), lost=st.integers(0, 60), more=st.integers(0, 60), margin=st.sampled_from([0.02, 0.1]))
@settings(max_examples=60, deadline=None)
def test_more_items_gained_are_never_judged_worse(gained: int, lost: int, more: int, margin: float) -> None:
    rank = {"CONTRADICTED": 0, "INCONCLUSIVE": 1, "REPRODUCED": 2}
    of = of_items(NotWorse(subject="ours", baseline="theirs", margin=margin))
    before = judged(of, outcomes(of, pairs(gained, lost, 100))).status
    after = judged(of, outcomes(of, pairs(gained + more, lost, 100))).status
    assert rank[after] >= rank[before]


def test_a_control_that_meets_a_claim_of_each_new_kind_makes_it_vacuous() -> None:
    arms = (Arm(name="ours"), Arm(name="theirs"), Arm(name="constant", role="control"))
    good = around(1.0, 0.01)
    for expectation in (
        Within(arm="ours", value=1.0, margin=0.1),
        Equivalent(subject="ours", baseline="theirs", margin=0.1, relative=True),
        NotWorse(subject="ours", baseline="theirs", margin=0.1, relative=True),
    ):
        of = claim(expectation, arms=arms)
        columns = {"ours": good, "theirs": around(1.0, 0.01, EIGHT[::-1]), "constant": good}
        assert judged(of, units(of, columns)).qualifiers == ("vacuous",), expectation.kind
        columns["constant"] = around(2.0 if expectation.kind != "not_worse" else 0.5, 0.01)
        assert judged(of, units(of, columns)).qualifiers == (), expectation.kind


def test_a_smaller_factor_than_published_exceeds() -> None:
    of = timing(Equivalent(subject="ours", baseline="theirs", margin=0.5, relative=True, published=1.3))
    assert judged(of, units(of, latencies(1.02))).qualifiers == ("exceeds",)
    assert judged(of, units(of, latencies(1 / 1.02))).qualifiers == ("exceeds",)

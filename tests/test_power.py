"""`claimbench power`: spreads from records, pilots or the caller, and what they make of a claim's units."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from factories import claim, lines, record, timing, units, unpaired
from synthetic import ABLATION, CLAIMS, MEMORY, UNTESTABLE, trained

from claimbench.console import power_table
from claimbench.errors import ClaimbenchError, NotMeasured, SpecError
from claimbench.expectation import AllOf, AtLeast, Difference, Equivalent, NotWorse, Order, Ratio, Slope, Within
from claimbench.lock import Lock
from claimbench.power import PartPower, power_of
from claimbench.record import Record
from claimbench.spec import Arm, Claim, Protocol, Tuning
from claimbench.stats.power import Design, excludes, sd_upper, smallest_distance, units_needed, within
from claimbench.tuning import with_value

NOBODY = Lock({}, Path("nowhere"))


def of(claim: Claim, records: list[Record], sd: float | None = None) -> tuple[PartPower, ...]:
    return power_of(claim, "smoke", records, NOBODY, sd).parts


def normal(seed: int, n: int, sd: float, mean: float = 0.0) -> list[float]:
    x = np.random.default_rng(seed).normal(0, 1, n)
    return (mean + sd * (x - x.mean()) / x.std(ddof=1)).tolist()


def test_paired_seeds_are_planned_by_the_spread_of_their_differences() -> None:
    paired = claim(Difference(subject="ours", baseline="theirs", at_least=0.1))
    shared = normal(0, 8, 5.0)
    ours = [base + gain for base, gain in zip(shared, normal(1, 8, 0.2, 0.15), strict=True)]
    (part,) = of(paired, units(paired, {"ours": ours, "theirs": shared}))
    assert part.spread == "0.2 (8 confirmatory)"
    assert part.reach == pytest.approx(smallest_distance(excludes, Design((0.2,)), 8, 0.95))
    assert part.needed == units_needed(excludes, 0.1, Design((0.2,)), 0.95) == 34
    assert part.more is not None
    assert not part.is_factor


def test_processes_are_planned_by_the_spread_of_the_logarithms_of_both_sides() -> None:
    speed = timing(Ratio(subject="ours", baseline="theirs", at_least=1.05))
    columns = {
        arm: np.exp(normal(i, 10, sd)).tolist() for i, (arm, sd) in enumerate((("ours", 0.03), ("theirs", 0.06)))
    }
    (part,) = of(speed, units(speed, columns))
    design = Design((0.03, 0.06))
    assert part.spread == "0.03 and 0.06 (10 confirmatory)"
    assert part.is_factor
    assert math.log(part.reach) == pytest.approx(smallest_distance(excludes, design, 10, 0.95))
    assert part.needed == units_needed(excludes, math.log(1.05), design, 0.95)


def test_a_given_spread_needs_no_records_and_fewest_units_are_kept() -> None:
    paired = claim(Difference(subject="ours", baseline="theirs", at_least=5.0))
    (part,) = of(paired, [], sd=0.2)
    assert (part.spread, part.more) == ("0.2 (given)", None)
    assert part.needed == 6, "what the exact test takes, whatever the spread"
    speed = timing(Ratio(subject="ours", baseline="theirs", at_least=9.0))
    assert of(speed, [], sd=0.01)[0].needed == 10


@pytest.mark.parametrize(
    ("expectation", "distance", "chance"),
    [
        (AtLeast(arm="ours", floor=0.8, reference=0.5), 0.3, excludes),
        (Within(arm="ours", value=0.8, margin=0.2), 0.2, within),
        (NotWorse(subject="ours", baseline="theirs", margin=0.3), 0.3, excludes),
        (Equivalent(subject="ours", baseline="theirs", margin=0.3), 0.3, within),
        (Equivalent(subject="ours", baseline="theirs", margin=0.3, relative=True), math.log(1.3), within),
        (Slope(arm="ours", exponent=1.0, tolerance=0.3), 0.3, within),
    ],
)
def test_every_expectation_has_a_distance(expectation: object, distance: float, chance: object) -> None:
    paired = claim(expectation)  # type: ignore[arg-type]
    (part,) = of(paired, [], sd=0.4)
    assert part.needed == units_needed(chance, distance, Design((0.4,)), 0.95)  # type: ignore[arg-type]


def test_the_parts_of_an_order_and_of_a_conjunction_share_the_error() -> None:
    ordered = claim(Order(arms=("best", "middle", "worst"), at_least=0.1))
    found = power_of(ordered, "smoke", [], NOBODY, 0.1)
    assert [part.name for part in found.parts] == ["best - middle", "middle - worst"]
    assert (found.m, found.level) == (2, pytest.approx(0.975))
    both = claim(
        AllOf(
            parts=(
                Difference(subject="ours", baseline="theirs", at_least=0.1),
                AtLeast(arm="ours", floor=0.8, reference=0.5),
            )
        )
    )
    assert [part.asked for part in of(both, [], sd=0.1)] == ["≥ 0.1", "≥ 0.8"]


def test_slopes_and_ratios_of_means_have_spreads_of_their_own() -> None:
    swept = timing(Slope(arm="ours", exponent=1.0, tolerance=0.1))
    (part,) = of(swept, lines(swept, "ours", lambda size: size))
    assert "10 confirmatory" in part.spread
    mse = unpaired(Ratio(subject="ours", baseline="theirs", at_least=1.5, of_means=True), better="lower")
    errors = {"ours": [1.0, 2.0, 3.0, 0.0], "theirs": [2.0, 4.0, 6.0, 0.0]}
    (part,) = of(mse, units(mse, errors))
    relative = np.std(errors["ours"], ddof=1) / np.mean(errors["ours"])
    assert part.spread == f"{relative:.3g} and {relative:.3g} (4 confirmatory)"


def test_shares_of_items_need_no_spread_and_pairs_of_items_do() -> None:
    protocol = Protocol(unit="item", n={"smoke": 200}, n_min=30, paired=True)
    share = claim(AtLeast(arm="ours", floor=0.9, reference=0.8), protocol=protocol)
    (part,) = of(share, [])
    assert part.spread == "0.3 (a share's own)"
    assert 0 < part.reach < 0.1
    assert part.needed is not None
    assert part.needed == pytest.approx(108, rel=0.1)
    impossible = claim(AtLeast(arm="ours", floor=0.999, reference=0.8), protocol=protocol)
    assert of(impossible, [])[0].reach == math.inf, "even of items that all succeed there are too few"
    pairs = claim(Difference(subject="ours", baseline="theirs", at_least=0.05), protocol=protocol)
    columns = {"ours": [1.0] * 30 + [0.0] * 170, "theirs": [0.0] * 10 + [1.0] * 20 + [0.0] * 170}
    records = [record(pairs, arm, range(200), samples={"score": column}) for arm, column in columns.items()]
    assert "200 confirmatory" in of(pairs, records)[0].spread


def test_items_in_clusters_are_planned_by_what_an_independent_one_would_vary() -> None:
    protocol = Protocol(unit="item", n={"smoke": 200}, n_min=30, paired=True, cluster="prompt")
    share = claim(AtLeast(arm="ours", floor=0.7, reference=0.5), protocol=protocol)
    prompts = [index // 5 for index in range(200)]
    alike = [float(prompt % 4 > 0) for prompt in prompts]
    (part,) = of(share, [record(share, "ours", range(200), samples={"score": alike, "prompt": prompts})])
    assert float(part.spread.split()[0]) == pytest.approx(math.sqrt(0.75 * 0.25 * 5), rel=0.05)


TUNED = claim(
    Difference(subject="ours", baseline="theirs", at_least=0.1),
    arms=(Arm(name="ours", options={"rate": 2.0}), Arm(name="theirs", options={"rate": 1.0})),
    tuning=Tuning(option="rate", grid=(1.0, 2.0, 3.0), seeds=(1000, 1001, 1002)),
)


def pilots(values: dict[float, dict[str, list[float]]]) -> list[Record]:
    """What tuning left: for each value of the grid, each arm's pilot seeds."""
    return [
        one.model_copy(update={"role": "tuning"})
        for value, columns in values.items()
        for one in units(with_value(TUNED, value), columns, first=1000)
    ]


def test_pilots_of_the_chosen_values_stand_in_at_the_upper_limit_of_their_spread() -> None:
    chosen = pilots({2.0: {"ours": [1.0, 1.3, 1.1]}, 1.0: {"theirs": [0.9, 1.0, 1.0]}})
    others = pilots({3.0: {"ours": [9.0, 1.0, 5.0]}, 2.0: {"theirs": [0.0, 7.0, 1.0]}})
    (part,) = of(TUNED, [*chosen, *others])
    upper = sd_upper(float(np.std([0.1, 0.3, 0.1], ddof=1)), 2)
    assert part.spread == f"{upper:.3g} (80 % limit of 3 pilots)"
    replayed = [one.model_copy(update={"role": "tuning"}) for one in units(TUNED, {"ours": [1.0, 9.0]})]
    assert of(TUNED, [*chosen, *replayed])[0].spread == part.spread, "a replay is no pilot"
    measured = units(TUNED, {"ours": normal(0, 8, 0.3), "theirs": [0.0] * 8})
    assert of(TUNED, [*chosen, *measured])[0].spread == "0.3 (8 confirmatory)"


def test_what_is_not_known_says_what_would_make_it_known() -> None:
    with pytest.raises(NotMeasured, match=r"give --sd, or measure: claimbench tune toy\.better --tier smoke"):
        of(TUNED, [])
    plain = claim(Difference(subject="ours", baseline="theirs", at_least=0.1))
    with pytest.raises(NotMeasured, match=r"claimbench run -k toy\.better"):
        of(plain, units(plain, {"ours": [1.0], "theirs": [2.0]}))
    with pytest.raises(NotMeasured):
        of(plain, [one.model_copy(update={"samples": {}}) for one in units(plain, {"ours": [1.0, 2.0]})])
    for bad in (0.0, -1.0, math.nan):
        with pytest.raises(ClaimbenchError, match="above zero"):
            of(plain, [], sd=bad)
    with pytest.raises(SpecError, match="not testable"):
        power_of(UNTESTABLE, "smoke", [], NOBODY)
    with pytest.raises(SpecError, match="no workload at gpu"):
        power_of(plain, "gpu", [], NOBODY)
    with pytest.raises(SpecError, match="one trial decides"):
        power_of(MEMORY, "smoke", [], NOBODY)


def test_the_family_is_the_one_that_a_draft_will_have(tmp_path: Path) -> None:
    lock = Lock.load(tmp_path / "LOCK.json")
    others = [one for one in CLAIMS if isinstance(one, Claim) and one is not ABLATION]
    lock.freeze(others, CLAIMS)
    before = lock.family(ABLATION.paper, "smoke")
    assert power_of(ABLATION, "smoke", [], lock, 0.1).m == before + 1
    lock.freeze([ABLATION], CLAIMS)
    assert power_of(ABLATION, "smoke", [], lock, 0.1).m == before + 1
    explored = ABLATION.model_copy(update={"role": "exploratory", "id": "invented.other"})
    assert power_of(explored, "smoke", [], lock, 0.1).m == 1


def test_looks_cost_a_little_of_the_last_ones_level() -> None:
    protocol = Protocol(unit="seed", n={"smoke": 24}, n_min=8, paired=True, interim={"smoke": (8, 16)})
    early = claim(Difference(subject="ours", baseline="theirs", at_least=0.1), protocol=protocol)
    found = power_of(early, "smoke", [], NOBODY, 0.1)
    assert 0.95 < found.level < 0.957
    assert "looked at after 8, 16, 24" in power_table(found)


def test_the_table_fits_a_hundred_columns() -> None:
    text = power_table(power_of(ABLATION, "smoke", trained(ABLATION, {"selective": 0.9, "invariant": 0.85}), NOBODY))
    assert max(map(len, text.splitlines())) <= 100
    assert "IN-02 at smoke: 8 pairs of seeds; m = 1, level 95 %" in text
    wide = claim(
        Equivalent(subject="a" * 30, baseline="b" * 30, margin=0.123456, relative=True),
        arms=(Arm(name="a" * 30), Arm(name="b" * 30)),
    )
    assert max(map(len, power_table(power_of(wide, "smoke", [], NOBODY, 1e-9)).splitlines())) <= 100

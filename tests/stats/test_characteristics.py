"""Operating characteristics: how often the intervals cover and how often the rules err, by simulation.

Every simulation calls the intervals and rules that judge claims, and is allowed three standard errors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from factories import HEALTHY, claim, timing, units
from numpy.random import Generator, default_rng

from claimbench.expectation import Difference, Equivalent, NotWorse, Ratio
from claimbench.record import Record
from claimbench.rules import Status, decide, decide_inside, decide_not_worse
from claimbench.spec import Claim, Protocol
from claimbench.stats.intervals import Interval, one_sample_t, paired_t, welch_t
from claimbench.stats.sample_size import level, minimum_paired
from claimbench.stats.scaling import log_log_fit
from claimbench.verdict import judge

REPETITIONS = 8000
PROCESS_SD = 0.03


def above(nominal: float, repetitions: int) -> float:
    """Largest share that a rate of `nominal` explains: three standard errors."""
    return nominal + 3 * math.sqrt(nominal * (1 - nominal) / repetitions)


def covered(draw: Callable[[Generator], Interval], truth: float, repetitions: int = REPETITIONS) -> float:
    """Share of intervals that hold the truth."""
    rng = default_rng(20_260_101)
    return sum(one.low <= truth <= one.high for one in (draw(rng) for _ in range(repetitions))) / repetitions


def welch(rng: Generator, n: int, truth: float, spreads: tuple[float, float], confidence: float = 0.95) -> Interval:
    return welch_t(rng.normal(truth, spreads[0], n).tolist(), rng.normal(0.0, spreads[1], n).tolist(), confidence)


@pytest.mark.parametrize("n", [10, 20])
@pytest.mark.parametrize("spreads", [pytest.param((0.03, 0.03), id="alike"), pytest.param((0.01, 0.1), id="unlike")])
def test_welch_on_logs_covers(n: int, spreads: tuple[float, float]) -> None:
    assert 0.94 < covered(lambda rng: welch(rng, n, math.log(4), spreads), math.log(4)) < 0.96


@pytest.mark.parametrize("n", [6, 7, 8, 9, 12])
def test_paired_t_covers(n: int) -> None:
    def draw(rng: Generator) -> Interval:
        shared = rng.normal(0.0, 1.0, n)
        ours, theirs = shared + 0.3 + rng.normal(0.0, 0.1, n), shared + rng.normal(0.0, 0.1, n)
        return paired_t(ours.tolist(), theirs.tolist(), 0.95)

    assert 0.94 < covered(draw, 0.3) < 0.96


@pytest.mark.parametrize("m", [2, 4, 10])
def test_a_share_of_alpha_covers_as_it_says(m: int) -> None:
    missed = 1 - covered(lambda rng: welch(rng, 10, 0.0, (0.03, 0.03), level(m)), 0.0)
    assert missed == pytest.approx(0.05 / m, abs=3 * math.sqrt(0.05 / m / REPETITIONS))


@pytest.mark.parametrize("shape", [pytest.param(16.0, id="skewed"), pytest.param(1e6, id="normal")])
def test_one_sample_covers(shape: float) -> None:
    assert covered(lambda rng: one_sample_t(rng.gamma(shape, 1 / shape, 8).tolist(), 0.95), 1.0) > 0.93


def test_slopes_over_processes_cover() -> None:
    sizes = [2.0**k for k in range(7, 13)]

    def draw(rng: Generator) -> Interval:
        # A process is slower or faster as a whole and has noise of its own at every size.
        costs = [np.array(sizes) ** 1.3 * np.exp(rng.normal(0, 0.05) + rng.normal(0, 0.03, 6)) for _ in range(10)]
        return one_sample_t([log_log_fit(sizes, cost.tolist())[0] for cost in costs], 0.95)

    assert covered(draw, 1.3, 1200) > 0.93


def test_pooling_iterations_covers_far_less_than_it_says() -> None:
    def draw(rng: Generator, pooled: bool) -> Interval:
        sides = [truth + rng.normal(0, PROCESS_SD, (10, 1)) + rng.normal(0, 0.02, (10, 20)) for truth in (0.5, 0.0)]
        columns = [(side.ravel() if pooled else np.median(side, axis=1)).tolist() for side in sides]
        return welch_t(columns[0], columns[1], 0.95)

    assert covered(lambda rng: draw(rng, True), 0.5, 2000) < 0.6
    assert covered(lambda rng: draw(rng, False), 0.5, 2000) > 0.935


def shares(truth: float, floor: float = 3.2) -> dict[Status, float]:
    """How often each status is given to a true ratio, with ten processes a side and a spread of 3 %."""
    rng, seen = default_rng(7), Counter[Status]()
    for _ in range(REPETITIONS):
        found = welch(rng, 10, math.log(truth), (PROCESS_SD, PROCESS_SD))
        seen[decide(found.low, found.high, 0.0, math.log(floor))] += 1
    return {status: count / REPETITIONS for status, count in seen.items()}


@pytest.mark.parametrize(
    ("truth", "status", "share"),
    [
        pytest.param(4.0, "REPRODUCED", 0.999, id="as published"),
        pytest.param(3.4, "REPRODUCED", 0.98, id="above the bar"),
        pytest.param(3.0, "PARTIAL", 0.99, id="below the bar"),
        pytest.param(1.0, "INCONCLUSIVE", 0.94, id="no effect"),
        pytest.param(0.95, "CONTRADICTED", 0.93, id="the wrong way"),
    ],
)
def test_a_true_ratio_gets_its_status(truth: float, status: Status, share: float) -> None:
    assert shares(truth)[status] >= share


@pytest.mark.parametrize(("truth", "wrong"), [(3.2, "REPRODUCED"), (3.2, "PARTIAL"), (1.0, "PARTIAL")])
def test_at_a_bound_each_side_is_called_at_most_one_time_in_forty(truth: float, wrong: Status) -> None:
    assert shares(truth)[wrong] <= above(0.025, REPETITIONS)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(lambda low, high: decide_not_worse(low, high, 0.5), id="not worse"),
        pytest.param(lambda low, high: decide_inside(low, high, -0.5, 9.0), id="inside"),
    ],
)
def test_at_the_margin_reproduced_is_rare(rule: Callable[[float, float], Status]) -> None:
    rng = default_rng(11)
    found = [one_sample_t(rng.normal(-0.5, 0.2, 8).tolist(), 0.95) for _ in range(REPETITIONS)]
    false = sum(rule(one.low, one.high) == "REPRODUCED" for one in found)
    assert 0 < false / REPETITIONS <= above(0.025, REPETITIONS)


def judged_shares(of: Claim, draw: Callable[[Generator], dict[str, list[float]]], m: int, repetitions: int) -> Counter:
    """Statuses that `judge` gives, records and all."""
    rng, seen = default_rng(13), Counter[Status]()
    template = units(of, draw(rng))
    for _ in range(repetitions):
        columns = draw(rng)
        records: list[Record] = [
            one.model_copy(update={"samples": {of.metric.name: (columns[one.arm][one.seeds[0]],)}}) for one in template
        ]
        seen[judge(of, "smoke", m, records, HEALTHY).status] += 1
    return seen


PAIRED = {
    "difference": Difference(subject="ours", baseline="theirs", at_least=0.1),
    "not worse": NotWorse(subject="ours", baseline="theirs", margin=0.1),
    "equivalent": Equivalent(subject="ours", baseline="theirs", margin=0.1),
}


@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize("name", PAIRED)
def test_false_reproduced_at_the_threshold_through_judge_with_pairs(name: str, m: int) -> None:
    n, repetitions = minimum_paired(m), 1500
    of = claim(PAIRED[name], protocol=Protocol(unit="seed", n={"smoke": n}, n_min=n, paired=True))
    truth = 0.1 if name == "difference" else -0.1

    def draw(rng: Generator) -> dict[str, list[float]]:
        shared = rng.normal(0.5, 0.3, n)
        return {"ours": (shared + truth + rng.normal(0, 0.01, n)).tolist(), "theirs": shared.tolist()}

    seen = judged_shares(of, draw, m, repetitions)
    assert seen["REPRODUCED"] / repetitions <= above(0.025 / m, repetitions)
    assert seen["INVALID"] == 0
    assert sum(seen.values()) == repetitions


def test_false_reproduced_at_the_bar_through_judge_with_processes() -> None:
    of = timing(Ratio(subject="ours", baseline="theirs", at_least=2.0))
    repetitions = 1200

    def draw(rng: Generator) -> dict[str, list[float]]:
        ours, theirs = (median * np.exp(rng.normal(0, PROCESS_SD, 10)) for median in (1e-3, 2e-3))
        return {"ours": ours.tolist(), "theirs": theirs.tolist()}

    seen = judged_shares(of, draw, 1, repetitions)
    assert 0 < seen["REPRODUCED"] / repetitions <= above(0.025, repetitions)
    assert seen["INCONCLUSIVE"] / repetitions > 0.93


def test_the_fewest_pairs_still_have_power() -> None:
    of = claim(PAIRED["difference"], protocol=Protocol(unit="seed", n={"smoke": 6}, n_min=6, paired=True))

    def draw(rng: Generator) -> dict[str, list[float]]:
        return {"ours": rng.normal(0.8, 0.05, 6).tolist(), "theirs": rng.normal(0.5, 0.05, 6).tolist()}

    assert judged_shares(of, draw, 1, 400)["REPRODUCED"] / 400 > 0.9


def test_skewed_pairs_are_held_by_the_exact_test() -> None:
    """Rare large gains: the mean is at the bar, and the t interval alone passes it too often the wrong way."""
    n = 8
    of = claim(PAIRED["difference"], protocol=Protocol(unit="seed", n={"smoke": n}, n_min=n, paired=True))

    def draw(rng: Generator) -> dict[str, list[float]]:
        # Mean 0.1 exactly, a long tail upwards: most samples lie below their mean.
        return {"ours": (0.2 * rng.exponential(1.0, n) - 0.1).tolist(), "theirs": [0.0] * n}

    seen = judged_shares(of, draw, 1, 1500)
    assert seen["REPRODUCED"] / 1500 <= above(0.025, 1500)

"""Statuses that known truths are given, and the coverage of slopes, by simulation through the rules that judge."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from factories import HEALTHY, claim, units
from numpy.random import Generator, default_rng

from claimbench.expectation import Difference
from claimbench.rules import Status, decide, decide_inside, decide_not_worse
from claimbench.spec import Protocol
from claimbench.stats.intervals import one_sample_t, welch_t
from claimbench.stats.scaling import log_log_fit
from claimbench.verdict import judge

REPETITIONS = 6000
BAR = 3.2


def above(nominal: float, repetitions: int) -> float:
    """Largest share that a rate of `nominal` explains: three standard errors."""
    return nominal + 3 * math.sqrt(nominal * (1 - nominal) / repetitions)


def shares(truth: float) -> dict[Status, float]:
    """How often each status is given to a true ratio, with ten processes a side and a spread of 3 %."""
    rng, seen = default_rng(7), Counter[Status]()
    for _ in range(REPETITIONS):
        found = welch_t(rng.normal(math.log(truth), 0.03, 10).tolist(), rng.normal(0, 0.03, 10).tolist(), 0.95)
        seen[decide(found.low, found.high, 0.0, math.log(BAR))] += 1
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


@pytest.mark.parametrize(
    ("truth", "wrong"), [(BAR, "REPRODUCED"), (BAR, "PARTIAL"), (1.0, "PARTIAL"), (1.0, "CONTRADICTED")]
)
def test_at_a_bound_each_side_is_called_one_time_in_forty(truth: float, wrong: Status) -> None:
    assert 0.015 < shares(truth)[wrong] <= above(0.025, REPETITIONS)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(lambda low, high: decide_not_worse(low, high, 0.5), id="not worse"),
        pytest.param(lambda low, high: decide_inside(low, high, -0.5, 9.0), id="inside"),
    ],
)
def test_at_the_edge_of_a_margin(rule: Callable[[float, float], Status]) -> None:
    rng, seen = default_rng(11), Counter[Status]()
    for _ in range(REPETITIONS):
        found = one_sample_t(rng.normal(-0.5, 0.2, 8).tolist(), 0.95)
        seen[rule(found.low, found.high)] += 1
    for wrong in ("REPRODUCED", "CONTRADICTED"):
        assert 0.015 < seen[wrong] / REPETITIONS <= above(0.025, REPETITIONS)


def slopes(rng: Generator, power: float) -> list[float]:
    """Ten processes, each slower or faster as a whole and with noise of its own at every size."""
    sizes = 2.0 ** np.arange(7, 13)
    costs = (sizes**power * np.exp(rng.normal(0, 0.05) + rng.normal(0, 0.03, 6)) for _ in range(10))
    return [log_log_fit(sizes.tolist(), cost.tolist())[0] for cost in costs]


def test_slopes_over_processes_cover() -> None:
    rng, repetitions = default_rng(3), 1000
    found = [one_sample_t(slopes(rng, 1.3), 0.95) for _ in range(repetitions)]
    assert sum(one.low <= 1.3 <= one.high for one in found) / repetitions > 0.93
    edge = sum(decide_inside(one.low, one.high, 1.0, 1.3) == "REPRODUCED" for one in found) / repetitions
    assert edge <= above(0.025, repetitions)


def paired_shares(draw: Callable[[Generator], list[float]], n: int, repetitions: int) -> Counter[Status]:
    """Statuses that `judge` gives to paired gains, at least 0.1 asked."""
    expectation = Difference(subject="ours", baseline="theirs", at_least=0.1)
    of = claim(expectation, protocol=Protocol(unit="seed", n={"smoke": n}, n_min=n, paired=True))
    rng, seen = default_rng(13), Counter[Status]()
    for _ in range(repetitions):
        seen[judge(of, "smoke", 1, units(of, {"ours": draw(rng), "theirs": [0.0] * n}), HEALTHY).status] += 1
    return seen


def test_the_fewest_pairs_still_have_power() -> None:
    seen = paired_shares(lambda rng: rng.normal(0.3, 0.07, 6).tolist(), 6, 200)
    assert seen["REPRODUCED"] / 200 > 0.9


def test_rare_large_gains_do_not_pass_the_bar() -> None:
    # Their mean is the bar itself; most samples lie below it, so the error is on the cautious side.
    seen = paired_shares(lambda rng: (0.2 * rng.exponential(1.0, 8) - 0.1).tolist(), 8, 600)
    assert seen["REPRODUCED"] / 600 <= above(0.025, 600)

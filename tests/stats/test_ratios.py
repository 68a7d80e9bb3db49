"""Ratios of means by Fieller: what it is defined by, and how often it covers where the delta method does not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimbench.stats.intervals import one_sample_t, paired_t, welch_t
from claimbench.stats.ratios import log_ratio_of_means


def errors(seed: int, n: int = 12) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, 1, n)
    return ((shared + rng.normal(0, 1, n)) ** 2 + 3).tolist(), ((shared + rng.normal(0, 1, n)) ** 2 + 2).tolist()


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_its_ends_are_where_the_paired_t_test_turns(level: float) -> None:
    a, b = errors(0)
    seen = log_ratio_of_means(a, b, level, paired=True)
    for end in (seen.low, seen.high):
        rest = one_sample_t([x - math.exp(end) * y for x, y in zip(a, b, strict=True)], level)
        assert min(abs(rest.low), abs(rest.high)) == pytest.approx(0.0, abs=1e-9)
    assert seen.estimate == pytest.approx(math.log(np.mean(a) / np.mean(b)))


def test_its_ends_are_where_welchs_turns_but_for_the_degrees_of_freedom() -> None:
    a, b = errors(1, 40)
    seen = log_ratio_of_means(a, b[:25], 0.95, paired=False)
    rest = welch_t(a, [math.exp(seen.low) * y for y in b[:25]], 0.95)
    assert rest.low == pytest.approx(0.0, abs=0.01)


@given(factor=st.floats(1e-6, 1e6), paired=st.booleans())
def test_units_and_sides_turn_it_as_they_should(factor: float, paired: bool) -> None:
    a, b = errors(2)
    seen, other = (log_ratio_of_means(x, y, 0.95, paired=paired) for x, y in ((a, b), (b, a)))
    assert (seen.low, seen.high) == pytest.approx((-other.high, -other.low))
    scaled = log_ratio_of_means([factor * x for x in a], b, 0.95, paired=paired)
    assert scaled.low - seen.low == pytest.approx(math.log(factor), abs=1e-9)


def test_of_small_spread_it_is_the_interval_of_the_logarithms() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(3, 0.003, 10), rng.normal(2, 0.002, 10)
    fieller = log_ratio_of_means(a.tolist(), b.tolist(), 0.95, paired=True)
    logs = paired_t(np.log(a).tolist(), np.log(b).tolist(), 0.95)
    assert (fieller.low, fieller.high, fieller.se) == pytest.approx((logs.low, logs.high, logs.se), abs=1e-4)


def test_what_the_data_leave_open_stays_open() -> None:
    wide = log_ratio_of_means([1.0, 1.1, 0.9], [0.01, 9.0, 0.01], 0.95, paired=False)
    assert (wide.low, wide.high) == (-math.inf, math.inf)
    vague = log_ratio_of_means([9.0, 0.0, 0.0], [1.0, 1.1, 0.9], 0.95, paired=False)
    assert vague.low == -math.inf
    assert vague.high < math.inf
    alone = log_ratio_of_means([2.0], [1.0], 0.95, paired=False)
    assert (alone.estimate, alone.low) == (pytest.approx(math.log(2)), -math.inf)


def test_means_must_be_positive_and_pairs_match() -> None:
    with pytest.raises(ValueError, match="above zero"):
        log_ratio_of_means([-1.0, 0.5], [1.0, 2.0], 0.95, paired=True)
    with pytest.raises(ValueError, match="pairs must match"):
        log_ratio_of_means([1.0, 0.5], [1.0, 2.0, 3.0], 0.95, paired=True)


@pytest.mark.parametrize("n", [10, 30])
@pytest.mark.parametrize("paired", [True, False])
def test_squared_errors_cover_from_few_replications_on(n: int, paired: bool) -> None:
    rng, reps, truth = np.random.default_rng(4), 1500, 1.5
    shared = rng.normal(0, 1, (reps, n)) * (0.7 if paired else 0.0)
    rest = math.sqrt(1 - 0.49) if paired else 1.0
    a, b = (truth if i == 0 else 1.0 for i in (0, 1))
    covered = 0
    for common in shared:
        first, second = (scale * (common + rest * rng.normal(0, 1, n)) ** 2 for scale in (a, b))
        seen = log_ratio_of_means(first.tolist(), second.tolist(), 0.95, paired=paired)
        covered += seen.low <= math.log(truth) <= seen.high
    assert covered / reps >= 0.93

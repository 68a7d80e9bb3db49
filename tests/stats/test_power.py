"""Power by formulas: published tables, scipy's noncentral t, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from claimbench.stats.power import (
    Design,
    excludes,
    items_needed,
    proportion_power,
    sd_upper,
    smallest_distance,
    units_needed,
    within,
)
from claimbench.stats.proportions import binomial_p, wilson

ONE = Design((1.0,))
REPS = 20_000


@pytest.mark.parametrize(("distance", "n"), [(0.25, 101), (0.5, 27), (1.0, 8), (1.5, 5), (2.0, 4), (3.0, 3)])
def test_seeds_for_a_margin_one_sided_at_five_per_cent(distance: float, n: int) -> None:
    assert units_needed(excludes, distance, ONE, 0.90) == n


@pytest.mark.parametrize("n", [4, 8, 30])
@pytest.mark.parametrize("level", [0.95, 0.995])
def test_pairs_have_the_power_of_the_noncentral_t(n: int, level: float) -> None:
    critical = stats.t.ppf((1 + level) / 2, n - 1)
    assert excludes(0.9, ONE, n, level) == pytest.approx(stats.nct.sf(critical, n - 1, 0.9 * math.sqrt(n)), abs=1e-4)


def test_two_arms_have_the_power_that_welchs_interval_shows() -> None:
    rng, n, sds = np.random.default_rng(0), 10, (1.0, 2.5)
    a, b = rng.normal(3.0, sds[0], (REPS, n)), rng.normal(0.0, sds[1], (REPS, n))
    seen = stats.ttest_ind(a, b, axis=1, equal_var=False)
    found = np.mean((seen.pvalue < 0.05) & (seen.statistic > 0))
    assert excludes(3.0, Design(sds), n, 0.95) == pytest.approx(found, abs=0.015)


def test_lying_within_a_margin_has_the_power_that_two_tests_show() -> None:
    x = np.random.default_rng(1).normal(0, 1, (REPS, 12))
    half = stats.t.ppf(0.975, 11) * x.std(axis=1, ddof=1) / math.sqrt(12)
    found = np.mean((x.mean(axis=1) - half > -0.9) & (x.mean(axis=1) + half < 0.9))
    assert within(0.9, ONE, 12, 0.95) == pytest.approx(found, abs=0.012)


@given(n=st.integers(2, 200), level=st.sampled_from([0.9, 0.95, 0.999]), sd=st.floats(1e-6, 1e6))
@settings(max_examples=20, deadline=None)
def test_the_smallest_distance_has_the_power_asked_and_scales(n: int, level: float, sd: float) -> None:
    for chance in (excludes, within):
        smallest = smallest_distance(chance, Design((sd,)), n, level)
        assert chance(smallest, Design((sd,)), n, level) == pytest.approx(0.8, abs=1e-4)
        assert smallest == pytest.approx(sd * smallest_distance(chance, ONE, n, level), rel=1e-4)


@pytest.mark.parametrize("chance", [excludes, within])
def test_units_needed_are_enough_and_one_fewer_are_not(chance: object) -> None:
    n = units_needed(chance, 0.4, ONE, 0.99)  # type: ignore[arg-type]
    assert n is not None
    assert chance(0.4, ONE, n, 0.99) >= 0.8 > chance(0.4, ONE, n - 1, 0.99)  # type: ignore[operator]


@given(sd=st.floats(0.01, 10), level=st.sampled_from([0.95, 1 - 0.05 / 23]))
@settings(max_examples=20, deadline=None)
def test_units_needed_rise_with_the_square_of_the_spread(sd: float, level: float) -> None:
    for chance in (excludes, within):
        n, twice = (units_needed(chance, 0.1, Design((spread,)), level) for spread in (sd, 2 * sd))
        assert n is not None
        assert twice is not None
        assert n <= twice <= 4 * n + 1
        assert chance(0.1, Design((sd,)), 500_000, level) > 0.999


def test_nothing_decides_what_lies_on_the_bound() -> None:
    assert units_needed(excludes, 0.0, ONE, 0.95) is None
    assert units_needed(excludes, 1e-6, ONE, 0.95) is None
    assert smallest_distance(excludes, ONE, 1, 0.95) == math.inf
    assert (excludes(1.0, ONE, 1, 0.95), within(1.0, ONE, 1, 0.95)) == (0.0, 0.0)


def test_without_spread_two_units_do() -> None:
    still = Design((0.0, 0.0))
    assert units_needed(excludes, 0.1, still, 0.95) == 2
    assert smallest_distance(within, still, 5, 0.95) == 0.0


@pytest.mark.parametrize(("share", "bound"), [(0.9, 0.8), (0.7, 0.8), (0.02, 0.1)])
def test_shares_have_the_power_of_the_two_tests_that_judge_them(share: float, bound: float) -> None:
    items, counts = 150, np.arange(151)
    if share > bound:
        decided = [wilson(k, items, 0.95).low >= bound and binomial_p(k, items, bound) <= 0.025 for k in counts]
    else:
        decided = [
            wilson(k, items, 0.95).high <= bound and binomial_p(items - k, items, 1 - bound) <= 0.025 for k in counts
        ]
    mass = stats.binom.pmf(counts, items, share)
    assert proportion_power(share, bound, items, 0.95) == pytest.approx(mass[np.array(decided)].sum())


def test_items_needed_have_about_the_power_asked() -> None:
    items = items_needed(0.9, 0.8, 0.95)
    assert items is not None
    assert 0.8 <= proportion_power(0.9, 0.8, items, 0.95) < 0.85
    textbook = ((1.96 * math.sqrt(0.8 * 0.2) + 0.8416 * math.sqrt(0.9 * 0.1)) / 0.1) ** 2
    assert items == pytest.approx(textbook, rel=0.15)
    assert items_needed(0.8, 0.8, 0.95) is None


def test_the_upper_limit_of_a_spread_is_exceeded_one_time_in_five() -> None:
    rng = np.random.default_rng(2)
    sds = rng.normal(0, 1, (REPS, 3)).std(axis=1, ddof=1)
    assert np.mean(sds * sd_upper(1.0, 2) > 1.0) == pytest.approx(0.8, abs=0.01)

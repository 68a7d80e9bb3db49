"""Shares of items: published values, scipy's intervals and tests, and the exact size of the exact tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from claimbench.stats.proportions import binomial_p, paired_difference, paired_difference_p, wilson

Array = NDArray[np.float64]


def test_wilson_of_the_arenas_agreement() -> None:
    seen = wilson(0.728 * 160, 160, 0.95)
    assert (seen.low, seen.high) == pytest.approx((0.654, 0.791), abs=1e-3)


@pytest.mark.parametrize(("successes", "items"), [(0, 30), (1, 30), (29, 40), (40, 40), (466, 500)])
@pytest.mark.parametrize("level", [0.9, 0.995])
def test_wilson_and_binomial_are_scipys(successes: int, items: int, level: float) -> None:
    theirs = stats.binomtest(successes, items, 0.8, alternative="greater")
    ends = stats.binomtest(successes, items).proportion_ci(level, method="wilson")
    seen = wilson(successes, items, level)
    assert (seen.low, seen.high) == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert binomial_p(successes, items, 0.8) == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("items", [30, 100, 500])
def test_wilson_covers_where_ten_of_each_are_to_be_expected(items: int) -> None:
    counts = np.arange(items + 1)
    ends = [wilson(int(k), items, 0.95) for k in counts]
    low, high = (np.array([getattr(end, name) for end in ends]) for name in ("low", "high"))
    shares = np.linspace(10 / items, 1 - 10 / items, 101)
    mass = stats.binom.pmf(counts, items, shares[:, None])
    covered = (mass * ((low <= shares[:, None]) & (shares[:, None] <= high))).sum(axis=1)
    assert covered.min() >= 0.93
    assert covered.mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("items", [30, 200])
def test_interval_and_exact_test_together_err_no_more_than_they_may(share: float, items: int) -> None:
    counts = np.arange(items + 1)
    decided = np.array([wilson(k, items, 0.95).low >= share and binomial_p(k, items, share) <= 0.025 for k in counts])
    assert stats.binom.pmf(counts, items, share)[decided].sum() <= 0.025
    alone = np.array([wilson(k, items, 0.95).low >= share for k in counts])
    assert alone.sum() >= decided.sum()


@given(successes=st.integers(0, 60), share=st.floats(0.01, 0.99))
def test_failures_are_the_successes_of_the_opposite(successes: int, share: float) -> None:
    seen, other = wilson(successes, 60, 0.95), wilson(60 - successes, 60, 0.95)
    assert (seen.low, seen.high) == pytest.approx((1 - other.high, 1 - other.low))
    assert seen.low <= seen.estimate <= seen.high
    above, below = binomial_p(successes, 60, share), binomial_p(60 - successes, 60, 1 - share)
    assert above + below >= 1 - 1e-12


def trinomial(pairs: int, gained: float, lost: float) -> Array:
    """Probability of every (gained, lost) among the pairs."""
    up, down = np.arange(pairs + 1)[:, None], np.arange(pairs + 1)[None]
    rest = pairs - up - down
    return np.where(
        rest >= 0,
        stats.binom.pmf(up, pairs, gained) * stats.binom.pmf(down, np.maximum(pairs - up, 0), lost / (1 - gained)),
        0.0,
    )


def table(pairs: int, value: object) -> Array:
    """A function of (gained, lost) at every outcome; NaN where there is none."""
    found = np.full((pairs + 1, pairs + 1), np.nan)
    for gained in range(pairs + 1):
        for lost in range(pairs + 1 - gained):
            found[gained, lost] = value(gained, lost)  # type: ignore[operator]
    return found


@pytest.mark.parametrize(("gained", "lost"), [(0.05, 0.05), (0.15, 0.05), (0.3, 0.3), (0.4, 0.1)])
def test_paired_difference_covers(gained: float, lost: float) -> None:
    pairs = 60
    low = table(pairs, lambda up, down: paired_difference(up, down, pairs, 0.95).low)
    high = table(pairs, lambda up, down: paired_difference(up, down, pairs, 0.95).high)
    truth, mass = gained - lost, trinomial(pairs, gained, lost)
    assert mass.sum() == pytest.approx(1.0)
    assert mass[(low <= truth) & (truth <= high)].sum() >= 0.94


@pytest.mark.parametrize("bound", [-0.1, 0.0, 0.1])
def test_the_exact_test_of_pairs_keeps_its_level_whatever_is_discordant(bound: float) -> None:
    pairs = 30
    p = table(pairs, lambda up, down: paired_difference_p(up, down, pairs, bound))
    for lost in np.linspace(max(0.0, -bound) + 1e-3, (1 - bound) / 2 - 1e-3, 25):
        mass = trinomial(pairs, lost + bound, lost)
        for tail in (0.025, 0.0025):
            assert mass[p <= tail].sum() <= tail


def test_it_is_sharper_than_the_conditional_test_and_agrees_with_it_roughly() -> None:
    conditional = stats.binomtest(15, 19, 0.5, alternative="greater").pvalue
    assert 0.5 * conditional < paired_difference_p(15, 4, 60, 0.0) < conditional


@given(gained=st.integers(0, 20), lost=st.integers(0, 20), bound=st.floats(-0.5, 0.5), more=st.floats(0, 0.3))
@settings(max_examples=40, deadline=None)
def test_a_higher_bound_is_harder_to_exceed(gained: int, lost: int, bound: float, more: float) -> None:
    first, second = paired_difference_p(gained, lost, 50, bound), paired_difference_p(gained, lost, 50, bound + more)
    assert 0 < first <= 1
    if second <= 0.025:
        assert first <= 0.025, "p itself need not rise evenly: at each bound outcomes have an order of their own"
    turned = paired_difference(lost, gained, 50, 0.95)
    seen = paired_difference(gained, lost, 50, 0.95)
    assert (seen.low, seen.estimate) == pytest.approx((-turned.high, -turned.estimate))


def test_bounds_outside_of_what_shares_can_differ_by() -> None:
    with pytest.raises(ValueError, match="within -1 and 1"):
        paired_difference_p(3, 1, 40, 1.0)
    assert math.isfinite(paired_difference_p(0, 0, 40, 0.0))
    assert paired_difference_p(40, 0, 40, 0.5) == pytest.approx(0.75**40, rel=0.2)
    assert paired_difference_p(0, 40, 40, 0.5) == 1.0

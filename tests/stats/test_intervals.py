"""Intervals and the sign-flip test against scipy, power laws against themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from claimbench.stats.intervals import one_sample_t, paired_t, welch_t
from claimbench.stats.scaling import log_log_fit
from claimbench.stats.signflip import EXACT_UP_TO, sign_flip_p


def samples(seed: int, first: int, second: int) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    return rng.normal(1.0, 0.5, first).tolist(), rng.normal(0.3, 2.0, second).tolist()


@pytest.mark.parametrize(("first", "second"), [(2, 2), (3, 12), (10, 10), (40, 7)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.995])
def test_welch_is_scipys(first: int, second: int, level: float) -> None:
    a, b = samples(first, first, second)
    ours = welch_t(a, b, level)
    theirs = stats.ttest_ind(a, b, equal_var=False)
    ends = theirs.confidence_interval(level)
    assert (ours.low, ours.high, ours.df) == pytest.approx((ends.low, ends.high, theirs.df), rel=1e-10)
    assert ours.estimate == pytest.approx(np.mean(a) - np.mean(b))
    assert ours.half_width == pytest.approx((ours.high - ours.low) / 2)


@pytest.mark.parametrize("n", [2, 5, 30])
@pytest.mark.parametrize("level", [0.9, 0.995])
def test_one_sample_and_paired_are_scipys(n: int, level: float) -> None:
    a, b = samples(n, n, n)
    one, theirs = one_sample_t(a, level), stats.ttest_1samp(a, 0.0).confidence_interval(level)
    assert (one.low, one.high) == pytest.approx((theirs.low, theirs.high), rel=1e-10)
    two, theirs = paired_t(a, b, level), stats.ttest_rel(a, b).confidence_interval(level)
    assert (two.low, two.high) == pytest.approx((theirs.low, theirs.high), rel=1e-10)


def test_a_single_unit_bounds_nothing() -> None:
    for interval in (one_sample_t([1.0], 0.95), welch_t([1.0], [1.0, 2.0], 0.95)):
        assert (interval.low, interval.high) == (-math.inf, math.inf)


def test_units_without_spread_give_a_point() -> None:
    assert welch_t([2.0] * 3, [1.0] * 3, 0.95).half_width == 0.0
    assert one_sample_t([2.0] * 3, 0.95).low == 2.0


def test_pairs_must_match() -> None:
    with pytest.raises(ValueError):
        paired_t([1.0, 2.0], [1.0], 0.95)


@given(scale=st.floats(-120, 120), shift=st.floats(-5, 5))
@settings(max_examples=50, deadline=None)
def test_welch_scales_with_its_unit(scale: float, shift: float) -> None:
    factor = 10.0**scale
    a, b = samples(1, 6, 9)
    plain = welch_t(a, b, 0.95)
    scaled = welch_t([factor * (x + shift) for x in a], [factor * (x + shift) for x in b], 0.95)
    assert scaled.df == pytest.approx(plain.df, rel=1e-6)
    assert (scaled.low / factor, scaled.high / factor) == pytest.approx((plain.low, plain.high), rel=1e-6)


def mean_of(x: np.ndarray, axis: int) -> np.ndarray:
    return np.mean(x, axis=axis)


@pytest.mark.parametrize("n", [2, 6, 9])
def test_sign_flips_are_scipys_exact_permutation_test(n: int) -> None:
    d = np.random.default_rng(n).normal(0.4, 1.0, n)
    theirs = stats.permutation_test(
        (d,), mean_of, permutation_type="samples", alternative="greater", n_resamples=np.inf, vectorized=True
    )
    assert sign_flip_p(d.tolist()) == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("n", [1, 5, 9, EXACT_UP_TO])
def test_smallest_p_is_one_pattern_of_all(n: int) -> None:
    assert sign_flip_p([0.1] * n) == 2.0**-n


def test_no_difference_is_no_evidence() -> None:
    assert sign_flip_p([0.0] * 6) == 1.0
    assert sign_flip_p([0.1 + 0.2, -0.3]) > 0.5, "a tie but for rounding counts against the effect"


def test_random_patterns_approach_the_exact_p() -> None:
    n = EXACT_UP_TO + 2
    d = np.random.default_rng(4).normal(0.35, 1.0, n)
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    exact = float(np.mean(signs @ d >= d.sum() - 1e-12))
    drawn = sign_flip_p(d.tolist())
    assert drawn == pytest.approx(exact, abs=5 * math.sqrt(exact * (1 - exact) / 1e5))
    assert drawn != sign_flip_p(d.tolist(), seed=1)
    assert drawn == sign_flip_p(d.tolist()), "the same seed, the same number"


def test_random_patterns_never_give_zero() -> None:
    assert 0 < sign_flip_p([1.0] * 40) <= 2e-5


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_either_side_or_both_are_possible(differences: list[float]) -> None:
    above, below = sign_flip_p(differences), sign_flip_p([-d for d in differences])
    assert above + below >= 1.0
    assert min(above, below) >= 2.0 ** -len(differences)


SIZES = [64.0, 128.0, 256.0, 512.0, 1024.0]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_power_law_is_found_without_bend(power: float) -> None:
    slope, curvature = log_log_fit(SIZES, [3e-7 * size**power for size in SIZES])
    assert slope == pytest.approx(power, abs=1e-10)
    assert curvature == pytest.approx(0.0, abs=1e-10)


def test_curvature_is_the_quadratic_coefficient() -> None:
    slope, curvature = log_log_fit(SIZES, [math.exp(0.2 * (math.log(s) - math.log(256)) ** 2) * s for s in SIZES])
    assert (slope, curvature) == pytest.approx((1.0, 0.2))


def test_constant_overhead_bends_the_line_and_flattens_it() -> None:
    slope, curvature = log_log_fit(SIZES, [256.0 + size for size in SIZES])
    assert curvature > 0.1
    assert slope < 0.75


@pytest.mark.parametrize(
    ("sizes", "costs"), [(SIZES[:2], [1, 2]), (SIZES[:3], [1, 0, 2]), ([0, 1, 2], [1, 2, 3]), (SIZES[:3], [1, 2, -1])]
)
def test_no_power_law_without_three_positive_points(sizes: list[float], costs: list[float]) -> None:
    with pytest.raises(ValueError, match="three positive"):
        log_log_fit(sizes, costs)

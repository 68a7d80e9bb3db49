"""Units in clusters: they count as what they are, by known cases and by simulation."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray

from claimbench.stats.clusters import MIN_CLUSTERS, cluster_sums, cluster_t, effective_items
from claimbench.stats.intervals import one_sample_t
from claimbench.stats.proportions import wilson

Array = NDArray[np.float64]


def test_clusters_of_one_are_independent_units() -> None:
    values = np.random.default_rng(0).normal(1, 2, 30).tolist()
    assert astuple(cluster_t(values, range(30), 0.95)) == pytest.approx(astuple(one_sample_t(values, 0.95)))


def test_clusters_of_equal_size_are_their_means() -> None:
    values = np.random.default_rng(1).normal(0, 1, (12, 5))
    labels = np.repeat(np.arange(12), 5)
    seen, means = cluster_t(values.ravel().tolist(), labels.tolist(), 0.9), one_sample_t(values.mean(axis=1), 0.9)
    assert (seen.low, seen.high, seen.df) == pytest.approx((means.low, means.high, means.df))


def test_a_unit_written_twice_says_no_more() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    once = cluster_t(values, "abcdef", 0.95)
    twice = cluster_t(values * 2, "abcdef" * 2, 0.95)
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))
    assert one_sample_t(values * 2, 0.95).low > twice.low


def test_sums_keep_the_order_of_appearance() -> None:
    assert cluster_sums([1, 2, 4, 8], "baab") == ([9, 6], [2, 2])


def test_one_cluster_bounds_nothing() -> None:
    assert cluster_t([1.0, 0.0, 1.0], "aaa", 0.95).low == -np.inf
    assert effective_items([1.0, 0.0, 1.0], "aaa", 0.95) == 1.0


def test_effective_items_lie_between_the_clusters_and_the_items() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(60), 10).tolist()
    independent = (rng.random(600) < 0.6).astype(float).tolist()
    assert 450 < effective_items(independent, labels, 0.95) <= 600
    alike = np.repeat(rng.random(60) < 0.6, 10).astype(float).tolist()
    assert 50 < effective_items(alike, labels, 0.95) <= 60
    flawless = effective_items([1.0] * 600, labels, 0.95)
    assert 50 < flawless <= 60, "of what never fails nobody knows how alike its clusters are"


def shares(rng: np.random.Generator, clusters: int, size: int, share: float, likeness: float) -> tuple[Array, Array]:
    """Successes and items of each cluster; `likeness` is the correlation within one."""
    scale = (1 - likeness) / likeness
    inner = rng.beta(share * scale, (1 - share) * scale, clusters)
    items = rng.poisson(size - 1, clusters) + 1
    return rng.binomial(items, inner).astype(float), items


@pytest.mark.parametrize(
    ("clusters", "size", "share", "likeness"),
    [(MIN_CLUSTERS, 5, 0.5, 0.4), (MIN_CLUSTERS, 5, 0.8, 0.2), (30, 20, 0.9, 0.2), (50, 5, 0.95, 0.2)],
)
def test_shares_in_clusters_cover(clusters: int, size: int, share: float, likeness: float) -> None:
    rng, reps, covered, naive = np.random.default_rng(3), 500, 0, 0
    for _ in range(reps):
        successes, items = shares(rng, clusters, size, share, likeness)
        values = np.concatenate([[1.0] * int(k) + [0.0] * int(n - k) for k, n in zip(successes, items, strict=True)])
        labels = np.repeat(np.arange(clusters), items)
        number = effective_items(values.tolist(), labels.tolist(), 0.95)
        seen = wilson(float(values.mean()) * number, number, 0.95)
        covered += seen.low <= share <= seen.high
        pooled = wilson(float(values.sum()), float(values.size), 0.95)
        naive += pooled.low <= share <= pooled.high
    assert covered / reps >= 0.93 - 3 * np.sqrt(0.93 * 0.07 / reps)
    assert naive < covered


def test_means_in_clusters_cover() -> None:
    rng, reps = np.random.default_rng(4), 4000
    sizes = rng.integers(1, 9, MIN_CLUSTERS)
    labels = np.repeat(np.arange(MIN_CLUSTERS), sizes)
    noise = rng.normal(0, 1, (reps, labels.size)) + rng.normal(0, 1, (reps, MIN_CLUSTERS))[:, labels]
    sums = np.add.reduceat(noise, np.r_[0, np.cumsum(sizes)[:-1]], axis=1)
    mean = noise.mean(axis=1)
    variance = ((sums - mean[:, None] * sizes) ** 2).sum(axis=1) * MIN_CLUSTERS / (MIN_CLUSTERS - 1) / labels.size**2
    one = cluster_t(noise[0].tolist(), labels.tolist(), 0.95)
    assert (one.estimate, one.se) == pytest.approx((mean[0], np.sqrt(variance[0])))
    half = one.half_width / one.se * np.sqrt(variance)
    assert np.mean(np.abs(mean) <= half) >= 0.93

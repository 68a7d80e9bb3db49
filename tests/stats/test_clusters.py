"""Units in clusters: they count as what they are, by known cases and by simulation."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import betainc, ndtri, stdtrit

from claimbench.stats.clusters import MIN_CLUSTERS, cluster_sums, cluster_t, effective_items
from claimbench.stats.intervals import one_sample_t
from claimbench.stats.proportions import paired_difference

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


REPS = 6000
NORMAL = float(ndtri(0.975))


def draw(rng: np.random.Generator, clusters: int, size: int, share: float, likeness: float) -> tuple[Array, Array]:
    """Successes and items of each cluster, one repetition a row; `likeness` is the correlation within a cluster."""
    scale = (1 - likeness) / likeness
    inner = rng.beta(share * scale, (1 - share) * scale, (REPS, clusters))
    items = rng.poisson(size - 1, (REPS, clusters)) + 1
    return rng.binomial(items, inner).astype(float), items.astype(float)


def effective(successes: Array, items: Array) -> tuple[Array, Array]:
    """Share and effective items of each row, at 95 %."""
    number, total = successes.shape[1], items.sum(axis=1)
    share = successes.sum(axis=1) / total
    variance = ((successes - share[:, None] * items) ** 2).sum(axis=1) * number / (number - 1) / total**2
    correction = (NORMAL / stdtrit(number - 1, 0.975)) ** 2
    found = np.where(variance > 0, share * (1 - share) / np.where(variance > 0, variance, 1.0), total)
    found = np.minimum(found, total) * correction
    return share, np.where(found * np.minimum(share, 1 - share) < 20, np.minimum(found, number), found)


@pytest.mark.parametrize(
    ("clusters", "size", "share", "likeness"),
    [
        (MIN_CLUSTERS, 5, 0.5, 0.4),
        (MIN_CLUSTERS, 5, 0.8, 0.2),
        (MIN_CLUSTERS, 20, 0.95, 0.4),
        (30, 20, 0.9, 0.05),
        (50, 5, 0.95, 0.2),
        (100, 20, 0.95, 0.2),
    ],
)
def test_shares_in_clusters_cover_and_seldom_reach_a_floor_that_they_lie_on(
    clusters: int, size: int, share: float, likeness: float
) -> None:
    successes, items = draw(np.random.default_rng(3), clusters, size, share, likeness)
    found, number = effective(successes, items)
    for row in range(3):
        values = np.concatenate(
            [[1.0] * int(k) + [0.0] * int(n - k) for k, n in zip(successes[row], items[row], strict=True)]
        )
        labels = np.repeat(np.arange(clusters), items[row].astype(int))
        assert effective_items(values.tolist(), labels.tolist(), 0.95) == pytest.approx(number[row])
    shrink = 1 + NORMAL**2 / number
    middle = (found + NORMAL**2 / (2 * number)) / shrink
    half = NORMAL / shrink * np.sqrt(found * (1 - found) / number + NORMAL**2 / (4 * number**2))
    assert np.mean((middle - half <= share) & (share <= middle + half)) >= 0.93
    exact = betainc(np.maximum(found * number, 1e-9), number - found * number + 1, share)
    reached = (middle - half >= share) & (exact <= 0.025)
    assert np.mean(reached) <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / REPS)
    pooled = np.sqrt(found * (1 - found) / items.sum(axis=1))
    assert np.mean(np.abs(found - share) <= NORMAL * pooled) < 0.93, "as if every item were independent"


@pytest.mark.parametrize(("clusters", "size"), [(MIN_CLUSTERS, 10), (50, 5)])
@pytest.mark.parametrize(("gained", "lost", "likeness"), [(0.05, 0.001, 0.05), (0.1, 0.02, 0.17), (0.3, 0.1, 0.3)])
def test_pairs_in_clusters_cover(clusters: int, size: int, gained: float, lost: float, likeness: float) -> None:
    rng, reps, truth = np.random.default_rng(6), 400, gained - lost
    scale = (1 - likeness) / likeness
    shares = rng.dirichlet(np.array([gained, lost, 1 - gained - lost]) * scale, (reps, clusters))
    covered = missed = 0
    for row in shares:
        items = rng.poisson(size - 1, clusters) + 1
        found = [rng.choice([1.0, -1.0, 0.0], n, p=p) for n, p in zip(items, row, strict=True)]
        values, labels = np.concatenate(found), np.repeat(np.arange(clusters), items)
        pairs = effective_items(values.tolist(), labels.tolist(), 0.95)
        up, down = (float(np.mean(values == side)) * pairs for side in (1, -1))
        seen = paired_difference(up, down, pairs, 0.95)
        covered += seen.low <= truth <= seen.high
        missed += seen.low > truth
    assert covered / reps >= 0.93 - 3 * np.sqrt(0.93 * 0.07 / reps)
    assert missed / reps <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / reps)


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

"""Rank intervals: critical values, all methods, and how often they miss."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from stats.ranking.known import arena, simulated

from claimbench.errors import VotesError
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.rank_intervals import Method, critical_value, rank_intervals
from claimbench.stats.ranking.sandwich import sandwich_covariance

METHODS: tuple[Method, ...] = ("chi2", "bonferroni", "max_t", "max_t_pairs")
METHOD = pytest.mark.parametrize("method", METHODS)


def covariance(size: int, seed: int) -> np.ndarray:
    """Of ratings with mean zero, some of them nearly tied to each other."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, 2 * size)) * 10 ** rng.uniform(-1, 1, (size, 1))
    root[1] = root[0] + 0.1 * root[1]
    root -= root.mean(axis=0)
    return root @ root.T


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("alpha", [0.5, 0.05])
def test_pruning_finds_the_same_quantile_as_looking_at_every_pair(seed: int, alpha: float) -> None:
    v, draws = covariance(9, seed), 2000
    values, vectors = np.linalg.eigh(v)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    z = np.random.default_rng(seed).standard_normal((draws, 9)) @ root
    own = np.diag(v)
    errors = np.sqrt(own[:, None] + own - 2 * v) + np.eye(9)
    largest = np.sort(np.max(np.abs(z[:, :, None] - z[:, None, :]) / errors, axis=(1, 2)))
    expected = largest[math.ceil((1 - alpha) * (draws + 1)) - 1]
    assert critical_value(v, alpha, "max_t_pairs", seed, draws) == pytest.approx(expected, rel=1e-9)


def test_chunks_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    v = covariance(7, 1)
    whole = [critical_value(v, method=method, draws=3000) for method in ("max_t", "max_t_pairs")]
    monkeypatch.setattr("claimbench.stats.ranking.rank_intervals._CHUNK", 7 * 500)
    assert [critical_value(v, method=method, draws=3000) for method in ("max_t", "max_t_pairs")] == whole


def test_equal_variances_give_the_studentised_range() -> None:
    # Differences of M independent ratings: the range over √2 times the standard error.
    tukey = stats.studentized_range.ppf(0.95, 8, np.inf) / math.sqrt(2)
    assert critical_value(np.eye(8), method="max_t_pairs") == pytest.approx(tukey, rel=0.01)
    # max |Z| of M independent ones: Šidák.
    sidak = stats.norm.ppf((1 + 0.95 ** (1 / 8)) / 2)
    assert critical_value(np.eye(8), method="max_t") == pytest.approx(sidak, rel=0.01)


def test_closed_forms() -> None:
    v = covariance(129, 2)
    assert critical_value(v, method="chi2") == pytest.approx(math.sqrt(stats.chi2.ppf(0.95, 128)))
    assert critical_value(v, method="bonferroni") == pytest.approx(stats.norm.ppf(1 - 0.025 / 129))


def test_real_votes() -> None:
    battles = arena()
    ratings = fit_bradley_terry(battles).ratings
    v = sandwich_covariance(battles, ratings)
    lengths, criticals = [], []
    for method in METHODS:
        low, high = rank_intervals(ratings, v, method=method)
        rank = np.argsort(np.argsort(-ratings)) + 1
        assert np.all((low <= rank) & (rank <= high))
        lengths.append(float((high - low + 1).mean()))
        criticals.append(critical_value(v, method=method))
    assert criticals == pytest.approx([12.47, 3.55, 3.54, 4.30], abs=0.02)
    assert lengths == pytest.approx([43.9, 14.0, 14.0, 12.3], abs=0.15)


@METHOD
def test_true_ranks_are_rarely_missed(method: Method) -> None:
    missed = 0
    for seed in range(60):
        battles, truth = simulated(5, 60, seed)
        ratings = fit_bradley_terry(battles).ratings
        v = sandwich_covariance(battles, ratings)
        low, high = rank_intervals(ratings, v, 0.1, method, seed, draws=500)
        rank = np.argsort(np.argsort(-truth)) + 1
        missed += bool(np.any((rank < low) | (rank > high)))
    assert missed / 60 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 60)


@METHOD
@given(seed=st.integers(0, 500), shift=st.floats(-9, 9), scale=st.floats(0.01, 100))
@settings(max_examples=15, deadline=None)
def test_gauge_unit_and_order_do_not_matter(method: Method, seed: int, shift: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    v, ratings = covariance(6, seed), rng.normal(0, 5, 6)
    low, high = rank_intervals(ratings, v, method=method, draws=400)
    moved = rank_intervals(scale * (ratings + shift), scale**2 * v, method=method, draws=400)
    assert (low.tolist(), high.tolist()) == (moved[0].tolist(), moved[1].tolist())
    turned = rank_intervals(-ratings, v, method=method, draws=400)
    assert (7 - high).tolist() == turned[0].tolist()
    assert np.all((low >= 1) & (low <= high) & (high <= 6))


def test_a_constant_added_to_all_ratings_adds_nothing_to_pairs() -> None:
    v = covariance(8, 3)
    plain = critical_value(v, draws=20_000)
    assert critical_value(v + 50.0, draws=20_000, seed=1) == pytest.approx(plain, rel=0.02)


@METHOD
def test_without_variance_every_difference_counts(method: Method) -> None:
    low, high = rank_intervals(np.array([2.0, 2.0, 1.0]), np.zeros((3, 3)), method=method, draws=100)
    assert (low.tolist(), high.tolist()) == ([1, 1, 3], [2, 2, 3])


@METHOD
def test_a_single_model_is_first(method: Method) -> None:
    low, high = rank_intervals(np.zeros(1), np.zeros((1, 1)), method=method)
    assert (low.tolist(), high.tolist()) == ([1], [1])


def test_the_same_seed_gives_the_same_number() -> None:
    v = covariance(5, 1)
    assert critical_value(v, draws=300, seed=4) == critical_value(v, draws=300, seed=np.random.default_rng(4))
    assert critical_value(v, draws=300, seed=4) != critical_value(v, draws=300, seed=5)


@pytest.mark.parametrize(
    ("alpha", "method", "draws", "message"),
    [
        (0.0, "max_t", 100, "between 0 and 1"),
        (1.0, "chi2", 100, "between 0 and 1"),
        (0.05, "tukey", 100, "choose one of"),
        (0.01, "max_t", 50, "at least 100"),
    ],
)
def test_what_cannot_be_asked(alpha: float, method: Method, draws: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        critical_value(np.eye(3), alpha, method, 0, draws)


@METHOD
def test_ratings_that_are_not_there_have_no_ranks(method: Method) -> None:
    with pytest.raises(VotesError, match="finite"):
        rank_intervals(np.array([0.0, np.nan]), np.eye(2), method=method)
    with pytest.raises(VotesError, match="finite"):
        rank_intervals(np.zeros(2), np.full((2, 2), np.nan), method=method)
    with pytest.raises(VotesError, match="one row and column each"):
        rank_intervals(np.zeros(3), np.eye(2), method=method)

"""Covariances: closed forms, other packages, what no gauge changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.ranking.known import arena, figure_2, identified, names, simulated, win_matrix

from claimbench.errors import VotesError
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.sandwich import (
    contrast_variance,
    model_covariance,
    sandwich_covariance,
    standard_errors,
    variance_of,
)
from claimbench.stats.ranking.votes import Battles, from_counts, from_wins


def both(battles: Battles) -> tuple[np.ndarray, np.ndarray]:
    ratings = fit_bradley_terry(battles).ratings
    return sandwich_covariance(battles, ratings), model_covariance(battles, ratings)


@pytest.mark.parametrize(("a", "b"), [(3, 1), (50, 50), (1000, 7)])
def test_two_models_have_variance_one_over_each(a: int, b: int) -> None:
    for covariance in both(from_wins([[0, a], [b, 0]], names(2))):
        assert variance_of(np.array([1.0, -1.0]), covariance) == pytest.approx(1 / a + 1 / b, rel=1e-10)


def test_ties_shrink_the_sandwich_and_not_the_model() -> None:
    contrast = np.array([1.0, -1.0])
    sandwich, model = both(from_counts([0], [1], [[10, 80, 10]], names(2)))
    # 20 decided votes of score ±½ among 100 of information ¼.
    assert variance_of(contrast, sandwich) == pytest.approx(20 * 0.25 / 25**2)
    assert variance_of(contrast, model) == pytest.approx(1 / 25)


def test_nothing_but_ties_leaves_no_variance_unless_floored() -> None:
    battles = from_counts([0, 1], [1, 2], [[0, 9, 0], [0, 9, 0]], names(3))
    sandwich, model = both(battles)
    assert np.allclose(sandwich, 0, atol=1e-15)
    np.testing.assert_allclose(sandwich_covariance(battles, np.zeros(3), floor=True), model, atol=1e-12)


@given(battles=identified(least=3))
@settings(max_examples=30, deadline=None)
def test_floor_bounds_both_from_above(battles: Battles) -> None:
    sandwich, model = both(battles)
    floored = sandwich_covariance(battles, fit_bradley_terry(battles).ratings, floor=True)
    for covariance in (sandwich, model):
        assert np.linalg.eigvalsh(floored - covariance)[0] > -1e-9 * np.abs(floored).max()


def test_statsmodels_has_the_same_covariances() -> None:
    api = pytest.importorskip("statsmodels.api")
    battles = simulated(5, 12, 3, ties=0.2)[0]
    # One row a vote, a tie as half a win, the last model at zero.
    cells = np.repeat(np.arange(3 * battles.first.size), battles.counts.ravel().astype(int))
    pair, outcome = cells // 3, cells % 3
    design = np.zeros((cells.size, 5))
    design[np.arange(cells.size), battles.first[pair]] = 1
    design[np.arange(cells.size), battles.second[pair]] = -1
    model = api.GLM(outcome / 2, design[:, :4], family=api.families.Binomial())
    ground = np.eye(5)[:4] - np.eye(5)[4]
    for ours, kind in zip(both(battles), ("HC0", "nonrobust"), strict=True):
        theirs = model.fit(tol=1e-12, cov_type=kind).cov_params()
        np.testing.assert_allclose(ground @ ours @ ground.T, theirs, rtol=1e-7)


def test_by_the_book_on_the_paper_s_figure() -> None:
    battles = figure_2()
    ratings = fit_bradley_terry(battles).ratings
    graph = PairGraph(battles.first, battles.second, 12)
    p = 1 / (1 + np.exp(-graph.differences(ratings)))
    bread = np.linalg.pinv(graph.laplacian(battles.games * p * (1 - p)), hermitian=True)
    scores = battles.counts[:, 2] * (1 - p) ** 2 + battles.counts[:, 0] * p**2
    np.testing.assert_allclose(
        sandwich_covariance(battles, ratings), bread @ graph.laplacian(scores) @ bread, rtol=1e-9, atol=1e-15
    )


def test_real_votes() -> None:
    sandwich, model = (standard_errors(covariance) for covariance in both(arena()))
    assert np.median(sandwich) * ELO_PER_NAT == pytest.approx(2.38, abs=0.005)
    # Half-wins vary less than wins: the model's errors are a quarter too wide.
    assert np.median(model / sandwich) == pytest.approx(1.25, abs=0.005)


@given(battles=identified(), factor=st.floats(0.1, 50))
@settings(max_examples=30, deadline=None)
def test_k_times_the_votes_divide_by_k_and_k_times_the_weight_by_nothing(battles: Battles, factor: float) -> None:
    sandwich, _ = both(battles)
    more = from_counts(battles.first, battles.second, factor * battles.counts, battles.models)
    np.testing.assert_allclose(both(more)[0], sandwich / factor, rtol=1e-6, atol=1e-12 * sandwich.max())
    heavier = battles.weighted(np.full(battles.first.size, factor))
    np.testing.assert_allclose(both(heavier)[0], sandwich, rtol=1e-6, atol=1e-12 * sandwich.max())


@given(battles=identified(), seed=st.integers(0, 100), shift=st.floats(-5, 5))
@settings(max_examples=30, deadline=None)
def test_contrasts_know_no_gauge(battles: Battles, seed: int, shift: float) -> None:
    ratings = fit_bradley_terry(battles).ratings
    contrast = np.random.default_rng(seed).normal(size=ratings.size)
    contrast -= contrast.mean()
    sandwich = sandwich_covariance(battles, ratings)
    variance = variance_of(contrast, sandwich)
    assert variance_of(contrast, sandwich_covariance(battles, ratings + shift)) == pytest.approx(variance)
    # Anchored at the first model: A V Aᵀ with A = I − 1e₀ᵀ.
    anchored = np.eye(ratings.size) - np.eye(ratings.size)[0]
    assert variance_of(contrast, anchored @ sandwich @ anchored.T) == pytest.approx(variance)
    assert contrast_variance(battles, ratings, contrast) == pytest.approx(variance)


def test_only_differences_have_a_variance() -> None:
    battles = figure_2()
    ratings = fit_bradley_terry(battles).ratings
    with pytest.raises(VotesError, match="differences"):
        variance_of(np.eye(12)[0], sandwich_covariance(battles, ratings))
    with pytest.raises(VotesError, match="differences"):
        contrast_variance(battles, ratings, np.eye(12)[0])


def test_ratings_that_are_not_there_have_no_covariance() -> None:
    battles = from_wins([[0, 3], [0, 0]], names(2))
    with pytest.raises(VotesError, match="status of the fit"):
        sandwich_covariance(battles, fit_bradley_terry(battles).ratings)
    with pytest.raises(VotesError, match="cannot be inverted"):
        model_covariance(from_counts([0], [1], [[1, 0, 1]], names(3)), np.zeros(3))


def test_it_covers() -> None:
    inside, contrast = 0, np.eye(6)[0] - np.eye(6)[1]
    for seed in range(150):
        battles, truth = simulated(6, 40, seed)
        ratings = fit_bradley_terry(battles).ratings
        error = np.sqrt(contrast_variance(battles, ratings, contrast))
        inside += abs(contrast @ (ratings - truth)) < 1.96 * error
    assert 0.89 < inside / 150 < 0.99


def test_win_matrix_and_votes_agree() -> None:
    battles = simulated(4, 30, 1)[0]
    again = from_wins(win_matrix(battles), names(4))
    np.testing.assert_allclose(both(again)[0], both(battles)[0])

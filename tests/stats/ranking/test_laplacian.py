"""Laplacian systems against numpy, directly and by conjugate gradients."""

from __future__ import annotations

import numpy as np
import pytest
from stats.ranking.known import arena

from claimbench.errors import VotesError
from claimbench.stats.ranking import laplacian
from claimbench.stats.ranking.laplacian import NoSolution, PairGraph


def graph(size: int, seed: int) -> tuple[PairGraph, np.ndarray]:
    """A path and random chords, weights over five orders of magnitude."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(size, 1)
    keep = (second == first + 1) | (rng.random(first.size) < 0.3)
    return PairGraph(first[keep], second[keep], size), 10.0 ** rng.uniform(-2, 3, int(keep.sum()))


@pytest.mark.parametrize("size", [2, 3, 17, 60])
def test_pseudo_inverse_is_numpys(size: int) -> None:
    of, weights = graph(size, size)
    dense = of.laplacian(weights)
    assert np.allclose(dense.sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(of.pseudo_inverse(weights), np.linalg.pinv(dense, hermitian=True), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("direct", [500, 0], ids=["cholesky", "conjugate gradients"])
def test_solution_has_mean_zero_and_no_residual(monkeypatch: pytest.MonkeyPatch, direct: int) -> None:
    monkeypatch.setattr(laplacian, "_DIRECT_MODELS", direct)
    of, weights = graph(40, 1)
    right = np.random.default_rng(2).normal(size=(40, 3))
    right -= right.mean(axis=0)
    for b in (right, right[:, 0]):
        solution = of.solve(weights, b, tolerance=1e-12)
        assert solution.shape == b.shape
        np.testing.assert_allclose(solution.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(of.laplacian(weights) @ solution, b, atol=1e-8)


def test_incidence_is_both_sums() -> None:
    of, weights = graph(9, 3)
    ratings = np.arange(9.0) ** 2
    np.testing.assert_allclose(of.incidence @ ratings, of.differences(ratings))
    np.testing.assert_allclose(of.incidence.T @ weights, of.divergence(weights))


@pytest.mark.parametrize("weight", [0.0, 1e-17, np.nan], ids=["none", "lost to rounding", "not a number"])
def test_bridge_without_weight_has_no_solution(weight: float) -> None:
    of = PairGraph(np.array([0, 1, 2]), np.array([1, 2, 3]), 4)
    with pytest.raises(NoSolution):
        of.solve(np.array([1.0, weight, 1.0]), np.array([1.0, 0, 0, -1.0]))


def test_models_too_many_for_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laplacian, "DENSE_MODELS", 128)
    battles = arena()
    of = PairGraph(battles.first, battles.second, 129)
    with pytest.raises(VotesError, match="at most 128"):
        of.pseudo_inverse(battles.games)


def test_where_gradients_do_not_converge_the_factorisation_stands_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laplacian, "_DIRECT_MODELS", 0)
    monkeypatch.setattr(laplacian, "_CG_ITERATIONS", 2)
    of, weights = graph(40, 4)
    right = np.eye(40)[0] - np.eye(40)[39]
    np.testing.assert_allclose(of.laplacian(weights) @ of.solve(weights, right), right, atol=1e-8)
    monkeypatch.setattr(laplacian, "DENSE_MODELS", 0)
    with pytest.raises(NoSolution, match="2 iterations"):
        of.solve(weights, right)

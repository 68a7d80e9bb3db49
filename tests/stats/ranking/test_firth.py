"""Firth's estimate: closed form of two models, the penalised likelihood, finite where the maximum is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from stats.ranking.known import arena, names, simulated

from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.firth import fit_firth
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.votes import Battles, from_counts, from_wins


@pytest.mark.parametrize(("won", "lost"), [(3, 1), (5, 0), (0, 2), (40, 41)])
def test_two_models_get_half_a_vote_each(won: int, lost: int) -> None:
    fit = fit_firth(from_wins([[0, won], [lost, 0]], names(2)))
    assert fit.ratings[0] - fit.ratings[1] == pytest.approx(math.log((won + 0.5) / (lost + 0.5)), abs=1e-9)


def penalised(battles: Battles, free: np.ndarray) -> float:
    """−(log-likelihood + ½ log det information), the last model at zero."""
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    log_odds = graph.differences(np.append(free, 0.0))
    p = 1 / (1 + np.exp(-log_odds))
    information = graph.laplacian(battles.games * p * (1 - p))[:-1, :-1]
    likelihood = battles.score @ np.log(p) + (battles.games - battles.score) @ np.log(1 - p)
    return -float(likelihood + np.linalg.slogdet(information)[1] / 2)


@pytest.mark.parametrize("seed", range(4))
def test_it_maximises_the_penalised_likelihood(seed: int) -> None:
    battles, _ = simulated(5, 3, seed, ties=0.2)
    fit = fit_firth(battles)
    found = minimize(lambda free: penalised(battles, free), np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(fit.ratings[:-1] - fit.ratings[-1], found.x, atol=1e-5)


def test_models_that_only_win_get_finite_ratings() -> None:
    battles = from_counts([0, 1], [1, 2], [[0, 0, 5], [0, 0, 5]], names(3))
    fit = fit_firth(battles)
    assert fit_bradley_terry(battles).status is Status.SEPARATED
    assert fit.status is Status.IDENTIFIED
    np.testing.assert_allclose(fit.ratings, [math.log(11), 0, -math.log(11)], atol=1e-8)


def test_models_that_never_met_do_not() -> None:
    fit = fit_firth(from_counts([0], [1], [[1, 0, 1]], names(3)))
    assert fit.status is Status.DISCONNECTED
    assert np.isnan(fit.ratings).all()


def test_with_many_votes_it_is_the_maximum_likelihood() -> None:
    apart = fit_firth(arena()).ratings - fit_bradley_terry(arena()).ratings
    assert 1e-6 < np.abs(apart).max() < 1e-3

"""Rao and Kupper, Davidson: published losses of the real votes, derivatives, limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from stats.ranking.known import arena, identified, names, simulated, win_matrix

from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.ties import TieFit, fit_davidson, fit_rao_kupper
from claimbench.stats.ranking.votes import Battles, from_counts, from_wins

Fitter = Callable[[Battles], TieFit]
BOTH = pytest.mark.parametrize("fit", [fit_rao_kupper, fit_davidson], ids=["rao-kupper", "davidson"])


def test_losses_of_the_real_votes_are_the_published_ones() -> None:
    battles = arena(both_bad=False)
    half, rao_kupper, davidson = fit_bradley_terry(battles), fit_rao_kupper(battles), fit_davidson(battles)
    losses = [-fit.log_likelihood / battles.votes for fit in (half, rao_kupper, davidson)]
    # Table of leaderbot: 0.6554, 1.0095, 1.0100.
    assert losses == pytest.approx([0.65541, 1.00948, 1.01001], abs=5e-6)
    assert rao_kupper.tie == pytest.approx(0.4500, abs=5e-5)
    assert davidson.tie == pytest.approx(-0.6022, abs=5e-5)


@BOTH
@given(battles=identified())
@settings(max_examples=25, deadline=None)
def test_no_direction_leads_up(fit: Fitter, battles: Battles) -> None:
    best = fit(battles)
    assert best.status is Status.IDENTIFIED
    assert best.gradient_norm < 1e-8

    def likelihood(ratings: np.ndarray, tie: float) -> float:
        moved = TieFit(best.model, ratings, tie, best.status, best.existence, 0, 0.0, 0.0)
        return float((battles.counts * moved.log_probabilities(battles.first, battles.second)).sum())

    assert likelihood(best.ratings, best.tie) == pytest.approx(best.log_likelihood, rel=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(10):
        step, tie_step = 1e-3 * rng.normal(size=best.ratings.size), 1e-3 * rng.normal()
        assert likelihood(best.ratings + step, best.tie + tie_step) <= best.log_likelihood


@BOTH
def test_scipy_finds_the_same_maximum(fit: Fitter) -> None:
    battles, _ = simulated(4, 30, 2, ties=0.25)
    best = fit(battles)

    def loss(free: np.ndarray) -> float:
        trial = TieFit(best.model, np.append(free[:3], 0.0), free[3], best.status, best.existence, 0, 0.0, 0.0)
        return -float((battles.counts * trial.log_probabilities(battles.first, battles.second)).sum())

    found = minimize(loss, np.array([0, 0, 0, 0.5]), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    np.testing.assert_allclose(np.append(best.ratings[:3] - best.ratings[3], best.tie), found.x, atol=1e-5)


@BOTH
@given(difference=st.floats(-30, 30), tie=st.floats(0.01, 3))
@settings(max_examples=30, deadline=None)
def test_outcomes_are_all_there_are(fit: Fitter, difference: float, tie: float) -> None:
    one = fit(from_counts([0], [1], [[1, 1, 1]], names(2)))
    at = TieFit(one.model, np.array([difference, 0.0]), tie, one.status, one.existence, 0, 0.0, 0.0)
    logs = at.log_probabilities(np.array([0, 1]), np.array([1, 0]))
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(logs[0], logs[1, ::-1], atol=1e-12)


@pytest.mark.parametrize(("won", "tied", "lost"), [(4, 3, 2), (1, 50, 1), (10, 1, 1)])
def test_two_models_are_fitted_exactly(won: int, tied: int, lost: int) -> None:
    battles = from_counts([0], [1], [[lost, tied, won]], names(2))
    for fit in (fit_rao_kupper(battles), fit_davidson(battles)):
        shares = np.exp(fit.log_probabilities(np.array([0]), np.array([1])))[0]
        np.testing.assert_allclose(shares, np.array([lost, tied, won]) / (won + tied + lost), atol=1e-10)


@BOTH
def test_without_ties_it_is_bradley_terry(fit: Fitter) -> None:
    battles = from_wins(np.round(win_matrix(simulated(5, 30, 3)[0])), names(5))
    one, plain = fit(battles), fit_bradley_terry(battles)
    np.testing.assert_allclose(one.ratings, plain.ratings)
    assert one.tie == (0 if one.model == "rao-kupper" else -math.inf)
    assert one.log_likelihood == plain.log_likelihood
    logs = one.log_probabilities(battles.first, battles.second)
    np.testing.assert_allclose(logs[:, [0, 2]], plain.log_probabilities(battles.first, battles.second)[:, [0, 2]])
    assert np.all(logs[:, 1] == -math.inf)


@BOTH
def test_a_single_tie_among_many_votes_converges(fit: Fitter) -> None:
    battles = from_counts([0, 1], [1, 2], [[2 * 10**5, 1, 10**5], [10**5, 0, 10**5]], names(3))
    one = fit(battles)
    assert one.status is Status.IDENTIFIED
    shares = np.exp(one.log_probabilities(battles.first, battles.second))[:, 1]
    assert battles.games @ shares == pytest.approx(1, rel=1e-6)


@BOTH
@pytest.mark.parametrize(
    ("counts", "status"),
    [
        pytest.param([[0, 9, 0], [0, 9, 0]], Status.SEPARATED, id="ties alone"),
        pytest.param([[0, 12, 55], [0, 12, 55]], Status.SEPARATED, id="ties and never an upset"),
        pytest.param([[0, 0, 5], [2, 1, 2]], Status.SEPARATED, id="always wins"),
        pytest.param([[1, 1, 5], [0, 0, 0]], Status.DISCONNECTED, id="never met"),
    ],
)
def test_without_a_maximum_there_are_no_numbers(fit: Fitter, counts: list[list[int]], status: Status) -> None:
    one = fit(from_counts([0, 1], [1, 2], counts, names(3)))
    assert one.status is status
    assert np.isnan(one.ratings).all()
    assert math.isnan(one.tie)

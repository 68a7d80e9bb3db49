"""The exact maximum: known answers, other packages, and what must not change it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.ranking.known import (
    BASEBALL_RATINGS,
    BASEBALL_TEAMS,
    FIGURE_2_RATINGS,
    FOOD_SCORES,
    arena,
    baseball,
    figure_2,
    food,
    identified,
    names,
    simulated,
    win_matrix,
)

from claimbench.errors import VotesError
from claimbench.stats.ranking import laplacian
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry, to_elo
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.votes import Battles, from_counts, from_wins


def gradient(battles: Battles, ratings: np.ndarray) -> np.ndarray:
    """Of the log-likelihood, in the widest floating-point numbers there are."""
    wide = ratings.astype(np.longdouble)
    surplus = battles.score - battles.games / (1 + np.exp(wide[battles.second] - wide[battles.first]))
    total = np.zeros(len(battles.models), np.longdouble)
    np.add.at(total, battles.first, surplus)
    np.subtract.at(total, battles.second, surplus)
    return total


@pytest.mark.parametrize(("won", "lost", "tied"), [(3, 1, 0), (1, 1, 0), (997, 2, 0), (5, 2, 4), (0, 0, 7), (0, 1, 1)])
def test_two_models_have_a_closed_form(won: int, lost: int, tied: int) -> None:
    fit = fit_bradley_terry(from_counts([0], [1], [[lost, tied, won]], ("a", "b")))
    assert fit.ratings[0] - fit.ratings[1] == pytest.approx(math.log((won + tied / 2) / (lost + tied / 2)), abs=1e-12)
    p = (won + tied / 2) / (won + lost + tied)
    assert fit.log_likelihood == pytest.approx((won + lost + tied) * (p * math.log(p) + (1 - p) * math.log(1 - p)))


def test_spokes_of_a_star_are_fitted_one_by_one() -> None:
    won = np.array([3, 17, 5, 200])
    fit = fit_bradley_terry(from_counts([0] * 4, [1, 2, 3, 4], np.stack([won, 0 * won, 201 - won], 1), names(5)))
    np.testing.assert_allclose(fit.ratings[0] - fit.ratings[1:], np.log((201 - won) / won), atol=1e-12)


def test_baseball_of_1987_is_agrestis() -> None:
    ratings = fit_bradley_terry(baseball()).ratings
    np.testing.assert_allclose(ratings - ratings[-1], BASEBALL_RATINGS, atol=5e-4)
    lead = ratings[BASEBALL_TEAMS.index("Boston")] - ratings[BASEBALL_TEAMS.index("New York")]
    assert 1 / (1 + math.exp(-lead)) == pytest.approx(0.465, abs=5e-4)


def test_food_is_evalicas() -> None:
    np.testing.assert_allclose(np.exp(fit_bradley_terry(food()).ratings), FOOD_SCORES, rtol=1e-5)


def test_figure_2_of_the_paper() -> None:
    battles = figure_2()
    ratings = fit_bradley_terry(battles).ratings
    assert battles.votes == pytest.approx(31_348)
    np.testing.assert_allclose(ratings - ratings[-1], FIGURE_2_RATINGS, atol=5e-4)
    order = [battles.models[m] for m in np.argsort(-ratings)]
    assert (order[0], order[1], order[-1]) == ("gpt-4-turbo", "gpt-4-0613", "mistral-7b")


def test_real_votes_anchored_at_mixtral() -> None:
    battles = arena()
    elo = to_elo(fit_bradley_terry(battles).ratings, (battles.models.index("mixtral-8x7b-instruct-v0.1"), 1114.0))
    known = {
        "chatgpt-4o-latest": 1315.16,
        "gemini-1.5-pro-exp-0801": 1298.42,
        "gpt-4o-2024-05-13": 1285.83,
        "gpt-4o-mini-2024-07-18": 1274.85,
        "claude-3-5-sonnet-20240620": 1270.98,
    }
    top = np.argsort(-elo)[:5]
    assert {battles.models[m]: round(float(elo[m]), 2) for m in top} == known


def test_deviation_from_the_maximum_is_below_a_hundred_millionth_of_a_point() -> None:
    battles = arena()
    ratings = fit_bradley_terry(battles).ratings
    p = 1 / (1 + np.exp(ratings[battles.second] - ratings[battles.first]))
    graph = laplacian.PairGraph(battles.first, battles.second, len(battles.models))
    # One more Newton step, its gradient in extended precision.
    step = graph.solve(battles.games * p * (1 - p), gradient(battles, ratings).astype(np.float64))
    assert np.abs(step).max() * ELO_PER_NAT < 1e-10


def test_choix_finds_the_same_maximum() -> None:
    choix = pytest.importorskip("choix")
    for battles in (arena(), baseball(), figure_2()):
        theirs = choix.ilsr_pairwise_dense(win_matrix(battles), tol=1e-11)
        np.testing.assert_allclose(fit_bradley_terry(battles).ratings, theirs - theirs.mean(), atol=1e-9)


def test_statsmodels_finds_the_same_maximum() -> None:
    api = pytest.importorskip("statsmodels.api")
    battles = figure_2()
    design = np.zeros((battles.first.size, 12))
    design[np.arange(battles.first.size), battles.first] = 1
    design[np.arange(battles.first.size), battles.second] = -1
    outcomes = np.stack([battles.score, battles.games - battles.score], axis=1)
    theirs = api.GLM(outcomes, design[:, :-1], family=api.families.Binomial()).fit(tol=1e-13)
    ours = fit_bradley_terry(battles)
    np.testing.assert_allclose(ours.ratings[:-1] - ours.ratings[-1], theirs.params, atol=1e-9)


@pytest.mark.parametrize("solver", ["bradley_terry", "newman"])
def test_evalica_finds_the_same_maximum(solver: str) -> None:
    evalica = pytest.importorskip("evalica")
    a, b, winners = [], [], []
    battles = baseball()
    for i, j, (lost, _, won) in zip(battles.first, battles.second, battles.counts.astype(int), strict=True):
        a += [battles.models[i]] * int(won + lost)
        b += [battles.models[j]] * int(won + lost)
        winners += [evalica.Winner.X] * int(won) + [evalica.Winner.Y] * int(lost)
    scores = getattr(evalica, solver)(a, b, winners, tolerance=1e-12, limit=20_000).scores
    theirs = np.log([scores[name] for name in battles.models])
    np.testing.assert_allclose(fit_bradley_terry(battles).ratings, theirs - theirs.mean(), atol=1e-8)


@given(battles=identified())
@settings(max_examples=60, deadline=None)
def test_gradient_vanishes_at_ratings_of_mean_zero(battles: Battles) -> None:
    fit = fit_bradley_terry(battles)
    assert fit.status is Status.IDENTIFIED
    assert np.abs(gradient(battles, fit.ratings)).max() < 1e-9
    assert abs(fit.ratings.mean()) < 1e-12


@given(battles=identified(), seed=st.integers(0, 1000), factor=st.floats(0.01, 1000))
@settings(max_examples=40, deadline=None)
def test_what_only_renames_or_rescales_the_votes(battles: Battles, seed: int, factor: float) -> None:
    ratings = fit_bradley_terry(battles).ratings
    place = np.random.default_rng(seed).permutation(len(ratings))
    shuffled = from_counts(place[battles.first], place[battles.second], battles.counts, battles.models)
    np.testing.assert_allclose(fit_bradley_terry(shuffled).ratings[place], ratings, atol=1e-9)
    scaled = from_counts(battles.first, battles.second, factor * battles.counts, battles.models)
    np.testing.assert_allclose(fit_bradley_terry(scaled).ratings, ratings, atol=1e-9)
    twice = [np.concatenate([rows, rows]) for rows in (battles.first, battles.second, battles.counts / 2)]
    np.testing.assert_allclose(fit_bradley_terry(from_counts(*twice, battles.models)).ratings, ratings, atol=1e-12)


@given(battles=identified())
@settings(max_examples=40, deadline=None)
def test_turning_every_vote_around_turns_the_ratings_around(battles: Battles) -> None:
    ratings = fit_bradley_terry(battles).ratings
    turned = from_wins(win_matrix(battles).T, battles.models)
    np.testing.assert_allclose(fit_bradley_terry(turned).ratings, -ratings, atol=1e-9)


@given(battles=identified())
@settings(max_examples=30, deadline=None)
def test_ties_are_half_wins_however_encoded(battles: Battles) -> None:
    as_wins = from_wins(win_matrix(battles), battles.models)
    np.testing.assert_allclose(fit_bradley_terry(as_wins).ratings, fit_bradley_terry(battles).ratings, atol=1e-12)


@given(battles=identified(), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_start_does_not_matter(battles: Battles, seed: int) -> None:
    start = np.random.default_rng(seed).normal(0, 10, len(battles.models))
    found = fit_bradley_terry(battles, start)
    np.testing.assert_allclose(found.ratings, fit_bradley_terry(battles).ratings, atol=1e-9)


def test_a_start_that_leads_nowhere_is_dropped() -> None:
    """From there every outcome is certain, and the curvature singular to working precision."""
    first, second = np.array([0, 0, 1, 2, 3, 4, 5]), np.array([1, 6, 2, 3, 4, 5, 6])
    counts = np.array([[7, 6, 5], [3, 8, 5], [3, 3, 1], [1, 1, 2], [7, 6, 8], [5, 5, 8], [6, 6, 5]], dtype=float)
    battles = Battles(names(7), first, second, counts)
    far = np.random.default_rng(3).normal(0, 10, 7)
    np.testing.assert_allclose(fit_bradley_terry(battles, far).ratings, fit_bradley_terry(battles).ratings, atol=1e-9)


def test_triangle_of_wins_rates_all_alike() -> None:
    cycle = from_wins([[0, 1, 0], [0, 0, 1], [1, 0, 0]], names(3))
    np.testing.assert_allclose(fit_bradley_terry(cycle).ratings, 0, atol=1e-14)


def test_ties_alone_rate_all_alike() -> None:
    ties = from_counts([0, 1], [1, 2], [[0, 5, 0], [0, 2, 0]], names(3))
    np.testing.assert_allclose(fit_bradley_terry(ties).ratings, 0, atol=1e-14)


def test_model_that_only_ties_pulls_to_itself() -> None:
    before = fit_bradley_terry(from_wins([[0, 3], [1, 0]], names(2))).ratings
    battles = from_counts([0, 0, 1], [1, 2, 2], [[1, 0, 3], [0, 4, 0], [0, 4, 0]], names(3))
    after = fit_bradley_terry(battles).ratings
    assert after[2] == pytest.approx(0, abs=1e-12)
    assert 0 < after[0] - after[1] < before[0] - before[1]


def test_one_model_under_two_names_gets_one_rating() -> None:
    whole = win_matrix(simulated(4, 40, 1)[0])
    split = np.zeros((5, 5))
    split[:4, :4] = whole
    # Half of what model 3 played, in each pair alike, is now played by its double.
    split[3, :3] = split[4, :3] = whole[3, :3] / 2
    split[:3, 3] = split[:3, 4] = whole[:3, 3] / 2
    one, two = (
        fit_bradley_terry(from_wins(whole, names(4))).ratings,
        fit_bradley_terry(from_wins(split, names(5))).ratings,
    )
    assert two[3] == pytest.approx(two[4], abs=1e-12)
    np.testing.assert_allclose(two[:4] - two[0], one - one[0], atol=1e-10)


def test_balanced_round_robin_orders_by_wins() -> None:
    battles, _ = simulated(12, 30, 5)
    wins = win_matrix(battles).sum(axis=1)
    assert np.all(np.diff(fit_bradley_terry(battles).ratings[np.argsort(wins, kind="stable")]) > -1e-12)


@pytest.mark.parametrize("weight", [1e-150, 1e150], ids=["light", "heavy"])
def test_extreme_weights_change_nothing(weight: float) -> None:
    battles = baseball()
    extreme = fit_bradley_terry(battles.weighted(np.full(battles.first.size, weight)))
    np.testing.assert_allclose(extreme.ratings, fit_bradley_terry(battles).ratings, atol=1e-10)


def test_lopsided_votes_converge() -> None:
    won = [[0, 10**9, 0], [1, 0, 10**9], [0, 1, 0]]
    fit = fit_bradley_terry(from_wins(won, names(3)))
    np.testing.assert_allclose(-np.diff(fit.ratings), math.log(1e9), rtol=1e-9)


def test_bridge_lost_to_rounding_is_said_and_gives_no_numbers() -> None:
    islands = np.zeros((4, 4))
    islands[0, 1] = islands[1, 0] = islands[2, 3] = islands[3, 2] = 1e9
    islands[1, 2], islands[2, 1] = 3e-9, 1e-9
    fit = fit_bradley_terry(from_wins(islands, names(4)))
    assert fit.status is Status.NOT_CONVERGED
    assert np.isnan(fit.ratings).all()


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        pytest.param([[0, 0, 5], [2, 0, 2]], Status.SEPARATED, id="always wins"),
        pytest.param([[1, 0, 5], [0, 0, 0]], Status.DISCONNECTED, id="never met"),
    ],
)
def test_without_a_maximum_there_are_no_numbers(counts: list[list[int]], status: Status) -> None:
    fit = fit_bradley_terry(from_counts([0, 1], [1, 2], counts, names(3)))
    assert fit.status is status
    assert np.isnan(fit.ratings).all()
    assert math.isnan(fit.log_likelihood)
    assert fit.existence.groups


def test_many_models_by_conjugate_gradients() -> None:
    size, rng = 6000, np.random.default_rng(3)
    ring = np.arange(size)
    a, b = np.tile(ring, 6), np.concatenate([(ring + 1) % size, rng.integers(0, size, 5 * size)])
    counts = rng.integers(1, 20, (a.size, 3))
    battles = from_counts(a, b, counts, tuple(map(str, range(size))))
    fit = fit_bradley_terry(battles)
    assert fit.status is Status.IDENTIFIED
    assert np.abs(gradient(battles, fit.ratings)).max() < 1e-9


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        pytest.param((2.0, 1.0, 3.0), Status.IDENTIFIED, id="all-reached"),
        pytest.param((0.0, 0.0, 3.0), Status.SEPARATED, id="each-beats-the-next"),
    ],
)
def test_a_hundred_thousand_models_have_a_status(counts: tuple[float, ...], status: Status) -> None:
    size, rng = 100_000, np.random.default_rng(4)
    chain = np.arange(size - 1)
    ends = np.sort(rng.integers(size, size=(200_000, 2)), axis=1)
    first, second = np.concatenate([np.stack([chain, chain + 1], axis=1), ends[ends[:, 0] < ends[:, 1]]]).T
    battles = from_counts(first, second, np.tile(counts, (first.size, 1)), tuple(map(str, range(size))))
    fit = fit_bradley_terry(battles)
    assert fit.status is status
    assert np.isfinite(fit.ratings).all() == (status is Status.IDENTIFIED)


def test_few_and_many_models_are_fitted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    battles = arena()
    direct = fit_bradley_terry(battles).ratings
    monkeypatch.setattr(laplacian, "_DIRECT_MODELS", 0)
    np.testing.assert_allclose(fit_bradley_terry(battles).ratings, direct, atol=1e-12)


def test_elo_points() -> None:
    ratings = np.array([math.log(10), 0.0, -math.log(10)])
    np.testing.assert_allclose(to_elo(ratings), [1400, 1000, 600])
    np.testing.assert_allclose(to_elo(ratings + 5), [1400, 1000, 600])
    np.testing.assert_allclose(to_elo(ratings, (2, 1114.0)), [1914, 1514, 1114])
    with pytest.raises(VotesError, match="anchor 3"):
        to_elo(ratings, (3, 0.0))


def test_predictions_are_those_of_the_likelihood() -> None:
    battles = baseball()
    fit = fit_bradley_terry(battles)
    logs = fit.log_probabilities(battles.first, battles.second)
    assert (battles.counts * logs).sum() == pytest.approx(fit.log_likelihood)
    np.testing.assert_allclose(np.exp(logs[:, 0]) + np.exp(logs[:, 2]), 1)


def test_a_trillion_votes_on_one_side_and_a_single_one_on_the_other() -> None:
    fit = fit_bradley_terry(from_counts([0], [1], [[1, 0, 1e12]], ["a", "b"]))
    assert fit.status is Status.IDENTIFIED
    assert fit.ratings[0] - fit.ratings[1] == pytest.approx(np.log(1e12), rel=1e-12)

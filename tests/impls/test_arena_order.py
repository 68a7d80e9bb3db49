"""Simulated arenas have the truth they say; the order of votes does to Elo what theory says, and to others nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.order import (
    as_stored,
    bootstrap_widths,
    bradley_terry,
    distance,
    in_random_orders,
    kendall_tau,
    noise_ratio,
    rmse_to_truth,
    root_k_slope,
)
from claimbench.impls.chatbot_arena.simulate import SimulatedArena, beta_strengths, round_robin
from claimbench.impls.chatbot_arena.votes import Votes
from claimbench.stats.ranking.elo import stationary_sd, summarize

STRENGTHS = np.array([0.0, 0.4, -0.9, 1.3, 0.2])


def arena(tie_rate: float = 0.3) -> SimulatedArena:
    return round_robin(STRENGTHS, tie_rate)


@pytest.mark.parametrize("tie_rate", [0.0, 0.3, 0.5])
def test_mean_scores_are_bradley_terrys_whatever_the_ties(tie_rate: float) -> None:
    drawn = arena(tie_rate).draw(200_000, np.random.default_rng(1))
    p = 1 / (1 + np.exp(STRENGTHS[drawn.second] - STRENGTHS[drawn.first]))
    residual = drawn.score - p
    assert abs(residual.mean()) < 4 * residual.std() / math.sqrt(len(drawn))
    assert (residual**2).mean() == pytest.approx((1 - tie_rate) * (p * (1 - p)).mean(), rel=0.02)
    assert (drawn.outcome == 1).mean() == pytest.approx(4 * tie_rate * (p * (1 - p)).mean(), abs=0.005)


def test_pairs_are_served_as_often_as_they_should_be_and_sides_by_a_coin() -> None:
    weights = np.arange(1, 11)
    drawn = round_robin(STRENGTHS, weights=weights).draw(100_000, np.random.default_rng(2))
    low, high = np.minimum(drawn.first, drawn.second), np.maximum(drawn.first, drawn.second)
    first, second = np.triu_indices(5, 1)
    share = [((low == i) & (high == j)).mean() for i, j in zip(first, second, strict=True)]
    np.testing.assert_allclose(share, weights / weights.sum(), atol=0.006)
    assert (drawn.first < drawn.second).mean() == pytest.approx(0.5, abs=0.01)


def test_few_users_cast_many_votes() -> None:
    drawn = arena().draw(20_000, np.random.default_rng(3), users=50)
    cast = np.bincount(drawn.judge, minlength=50)
    assert cast[0] > 3 * cast[9]
    assert len(drawn.judges) == 50


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_a_seed_draws_the_same_votes_again(seed: int) -> None:
    one, other = (arena().draw(50, np.random.default_rng(seed), users=3) for _ in range(2))
    for name in ("first", "second", "outcome", "judge"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("strengths", "tie_rate", "weights"),
    [
        pytest.param([0.0], 0.0, None, id="one-model"),
        pytest.param([0.0, 1.0], 0.6, None, id="too-many-ties"),
        pytest.param([0.0, 1.0], -0.1, None, id="negative-ties"),
        pytest.param([0.0, 1.0], 0.0, [1.0, 1.0], id="weights-of-other-pairs"),
        pytest.param([0.0, 1.0], 0.0, [0.0], id="no-pair"),
    ],
)
def test_an_arena_that_cannot_be_is_refused(
    strengths: list[float], tie_rate: float, weights: list[float] | None
) -> None:
    with pytest.raises(VotesError):
        round_robin(strengths, tie_rate, weights)
    with pytest.raises(VotesError, match="a vote and a user"):
        arena().draw(0, np.random.default_rng(0))


def test_strengths_are_drawn_as_the_paper_draws_them() -> None:
    drawn = beta_strengths(20_000, np.random.default_rng(4))
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.var() == pytest.approx(1 / 8, abs=0.005)


def test_bradley_terry_covers_the_truth_with_its_errors() -> None:
    truth = STRENGTHS * 400 / math.log(10)
    z = []
    for seed in range(40):
        scores = bradley_terry(arena().draw(3000, np.random.default_rng(seed)).battles())
        z.append((scores.ratings - 1000 - (truth - truth.mean())) / scores.se)
    assert np.mean(np.abs(z) < 1.96) == pytest.approx(0.95, abs=0.05)


def test_bradley_terry_of_a_model_that_always_wins_says_why_there_is_none() -> None:
    votes = Votes(("a", "b"), np.array([0, 0]), np.array([1, 1]), np.array([2, 2], dtype=np.uint8))
    with pytest.raises(VotesError, match="no Bradley–Terry ratings"):
        bradley_terry(votes.battles())


def test_elo_is_noisier_over_orders_than_bradley_terry_over_samples() -> None:
    drawn = arena().draw(6000, np.random.default_rng(5))
    study = summarize(in_random_orders(drawn, 60, 16, seed=1))
    scores = bradley_terry(drawn.battles())
    assert noise_ratio(study, scores) > 3
    assert np.median(study.sd) == pytest.approx(stationary_sd(16, 5) * math.sqrt(0.7), rel=0.15)
    shuffled = drawn.take(np.random.default_rng(6).permutation(len(drawn)))
    assert np.abs(bradley_terry(shuffled.battles()).ratings - scores.ratings).max() < 1e-9
    averaged = distance(study.mean, scores.ratings)
    assert averaged.median < 3 * np.median(study.mean_se)
    assert averaged.tau == 1


def test_the_deviation_grows_with_the_root_of_k() -> None:
    drawn = arena().draw(4000, np.random.default_rng(7))
    ks = (4.0, 16.0, 64.0)
    slope = root_k_slope(ks, [summarize(in_random_orders(drawn, 60, k, seed=2)) for k in ks])
    assert slope == pytest.approx(0.5, abs=0.1)


def test_sorted_votes_ruin_elo() -> None:
    drawn = arena().draw(5000, np.random.default_rng(8))
    pair = np.minimum(drawn.first, drawn.second) * 5 + np.maximum(drawn.first, drawn.second)
    score = np.where(drawn.first < drawn.second, drawn.score, 1 - drawn.score)
    ordered = drawn.take(np.lexsort((score, pair)))
    reference = bradley_terry(drawn.battles()).ratings
    assert distance(as_stored(ordered, 16), reference).largest > 100
    assert distance(as_stored(drawn, 16), reference).largest < 100
    np.testing.assert_array_equal(bradley_terry(ordered.battles()).ratings, reference)


def test_intervals_of_resampled_elo_are_those_of_the_online_estimate() -> None:
    drawn = arena().draw(3000, np.random.default_rng(9))
    widths = bootstrap_widths(drawn, 100, np.random.default_rng(10), lambda votes: as_stored(votes, 16))
    assert widths.disconnected == 0
    assert widths.ratio > 1.5
    expected = 2 * 1.96 * np.median(bradley_terry(drawn.battles()).se)
    assert np.median(widths.bradley_terry) == pytest.approx(expected, rel=0.25)


def test_resamples_of_votes_without_a_maximum_are_said() -> None:
    votes = Votes(("a", "b"), np.zeros(4, int), np.ones(4, int), np.full(4, 2, dtype=np.uint8))
    with pytest.raises(VotesError, match="0 of 100 resamples"):
        bootstrap_widths(votes, 100, np.random.default_rng(0))


def test_errors_to_the_truth_shrink_for_bradley_terry_and_not_for_elo() -> None:
    def offline(votes: Votes) -> np.ndarray:
        return bradley_terry(votes.battles()).ratings

    def online(votes: Votes) -> np.ndarray:
        return as_stored(votes, 32)

    few, many = (np.mean([rmse_to_truth(arena(), n, s, offline) for s in range(8)]) for n in (500, 8000))
    assert many < few / 2.5
    assert np.mean([rmse_to_truth(arena(), 8000, s, online) for s in range(8)]) > 3 * many


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30))
@settings(max_examples=30, deadline=None)
def test_kendalls_tau_is_scipys(seed: int, n: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, 8, size=(2, n)).astype(float)
    ours, theirs = kendall_tau(one, other), stats.kendalltau(one, other).statistic
    assert ours == pytest.approx(theirs, nan_ok=True)

"""Online Elo against its definition, a package, and what is known of it in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.errors import VotesError
from claimbench.stats.ranking.elo import (
    INITIAL,
    LARGEST_K,
    elo,
    expected_score,
    order_study,
    stationary_sd,
    summarize,
)

Votes = tuple[np.ndarray, np.ndarray, np.ndarray]


def votes(seed: int, models: int, n: int, ties: bool = True) -> Votes:
    rng = np.random.default_rng(seed)
    first = rng.integers(models, size=n)
    second = (first + rng.integers(1, models, size=n)) % models
    return first, second, rng.choice([0.0, 0.5, 1.0] if ties else [0.0, 1.0], size=n)


seeds = st.integers(0, 2**32 - 1)


def test_one_vote_between_equals_moves_half_of_k() -> None:
    assert elo([0], [1], [1.0], 3, k=8).tolist() == [INITIAL + 4, INITIAL - 4, INITIAL]
    assert elo([0], [1], [0.5], 2).tolist() == [INITIAL, INITIAL]


def test_ten_to_one_is_four_hundred_points() -> None:
    assert float(expected_score(1400, 1000)) == pytest.approx(10 / 11)
    assert float(expected_score(1000, 1400)) == pytest.approx(1 / 11)


def test_the_update_is_the_papers() -> None:
    first, second, score = votes(0, 5, 200)
    ratings = [1000.0] * 5
    for i, j, y in zip(first, second, score, strict=True):
        p = 1 / (1 + 10 ** ((ratings[j] - ratings[i]) / 400))
        ratings[i] += 16 * (y - p)
        ratings[j] -= 16 * (y - p)
    np.testing.assert_allclose(elo(first, second, score, 5, k=16), ratings, rtol=1e-12)


def test_evalica_agrees() -> None:
    evalica = pytest.importorskip("evalica")
    first, second, score = votes(1, 6, 500)
    names = {0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw, 1.0: evalica.Winner.X}
    theirs = evalica.elo(
        [f"m{i}" for i in first], [f"m{j}" for j in second], [names[y] for y in score.tolist()], initial=1000.0, k=4.0
    )
    ours = elo(first, second, score, 6)
    np.testing.assert_allclose([theirs.scores[f"m{m}"] for m in range(6)], ours, rtol=1e-9)


@given(seed=seeds, models=st.integers(2, 6), n=st.integers(0, 40), k=st.floats(0.1, 100))
@settings(max_examples=30, deadline=None)
def test_sequences_side_by_side_are_each_run_alone(seed: int, models: int, n: int, k: float) -> None:
    many = [votes(seed + shift, models, n) for shift in range(3)]
    first, second, score = (np.stack(column) for column in zip(*many, strict=True))
    gains = np.array([k, 2 * k, 3 * k])
    together = elo(first, second, score, models, k=gains)
    for row, alone, gain in zip(together, many, gains, strict=True):
        np.testing.assert_allclose(row, elo(*alone, models, k=float(gain)), rtol=1e-10)


@given(seed=seeds, models=st.integers(2, 8), n=st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_ratings_keep_their_sum_and_no_side_or_name_matters(seed: int, models: int, n: int) -> None:
    first, second, score = votes(seed, models, n)
    ratings = elo(first, second, score, models, k=32)
    assert ratings.sum() == pytest.approx(models * INITIAL)
    np.testing.assert_allclose(elo(second, first, 1 - score, models, k=32), ratings, rtol=1e-12)
    names = np.random.default_rng(seed).permutation(models)
    np.testing.assert_allclose(elo(names[first], names[second], score, models, k=32)[names], ratings, rtol=1e-12)
    np.testing.assert_allclose(elo(first, second, 1 - score, models, k=32), 2 * INITIAL - ratings, rtol=1e-12)


def test_without_votes_nobody_moves() -> None:
    assert elo([], [], [], 3, initial=1500).tolist() == [1500] * 3
    assert elo(np.empty((2, 0), int), np.empty((2, 0), int), np.empty((2, 0)), 3).shape == (2, 3)


@pytest.mark.parametrize("k", [1.0, 4.0, 16.0])
def test_the_stationary_deviation_grows_as_the_root_of_k_whatever_the_strengths(k: float) -> None:
    rng = np.random.default_rng(int(k))
    strengths = np.array([0.0, 120.0, -150.0])
    lanes, n = 1200, int(2500 / k)
    first = rng.integers(3, size=(lanes, n))
    second = (first + rng.integers(1, 3, size=(lanes, n))) % 3
    score = (rng.random((lanes, n)) < expected_score(strengths[first], strengths[second])).astype(float)
    ratings = elo(first, second, score, 3, k=k)
    expected = stationary_sd(k, 3)
    assert expected == pytest.approx(math.sqrt(200 * k / math.log(10) * 2 / 3))
    np.testing.assert_allclose(ratings.std(axis=0), expected, rtol=0.08)


def test_ties_that_keep_the_means_lower_the_deviation() -> None:
    rng = np.random.default_rng(5)
    lanes, n, share = 4000, 400, 0.36
    first, second = np.zeros((lanes, n), dtype=int), np.ones((lanes, n), dtype=int)
    score = np.where(rng.random((lanes, n)) < share, 0.5, rng.integers(2, size=(lanes, n)))
    ratings = elo(first, second, score, 2, k=8)
    np.testing.assert_allclose(ratings.std(axis=0), stationary_sd(8, 2) * math.sqrt(1 - share), rtol=0.05)


def test_the_order_of_the_votes_decides() -> None:
    first, second = np.zeros(400, dtype=int), np.ones(400, dtype=int)
    wins_first = np.repeat([1.0, 0.0], 200)
    early, late = elo(first, second, wins_first, 2, k=32), elo(first, second, wins_first[::-1], 2, k=32)
    assert early[0] < INITIAL - 200
    assert late[0] > INITIAL + 200


def test_an_order_study_is_elo_over_permutations() -> None:
    first, second, score = votes(7, 5, 300)
    study = order_study(first, second, score, 5, orders=12, generator=np.random.default_rng(3), k=16)
    rng = np.random.default_rng(3)
    orders = [rng.permutation(300) for _ in range(12)]
    alone = np.stack([elo(first[order], second[order], score[order], 5, k=16) for order in orders])
    np.testing.assert_allclose(study.ratings, alone, rtol=1e-10)
    np.testing.assert_allclose(study.mean, alone.mean(axis=0))
    np.testing.assert_allclose(study.sd, alone.std(axis=0, ddof=1))
    np.testing.assert_allclose(study.mean_se, study.sd / math.sqrt(12))
    again = order_study(first, second, score, 5, orders=12, generator=np.random.default_rng(3), k=16)
    assert (again.ratings == study.ratings).all()


def test_rank_spread_counts_places_and_ties_share_the_better_one() -> None:
    study = summarize([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    assert study.rank_spread.tolist() == [2, 1, 2]
    assert summarize([[1.0, 2.0]]).rank_spread.tolist() == [0, 0]
    assert np.isnan(summarize([[1.0, 2.0]]).sd).all()


@pytest.mark.parametrize(
    ("first", "second", "score", "k", "message"),
    [
        pytest.param([0], [0], [1.0], 4, "meets itself", id="self"),
        pytest.param([0], [2], [1.0], 4, "outside 0", id="index"),
        pytest.param([-1], [1], [1.0], 4, "outside 0", id="negative"),
        pytest.param([0], [1], [2.0], 4, "between 0", id="score"),
        pytest.param([0], [1], [math.nan], 4, "between 0", id="nan"),
        pytest.param([0, 1], [1], [1.0], 4, r"all \(n,\)", id="shape"),
        pytest.param([0.0], [1.0], [1.0], 4, "indices", id="float-index"),
        pytest.param([0], [1], [1.0], 0, "K must", id="no-k"),
        pytest.param([0], [1], [1.0], LARGEST_K, "K must", id="large-k"),
        pytest.param([0], [1], [1.0], [4, 4], "one number or one a sequence", id="k-shape"),
    ],
)
def test_what_is_no_vote_is_refused(first: object, second: object, score: object, k: object, message: str) -> None:
    with pytest.raises(VotesError, match=message):
        elo(first, second, score, 2, k=k)  # type: ignore[arg-type]


def test_a_study_needs_an_order() -> None:
    with pytest.raises(VotesError, match="at least one order"):
        order_study([0], [1], [1.0], 2, orders=0, generator=np.random.default_rng(0))
    with pytest.raises(VotesError, match="shape"):
        summarize([1.0, 2.0])

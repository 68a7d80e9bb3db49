"""Ladders: known orders, missing cells, separation, cycles, rank intervals that mean what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.ranking.ladders import meetings, round_robin

from claimbench.errors import VotesError
from claimbench.stats.ranking import ladder as module
from claimbench.stats.ranking.ladder import Ladder, condorcet, ladder
from claimbench.stats.ranking.meetings import Meetings


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 200)
    monkeypatch.setattr(module, "ORDERS", 50)


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 5), tasks=st.integers(3, 6))
@settings(max_examples=25, deadline=None)
def test_where_all_meet_on_all_tasks_the_order_is_that_of_total_wins(seed: int, size: int, tasks: int) -> None:
    rng = np.random.default_rng(seed)
    # Scores at the ends are frequent, so that many of these ladders separate.
    scores = np.clip(rng.integers(-6, 17, (tasks, size * (size - 1) // 2)), 0, 10)
    found = round_robin(scores)
    wins = np.zeros(size)
    np.add.at(wins, found.first, found.counts[:, 2])
    np.add.at(wins, found.second, found.counts[:, 0])
    ranked = ladder(found)
    in_order = [wins[int(name[1:])] for name in ranked.competitors]
    assert in_order == sorted(wins, reverse=True)
    np.testing.assert_allclose(ranked.share * tasks * 10 * (size - 1), in_order)


def test_two_competitors_have_the_closed_form() -> None:
    found = ladder(meetings({f"t{t}": {(0, 1): (1, 0, 4)} for t in range(3)}))
    assert found.rating[0] - found.rating[1] == pytest.approx(math.log(4))
    # A task is a vote: Firth adds half of one to either side of 2.4 to 0.6.
    assert found.firth[0] - found.firth[1] == pytest.approx(math.log(2.9 / 1.1))
    assert not found.separated
    assert found.condorcet.spare == 0


def test_who_never_meets_the_weakest_is_not_behind_who_does() -> None:
    # c0 wins three in five against c1, and c1 nine in ten against c2, whom c0 never meets: c1 wins more often than c0.
    tasks = {f"a{t}": {(0, 1): (4.0, 0.0, 6.0)} for t in range(3)} | {
        f"b{t}": {(1, 2): (1.0, 0.0, 9.0)} for t in range(3)
    }
    found = ladder(meetings(tasks))
    assert found.competitors == ("c0", "c1", "c2")
    assert found.share[0] == pytest.approx(0.6)
    assert found.share[1] == pytest.approx(0.65)
    np.testing.assert_allclose(-np.diff(found.rating), [math.log(1.5), math.log(9)], atol=1e-9)
    assert found.tasks.tolist() == [3, 6, 3]
    assert 0 < found.lost_draws < 0.2


def test_units_are_not_what_is_sampled() -> None:
    few, many = (ladder(meetings({f"t{t}": {(0, 1): (n, 0, 3 * n)} for t in range(4)})) for n in (1, 1000))
    np.testing.assert_allclose(few.covariance, many.covariance)
    assert (few.best.tolist(), few.worst.tolist()) == (many.best.tolist(), many.worst.tolist()) == ([1, 1], [2, 2])


def always(tasks: int, size: int = 2) -> Ladder:
    return ladder(round_robin(np.full((tasks, size * (size - 1) // 2), 10)))


def test_who_always_wins_is_infinitely_far_ahead_and_bounded_by_firth() -> None:
    found = always(3)
    assert found.separated
    assert found.rating.tolist() == [math.inf, -math.inf]
    assert found.firth[0] - found.firth[1] == pytest.approx(math.log(7))


def test_between_best_and_worst_a_rating_is_not_determined() -> None:
    found = always(3, size=3)
    assert found.competitors == ("c0", "c1", "c2")
    assert [found.rating[0], found.rating[2]] == [math.inf, -math.inf]
    assert math.isnan(found.rating[1])
    assert found.firth[1] == pytest.approx(0, abs=1e-8)


def test_three_tasks_cannot_decide_and_many_that_agree_can() -> None:
    # All draws of tasks agree here, so that by them alone there would be no doubt.
    assert (always(3).best.tolist(), always(3).worst.tolist()) == ([1, 1], [2, 2])
    assert (always(14).best.tolist(), always(14).worst.tolist()) == ([1, 2], [1, 2])


def test_of_two_who_beat_a_third_and_never_met_the_one_with_more_wins_stands_first() -> None:
    tasks = {f"a{t}": {(0, 2): (0.0, 0.0, 1.0)} for t in range(3)} | {
        f"b{t}": {(1, 2): (0.0, 0.0, 1.0)} for t in range(6)
    }
    found = ladder(meetings(tasks))
    assert found.competitors == ("c1", "c0", "c2")
    assert found.rating.tolist() == [math.inf, math.inf, -math.inf]


def test_a_group_that_separates_is_ranked_within() -> None:
    tasks = {f"t{t}": {(0, 1): (2, 0, 1), (0, 2): (0, 0, 3), (1, 2): (0, 0, 3)} for t in range(3)}
    found = ladder(meetings(tasks))
    assert found.competitors == ("c1", "c0", "c2")
    assert found.rating.tolist() == [math.inf, math.inf, -math.inf]
    # Within the pair 2 to 1 is fitted exactly, and what separates is certain: nothing is left.
    assert found.condorcet.unexplained == pytest.approx(0, abs=1e-12)


def test_a_circle_is_counted_and_leaves_everything_unexplained() -> None:
    tasks = {f"t{t}": {(0, 1): (1, 0, 3), (1, 2): (1, 0, 3), (0, 2): (3, 0, 1)} for t in range(3)}
    found = ladder(meetings(tasks)).condorcet
    assert (found.cycles, found.triples, found.spare) == (1, 1, 1)
    assert found.unexplained == pytest.approx(1)


def test_an_order_that_bradley_and_terry_would_give_leaves_nothing_unexplained() -> None:
    p, q = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-2))
    tasks = {f"t{t}": {(0, 1): (1 - p, 0, p), (1, 2): (1 - p, 0, p), (0, 2): (1 - q, 0, q)} for t in range(3)}
    found = condorcet(meetings(tasks).battles())
    assert found.cycles == 0
    assert found.unexplained == pytest.approx(0, abs=1e-12)


def test_nothing_but_ties_is_no_order_and_no_circle() -> None:
    found = ladder(meetings({f"t{t}": {(0, 1): (0, 4, 0), (0, 2): (1, 1, 1), (1, 2): (0, 3, 0)} for t in range(3)}))
    assert found.competitors == ("c0", "c1", "c2")
    np.testing.assert_allclose(found.rating, 0, atol=1e-12)
    assert (found.best.tolist(), found.worst.tolist()) == ([1, 1, 1], [3, 3, 3])
    assert found.condorcet.cycles == 0
    assert math.isnan(found.condorcet.unexplained)
    np.testing.assert_allclose(found.elo.mean, 1000)


def test_elo_keeps_its_mean_and_spreads_over_orders() -> None:
    rng = np.random.default_rng(3)
    found = ladder(round_robin(rng.integers(0, 11, (8, 6))))
    assert found.elo.ratings.shape == (50, 4)
    np.testing.assert_allclose(found.elo.ratings.mean(axis=1), 1000)
    assert (found.elo.sd > 0).all()


def test_the_order_of_rows_changes_nothing_and_the_seed_fixes_the_rest() -> None:
    one = round_robin(np.random.default_rng(1).integers(0, 11, (5, 3)))
    back = slice(None, None, -1)
    other = Meetings(
        one.competitors,
        one.tasks,
        one.task[back],
        one.first[back],
        one.second[back],
        one.counts[back],
        one.effect[back],
    )
    a, b, again = ladder(one, 7), ladder(other, 7), ladder(one, 7)
    for name in ("rating", "firth", "covariance", "best", "worst", "share"):
        np.testing.assert_array_equal(getattr(a, name), getattr(again, name))
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=1e-9)
    np.testing.assert_array_equal(a.elo.ratings, b.elo.ratings)


def test_competitors_who_do_not_hang_together_are_refused() -> None:
    with pytest.raises(VotesError, match=r"never met: c0, c1 \| c2, c3"):
        ladder(meetings({f"t{t}": {(0, 1): (1, 0, 1), (2, 3): (1, 0, 1)} for t in range(3)}))


def test_where_no_competitor_is_better_rank_intervals_rarely_say_so() -> None:
    # Tasks have favourites, whom all their units agree on: the worst case for who counts units.
    false = 0
    for seed in range(40):
        liking = np.random.default_rng(seed).normal(size=(8, 4))
        first, second = np.triu_indices(4, 1)
        found = ladder(round_robin(10 * (liking[:, first] > liking[:, second])), seed)
        false += bool((found.best > 1).any() or (found.worst < 4).any())
    assert false <= 7  # .05 of 40 and three standard errors of it, rounded up

"""From unit values to battles: noise, units that do not finish, weights of tasks, who may stand on one ladder."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stats.ranking.ladders import meetings

from claimbench.errors import VotesError
from claimbench.stats.ranking.meetings import (
    Meetings,
    battle_counts,
    mean_advantage,
    mean_effect,
    noise_floor,
    together,
)


def test_a_difference_within_the_floor_is_a_tie_and_one_beyond_it_a_win() -> None:
    assert battle_counts([1.0, 1.0, 1.0], [0.4, 0.9, 1.6], 0.5).tolist() == [1, 1, 1]


def test_equal_values_tie_at_a_floor_of_zero_whatever_rounding_does() -> None:
    assert battle_counts([0.1 + 0.2, 5.0], [0.3, 5.0], 0.0).tolist() == [0, 2, 0]


def test_who_does_not_finish_loses_to_who_does_and_two_who_do_not_fight_no_battle() -> None:
    a, b = [1.0, math.nan, -math.inf, 2.0], [math.nan, 3.0, math.inf, math.nan]
    assert battle_counts(a, b, math.inf).tolist() == [1, 0, 2]
    assert math.isnan(mean_effect(a, b))


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1), st.floats(0, 5))
def test_the_two_sides_see_one_battle(pairs: list[tuple[float, float]], floor: float) -> None:
    a, b = zip(*pairs, strict=True)
    assert battle_counts(a, b, floor).tolist() == battle_counts(b, a, floor).tolist()[::-1]
    assert battle_counts(a, b, floor).sum() == len(pairs)


def test_what_paired_units_share_is_no_noise() -> None:
    shared = np.array([0.0, 10.0, 20.0, 30.0])
    ahead = shared + np.array([1.0, 1.2, 0.8, 1.0])
    paired, apart = (noise_floor(ahead, shared, paired=paired) for paired in (True, False))
    assert paired == pytest.approx(1.96 * np.std([1.0, 1.2, 0.8, 1.0], ddof=1), rel=1e-4)
    assert apart == pytest.approx(1.96 * math.sqrt(2) * np.std(shared, ddof=1), rel=0.01)
    assert noise_floor(ahead, shared, paired=True, least_sd=1.0) == pytest.approx(1.96, rel=1e-4)


def test_a_single_unit_has_no_noise_to_be_measured_by_and_ties() -> None:
    assert battle_counts([1.0], [0.0], noise_floor([1.0], [0.0], paired=True)).tolist() == [0, 1, 0]


def test_one_code_on_both_sides_ties_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(0)
    tied = [
        battle_counts(a, b, noise_floor(a, b, paired=False))[1] / 10
        for a, b in (rng.normal(size=(2, 10)) for _ in range(400))
    ]
    assert np.mean(tied) == pytest.approx(0.95, abs=0.015)


def test_a_task_weighs_as_much_as_any_other_however_many_met_there_and_however_often() -> None:
    found = meetings(
        {
            "wide": {(0, 1): (0, 0, 99), (0, 2): (0, 0, 99), (1, 2): (0, 0, 99)},
            "narrow": {(0, 1): (1, 0, 0)},
        }
    )
    weight = {name: found.weights[found.task == t].sum() for t, name in enumerate(found.tasks)}
    assert weight["wide"] == pytest.approx(weight["narrow"])
    assert found.weights.mean() == pytest.approx(1)
    assert found.battles().votes == pytest.approx(4)


def test_two_who_meet_on_three_tasks_are_ranked_and_others_are_not() -> None:
    tasks = {f"t{t}": {(0, 1): (0, 0, 5)} for t in range(3)} | {f"u{t}": {(0, 2): (0, 0, 5)} for t in range(2)}
    (group,) = together(meetings(tasks))
    assert (group.competitors, group.tasks) == (("c0", "c1"), ("t0", "t1", "t2"))
    assert together(meetings(dict(list(tasks.items())[1:]))) == ()


def test_competitors_whom_no_such_pairs_connect_stand_on_ladders_of_their_own() -> None:
    tasks = {f"t{t}": {(0, 3): (0, 0, 5), (1, 2): (1, 0, 4), (0, 1): (1, 0, 0)} for t in range(2)}
    tasks |= {"t2": {(0, 3): (0, 0, 5), (1, 2): (1, 0, 4)}}
    assert [group.competitors for group in together(meetings(tasks))] == [("c0", "c3"), ("c1", "c2")]


def test_a_pair_that_met_once_counts_where_both_are_ranked_anyway() -> None:
    tasks = {f"t{t}": {(0, 1): (0, 0, 5), (1, 2): (0, 0, 5)} for t in range(3)} | {"once": {(0, 2): (2, 0, 0)}}
    (group,) = together(meetings(tasks))
    assert group.tasks == ("once", "t0", "t1", "t2")


def test_the_lead_is_a_mean_over_tasks_of_the_mean_over_opponents() -> None:
    tasks = {"a": {(0, 1): (0, 0, 1), (0, 2): (0, 0, 1)}, "b": {(0, 1): (0, 0, 1)}, "c": {(1, 2): (1, 0, 0)}}
    found = meetings(tasks, {("a", 0, 1): 1.0, ("a", 0, 2): 3.0, ("b", 0, 1): 6.0})
    np.testing.assert_allclose(mean_advantage(found), [(2 + 6) / 2, (-1 - 6) / 2, -3])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"first": np.array([1]), "second": np.array([0])}, "out of range", id="descending"),
        pytest.param({"task": np.array([1])}, "out of range", id="unknown-task"),
        pytest.param({"counts": np.zeros((1, 3))}, "without battles", id="no-battle"),
        pytest.param({"counts": np.ones((2, 3))}, "unequal length", id="length"),
        pytest.param(
            {key: np.zeros(0, dtype=np.int64) for key in ("task", "first", "second")}
            | {"counts": np.zeros((0, 3)), "effect": np.zeros(0)},
            "nothing to rank",
            id="empty",
        ),
    ],
)
def test_meetings_that_make_no_sense_are_refused(changes: dict[str, np.ndarray], words: str) -> None:
    fields = {
        "task": np.array([0]),
        "first": np.array([0]),
        "second": np.array([1]),
        "counts": np.ones((1, 3)),
        "effect": np.ones(1),
    }
    with pytest.raises(VotesError, match=words):
        Meetings(("a", "b"), ("t",), **(fields | changes))


def test_a_pair_stands_once_on_a_task() -> None:
    twice = np.zeros(2, dtype=np.int64)
    with pytest.raises(VotesError, match="twice"):
        Meetings(("a", "b"), ("t",), twice, twice, twice + 1, np.ones((2, 3)), np.ones(2))

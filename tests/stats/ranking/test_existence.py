"""Ford's condition, by construction and against a search over all splits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from stats.ranking.known import arena, identified, names

from claimbench.stats.ranking import existence as module
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.existence import Existence, Status, existence, existence_with_ties
from claimbench.stats.ranking.votes import Battles, from_counts


def rows(*pairs: tuple[int, int, int, int, int], size: int) -> Battles:
    table = np.array(pairs).reshape(-1, 5)
    return from_counts(table[:, 0], table[:, 1], table[:, 2:], names(size))


def test_real_votes_are_identified() -> None:
    assert existence(arena()).status is Status.IDENTIFIED


def test_groups_that_never_met() -> None:
    found = existence(rows((0, 2, 1, 0, 1), (1, 3, 1, 0, 1), size=4))
    assert found.status is Status.DISCONNECTED
    assert found.groups == ((0, 2), (1, 3))
    assert found.explain("abcd") == "2 groups never met: a, c | b, d"


def test_model_without_votes_is_a_group_of_its_own() -> None:
    found = existence(rows((0, 1, 1, 0, 1), size=3))
    assert (found.status, found.groups) == (Status.DISCONNECTED, ((0, 1), (2,)))


def test_model_that_always_wins_comes_first() -> None:
    found = existence(rows((0, 1, 1, 0, 1), (0, 2, 3, 0, 0), (1, 2, 2, 0, 0), size=3))
    assert found.status is Status.SEPARATED
    assert found.groups == ((2,), (0, 1))
    assert "c | a, b" in found.explain("abc")


def test_one_tie_or_one_upset_is_enough() -> None:
    for upset in ((0, 1, 1, 0, 0), (0, 1, 0, 1, 0)):
        assert existence(rows((0, 1, 0, 0, 5), upset, size=2)).status is Status.IDENTIFIED


def test_cycle_without_upsets_is_identified() -> None:
    assert existence(rows((0, 1, 0, 0, 1), (1, 2, 0, 0, 1), (2, 0, 0, 0, 1), size=3)).status is Status.IDENTIFIED


def test_pairs_that_met_without_votes_do_not_connect() -> None:
    battles = Battles(("a", "b"), np.array([0]), np.array([1]), np.zeros((1, 3)))
    assert existence(battles).status is Status.DISCONNECTED


def test_single_model_needs_no_votes() -> None:
    alone = Battles(("a",), np.zeros(0, int), np.zeros(0, int), np.zeros((0, 3)))
    assert existence(alone).status is Status.IDENTIFIED
    assert fit_bradley_terry(alone).ratings.tolist() == [0.0]


def by_splits(battles: Battles) -> bool:
    """Ford's condition as he states it."""
    size = len(battles.models)
    won = np.zeros((size, size), dtype=bool)
    won[battles.first, battles.second] = battles.score > 0
    won[battles.second, battles.first] = battles.games > battles.score
    for count in range(1, size):
        for inside in combinations(range(size), count):
            outside = [m for m in range(size) if m not in inside]
            if not won[np.ix_(inside, outside)].any():
                return False
    return True


@given(seed=st.integers(0, 10_000), size=st.integers(2, 6), count=st.integers(1, 14))
@settings(max_examples=150, deadline=None)
def test_agrees_with_all_splits(seed: int, size: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, size, count), rng.integers(0, size, count)
    battles = from_counts(a, b, np.eye(3)[rng.choice([0, 1, 2], count, p=[0.45, 0.1, 0.45])], names(size))
    found = existence(battles)
    assert (found.status is Status.IDENTIFIED) == by_splits(battles)
    assert sorted(m for group in found.groups for m in group) == list(range(size))
    if found.status is Status.SEPARATED:
        place = {m: g for g, group in enumerate(found.groups) for m in group}
        for i, j, won, lost in zip(
            battles.first, battles.second, battles.score, battles.games - battles.score, strict=True
        ):
            assert not (won > 0 and place[i] > place[j])
            assert not (lost > 0 and place[j] > place[i])


def stretches(battles: Battles) -> bool:
    """Whether positions exist in which all who won lead by at least 1 and all who tied lie within 1."""
    rows, bounds = [], []
    for i, j, (lost, tied, won) in zip(battles.first, battles.second, battles.counts, strict=True):
        lead = np.eye(len(battles.models))[i] - np.eye(len(battles.models))[j]
        for count, side, bound in ((won, -lead, -1.0), (lost, lead, -1.0), (tied, lead, 1.0), (tied, -lead, 1.0)):
            if count > 0:
                rows.append(side)
                bounds.append(bound)
    zero = np.zeros(len(battles.models))
    return linprog(zero, np.array(rows), np.array(bounds), bounds=(None, None)).status == 0


@given(seed=st.integers(0, 10_000), size=st.integers(2, 6), count=st.integers(3, 16))
@settings(max_examples=100, deadline=None)
def test_with_ties_no_positions_may_be_stretched(seed: int, size: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, size, count)
    b = (a + rng.integers(1, size, count)) % size
    # The smaller index mostly wins, so that few pairs are won by both.
    outcome = np.where(rng.random(count) < 0.5, 1, 2 * ((a < b) ^ (rng.random(count) < 0.15)))
    battles = from_counts(a, b, np.eye(3)[outcome], names(size))
    exists = existence(battles).status is Status.IDENTIFIED and not stretches(battles)
    assert (existence_with_ties(battles).status is Status.IDENTIFIED) == exists


def test_wins_that_ties_can_cover_leave_the_tie_parameter_unbounded() -> None:
    battles = rows((0, 1, 0, 1, 1), (1, 2, 0, 1, 1), size=3)
    assert existence(battles).status is Status.IDENTIFIED
    found = existence_with_ties(battles)
    assert (found.status, found.groups) == (Status.SEPARATED, ((0, 1, 2),))
    assert "more wins than ties" in found.explain("abc")
    assert existence_with_ties(rows((0, 1, 0, 1, 1), (1, 2, 0, 1, 1), (2, 0, 0, 0, 1), size=3)).status == "identified"


def test_many_models_without_a_mutual_win_are_decided() -> None:
    size = 20_000
    ring = np.arange(size)
    ties = from_counts(ring, (ring + 1) % size, np.tile([0, 1, 1], (size, 1)), tuple(map(str, range(size))))
    assert existence_with_ties(ties).status is Status.IDENTIFIED, "the ring itself, won all around"


@given(battles=identified())
@settings(max_examples=30, deadline=None)
def test_few_and_many_models_take_the_same_decision(battles: Battles) -> None:
    few = existence(battles)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DENSE_MODELS", 0)
        assert existence(battles) == few


def test_long_lists_are_cut_short() -> None:
    found = Existence(Status.DISCONNECTED, tuple((m,) for m in range(9)))
    assert found.explain("abcdefghi", most=2) == "9 groups never met: a | b | …"

"""Folding: the same counts whichever way, and votes that cannot be folded."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.ranking.known import names

from claimbench.errors import VotesError
from claimbench.stats.ranking import votes
from claimbench.stats.ranking.votes import Battles, Outcome, fold, from_counts, from_wins

Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


def columns(size: int, count: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    return rng.integers(0, size, count), rng.integers(0, size, count), rng.integers(0, 3, count)


def same(one: Battles, other: Battles) -> bool:
    return (
        one.models == other.models
        and np.array_equal(one.first, other.first)
        and np.array_equal(one.second, other.second)
        and np.allclose(one.counts, other.counts, rtol=1e-12)
        and np.allclose(one.dispersion, other.dispersion, rtol=1e-12)
        and one.self_play == pytest.approx(other.self_play)
    )


@given(seed=st.integers(0, 1000), size=st.integers(1, 6), count=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_folding_counts_every_vote_once(seed: int, size: int, count: int) -> None:
    a, b, outcome = columns(size, count, seed)
    folded = fold(a, b, outcome, names(size))
    seen: Counter[tuple[int, int, int]] = Counter()
    for x, y, o in zip(a.tolist(), b.tolist(), outcome.tolist(), strict=True):
        seen[(x, y, o) if x < y else (y, x, 2 - o)] += x != y
    for i, j, cells in zip(folded.first, folded.second, folded.counts, strict=True):
        assert [seen.pop((i, j, o), 0) for o in range(3)] == cells.tolist()
    assert not any(seen.values())
    assert folded.self_play == np.count_nonzero(a == b)
    assert folded.votes + folded.self_play == count


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_table_and_sorting_agree(monkeypatch: pytest.MonkeyPatch, weighted: bool) -> None:
    a, b, outcome = columns(9, 700, 3)
    weights = np.random.default_rng(1).exponential(1.0, 700) if weighted else None
    by_table = fold(a, b, outcome, names(9), weights)
    monkeypatch.setattr(votes, "DENSE_CELLS", 0)
    assert same(by_table, fold(a, b, outcome, names(9), weights))


def test_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, outcome = columns(3, 1000, 5)
    whole = fold(a, b, outcome, names(3))
    monkeypatch.setattr(votes, "_CHUNK", 64)
    assert same(whole, fold(a, b, outcome, names(3)))


def test_order_and_side_of_votes_do_not_matter() -> None:
    a, b, outcome = columns(5, 300, 7)
    plain = fold(a, b, outcome, names(5))
    order = np.random.default_rng(0).permutation(300)
    assert same(plain, fold(a[order], b[order], outcome[order], names(5)))
    assert same(plain, fold(b, a, 2 - outcome, names(5)))


def test_weights_sum_and_so_do_their_squares() -> None:
    folded = fold([0, 1, 0], [1, 0, 1], [2, 0, 1], ("a", "b"), [2.0, 3.0, 0.5])
    assert folded.counts.tolist() == [[0.0, 0.5, 5.0]]
    assert folded.dispersion.tolist() == [[0.0, 0.25, 13.0]]
    assert fold([0], [1], [2], ("a", "b")).dispersion.tolist() == [[0.0, 0.0, 1.0]]


def test_score_counts_ties_half() -> None:
    battles = from_counts([1], [0], [[4, 2, 1]], ("a", "b"))
    assert battles.counts.tolist() == [[1, 2, 4]], "turned around"
    assert (battles.score.tolist(), battles.games.tolist(), battles.votes) == ([5.0], [7.0], 7.0)
    assert [Outcome.SECOND, Outcome.TIE, Outcome.FIRST] == [0, 1, 2]


def test_rows_of_one_pair_are_summed_whatever_their_side() -> None:
    one = from_counts([0, 1, 2, 2], [1, 0, 0, 2], [[1, 0, 2], [5, 1, 0], [0, 3, 0], [9, 9, 9]], ("a", "b", "c"))
    assert (one.first.tolist(), one.second.tolist()) == ([0, 0], [1, 2])
    assert one.counts.tolist() == [[1, 1, 7], [0, 3, 0]]
    assert one.self_play == 27


def test_matrix_of_wins() -> None:
    battles = from_wins([[0, 3], [1, 0]], ("a", "b"))
    assert battles.counts.tolist() == [[1, 0, 3]]
    with pytest.raises(VotesError, match="one row and one column"):
        from_wins([[0, 3]], ("a", "b"))


def test_many_models_need_memory_for_votes_only() -> None:
    a, b, outcome = columns(100_000, 2000, 9)
    names = tuple(map(str, range(100_000)))
    tracemalloc.start()
    folded = fold(a, b, outcome, names)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert folded.votes + folded.self_play == 2000
    assert peak < 4e6


def test_small_integer_columns_do_not_overflow() -> None:
    size = 200
    a, b = np.full(10, 199, dtype=np.uint8), np.full(10, 198, dtype=np.uint8)
    folded = fold(a, b, np.zeros(10, dtype=np.uint8), names(size))
    assert (folded.first.tolist(), folded.second.tolist(), folded.counts.tolist()) == ([198], [199], [[0, 0, 10]])


def test_subset_keeps_its_own_order() -> None:
    battles = from_counts(
        [0, 0, 1, 2], [1, 2, 2, 3], [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 1, 1]], ("a", "b", "c", "d")
    )
    part = battles.subset([2, 0, 1])
    assert part.models == ("c", "a", "b")
    assert (part.first.tolist(), part.second.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert part.counts.tolist() == [[6, 5, 4], [9, 8, 7], [1, 2, 3]]


def test_weights_of_pairs_multiply() -> None:
    battles = from_counts([0, 1], [1, 2], [[1, 0, 2], [3, 0, 4]], ("a", "b", "c"))
    heavy = battles.weighted([2.0, 0.5])
    assert heavy.counts.tolist() == [[2, 0, 4], [1.5, 0, 2]]
    assert heavy.dispersion.tolist() == [[4, 0, 8], [0.75, 0, 1]]
    assert heavy.weighted([0.5, 2.0]).dispersion.tolist() == battles.counts.tolist()


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, np.nan], [1.0, -1.0]])
def test_weights_of_pairs_are_positive_and_match(weights: list[float]) -> None:
    battles = from_counts([0, 1], [1, 2], [[1, 0, 2], [3, 0, 4]], ("a", "b", "c"))
    with pytest.raises(VotesError, match="above zero"):
        battles.weighted(weights)


@pytest.mark.parametrize(
    ("a", "b", "outcome", "weights", "message"),
    [
        pytest.param([], [], [], None, "no votes", id="empty"),
        pytest.param([0, 2], [1, 1], [2, 2], None, "row 1 has the model code 2", id="unknown model"),
        pytest.param([0, -1], [1, 1], [2, 2], None, "row 1 has the model code -1", id="missing model"),
        pytest.param([0], [1], [3], None, "outcome code 3", id="unknown outcome"),
        pytest.param([0.0], [1], [2], None, "whole numbers", id="fractions"),
        pytest.param(["a"], ["b"], [2], None, "encode", id="names"),
        pytest.param([0, 1], [1], [2, 2], None, "unequal", id="lengths"),
        pytest.param([[0]], [[1]], [[2]], None, "one column", id="two axes"),
        pytest.param([0], [1], [2], [-1.0], "vote 0 weighs -1.0", id="negative"),
        pytest.param([0, 0], [1, 1], [2, 2], [1.0, np.nan], "vote 1 weighs nan", id="nan"),
        pytest.param([0], [1], [2], [np.inf], "finite", id="infinite"),
        pytest.param([0], [1], [2], [1.0, 1.0], "one each", id="too many"),
    ],
)
def test_votes_that_cannot_be_folded(
    a: list[int], b: list[int], outcome: list[int], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(VotesError, match=message):
        fold(a, b, outcome, ("a", "b"), weights)


@pytest.mark.parametrize(
    ("models", "first", "second", "counts", "message"),
    [
        ((), [], [], np.zeros((0, 3)), "no models"),
        (("a", "b"), [1], [0], [[1, 0, 0]], "first < second"),
        (("a", "b"), [0], [2], [[1, 0, 0]], "first < second"),
        (("a", "b"), [-1], [1], [[1, 0, 0]], "first < second"),
        (("a", "b", "c"), [0, 0], [2, 1], [[1, 0, 0]] * 2, "out of order"),
        (("a", "b"), [0, 0], [1, 1], [[1, 0, 0]] * 2, "twice"),
        (("a", "b"), [0], [1], [[1, 0]], "three outcomes"),
        (("a", "b"), [0], [1], [[1, np.nan, 0]], "not finite"),
        (("a", "b"), [0], [1], [[1, -2, 4]], "negative"),
    ],
)
def test_battles_are_in_order(
    models: tuple[str, ...], first: list[int], second: list[int], counts: list[list[float]], message: str
) -> None:
    with pytest.raises(VotesError, match=message):
        Battles(models, np.array(first, dtype=int), np.array(second, dtype=int), np.array(counts, dtype=float))


def test_what_is_handed_in_stays_writable_and_what_is_kept_does_not() -> None:
    counts = np.ones((1, 3))
    battles = Battles(("a", "b"), np.array([0]), np.array([1]), counts)
    counts[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        battles.counts[0, 0] = 2.0


def test_a_name_stands_for_one_model() -> None:
    with pytest.raises(VotesError, match="two models"):
        fold([0, 1], [1, 0], [2, 2], ["a", "a"])

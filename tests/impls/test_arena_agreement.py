"""Agreement of judges and the side that wins: by hand, by a package, and on the real data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench import data
from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.agreement import agreement, majority, pairs_of, sides, swap_consistency
from claimbench.impls.chatbot_arena.data import NO_VERDICT, llmfao, pandalm, qlora
from claimbench.impls.chatbot_arena.votes import JudgedVotes


def judged(rows: list[tuple[int, int, int, int, int]]) -> JudgedVotes:
    """Rows of (item, first, second, outcome, judge)."""
    item, first, second, outcome, judge = np.array(rows).T
    return JudgedVotes(
        ("a", "b", "c"), first, second, outcome.astype(np.uint8), item, judge, tuple(map(str, range(judge.max() + 1)))
    )


def test_agreement_by_hand() -> None:
    one, other = np.array([2, 2, 0, 1, NO_VERDICT]), np.array([2, 0, 0, 1, 2])
    found = agreement(one, other)
    assert (found.share, found.items) == (0.75, 4)
    chance = (2 * 1 + 1 * 2 + 1 * 1) / 16
    assert found.kappa == pytest.approx((0.75 - chance) / (1 - chance))


def test_agreement_needs_an_item_of_both() -> None:
    with pytest.raises(VotesError, match="no item"):
        agreement(np.array([NO_VERDICT, 2]), np.array([1, NO_VERDICT]))
    assert np.isnan(agreement(np.array([1, 1]), np.array([1, 1])).kappa)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_kappa_is_statsmodels(seed: int) -> None:
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    one, other = np.random.default_rng(seed).integers(0, 3, size=(2, 60))
    table = np.zeros((3, 3))
    np.add.at(table, (one, other), 1)
    assert agreement(one, other).kappa == pytest.approx(rater.cohens_kappa(table).kappa)
    assert agreement(other, one).kappa == pytest.approx(agreement(one, other).kappa)


def test_a_majority_is_unique_or_none() -> None:
    votes = judged([(0, 0, 1, 2, 0), (0, 0, 1, 2, 1), (0, 0, 1, 0, 2), (1, 1, 2, 0, 0), (1, 1, 2, 2, 1)])
    assert majority(votes).tolist() == [2, NO_VERDICT]
    with pytest.raises(VotesError, match="each on its side"):
        majority(judged([(0, 0, 1, 2, 0), (0, 1, 0, 2, 1)]))


def test_what_was_judged_is_compared_by_names_and_sides() -> None:
    one = judged([(0, 0, 1, 2, 0), (0, 0, 1, 0, 0), (1, 1, 2, 1, 0)])
    assert pairs_of(one) == {(0, "a", "b"), (1, "b", "c")}
    assert pairs_of(one) != pairs_of(judged([(0, 1, 0, 2, 0), (1, 1, 2, 1, 0)]))


def test_sides_count_wins_of_the_first() -> None:
    found = sides(judged([(0, 0, 1, 2, 0)] * 9 + [(0, 0, 1, 0, 0)] * 1 + [(0, 0, 1, 1, 0)] * 10))
    assert (found.first, found.tie, found.second) == (0.45, 0.5, 0.05)
    assert found.z == pytest.approx(8 / np.sqrt(10))


def test_a_verdict_survives_the_swap_where_the_same_model_wins() -> None:
    same = [(0, 0, 1, 2, 0), (0, 1, 0, 0, 0)]
    other = [(1, 0, 1, 2, 0), (1, 1, 0, 2, 0)]
    alone = [(2, 0, 2, 1, 0)]
    assert swap_consistency(judged(same + other + alone)) == 0.5
    with pytest.raises(VotesError, match="once in each order"):
        swap_consistency(judged(alone))


def need(*names: str) -> None:
    for name in names:
        if not data.available(name):
            pytest.skip(f"{name} is not here: claimbench data fetch {name}")


def test_three_annotators_agree_as_is_known() -> None:
    need("pandalm_annotators")
    panel = pandalm(data.path("pandalm_annotators"))
    kappas = [agreement(panel.outcome[:, a], panel.outcome[:, b]).kappa for a, b in ((0, 1), (0, 2), (1, 2))]
    assert min(kappas) == pytest.approx(0.852, abs=1e-3)
    assert max(kappas) == pytest.approx(0.879, abs=1e-3)


def test_the_left_wins_too_often_in_the_crowd() -> None:
    need("llmfao_crowd")
    assert sides(llmfao(data.path("llmfao_crowd"))).z == pytest.approx(4.90, abs=0.01)


def test_gpt4_prefers_what_it_sees_first() -> None:
    need("qlora_gpt4")
    votes = qlora(data.path("qlora_gpt4"))
    for bench, first, same in (("oa", 0.490, 0.724), ("vicuna", 0.562, 0.614)):
        mine = votes.by(f"gpt-4 on {bench}")
        assert sides(mine).first == pytest.approx(first, abs=1e-3)
        assert swap_consistency(mine) == pytest.approx(same, abs=1e-3)

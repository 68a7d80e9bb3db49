"""The fewest votes that decide an order, and votes in which style counts."""

from __future__ import annotations

import numpy as np
import pytest

from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.experiments import robustness
from claimbench.impls.chatbot_arena.influence import fewest_drops
from claimbench.impls.chatbot_arena.styles import draw_styled
from claimbench.papers.chatbot_arena.designs import Styles
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Workload
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.votes import from_counts, from_wins
from claimbench.trial import Trial

STYLE = (0.249, 0.031, 0.024, 0.019)


def trial(workload: Workload | None = None, seeds: tuple[int, ...] = (1000,)) -> Trial:
    return Trial("chatbot_arena.x", "cpu", workload or Printed(), "ours", {}, seeds)


def test_of_two_models_as_many_wins_must_go_as_the_one_is_ahead() -> None:
    battles = from_counts([0], [1], [[40, 10, 47]], ("a", "b"))
    found = fewest_drops(battles, fit_bradley_terry(battles).ratings, 0, 1)
    assert found.votes == 7
    assert found.gap == pytest.approx(0, abs=1e-12)
    assert found.gap_before_last > 0


def test_no_single_choice_of_fewer_votes_turns_a_small_arena_around() -> None:
    wins = np.array([[0, 9, 8], [7, 0, 9], [5, 6, 0]])
    battles = from_wins(wins, ("a", "b", "c"))
    found = fewest_drops(battles, fit_bradley_terry(battles).ratings, 0, 1)

    def least(left: int, counts: np.ndarray) -> float:
        """Smallest gap after dropping `left` votes, by trying all of them."""
        if left == 0:
            fit = fit_bradley_terry(from_wins(counts, ("a", "b", "c")))
            return float(fit.ratings[0] - fit.ratings[1])
        gaps = []
        for i, j in zip(*np.nonzero(counts), strict=True):
            fewer = counts.copy()
            fewer[i, j] -= 1
            gaps.append(least(left - 1, fewer))
        return min(gaps)

    assert found.votes <= 4
    assert least(found.votes - 1, wins) > 0
    assert found.gap <= 0


def test_the_lower_of_two_models_is_not_above() -> None:
    battles = from_counts([0], [1], [[40, 10, 47]], ("a", "b"))
    with pytest.raises(VotesError, match="b is not rated above a"):
        fewest_drops(battles, fit_bradley_terry(battles).ratings, 1, 0)


def test_a_few_hundred_votes_decide_who_is_first() -> None:
    checks = robustness.fewest_votes(trial()).checks
    assert checks["first"] == pytest.approx(0.0277, abs=1e-4)
    assert checks["top_ten"] == pytest.approx(0.0022, abs=1e-4)


def test_styles_are_scaled_and_turn_with_the_sides() -> None:
    strengths = np.linspace(1, -1, 6)
    votes = draw_styled(strengths, np.array(STYLE), 20_000, 0.3, np.random.default_rng(0))
    np.testing.assert_allclose((votes.styles**2).mean(axis=0), 1)
    assert (votes.first != votes.second).all()
    longer = np.corrcoef(votes.styles[:, 0], strengths[votes.first] - strengths[votes.second])[0, 1]
    assert longer > 0.1
    with pytest.raises(VotesError, match="one each for length"):
        draw_styled(strengths, np.zeros(3), 10, 0.3, np.random.default_rng(0))
    with pytest.raises(VotesError, match="models must differ"):
        draw_styled(np.zeros(4), np.array(STYLE), 10, 0.3, np.random.default_rng(0))


def test_style_alone_sways_votes_between_equals() -> None:
    votes = draw_styled(np.array([1e-9, 0.0]), np.array([2.0, 0, 0, 0]), 4000, 0.0, np.random.default_rng(1))
    assert np.corrcoef(votes.styles[:, 0], votes.outcome)[0, 1] > 0.5


def test_style_is_recovered_and_ratings_with_it() -> None:
    work = Styles(models=8, votes=6000, replications=4, coefficients=STYLE)
    found = robustness.style_recovery(trial(work, (1000, 1001))).values
    assert {len(values) for values in found.values()} == {2}
    assert np.mean(found["within"]) > 0.8
    assert min(found["lead"]) > 0.1
    assert max(found["error_controlled"]) < min(found["error_plain"])

"""Goodness of fit: the paper's figure, cycles, held-out votes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from stats.ranking.known import arena, figure_2, names, simulated, win_matrix

from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.goodness import fold_of_pairs, held_out, pearson, residuals, three_cycles
from claimbench.stats.ranking.ties import fit_davidson, fit_rao_kupper
from claimbench.stats.ranking.votes import from_counts, from_wins


def test_figure_2_of_the_paper_departs_from_the_model() -> None:
    battles = figure_2()
    found = pearson(battles, fit_bradley_terry(battles).ratings)
    assert (found.statistic, found.df) == (pytest.approx(82.5, abs=0.05), 55)
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 55))
    assert found.p < 0.01


def test_ties_hide_a_misfit_of_the_real_votes_from_the_model_s_variance() -> None:
    battles = arena()
    ratings = fit_bradley_terry(battles).ratings
    assert pearson(battles, ratings).p > 0.9
    assert pearson(battles, ratings, "observed").p < 1e-50
    often = battles.games >= 50
    assert residuals(battles, ratings, "observed")[often].var() == pytest.approx(1.46, abs=0.01)


def test_under_the_model_the_statistic_is_chi_squared() -> None:
    found = [
        pearson(battles, fit_bradley_terry(battles).ratings)
        for battles in (simulated(6, 200, seed)[0] for seed in range(80))
    ]
    assert found[0].df == 10
    assert np.mean([one.statistic for one in found]) == pytest.approx(10, abs=4 * math.sqrt(20 / 80))
    assert stats.kstest([one.p for one in found], "uniform").pvalue > 0.001


def test_a_tree_is_fitted_perfectly() -> None:
    battles = from_counts([0, 1], [1, 2], [[3, 0, 4], [5, 0, 1]], names(3))
    found = pearson(battles, fit_bradley_terry(battles).ratings)
    assert (found.df, found.p) == (0, 1.0)
    assert found.statistic == pytest.approx(0, abs=1e-15)


def by_triples(wins: np.ndarray) -> int:
    beats = wins > wins.T
    size = range(len(wins))
    return sum(beats[i, j] and beats[j, k] and beats[k, i] for i in size for j in size for k in size) // 3


@given(seed=st.integers(0, 500), size=st.integers(3, 7))
@settings(max_examples=40, deadline=None)
def test_cycles_are_counted_once_each(seed: int, size: int) -> None:
    wins = np.random.default_rng(seed).integers(0, 4, (size, size)) * (1 - np.eye(size, dtype=int))
    battles = from_wins(wins, names(size))
    assert three_cycles(battles) == by_triples(win_matrix(battles))


def test_a_triangle_is_one_cycle_and_an_order_none() -> None:
    assert three_cycles(from_wins([[0, 1, 0], [0, 0, 1], [1, 0, 0]], names(3))) == 1
    assert three_cycles(from_wins([[0, 1, 1], [0, 0, 1], [0, 0, 0]], names(3))) == 0


def test_folds_know_names_only() -> None:
    battles = arena()
    fold = fold_of_pairs(battles, 5)
    assert np.bincount(fold, minlength=5).min() > 0.9 * fold.size / 5
    members = np.random.default_rng(0).permutation(len(battles.models))[:20]
    part = battles.subset(members.tolist())
    of = {
        frozenset((battles.models[i], battles.models[j])): f
        for i, j, f in zip(battles.first, battles.second, fold, strict=True)
    }
    again = fold_of_pairs(part, 5)
    assert again.tolist() == [
        of[frozenset((part.models[i], part.models[j]))] for i, j in zip(part.first, part.second, strict=True)
    ]
    assert not np.array_equal(fold_of_pairs(battles, 5, salt="other"), fold)
    with pytest.raises(ValueError, match="at least two"):
        fold_of_pairs(battles, 1)


def test_rao_and_kupper_foresee_the_real_votes_better_than_davidson() -> None:
    battles = arena(both_bad=False)
    rao_kupper, davidson = held_out(battles, fit_rao_kupper, 4), held_out(battles, fit_davidson, 4)
    assert rao_kupper.votes == davidson.votes == battles.votes
    assert -1.0105 < davidson.log_score < rao_kupper.log_score < -1.0094


def test_held_out_score_by_hand() -> None:
    battles = simulated(5, 20, 4)[0]
    fold, total = fold_of_pairs(battles, 3), 0.0
    for out in range(3):
        inside = fold != out
        rest = from_counts(battles.first[inside], battles.second[inside], battles.counts[inside], battles.models)
        ratings = fit_bradley_terry(rest).ratings
        for i, j, (lost, _, won) in zip(
            *(x[~inside] for x in (battles.first, battles.second, battles.counts)), strict=True
        ):
            p = 1 / (1 + math.exp(ratings[j] - ratings[i]))
            total += won * math.log(p) + lost * math.log(1 - p)
    assert held_out(battles, fit_bradley_terry, 3).log_score == pytest.approx(total / battles.votes)


def test_folds_that_take_a_model_away_are_named() -> None:
    battles = from_counts([0, 0, 1, 2], [1, 2, 2, 3], [[5, 0, 5]] * 4, names(4))
    found = held_out(battles, fit_bradley_terry, 40)
    assert found.unidentified == (fold_of_pairs(battles, 40)[-1],)
    assert found.votes == 30
    bare = held_out(from_counts([0], [1], [[5, 0, 5]], names(2)), fit_bradley_terry, 2)
    assert math.isnan(bare.log_score)
    assert bare.votes == 0

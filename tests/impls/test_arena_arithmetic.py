"""Printed numbers and what follows from them: known values, identities, and the transcription itself."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from claimbench.impls.chatbot_arena import published
from claimbench.impls.chatbot_arena.arithmetic import (
    attainable,
    best_of,
    detection_rates,
    expected_maximum,
    heterogeneity,
    is_normalized_by_column,
    rating_se,
    separability,
    two_sample_z,
    votes_for_se,
)
from claimbench.impls.chatbot_arena.errata import minimizer, nonparametric_scores, printed_loss
from claimbench.impls.chatbot_arena.figure_2 import FIGURE_2
from claimbench.impls.chatbot_arena.leaderboards import Scored
from claimbench.impls.chatbot_arena.published import Confusion, Score


def test_figure_2_is_transcribed_whole() -> None:
    first, second, rate, battles = FIGURE_2.pairs()
    assert (len(FIGURE_2.models), len(first), int(battles.sum())) == (12, 66, 31_348)
    assert (first < second).all()
    assert rate.min() >= 0.42
    assert rate.max() == 0.90


def test_figure_2_is_that_of_the_published_tables() -> None:
    path = Path(os.environ.get("CLAIMBENCH_DATA", ".")) / "published_tables" / "chatbot_arena_fig2.csv"
    if not path.exists():
        pytest.skip("the table of Figure 2 is not here; point CLAIMBENCH_DATA to a folder that holds it")
    first, second, rate, battles = FIGURE_2.pairs()
    names = FIGURE_2.models
    ours = [
        (names[i], names[j], f"{r:.2f}", str(int(n))) for i, j, r, n in zip(first, second, rate, battles, strict=True)
    ]
    with path.open() as file:
        theirs = [tuple(row.values()) for row in csv.DictReader(file)]
    assert ours == theirs


def test_table_5_is_normalized_by_what_was_predicted() -> None:
    low, high = published.TABLE_5
    assert is_normalized_by_column(low)
    assert is_normalized_by_column(high)
    rates = detection_rates(low)
    assert (rates.true_positive, rates.true_negative) == (13 / 25, 24 / 25)
    assert (round(rates.precision, 2), round(rates.negative_predictive, 2)) == (0.93, 0.67)
    rates = detection_rates(high)
    assert (rates.true_positive, rates.true_negative) == (21 / 25, 17 / 25)


def test_a_table_over_actual_totals_is_not_normalized_by_column() -> None:
    assert not is_normalized_by_column(Confusion(0.1, (13, 25), (12, 25), (1, 25), (24, 25)))


@pytest.mark.parametrize(
    ("percent", "n", "step", "possible"),
    [
        pytest.param(72.8, 160, 1, False, id="72.8-of-160"),
        pytest.param(72.8, 158, 1, True, id="72.8-of-158"),
        pytest.param(81.2, 160, 1, True, id="a-half-rounds-down"),
        pytest.param(81.3, 160, 1, True, id="a-half-rounds-up"),
        pytest.param(58.3, 30, 1, False, id="58.3-of-30"),
        pytest.param(58.3, 30, 0.5, True, id="58.3-of-30-with-ties"),
        pytest.param(0.0, 7, 1, True, id="none"),
        pytest.param(100.0, 7, 1, True, id="all"),
    ],
)
def test_shares_that_a_number_of_battles_can_print(percent: float, n: int, step: float, possible: bool) -> None:
    assert attainable(percent, n, step) == possible


@given(n=st.integers(1, 400), wins=st.integers(0, 400))
def test_every_share_is_attainable_by_what_it_came_from(n: int, wins: int) -> None:
    assert attainable(round(100 * min(wins, n) / n, 1), n)


def test_half_of_table_3_is_no_share_of_160() -> None:
    possible = [attainable(cell.percent, published.TABLE_3_BATTLES) for cell in published.TABLE_3]
    assert possible.count(False) == 6
    assert all(attainable(cell.percent, published.TABLE_3_BATTLES) for cell in published.TABLE_4)


def test_clusters_differ_by_pearsons_test() -> None:
    test = heterogeneity([cluster.percent for cluster in published.TABLE_2], published.TABLE_2_PROMPTS)
    assert (round(test.chi_square, 1), test.df) == (22.6, 7)
    assert test.p == pytest.approx(0.00197, abs=1e-5)
    assert len(published.TABLE_2) != published.TEXT_2_CLUSTERS


def test_heterogeneity_is_scipys() -> None:
    wins = np.array([12, 17, 9, 20])
    theirs = stats.chi2_contingency(np.stack([wins, 30 - wins]), correction=False)
    ours = heterogeneity((100 * wins / 30).tolist(), 30)
    assert (ours.chi_square, ours.df, ours.p) == pytest.approx((theirs.statistic, theirs.dof, theirs.pvalue))


@pytest.mark.parametrize(
    ("n", "known"),
    [
        (1, 0.0),
        (2, 1 / math.sqrt(math.pi)),
        (3, 1.5 / math.sqrt(math.pi)),
        (5, 1.16296447),
        (10, 1.53875273),
        (20, 1.86747506),
        (50, 2.24907363),
        (100, 2.50759364),
        (1000, 3.24143577),
    ],
)
def test_expected_maxima_of_normal_samples(n: int, known: float) -> None:
    assert expected_maximum(n) == pytest.approx(known, abs=6e-9)


def test_the_best_of_fifty_after_three_thousand_votes() -> None:
    ties = (281_121 + 295_254) / 1_670_250
    assert rating_se(3000, ties) == pytest.approx(5.13, abs=0.01)
    assert best_of(50, 3000, ties) == pytest.approx(11.5, abs=0.1)
    assert best_of(1, 3000) == 0.0


@given(votes=st.integers(10, 10**6), ties=st.floats(0, 0.9))
def test_votes_for_an_error_are_its_inverse(votes: int, ties: float) -> None:
    assert votes_for_se(rating_se(votes, ties), ties) == pytest.approx(votes)


def test_a_rating_error_is_that_of_bradley_terry_between_two_equals() -> None:
    # θ has information n/4 against a known opponent; one natural unit is 400 / ln 10 points.
    assert rating_se(400) == pytest.approx(400 / math.log(10) * 2 / 20)


def test_two_scores_of_one_checkpoint_do_not_differ() -> None:
    assert two_sample_z(*published.IDENTICAL) == pytest.approx(0.875, abs=1e-3)
    assert two_sample_z(Score(10, 1.96, 1.96), Score(10, 3, 5)) == 0


def test_separability_counts_disjoint_intervals() -> None:
    entries = [Scored("a", 5, 4, 6), Scored("b", 3, 2, 4), Scored("c", 0, -1, 1)]
    assert separability(entries) == pytest.approx(2 / 3)
    assert separability(entries[::-1]) == pytest.approx(2 / 3)


def test_printed_separabilities_are_shares_of_190_pairs() -> None:
    assert all(attainable(row.separability, 190) for row in published.ARENA_HARD.values())


def test_savings_follow_from_the_printed_votes() -> None:
    for case in published.FIGURE_7:
        assert abs(100 * (case.random / case.adaptive - 1) - case.percent_more) < 1


PAIRS = FIGURE_2.pairs()


def test_the_printed_loss_ranks_upside_down() -> None:
    first, second, rate, battles = PAIRS
    printed = minimizer(first, second, 1 - rate, battles, as_printed=True)
    meant = minimizer(first, second, 1 - rate, battles, as_printed=False)
    assert np.abs(printed + meant).max() < 1e-12
    assert meant.argmax() == printed.argmin() == 0
    assert (meant - meant[-1])[:3] == pytest.approx([1.989, 1.230, 1.129], abs=1e-3)


@given(seed=st.integers(0, 2**32 - 1), size=st.floats(1e-3, 2))
@settings(max_examples=30, deadline=None)
def test_nothing_near_the_minimizer_has_a_smaller_printed_loss(seed: int, size: float) -> None:
    first, second, rate, battles = PAIRS
    xi = minimizer(first, second, 1 - rate, battles, as_printed=True)
    step = size * np.random.default_rng(seed).normal(size=xi.size)
    assert printed_loss(xi, first, second, 1 - rate, battles) <= printed_loss(
        xi + step, first, second, 1 - rate, battles
    )


@given(seed=st.integers(0, 2**32 - 1), models=st.integers(2, 7))
@settings(max_examples=30, deadline=None)
def test_repaired_nonparametric_scores_are_those_of_bradley_terry(seed: int, models: int) -> None:
    xi = np.random.default_rng(seed).normal(size=models)
    win = 1 / (1 + np.exp(xi[:, None] - xi[None, :]))
    np.testing.assert_allclose(nonparametric_scores(win), xi - xi[0], atol=1e-9)

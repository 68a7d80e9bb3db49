"""Reweighting to pairs shown equally often."""

from __future__ import annotations

import numpy as np
import pytest
from stats.ranking.known import arena, names, simulated

from claimbench.errors import VotesError
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry
from claimbench.stats.ranking.votes import from_counts
from claimbench.stats.ranking.weights import inverse_probability, uniform_pairs


def test_every_pair_above_the_bar_counts_alike() -> None:
    battles = from_counts([0, 0, 1], [1, 2, 2], [[30, 0, 70], [10, 10, 0], [400, 0, 600]], names(3))
    np.testing.assert_allclose(uniform_pairs(battles).games, [1, 20 / 50, 1])
    np.testing.assert_allclose(uniform_pairs(battles, least=0).games, 1)


def test_target_does_not_depend_on_the_design_where_the_model_is_wrong() -> None:
    # A cycle stronger than any ratings: what it is fitted to depends on which pairs are shown.
    shares = np.array([0.9, 0.4, 0.8])
    games = np.array([[1000, 1000, 1000], [5000, 500, 1000]])
    fits = []
    for shown in games:
        counts = np.stack([shown * (1 - shares), 0 * shown, shown * shares], axis=1)
        battles = from_counts([0, 0, 1], [1, 2, 2], counts, names(3))
        fits.append((fit_bradley_terry(battles).ratings, fit_bradley_terry(uniform_pairs(battles)).ratings))
    (plain, uniform), (skewed, corrected) = fits
    np.testing.assert_allclose(plain, uniform, atol=1e-10)
    np.testing.assert_allclose(corrected, uniform, atol=1e-10)
    assert np.abs(skewed - plain).max() > 0.1


def test_known_probabilities_are_equation_7() -> None:
    battles = simulated(4, 50, 1)[0]
    probability = np.linspace(0.1, 0.3, 6)
    np.testing.assert_allclose(inverse_probability(battles, probability).counts, battles.counts / probability[:, None])


def test_it_moves_most_ranks_of_the_real_votes() -> None:
    battles = arena()
    plain, uniform = fit_bradley_terry(battles).ratings, fit_bradley_terry(uniform_pairs(battles)).ratings
    moved = np.abs(uniform - plain) * ELO_PER_NAT
    assert 4 < np.median(moved) < 5
    assert 20 < moved.max() < 28
    assert np.count_nonzero(np.argsort(-plain) != np.argsort(-uniform)) > 60


def test_probabilities_and_bars_that_are_none() -> None:
    battles = from_counts([0], [1], [[1, 0, 1]], names(2))
    for probability in ([0.0], [1.5], [np.nan]):
        with pytest.raises(VotesError, match="probability"):
            inverse_probability(battles, probability)

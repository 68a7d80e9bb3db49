"""The win matrix and the rules that sample it: by hand, without bias, with the variance that the docstrings derive."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from claimbench.errors import MeasurementRefused, SpecError
from claimbench.impls.chatbot_arena.allocation import mean_width, optimal, uniform_over_optimal, votes_needed
from claimbench.impls.chatbot_arena.sampling import (
    Design,
    Estimator,
    fixed,
    looks,
    mean_widths,
    printed,
    probabilities,
    repaired,
    votes_to_width,
)
from claimbench.impls.chatbot_arena.scores import Scores
from claimbench.impls.chatbot_arena.win_matrix import (
    Floats,
    Tally,
    augmented,
    augmented_variance,
    covariance,
    inverse_probability,
    inverse_probability_variance,
    per_pair_mean,
    per_pair_variance,
)

THETA = np.array([0.2, 0.5, 0.7, 0.9])
P = np.array([0.1, 0.2, 0.3, 0.4])
NINE = 1 / (1 + np.exp(np.linspace(-0.6, 0.6, 36)))
"""Win rates of 36 pairs, .35 to .65, as among nine strong models."""
rates = st.lists(st.floats(0.02, 0.98), min_size=2, max_size=12).map(np.array)


def tally_of(batches: list[tuple[list[int], list[int], list[float]]]) -> Tally:
    """One replication of (votes, wins, probabilities) after another."""
    tally = Tally.empty(1, len(batches[0][0]))
    for votes, wins, probability in batches:
        tally = tally.plus(np.array([votes]), np.array([wins]), np.array([probability]))
    return tally


def one_by_one(batches: list[tuple[list[int], list[int], list[float]]]) -> tuple[Floats, Floats]:
    """X of equation 4 and of the augmented estimator, a row for each vote."""
    plain, corrected = [], []
    seen, won = np.zeros(len(batches[0][0])), np.zeros(len(batches[0][0]))
    for votes, wins, probability in batches:
        m = (won + 1) / (seen + 2)
        for pair, (n, w) in enumerate(zip(votes, wins, strict=True)):
            for h in [1] * w + [0] * (n - w):
                chosen = np.arange(len(votes)) == pair
                plain.append(chosen * h / np.array(probability))
                corrected.append(m + chosen * (h - m) / np.array(probability))
        seen += votes
        won += wins
    return np.array(plain), np.array(corrected)


BATCHES = [([3, 0, 2], [1, 0, 2], [0.5, 0.25, 0.25]), ([1, 4, 1], [1, 3, 0], [0.2, 0.5, 0.3])]


def test_equations_4_and_5_are_the_mean_and_covariance_of_the_terms_one_by_one():
    terms, _ = one_by_one(BATCHES)
    tally = tally_of(BATCHES)
    found = inverse_probability(tally)
    centred = terms - terms.mean(axis=0)
    printed_covariance = centred.T @ centred / len(terms)
    assert found.value[0] == pytest.approx(terms.mean(axis=0), rel=1e-12)
    assert covariance(tally)[0] == pytest.approx(printed_covariance, abs=1e-12)
    assert found.variance[0] == pytest.approx(np.diag(printed_covariance) / len(terms), rel=1e-12)


def test_the_augmented_estimate_is_the_mean_of_its_terms_one_by_one():
    _, terms = one_by_one(BATCHES)
    found = augmented(tally_of(BATCHES))
    assert found.value[0] == pytest.approx(terms.mean(axis=0), rel=1e-12)
    assert found.variance[0] == pytest.approx(terms.var(axis=0) / len(terms), rel=1e-12)


def test_the_pairs_mean_says_nothing_of_a_pair_that_was_not_seen():
    found = per_pair_mean(tally_of(BATCHES[:1]))
    assert found.value[0] == pytest.approx([1 / 3, np.nan, 1.0], nan_ok=True)
    assert found.variance[0] == pytest.approx([2 / 27, np.inf, 0.0])
    assert found.misses(np.full((1, 3), 0.5)).tolist() == [[False, True, True]]


@pytest.mark.parametrize("estimator", [inverse_probability, augmented])
def test_weighted_estimates_have_no_bias_under_adaptive_sampling(estimator: Estimator):
    theta = np.tile(THETA, (4000, 1))
    run = looks(theta, repaired, Design(startup=2, mixing=0.2, batch=8), default_rng(0))
    for _ in range(6):
        tally = next(run)
    error = estimator(tally).value - theta
    assert np.abs(error.mean(axis=0) / (error.std(axis=0) / math.sqrt(4000))).max() < 4


@pytest.mark.parametrize(
    ("estimator", "variance"),
    [
        pytest.param(inverse_probability, inverse_probability_variance(THETA, P), id="equation-4"),
        pytest.param(per_pair_mean, per_pair_variance(THETA, P), id="per-pair-mean"),
        pytest.param(
            augmented,  # a quarter of the votes is guessed at ½, the others at about θ
            augmented_variance(THETA, P, 0.5) / 4 + augmented_variance(THETA, P, THETA) * 3 / 4,
            id="augmented",
        ),
    ],
)
def test_the_variance_of_a_vote_is_the_derived_one_and_is_estimated(estimator: Estimator, variance: Floats):
    tally, draw = Tally.empty(20_000, 4), default_rng(1)
    for batch in (500, 1500):
        votes = draw.multinomial(batch, P, size=20_000)
        tally = tally.plus(votes, draw.binomial(votes, THETA), P)
    found = estimator(tally)
    assert found.value.var(axis=0) * 2000 == pytest.approx(variance, rel=0.06)
    assert found.variance.mean(axis=0) * 2000 == pytest.approx(variance, rel=0.04)


def test_the_augmented_variance_grows_with_a_wrong_guess():
    draw = default_rng(2)
    votes = draw.multinomial(1, P, size=200_000)
    terms = Tally.empty(200_000, 4).plus(votes, draw.binomial(votes, THETA), P).augmented[0]
    assert terms.var(axis=0) == pytest.approx(augmented_variance(THETA, P, 0.5), rel=0.02)
    assert terms.mean(axis=0) == pytest.approx(THETA, abs=0.02)


@given(st.floats(0.01, 0.99), st.floats(0.001, 0.5))
def test_equation_4_depends_on_which_model_is_named_second_and_wastes_half_of_the_votes(theta: float, p: float):
    there, back = (float(inverse_probability_variance(np.array(x), p)) for x in (theta, 1 - theta))
    assert there - back == pytest.approx((2 * theta - 1) * (1 / p - 1), abs=1e-6)
    assert there + back >= 2 * 2 * float(per_pair_variance(np.array(theta), p)) - 1 - 1e-9
    assert there >= float(per_pair_variance(np.array(theta), p)) - 1e-9


@given(rates, st.integers(0, 2**32 - 1))
def test_no_allocation_beats_the_optimal_one(theta: Floats, seed: int):
    variance = per_pair_variance(theta, 1.0)
    best = votes_needed(variance, optimal(variance), 0.2)
    others = default_rng(seed).dirichlet(np.ones(len(theta)), size=20)
    assert all(votes_needed(variance, p, 0.2) >= best * (1 - 1e-12) for p in others if p.min() > 0)
    uniform = votes_needed(variance, np.full(len(theta), 1 / len(theta)), 0.2)
    assert uniform / best == pytest.approx(uniform_over_optimal(variance), rel=1e-9)
    assert mean_width(variance, optimal(variance), best) == pytest.approx(0.2)


@given(st.lists(st.floats(0.35, 0.65), min_size=2, max_size=40).map(np.array))
def test_uniform_sampling_is_within_a_thousandth_of_the_best_where_models_are_close(theta: Floats):
    assert 1 - 1e-12 < uniform_over_optimal(per_pair_variance(theta, 1.0)) < 1.001


def test_no_allocation_saves_more_than_four_thousandths_among_the_real_models():
    from claimbench.impls.chatbot_arena.experiments.real import busiest

    for models in (8, 9, 20, 129):
        assert uniform_over_optimal(per_pair_variance(busiest(models).win_rates, 1.0)) < 1.004


def test_equation_9_by_hand():
    tally = tally_of([([4, 2, 2], [1, 2, 1], [0.5, 0.25, 0.25])])
    terms, _ = one_by_one([([4, 2, 2], [1, 2, 1], [0.5, 0.25, 0.25])])
    n = np.array([4, 2, 2])
    expected = np.sqrt(terms.var(axis=0) / n) - np.sqrt(terms.var(axis=0) / (n + 1))
    assert printed(tally)[0] == pytest.approx(expected, rel=1e-12)
    assert probabilities(printed(tally), 0.0)[0] == pytest.approx(expected / expected.sum(), rel=1e-12)


def test_equation_9_never_returns_to_a_pair_that_its_second_model_lost_and_gives_it_no_width():
    lost, won = (tally_of([([5, 5], wins, [0.5, 0.5])]) for wins in ([0, 3], [5, 3]))
    assert printed(lost)[0, 0] == 0
    assert inverse_probability(lost).width()[0, 0] == 0
    assert printed(won)[0, 0] > printed(won)[0, 1]
    assert repaired(lost)[0] == pytest.approx(repaired(won)[0], rel=1e-12)
    assert repaired(lost)[0, 0] > 0


def test_equation_9_takes_a_pair_for_uncertain_because_it_was_rarely_drawn():
    rare, frequent = (tally_of([([4, 4], [2, 2], [p, 1 - p])]) for p in (0.1, 0.9))
    assert printed(rare)[0, 0] > 2 * printed(frequent)[0, 0]
    assert repaired(rare)[0] == pytest.approx(repaired(frequent)[0], rel=1e-12)


@pytest.mark.parametrize("rule", [printed, repaired])
def test_a_pair_without_votes_comes_next(rule):
    weights = rule(tally_of([([4, 0, 3], [2, 0, 0], [0.5, 0.25, 0.25])]))
    assert probabilities(weights, 0.0)[0] == pytest.approx([0, 1, 0])
    assert probabilities(weights, 0.3)[0] == pytest.approx([0.1, 0.8, 0.1])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=6), st.floats(0, 1))
def test_probabilities_sum_to_one_and_leave_everyone_the_uniform_share(cells: list[tuple[int, int]], mixing: float):
    votes = [n for n, _ in cells]
    wins = [min(w, n) for n, w in cells]
    tally = tally_of([([*votes, 1], [*wins, 1], [1 / (len(votes) + 1)] * (len(votes) + 1))])
    for rule in (printed, repaired):
        found = probabilities(rule(tally), mixing)
        assert found.sum() == pytest.approx(1)
        assert found.min() >= mixing / found.size - 1e-12


def test_drawing_by_the_reduction_settles_at_the_fifth_root_of_the_variance():
    theta = np.array([[0.5, 0.8, 0.95, 0.99]])
    n = np.full((1, 4), 20.0)
    for _ in range(1200):
        wins = np.stack([n * theta, *np.zeros((2, 1, 4))])
        tally = Tally(int(n.sum()), wins, np.stack([n * (1 - theta), *np.zeros((2, 1, 4))]), np.zeros((2, 1, 4)))
        n = n + 0.01 * n.sum() * probabilities(repaired(tally), 0.0)
    fifth = (theta * (1 - theta)) ** 0.2
    assert n / n.sum() == pytest.approx(fifth / fifth.sum(), rel=0.01)


def test_uniform_sampling_needs_what_the_formulas_say():
    theta, uniform = np.tile(NINE, (100, 1)), np.full(36, 1 / 36)
    for estimator, variance in (
        (inverse_probability, inverse_probability_variance(NINE, 1.0 / 36) * uniform),
        (per_pair_mean, per_pair_variance(NINE, 1.0)),
    ):
        stopped = votes_to_width(theta, fixed(uniform), estimator, 0.3, Design(batch=10), default_rng(3))
        assert stopped.votes.mean() == pytest.approx(votes_needed(variance, uniform, 0.3), rel=0.02)
        assert stopped.missed.mean() == pytest.approx(0.05, abs=0.02)


def test_active_sampling_saves_next_to_nothing_and_the_mean_of_the_pair_half():
    theta = np.tile(NINE, (60, 1))
    uniform = fixed(np.full(36, 1 / 36))
    needed = {
        name: votes_to_width(theta, rule, estimator, 0.3, Design(batch=20), default_rng(4)).votes.mean()
        for name, rule, estimator in (
            ("random", uniform, inverse_probability),
            ("adaptive", printed, inverse_probability),
            ("mean", uniform, per_pair_mean),
            ("repaired", repaired, per_pair_mean),
        )
    }
    assert needed["adaptive"] > 0.99 * needed["random"]
    assert needed["mean"] < 0.55 * needed["random"]
    assert needed["repaired"] > 0.97 * needed["mean"]


def test_to_the_letter_equation_9_saves_votes_by_intervals_that_miss():
    theta = np.tile(NINE, (40, 1))
    letter, mixed = (
        votes_to_width(theta, printed, inverse_probability, 0.3, design, default_rng(5))
        for design in (Design(startup=2, mixing=0.0), Design())
    )
    assert letter.votes.mean() < 0.8 * mixed.votes.mean()
    assert letter.missed.mean() > 0.15
    assert mixed.missed.mean() < 0.08


def test_widths_are_those_at_the_first_look_after_each_number_of_votes():
    theta, design = np.tile(THETA, (3, 1)), Design(startup=5, batch=10)
    found = mean_widths(theta, repaired, per_pair_mean, [5, 21, 60], design, default_rng(6))
    tallies = {tally.total: tally for tally in islice(looks(theta, repaired, design, default_rng(6)), 6)}
    for column, total in enumerate((20, 30, 60)):
        assert found[:, column] == pytest.approx(per_pair_mean(tallies[total]).width().mean(axis=-1))


def test_the_same_seed_gives_the_same_votes():
    theta = np.tile(THETA, (5, 1))
    runs = [
        votes_to_width(theta, printed, inverse_probability, 0.5, Design(), default_rng(seed)).votes.tolist()
        for seed in (7, 7, 8)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_a_width_that_is_not_reached_says_so():
    with pytest.raises(SpecError, match=r"3 of 3 replications .* raise design\.limit"):
        votes_to_width(np.tile(THETA, (3, 1)), repaired, per_pair_mean, 0.01, Design(limit=500), default_rng(9))


def test_scores_of_two_models_are_the_log_odds():
    tally = tally_of([([30], [20], [1.0])])
    found = Scores(np.array([0]), np.array([1]), 2)(tally)
    assert found.value[0] == pytest.approx([math.log(20 / 10)], rel=1e-9)
    assert found.variance[0] == pytest.approx([1 / 20 + 1 / 10], rel=1e-9)


@pytest.mark.parametrize("wins", [[0, 0, 3], [5, 5, 3]])
def test_scores_that_do_not_exist_say_so(wins: list[int]):
    first, second = np.triu_indices(3, 1)
    with pytest.raises(MeasurementRefused, match="no largest Bradley–Terry likelihood"):
        Scores(first, second, 3)(tally_of([([5, 5, 6], wins, [1 / 3] * 3)]))


def test_scores_reweighted_from_skewed_sampling_are_unbiased_and_covered():
    xi = np.array([0.0, 0.8, -0.5, 0.3])
    first, second = np.triu_indices(4, 1)
    theta = np.tile(1 / (1 + np.exp(xi[first] - xi[second])), (400, 1))
    skewed = fixed(np.array([0.3, 0.3, 0.05, 0.05, 0.2, 0.1]))
    run = looks(theta, skewed, Design(startup=10, mixing=0.1, batch=1500), default_rng(10))
    next(run)
    found = Scores(first, second, 4)(next(run))
    truth = np.tile(xi[1:], (400, 1))
    error = found.value - truth
    assert np.abs(error.mean(axis=0)).max() < 4 * (error.std(axis=0) / 20).max()
    assert found.variance.mean(axis=0) == pytest.approx(error.var(axis=0), rel=0.25)
    assert found.misses(truth).mean() == pytest.approx(0.05, abs=0.03)


def test_scores_and_their_sandwich_agree_with_the_houses_own_fit():
    from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
    from claimbench.stats.ranking.sandwich import sandwich_covariance
    from claimbench.stats.ranking.votes import from_counts

    first, second = np.triu_indices(5, 1)
    draw = default_rng(11)
    votes, weights = draw.integers(20, 60, size=10), draw.uniform(0.5, 4, size=10)
    wins = draw.binomial(votes, 0.4)
    found = Scores(first, second, 5)(tally_of([(votes.tolist(), wins.tolist(), (1 / weights).tolist())]))
    counts = np.stack([wins, np.zeros_like(wins), votes - wins], axis=1)
    battles = from_counts(first, second, counts, list("abcde")).weighted(weights)
    ratings = fit_bradley_terry(battles).ratings
    V = sandwich_covariance(battles, ratings)
    assert found.value[0] == pytest.approx(ratings[1:] - ratings[0], abs=1e-8)
    expected = np.diag(V)[1:] + V[0, 0] - 2 * V[0, 1:]
    assert found.variance[0] == pytest.approx(expected, rel=1e-8)

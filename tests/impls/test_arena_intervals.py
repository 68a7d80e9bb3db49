"""Many small arenas at once beside one at a time, and the experiments on intervals and ranks at toy sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.errors import MeasurementRefused, UnknownName, VotesError
from claimbench.impls.chatbot_arena.experiments import intervals
from claimbench.impls.chatbot_arena.replications import Fits, draw_counts, fit_all, misses, rank_sets
from claimbench.papers.chatbot_arena.designs import Bootstraps, Coverage, RankSets, RealRanks, Subsamples
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Scalar, Workload
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.rank_intervals import rank_intervals
from claimbench.stats.ranking.sandwich import sandwich_covariance
from claimbench.stats.ranking.votes import Battles, from_counts
from claimbench.stats.scaling import log_log_fit
from claimbench.trial import Trial


def trial(workload: Workload | None = None, seeds: tuple[int, ...] = (1000, 1001), **options: Scalar) -> Trial:
    return Trial("chatbot_arena.x", "cpu", workload or Printed(), "ours", options, seeds)


def alone(counts: np.ndarray, size: int) -> Battles:
    first, second = np.triu_indices(size, 1)
    return from_counts(first, second, counts, tuple(f"m{m}" for m in range(size)))


@given(models=st.integers(2, 7), seed=st.integers(0, 10_000), tie_rate=st.sampled_from([0.0, 0.3]))
@settings(max_examples=25, deadline=None)
def test_fits_of_many_are_those_of_one_at_a_time(models: int, seed: int, tie_rate: float) -> None:
    generator = np.random.default_rng(seed)
    counts = draw_counts(generator.normal(0, 0.7, (3, models)), 150 * models, generator, tie_rate)
    fits = fit_all(counts)
    for one in range(3):
        battles = alone(counts[one], models)
        np.testing.assert_allclose(fits.ratings[one], fit_bradley_terry(battles).ratings, atol=1e-9)
        expected = sandwich_covariance(battles, fits.ratings[one])
        np.testing.assert_allclose(fits.covariance[one], expected, atol=1e-10)


def test_two_models_have_the_known_answer() -> None:
    fits = fit_all(np.array([[[30.0, 0.0, 70.0]]]))
    assert fits.ratings[0, 0] - fits.ratings[0, 1] == pytest.approx(np.log(70 / 30))
    assert fits.standard_errors(reference=1)[0] == pytest.approx([np.sqrt(1 / 70 + 1 / 30), 0])
    assert fits.standard_errors()[0, 0] == pytest.approx(fits.standard_errors(1)[0, 0] / 2)


def test_votes_are_drawn_as_often_as_they_should_be() -> None:
    strengths = np.array([[1.0, 0.0, -0.5]])
    counts = draw_counts(strengths, 600_000, np.random.default_rng(0), 0.3)[0]
    assert counts.sum() == 600_000
    p = 1 / (1 + np.exp(-np.array([1.0, 1.5, 0.5])))
    shares = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares[:, 1], 1.2 * p * (1 - p), atol=0.005)
    np.testing.assert_allclose(shares[:, 2] + shares[:, 1] / 2, p, atol=0.005)
    with pytest.raises(VotesError, match="tie rate"):
        draw_counts(strengths, 10, np.random.default_rng(0), 0.6)


def test_a_model_that_won_every_vote_has_no_rating() -> None:
    counts = np.zeros((1, 3, 3))
    counts[0, :, 2] = 5
    with pytest.raises(MeasurementRefused, match="more votes"):
        fit_all(counts)
    with pytest.raises(MeasurementRefused, match="more votes"):
        fit_all(np.zeros((1, 3, 3)))


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_rank_sets_are_those_of_one_arena(seed: int) -> None:
    generator = np.random.default_rng(seed)
    counts = draw_counts(generator.normal(0, 0.5, (2, 5)), 2000, generator)
    fits = fit_all(counts)
    critical = np.sqrt(9.487729036781154)  # χ² of 4 degrees of freedom, upper 5 %
    best, worst = rank_sets(fits, critical, pairs=False)
    for one in range(2):
        expected = rank_intervals(fits.ratings[one], fits.covariance[one], method="chi2")
        assert (best[one].tolist(), worst[one].tolist()) == (expected[0].tolist(), expected[1].tolist())


def test_pairs_are_compared_by_the_error_of_their_difference() -> None:
    covariance = np.array([[[2.0, -1.0, -1.0], [-1.0, 2.0, -1.0], [-1.0, -1.0, 2.0]]])
    fits = Fits(np.array([[3.0, 0.0, -3.0]]), covariance)
    best, worst = rank_sets(fits, np.array([2.0]), pairs=True)  # reach 2 √6 = 4.9
    assert best.tolist() == [[1, 1, 2]]
    assert worst.tolist() == [[2, 3, 3]]


def test_a_rank_is_missed_on_either_side_and_equal_models_have_none() -> None:
    strengths = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    apart = (np.array([[1, 2]] * 3), np.array([[1, 2]] * 3))
    assert misses(apart, strengths).tolist() == [False, True, False]
    wrong = (np.array([[2, 1]] * 3), np.array([[2, 1]] * 3))
    assert misses(wrong, strengths).tolist() == [True, True, True]
    together = (np.ones((3, 2), dtype=np.int64), np.full((3, 2), 2))
    assert not misses(together, strengths).any()


def test_intervals_cover_what_they_say() -> None:
    found = intervals.coverage(trial(Coverage(models=(4, 10), votes=(2000,), replications=2000))).values
    assert sorted(found) == sorted(f"{name}_{m}_2000" for name in ("coverage", "width") for m in (4, 10))
    for models in (4, 10):
        assert found[f"coverage_{models}_2000"] == pytest.approx([0.95, 0.95], abs=0.015)
    again = intervals.coverage(trial(Coverage(models=(4, 10), votes=(2000,), replications=2000), seeds=(1001,))).values
    assert again["coverage_10_2000"][0] == found["coverage_10_2000"][1]


def test_widths_grow_as_the_root_of_the_number_of_models() -> None:
    curve = intervals.width_by_models(trial(Coverage(models=(4, 7, 10, 15), votes=(5000,), replications=20))).curves
    slope, bend = log_log_fit(curve["width"].x, list(curve["width"].y[0]))
    assert 0.4 < slope < 0.7
    assert abs(bend) < 0.1


def test_bootstrap_and_sandwich_agree_on_the_real_votes() -> None:
    found = intervals.bootstrap_and_sandwich(trial(Bootstraps(draws=200), seeds=(1000,))).values
    assert found["deviation"][0] == pytest.approx(abs(found["ratio"][0] - 1))
    assert found["deviation"][0] < 0.05
    assert found["least"][0] < 1 < found["greatest"][0]


def test_the_bootstrap_is_less_steady_than_the_sandwich() -> None:
    work = Subsamples(models=5, votes=(1000, 4000), samples=8, draws=100)
    found = intervals.small_samples(trial(work, seeds=(1000,))).values
    assert found["ratio_4000"][0] * found["inverse_4000"][0] == pytest.approx(1)
    assert found["steadiness_4000"][0] > 1.5


@pytest.mark.parametrize(
    ("method", "longest"),
    [
        pytest.param("chi2", 6.0, id="chi2"),
        pytest.param("max_t_pairs", 4.0, id="max-t-pairs"),
        pytest.param("pointwise", 3.7, id="pointwise"),
    ],
)
def test_methods_differ_in_length_and_errors(method: str, longest: float) -> None:
    work = RankSets(models=(4, 10), votes=(10_000,), replications=60, draws=400)
    found = intervals.rank_errors(trial(work, method=method)).values
    assert max(found["length_10"]) < longest
    if method == "pointwise":
        assert np.mean(found["fwer_equal_10"]) > 0.1
    else:
        assert max(found["fwer_10"]) <= 0.05
        assert np.mean(found["fwer_equal_10"]) < 0.12


def test_sets_hold_in_the_real_design() -> None:
    lengths = {}
    for method in ("chi2", "max_t_pairs", "pointwise", "anchored"):
        found = intervals.real_rank_errors(trial(RealRanks(replications=2, draws=400), seeds=(1000,), method=method))
        lengths[method] = found.values["length"][0]
    assert lengths["pointwise"] < lengths["anchored"] < lengths["max_t_pairs"] < lengths["chi2"] / 3


def test_unknown_methods_are_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean max_t_pairs"):
        intervals.rank_errors(trial(RankSets(models=(4,), votes=(100,), replications=2), method="max_t_pair"))


def test_what_the_real_votes_say_of_intervals() -> None:
    assert intervals.rank_lengths(trial()).checks["ratio"] == pytest.approx(0.28, abs=0.005)
    checks = intervals.model_based_errors(trial()).checks
    assert checks["deviation"] == pytest.approx(0.251, abs=0.001)
    assert checks["deviation_decisive"] < 0.01  # type: ignore[operator]

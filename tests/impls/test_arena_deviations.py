"""What code in production computes: known answers, and what it comes to on the real votes."""

from __future__ import annotations

import numpy as np
import pytest

from claimbench import data
from claimbench.errors import UnknownName, VotesError
from claimbench.impls.chatbot_arena.agreement import two_orders
from claimbench.impls.chatbot_arena.experiments import deviations
from claimbench.impls.chatbot_arena.judges import by_prompt, by_row, draw_judgements
from claimbench.impls.chatbot_arena.shipped import anchored_errors, index_of, ridged_covariance, stopped_early
from claimbench.impls.chatbot_arena.votes import JudgedVotes
from claimbench.papers.chatbot_arena.designs import Judge
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Scalar, Workload
from claimbench.stats.ranking.bootstrap import Bootstrap
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.sandwich import sandwich_covariance, standard_errors
from claimbench.stats.ranking.votes import from_counts, from_wins
from claimbench.trial import Trial

AGREED = np.diag([0.4, 0.2, 0.4])
UNRELATED = np.outer([0.4, 0.2, 0.4], [0.4, 0.2, 0.4])


def trial(workload: Workload | None = None, seeds: tuple[int, ...] = (1000,), **options: Scalar) -> Trial:
    return Trial("chatbot_arena.x", "cpu", workload or Printed(), "shipped", options, seeds)


def test_with_few_votes_the_optimiser_gets_there() -> None:
    battles = from_wins([[0, 7, 9], [6, 0, 7], [4, 6, 0]], ("a", "b", "c"))
    np.testing.assert_allclose(stopped_early(battles), fit_bradley_terry(battles).ratings, atol=1e-4)


def test_with_the_arenas_votes_it_stops_early() -> None:
    checks = deviations.early_stop(trial()).checks
    assert checks["largest"] > 0.5  # type: ignore[operator]
    assert checks["places"] >= 1  # type: ignore[operator]


def test_weights_change_most_places() -> None:
    checks = deviations.no_reweighting(trial()).checks
    assert (checks["places"], checks["top_ten"]) == (86, 5)
    assert checks["largest"] == pytest.approx(23.7, abs=0.05)


def test_two_models_share_their_error_and_an_anchor_takes_all_of_it() -> None:
    battles = from_counts([0], [1], [[30, 0, 70]], ("a", "b"))
    covariance = sandwich_covariance(battles, fit_bradley_terry(battles).ratings)
    assert anchored_errors(covariance, 0) / standard_errors(covariance) == pytest.approx([0, 2])


def test_the_limit_of_anchored_draws() -> None:
    generator = np.random.default_rng(0)
    covariance = np.array([[2.0, -0.5, -1.5], [-0.5, 1.0, -0.5], [-1.5, -0.5, 2.0]]) / 100
    draws = Bootstrap(np.zeros(3), generator.multivariate_normal(np.zeros(3), covariance, 40_000))
    low, high = draws.anchored(1)
    np.testing.assert_allclose((high - low) / (2 * 1.96), anchored_errors(covariance, 1), rtol=0.02, atol=1e-12)


def test_anchors_and_ridges_on_the_real_votes() -> None:
    checks = deviations.re_anchoring(trial()).checks
    assert checks["anchor"] == 0
    assert (checks["median"], checks["greatest"]) == pytest.approx((1.085, 1.479), abs=1e-3)
    checks = deviations.ridge(trial()).checks
    assert (checks["median"], checks["fewest"]) == pytest.approx((0.992, 0.940), abs=1e-3)


def test_without_a_ridge_it_is_the_sandwich() -> None:
    battles = from_wins([[0, 7, 9], [6, 0, 7], [4, 6, 0]], ("a", "b", "c"))
    ratings = fit_bradley_terry(battles).ratings
    ridged = ridged_covariance(battles, ratings, ridge=1e-6)
    np.testing.assert_allclose(ridged, sandwich_covariance(battles, ratings), atol=1e-5)
    assert np.all(np.diag(ridged_covariance(battles, ratings)) < np.diag(ridged))


def test_a_model_is_found_by_its_name() -> None:
    battles = from_counts([0], [1], [[30, 0, 70]], ("a", "mixtral"))
    assert index_of("mixtral", battles) == 1
    with pytest.raises(UnknownName, match="did you mean mixtral"):
        index_of("mixtra", battles)


def test_both_orders_of_a_pair_are_of_one_answer() -> None:
    def judged(*rows: tuple[int, int, int, int]) -> JudgedVotes:
        item, first, second, outcome = np.array(rows).T
        judge = np.zeros(len(rows), dtype=np.int64)
        return JudgedVotes(("a", "b"), first, second, outcome.astype(np.uint8), item, judge, ("j",))

    table = two_orders(judged((0, 0, 1, 2), (0, 1, 0, 0), (1, 0, 1, 2), (1, 1, 0, 2), (2, 0, 1, 1)))
    expected = np.zeros((3, 3))
    expected[2, 2] = expected[2, 0] = 0.5
    np.testing.assert_array_equal(table, expected)
    with pytest.raises(VotesError, match="once in each order"):
        two_orders(judged((0, 0, 1, 2)))


@pytest.mark.parametrize(
    ("table", "strong", "rows", "prompts"),
    [
        pytest.param(UNRELATED, 0.0, 0.90, 0.90, id="unrelated-orders"),
        pytest.param(AGREED, 0.0, 0.755, 0.90, id="both-orders-agree"),
        pytest.param(UNRELATED, 1.0, 0.66, 0.90, id="every-win-is-strong"),
    ],
)
def test_rows_cover_only_where_they_are_independent(
    table: np.ndarray, strong: float, rows: float, prompts: float
) -> None:
    drawn = draw_judgements(table, 400, strong, 3, 4000, np.random.default_rng(0))
    for method, expected in ((by_row, rows), (by_prompt, prompts)):
        mean, error = method(drawn)
        covered = (np.abs(mean - drawn.truth) <= 1.6449 * error).mean()
        assert covered == pytest.approx(expected, abs=0.02)
    assert mean.mean() == pytest.approx(drawn.truth, abs=0.003)


def test_the_truth_is_the_mean_of_endless_rows() -> None:
    table = np.array([[0.1, 0.05, 0.1], [0.0, 0.15, 0.1], [0.05, 0.05, 0.4]])
    drawn = draw_judgements(table, 100_000, 0.4, 3, 2, np.random.default_rng(0))
    assert by_row(drawn)[0] == pytest.approx([drawn.truth] * 2, abs=0.005)


def test_copied_votes_on_real_orders() -> None:
    if not data.available("qlora_gpt4"):
        pytest.skip("qlora_gpt4 is not here: claimbench data fetch qlora_gpt4")
    work = Judge(prompts=200, strong=0.5, replications=200)
    rows, prompts = (
        deviations.copied_votes(trial(work, (1000, 1001), resamples=name)).values for name in ("rows", "prompts")
    )
    assert max(rows["coverage"]) < 0.75 < min(prompts["coverage"])
    assert max(rows["width"]) < min(prompts["width"])


def test_what_is_resampled_has_a_name() -> None:
    with pytest.raises(UnknownName, match="did you mean rows"):
        deviations.copied_votes(trial(Judge(prompts=20, strong=0.5, replications=2), resamples="row"))

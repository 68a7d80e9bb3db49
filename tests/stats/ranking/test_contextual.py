"""Style control: recovery, what must not change, covariates that say nothing or everything."""

from __future__ import annotations

import numpy as np
import pytest
from stats.ranking.known import names

from claimbench.errors import VotesError
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.contextual import fit_contextual, style_differences
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.votes import fold

STYLE = np.array([0.249, 0.031, 0.024, 0.019])
"""Length, lists, headers, bold: LMSYS, "Does style matter?", 29 August 2024."""


def votes(count: int, seed: int, coefficients: np.ndarray, intercept: float = 0.0, size: int = 8):
    rng = np.random.default_rng(seed)
    ratings = rng.normal(0, 0.5, size)
    a = rng.integers(0, size, count)
    b = (a + rng.integers(1, size, count)) % size
    z = rng.normal(size=(count, len(coefficients)))
    p = 1 / (1 + np.exp(-(ratings[a] - ratings[b] + z @ coefficients + intercept)))
    return a, b, 2 * (rng.random(count) < p).astype(int), z, ratings - ratings.mean()


def test_published_coefficients_are_recovered() -> None:
    a, b, outcome, z, ratings = votes(60_000, 3, STYLE)
    fit = fit_contextual(a, b, outcome, z, names(8))
    assert fit.status is Status.IDENTIFIED
    errors = np.sqrt(np.diag(fit.coefficient_covariance))
    assert np.all(np.abs(fit.coefficients - STYLE) < 3 * errors)
    assert np.all(errors < 0.01)
    assert fit.coefficients.argmax() == 0
    np.testing.assert_allclose(fit.ratings, ratings, atol=0.05)


def test_errors_of_coefficients_are_right() -> None:
    z = [
        (fit.coefficients - STYLE[:2]) / np.sqrt(np.diag(fit.coefficient_covariance))
        for seed in range(60)
        for a, b, outcome, covariates, _ in [votes(800, seed, STYLE[:2], size=4)]
        for fit in [fit_contextual(a, b, outcome, covariates, names(4))]
    ]
    assert np.std(z) == pytest.approx(1, abs=0.2)


def test_statsmodels_finds_the_same_maximum_and_covariance() -> None:
    api = pytest.importorskip("statsmodels.api")
    a, b, outcome, z, _ = votes(400, 1, STYLE, size=4)
    outcome[::7] = 1
    design = np.zeros((400, 4))
    design[np.arange(400), a] += 1
    design[np.arange(400), b] -= 1
    model = api.GLM(outcome / 2, np.column_stack([design[:, :3], z]), family=api.families.Binomial())
    theirs = model.fit(tol=1e-13, cov_type="HC0")
    ours = fit_contextual(a, b, outcome, z, names(4))
    np.testing.assert_allclose(ours.ratings[:3] - ours.ratings[3], theirs.params[:3], atol=1e-9)
    np.testing.assert_allclose(ours.coefficients, theirs.params[3:], atol=1e-9)
    np.testing.assert_allclose(ours.coefficient_covariance, theirs.cov_params()[3:, 3:], rtol=1e-7)
    log_odds = theirs.predict(which="linear")
    assert ours.log_likelihood == pytest.approx(outcome / 2 @ log_odds - np.logaddexp(0, log_odds).sum())


def test_a_column_of_ones_is_the_advantage_of_the_left() -> None:
    a, b, outcome, _, ratings = votes(40_000, 5, np.zeros(1), intercept=0.2)
    fit = fit_contextual(a, b, outcome, np.ones((40_000, 1)), names(8))
    assert fit.coefficients[0] == pytest.approx(0.2, abs=0.04)
    np.testing.assert_allclose(fit.ratings, ratings, atol=0.06)
    # One pair: intercept and difference are ln odds of the two orders, half their sum and half their difference.
    one = fit_contextual(
        [0] * 7 + [1] * 7, [1] * 7 + [0] * 7, [2] * 5 + [0] * 2 + [2] * 4 + [0] * 3, np.ones((14, 1)), "ab"
    )
    left, right = np.log(5 / 2), np.log(4 / 3)
    assert one.coefficients[0] == pytest.approx((left + right) / 2)
    assert one.ratings[0] - one.ratings[1] == pytest.approx((left - right) / 2)


def test_covariates_without_effect_leave_bradley_terry() -> None:
    a, b, outcome, _, _ = votes(3000, 6, np.zeros(1))
    # Every vote with z and again with −z: the coefficient is zero.
    z = np.random.default_rng(0).normal(size=(3000, 1))
    twice = (np.concatenate([x, x]) for x in (a, b, outcome))
    fit = fit_contextual(*twice, np.concatenate([z, -z]), names(8))
    plain = fit_bradley_terry(fold(a, b, outcome, names(8)))
    assert fit.coefficients[0] == pytest.approx(0, abs=1e-10)
    np.testing.assert_allclose(fit.ratings, plain.ratings, atol=1e-10)
    assert fit.log_likelihood == pytest.approx(2 * plain.log_likelihood)


def test_counts_stand_for_rows() -> None:
    a, b, outcome, z, _ = votes(200, 7, STYLE, size=4)
    counts = np.random.default_rng(1).integers(0, 4, 200)
    counted = fit_contextual(a, b, outcome, z, names(4), counts)
    repeated = fit_contextual(*(np.repeat(x, counts, axis=0) for x in (a, b, outcome, z)), names(4))
    np.testing.assert_allclose(counted.coefficients, repeated.coefficients, atol=1e-9)
    np.testing.assert_allclose(counted.coefficient_covariance, repeated.coefficient_covariance, rtol=1e-8)


def test_shown_the_other_way_round_nothing_changes() -> None:
    a, b, outcome, z, _ = votes(500, 8, STYLE, size=4)
    outcome[:50] = 1
    one, other = fit_contextual(a, b, outcome, z, names(4)), fit_contextual(b, a, 2 - outcome, -z, names(4))
    np.testing.assert_allclose(one.ratings, other.ratings, atol=1e-10)
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-10)


def test_scaling_a_covariate_scales_its_coefficient() -> None:
    a, b, outcome, z, _ = votes(500, 9, STYLE, size=4)
    scale = np.array([1e6, 1e-6, 3.0, 1.0])
    one, other = fit_contextual(a, b, outcome, z, names(4)), fit_contextual(a, b, outcome, z * scale, names(4))
    np.testing.assert_allclose(other.coefficients * scale, one.coefficients, rtol=1e-7)


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(lambda a, b, z: z[:, :1] - 2 * z[:, 1:2], id="of the others"),
        pytest.param(lambda a, b, z: ((a == 2) * 1.0 - (b == 2))[:, None], id="of the models"),
        pytest.param(lambda a, b, z: np.zeros((len(a), 1)), id="zero"),
    ],
)
def test_combinations_are_collinear(column) -> None:
    a, b, outcome, z, _ = votes(300, 10, STYLE, size=4)
    fit = fit_contextual(a, b, outcome, np.column_stack([z, column(a, b, z)]), names(4))
    assert fit.status is Status.COLLINEAR
    assert np.isnan(fit.ratings).all()
    assert np.isnan(fit.coefficients).all()


def test_a_covariate_that_foretells_the_outcome_separates() -> None:
    a, b, outcome, _, _ = votes(300, 11, STYLE, size=4)
    fit = fit_contextual(a, b, outcome, outcome[:, None] - 1.0, names(4))
    assert fit.status is Status.SEPARATED
    assert np.isnan(fit.coefficients).all()


def test_models_that_never_met_stay_apart() -> None:
    fit = fit_contextual([0, 0], [1, 1], [2, 0], [[0.1], [0.3]], names(3))
    assert fit.status is Status.DISCONNECTED


@pytest.mark.parametrize("z", [[[1.0]], [1.0, 2.0], [[np.nan], [1.0]], np.zeros((2, 0))])
def test_covariates_that_do_not_fit_the_votes(z) -> None:
    with pytest.raises(VotesError, match="one finite row each"):
        fit_contextual([0, 0], [1, 1], [2, 0], z, names(2))


def test_style_is_a_relative_difference_of_mean_square_one() -> None:
    fa, fb = np.array([[10.0, 0], [30, 2], [5, 0]]), np.array([[30.0, 0], [10, 0], [5, 0]])
    style = style_differences(fa, fb)
    np.testing.assert_allclose(style, np.array([[-0.5, 0], [0.5, 1], [0, 0]]) / np.sqrt([0.5 / 3, 1 / 3]))
    np.testing.assert_array_equal(style_differences(fb, fa), -style)
    with pytest.raises(VotesError, match="nothing negative"):
        style_differences(-fa, fb)

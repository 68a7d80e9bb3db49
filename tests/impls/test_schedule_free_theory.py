"""Schedule-Free's theorems: known answers, identities on arbitrary paths, and what breaks them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.impls.schedule_free.accelerated import acceleration, corollary_1_excess, mixing, optimistic_path
from claimbench.impls.schedule_free.conversion import convert, schedule_free_sgd
from claimbench.impls.schedule_free.equivalences import (
    linear_decay_distance,
    momentum_form_distance,
    polyak_distance,
    primal_distance,
    random_smooth_function,
    theorem_5,
    weighted_decay_distance,
)
from claimbench.impls.schedule_free.large_steps import large_steps
from claimbench.impls.schedule_free.quadratics import draw_quadratics, is_stable, sweep
from claimbench.impls.schedule_free.strongly_convex import ridge_polyhedral, theorem_6_bound, theorem_6_path
from claimbench.impls.schedule_free.worst_case import (
    absolute_value,
    ema_ratio,
    euclidean_norm,
    max_coordinate,
    mean_absolute,
    noisy_absolute,
    polyhedral,
    theorem_1_ratio,
)

BETAS = (0.0, 0.5, 0.9, 1.0)
Betas = st.floats(0, 1)
Seeds = st.integers(0, 2**16)


def test_two_steps_by_hand() -> None:
    path = schedule_free_sgd(lambda y, t: 2 * y, np.array([1.0]), 0.25, 0.5, 3)
    # z: 1, 1 - .25·2·1 = .5; x: 1, .75; y_2 = .625, z_3 = .5 - .3125; x_3 = (1 + .5 + .1875) / 3.
    assert path.z.ravel().tolist() == [1.0, 0.5, 0.1875]
    np.testing.assert_allclose(path.x.ravel(), [1.0, 0.75, 0.5625])
    np.testing.assert_allclose(path.y.ravel(), [1.0, 0.625, 0.375])
    np.testing.assert_allclose(path.g.ravel(), [2.0, 1.25, 0.75])
    assert path.regret([0.0]) == pytest.approx(2 * 1 + 1.25 * 0.5 + 0.75 * 0.1875)


@given(Betas, st.lists(st.floats(0.1, 3), min_size=2, max_size=12), Seeds)
@settings(max_examples=30, deadline=None)
def test_x_is_the_weighted_mean_and_y_lies_between(beta: float, weights: list[float], seed: int) -> None:
    random = np.random.default_rng(seed)
    path = convert(
        lambda y, t: random.normal(size=3), np.zeros(3), lambda t, z, y, g: z - g, weights, [beta] * len(weights)
    )
    w = np.array(weights)
    np.testing.assert_allclose(path.x[-1], w @ path.z / w.sum(), atol=1e-12)
    np.testing.assert_allclose(path.y, beta * path.x + (1 - beta) * path.z, atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "beta", "message"),
    [
        pytest.param([1.0, -1.0], [0.0, 0.0], "must not be negative", id="negative"),
        pytest.param([0.0, 1.0], [0.0, 0.0], "first must be positive", id="first-zero"),
        pytest.param([1.0], [1.5], r"\[0, 1\]", id="beta"),
        pytest.param([1.0], [float("nan")], r"\[0, 1\]", id="beta-nan"),
        pytest.param([1.0, 1.0], [0.5], "one weight and one β", id="lengths"),
        pytest.param([], [], "at least one", id="empty"),
    ],
)
def test_weights_and_betas_that_no_theorem_allows_are_refused(
    weights: list[float], beta: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        convert(lambda y, t: y, np.zeros(1), lambda t, z, y, g: z, weights, beta)


@pytest.mark.parametrize("steps", [1, 2, 7, 100])
@pytest.mark.parametrize("beta", BETAS)
def test_theorem_1_is_attained(steps: int, beta: float) -> None:
    assert theorem_1_ratio(max_coordinate(steps), beta, steps) == pytest.approx(1.0, abs=1e-12)


def test_the_tight_function_has_the_minimum_and_the_distance_that_it_states() -> None:
    problem = max_coordinate(9)
    at = np.full(9, -1 / 3)
    assert problem.value(at) == problem.minimum == pytest.approx(-1 / 3)
    assert np.linalg.norm(at - problem.start) == pytest.approx(problem.distance)
    assert not problem.gradient(at - 0.1, 1).any()


@given(Betas, st.integers(1, 60), st.integers(1, 6), st.integers(2, 9), Seeds)
@settings(max_examples=40, deadline=None)
def test_theorem_1_holds_on_any_maximum_of_linear_functions(
    beta: float, steps: int, dimension: int, pieces: int, seed: int
) -> None:
    assert theorem_1_ratio(polyhedral(dimension, pieces, seed), beta, steps) <= 1 + 1e-12


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(absolute_value(), id="absolute"),
        pytest.param(mean_absolute(10, 0), id="l1"),
        pytest.param(euclidean_norm(10, 0), id="l2"),
        pytest.param(noisy_absolute(64, 0), id="noisy"),
    ],
)
def test_gradients_are_no_longer_than_stated_and_the_bound_holds(problem: object, beta: float) -> None:
    point = problem.start + 0.1  # type: ignore[attr-defined]
    assert np.linalg.norm(problem.gradient(point, 1), axis=-1).max() <= 1 + 1e-12  # type: ignore[attr-defined]
    assert theorem_1_ratio(problem, beta, 64) <= 1  # type: ignore[arg-type]


def test_ema_momentum_exceeds_what_interpolation_keeps() -> None:
    assert ema_ratio(absolute_value(), 0.98, 100) == pytest.approx(1.408, abs=1e-3)
    assert ema_ratio(absolute_value(), 0.0, 100) <= 1
    assert theorem_1_ratio(absolute_value(), 0.98, 100) <= 1


@given(Seeds, st.integers(2, 40))
@settings(max_examples=20, deadline=None)
def test_schedules_and_averages_are_one_conversion(seed: int, steps: int) -> None:
    random = np.random.default_rng(seed)
    rows, start = random.normal(size=(8, 4)), random.normal(size=4)

    def gradient(y: np.ndarray, t: int) -> np.ndarray:
        return np.sign(rows[t % 8] @ y - 0.3) * rows[t % 8]

    for distance in (polyak_distance, primal_distance, linear_decay_distance):
        assert distance(gradient, start, 0.3, steps) < 1e-11
    assert weighted_decay_distance(gradient, start, 0.3, random.uniform(0.01, 5, steps)) < 1e-11


@given(Seeds, st.integers(1, 25))
@settings(max_examples=30, deadline=None)
def test_theorem_5_is_an_equality_and_theorem_2_a_bound(seed: int, steps: int) -> None:
    random = np.random.default_rng(seed)
    function = random_smooth_function(3, 5, seed)
    path = convert(
        lambda y, t: function.gradient(y),
        random.normal(size=3),
        lambda t, z, y, g: random.normal(size=3),
        random.uniform(0.1, 1, steps),
        list(random.uniform(0, 0.99, steps)),
    )
    both = theorem_5(function, path, random.normal(size=3))
    assert both.gap == pytest.approx(both.regret - both.divergences, abs=1e-9)
    assert both.divergences >= -1e-12
    assert momentum_form_distance(path) < 1e-9


def test_a_gradient_is_that_of_its_function() -> None:
    function, x, step = random_smooth_function(3, 5, 1), np.array([0.3, -1.0, 2.0]), 1e-6
    numeric = [(function.value(x + step * e) - function.value(x - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(function.gradient(x), numeric, atol=1e-8)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.95])
def test_quadratics_are_stable_up_to_the_bound_and_not_beyond(beta: float) -> None:
    bound = 2 / (1 - beta)
    assert is_stable(0.99 * bound, beta)
    assert not is_stable(1.01 * bound, beta)
    # Errors grow at first, while c is large: what counts is what becomes of them later.
    rates, one = (0.9 * bound, 1.1 * bound), np.ones((1, 1))
    early, late = (sweep(rates, (beta,), one, one, steps).last[:, 0] for steps in (1000, 2000))
    assert late[0] < 0.5 * early[0]
    assert late[1] > 2 * early[1]


def test_a_sweep_is_the_conversion_run_by_run() -> None:
    eigenvalues, start = draw_quadratics(2, 3, 1e-3, 0)
    found = sweep((0.5, 1.5), (0.0, 0.9, 1.0), eigenvalues, start, 20)
    for i, rate in enumerate(found.rates):
        for j, beta in enumerate(found.betas):
            losses = []
            for lam, z in zip(eigenvalues, start, strict=True):
                path = schedule_free_sgd(lambda y, t, lam=lam: lam * y, z, rate, beta, 21)
                losses.append(0.5 * (lam * path.x**2).sum(axis=1))
            assert found.last[i, j] == pytest.approx(np.mean([loss[-1] for loss in losses]))
            assert found.least[i, j] == pytest.approx(np.mean([loss.min() for loss in losses]))
    assert found.best(0.9) >= found.best()
    assert found.largest_rate(0.0) == 1.5


def test_a_sweep_that_overflows_is_worse_than_any_other() -> None:
    found = sweep((1.0, 1e4), (0.0,), np.ones((1, 2)), np.ones((1, 2)), 300)
    assert found.last[1, 0] == math.inf
    assert found.largest_rate(0.0) == 1.0
    assert found.least[1, 0] <= found.first


@given(Seeds, st.floats(0.01, 10), Betas)
@settings(max_examples=30, deadline=None)
def test_equation_33_holds_and_theorem_3_has_no_counterexample(seed: int, rate: float, beta: float) -> None:
    problem = polyhedral(4, 6, seed)
    path = schedule_free_sgd(problem.gradient, problem.start, rate, beta, 30)
    sums = large_steps(path, rate, np.zeros(4))
    assert sums.identity_error < 1e-9
    assert not (sums.rate_ratio >= 1 and sums.condition <= 1 < sums.conclusion)


def test_theorem_3s_condition_fails_where_steps_only_oscillate() -> None:
    sharp = absolute_value()
    path = schedule_free_sgd(sharp.gradient, sharp.start, 1.0, 0.9, 100)
    sums = large_steps(path, 1.0, np.zeros(1))
    assert (sums.condition, sums.conclusion, sums.rate_ratio) == pytest.approx((5.0, 1.25, 1.0))
    with pytest.raises(ValueError, match="D is 0"):
        large_steps(path, 1.0, path.z[0])


@pytest.mark.parametrize("steps", [2, 10, 200])
def test_acceleration_keeps_every_bound_of_appendix_d(steps: int) -> None:
    lam, at = np.array([1.0, 1 / steps, 1e-3]), np.array([0.6, 0.0, 0.8])
    path = optimistic_path(lambda y, t: lam * (y - at), 3, 1.0, steps)
    gap = 0.5 * float((lam * (path.x[-1] - at) ** 2).sum())
    found = acceleration([path], [gap], at, 1.0, 1.0)
    assert 0 <= found.ratio <= 1
    assert found.distance >= 1
    assert found.lemma_ratio <= 1
    assert corollary_1_excess(path, gap, at, 1.0) <= 1e-12
    assert np.linalg.norm(path.z, axis=1).max() <= 1 + 1e-12


def test_averaged_gradient_descent_is_not_accelerated() -> None:
    steps = 1000
    path = schedule_free_sgd(lambda y, t: (y - 1) / steps, np.zeros(1), 1.0, 0.0, steps)
    assert 0.5 / steps * float((path.x[-1, 0] - 1) ** 2) > 14 / (steps * (steps + 1))


def test_the_mixing_of_corollary_2_misses_the_condition_of_corollary_1_by_a_sign() -> None:
    t = np.arange(1, 6)
    allowed = t / (10 * t.cumsum())
    np.testing.assert_allclose(mixing(5, 1), allowed)
    np.testing.assert_allclose(mixing(5, -1), [1.0, 1 / 5, 1 / 10, 1 / 15, 1 / 20])


@given(Seeds, Betas, st.floats(0.05, 5), st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_theorem_6_holds(seed: int, beta: float, mu: float, steps: int) -> None:
    function = ridge_polyhedral(3, 5, mu, 1.0, seed)
    path = theorem_6_path(function.gradient, np.eye(3)[0], mu, 1.0, beta, steps)
    assert float(function.value(path.x[-1])) <= theorem_6_bound(function.lipschitz, mu, 1.0, steps)
    assert np.linalg.norm(path.g, axis=1).max() <= function.lipschitz + 1e-12


def test_theorem_6_fails_without_strong_convexity() -> None:
    flat = max_coordinate(400)
    path = theorem_6_path(flat.gradient, flat.start, 0.5, 1.0, 0.9, 400)
    assert float(flat.value(path.x[-1])) - flat.minimum > 1.2 * theorem_6_bound(1.0, 0.5, 1.0, 400)

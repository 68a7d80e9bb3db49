"""Bootstrap: exact refits of every draw, spreads that the theory predicts, draws without a maximum."""

from __future__ import annotations

import numpy as np
import pytest
from stats.ranking.known import arena, baseball, names, simulated

from claimbench.errors import VotesError
from claimbench.stats.ranking import bootstrap as module
from claimbench.stats.ranking.bootstrap import Bootstrap, bootstrap_ratings, bootstrap_users
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.sandwich import sandwich_covariance, standard_errors
from claimbench.stats.ranking.votes import Battles, fold, from_counts, from_wins


@pytest.mark.parametrize("scheme", ["multinomial", "poisson"])
def test_every_draw_is_fitted_to_its_own_maximum(monkeypatch: pytest.MonkeyPatch, scheme) -> None:
    battles, drawn = simulated(6, 25, 3, ties=0.3)[0], []

    def keep(*args) -> np.ndarray:
        drawn.append(args[-1])
        return refit(*args)

    refit = module._refit
    monkeypatch.setattr(module, "_refit", keep)
    found = bootstrap_ratings(battles, 40, 1, scheme)
    for counts, ratings in zip(np.concatenate(drawn), found.ratings, strict=True):
        alone = fit_bradley_terry(Battles(battles.models, battles.first, battles.second, counts))
        np.testing.assert_allclose(ratings, alone.ratings, atol=1e-9)
    totals = np.concatenate(drawn).sum(axis=(1, 2))
    assert bool(np.all(totals == battles.votes)) == (scheme == "multinomial")


@pytest.mark.parametrize("scheme", ["multinomial", "poisson"])
def test_spread_of_the_real_votes_is_the_sandwich_s(scheme) -> None:
    battles = arena()
    found = bootstrap_ratings(battles, 150, 5, scheme)
    errors = standard_errors(sandwich_covariance(battles, found.estimate))
    assert found.unidentified == 0
    assert np.median(found.ratings.std(axis=0) / errors) == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(found.ratings.mean(axis=1), 0, atol=1e-12)


def test_weighted_votes_spread_as_their_sandwich_says() -> None:
    battles = simulated(5, 400, 2)[0]
    heavy = battles.weighted(np.random.default_rng(0).uniform(0.2, 3, battles.first.size))
    found = bootstrap_ratings(heavy, 600, 1)
    errors = standard_errors(sandwich_covariance(heavy, found.estimate))
    np.testing.assert_allclose(found.ratings.std(axis=0), errors, rtol=0.12)


def test_draws_without_a_maximum_are_told_and_left_out() -> None:
    # Model 2 won a single vote: it is missing in one draw of e.
    battles = from_counts([0, 0], [1, 2], [[50, 0, 50], [1, 0, 30]], names(3))
    found = bootstrap_ratings(battles, 500, 3)
    assert found.unidentified == pytest.approx(np.exp(-1), abs=0.07)
    assert np.isnan(found.ratings).any(axis=1).sum() == np.isnan(found.ratings).all(axis=1).sum()
    low, high = found.percentile()
    assert np.all(np.isfinite(low) & (low < high))


def test_without_any_maximum_there_is_no_interval() -> None:
    with pytest.raises(VotesError, match="nothing to bootstrap, separated: .*m00000"):
        bootstrap_ratings(from_wins([[0, 3], [0, 0]], names(2)))
    with pytest.raises(VotesError, match="no votes"):
        bootstrap_ratings(from_counts([0], [0], [[1, 0, 0]], names(1)))
    nothing = Bootstrap(np.zeros(2), np.full((5, 2), np.nan))
    assert nothing.unidentified == 1
    with pytest.raises(VotesError, match="no draw"):
        nothing.percentile()


def test_pivot_reflects_and_anchor_pins() -> None:
    found = bootstrap_ratings(baseball(), 300, 2)
    low, high = found.percentile(0.9)
    assert np.mean((found.ratings >= low) & (found.ratings <= high)) == pytest.approx(0.9, abs=0.01)
    pivot_low, pivot_high = found.pivot(0.9)
    np.testing.assert_allclose(pivot_low + high, 2 * found.estimate)
    np.testing.assert_allclose(pivot_high + low, 2 * found.estimate)
    anchored_low, anchored_high = found.anchored(3, 0.9)
    width = anchored_high - anchored_low
    assert width[3] == pytest.approx(0, abs=1e-12)
    assert np.all(np.delete(width / (high - low), 3) > 1.05)
    assert anchored_low[3] == pytest.approx(found.estimate[3])
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.percentile(95)


def test_the_same_seed_gives_the_same_draws() -> None:
    one, two, other = (bootstrap_ratings(baseball(), 5, seed).ratings for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def crowd(seed: int, users: int, each: int) -> tuple[np.ndarray, ...]:
    """Users who repeat one vote `each` times."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 4, users)
    b = (a + rng.integers(1, 4, users)) % 4
    outcome = rng.integers(0, 3, users)
    return tuple(np.repeat(x, each) for x in (a, b, outcome, np.arange(users)))


def test_users_who_repeat_themselves_are_one_vote_each() -> None:
    a, b, outcome, user = crowd(1, 400, 9)
    clustered = bootstrap_users(a, b, outcome, user, names(4), 400, 1).ratings.std(axis=0)
    single = bootstrap_ratings(fold(a[::9], b[::9], outcome[::9], names(4)), 400, 2).ratings.std(axis=0)
    naive = bootstrap_ratings(fold(a, b, outcome, names(4)), 400, 3).ratings.std(axis=0)
    np.testing.assert_allclose(clustered, single, rtol=0.2)
    np.testing.assert_allclose(clustered, 3 * naive, rtol=0.2)


def test_users_of_one_vote_each_are_the_plain_bootstrap() -> None:
    a, b, outcome, user = crowd(2, 600, 1)
    a[:20] = b[:20]
    clustered = bootstrap_users(a, b, outcome, user.astype(str), names(4), 400, 1)
    plain = bootstrap_ratings(fold(a, b, outcome, names(4)), 400, 1)
    np.testing.assert_array_equal(clustered.estimate, plain.estimate)
    np.testing.assert_allclose(clustered.ratings.std(axis=0), plain.ratings.std(axis=0), rtol=0.15)


def test_every_vote_has_a_user() -> None:
    with pytest.raises(VotesError, match="2 users for 3 votes"):
        bootstrap_users([0, 1, 0], [1, 0, 1], [2, 2, 0], ["u", "v"], names(2))


@pytest.mark.parametrize("users", [[1.0, np.nan], ["a", None]])
def test_votes_without_a_user_are_refused(users: list) -> None:
    with pytest.raises(VotesError, match="vote 1 has no user"):
        bootstrap_users([0, 0], [1, 1], [2, 0], users, ["a", "b"])

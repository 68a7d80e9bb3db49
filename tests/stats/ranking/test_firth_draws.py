"""Many of Firth's estimates at once: each is what one by one would find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.ranking.known import names

from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.firth import fit_firth
from claimbench.stats.ranking.firth_draws import firth_draws
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.votes import Battles


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_each_draw_is_the_single_fit_and_a_draw_that_falls_apart_has_none(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(size, 1)
    games = rng.integers(0, 5, (6, first.size)) * (rng.random((6, first.size)) < 0.7) / 2
    score = games * rng.choice([0, 0.3, 1], games.shape)
    found = firth_draws(PairGraph(first, second, size), games, score)
    for ratings, played, won in zip(found, games, score, strict=True):
        met = played > 0
        counts = np.stack([played - won, 0 * won, won], axis=1)[met]
        single = fit_firth(Battles(names(size), first[met], second[met], counts))
        assert np.isnan(ratings).any() == (single.status is Status.DISCONNECTED)
        np.testing.assert_allclose(ratings, single.ratings, atol=1e-7)


@pytest.mark.parametrize(("won", "lost"), [(3.0, 0.0), (0.0, 40.0), (2.5, 1.5)])
def test_two_models_have_the_closed_form(won: float, lost: float) -> None:
    graph = PairGraph(np.array([0]), np.array([1]), 2)
    ((a, b),) = firth_draws(graph, np.array([[won + lost]]), np.array([[won]]))
    assert a - b == pytest.approx(np.log((won + 0.5) / (lost + 0.5)), abs=1e-8)

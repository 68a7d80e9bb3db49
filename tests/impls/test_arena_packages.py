"""Other people's rating systems: the sign, a known answer, and that they see the order as Elo does."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pytest

from claimbench.errors import HostError
from claimbench.impls.chatbot_arena import packages
from claimbench.impls.chatbot_arena.order import bradley_terry, distance
from claimbench.impls.chatbot_arena.packages import SYSTEMS, glicko2, trueskill, weng_lin
from claimbench.impls.chatbot_arena.simulate import round_robin
from claimbench.impls.chatbot_arena.votes import Floats, Votes

DRAWN = round_robin([0.0, 0.4, -0.9, 1.3], 0.3).draw(600, np.random.default_rng(0))
PACKAGES = {"glicko2": "glicko2", "trueskill": "trueskill", "weng_lin": "openskill"}
INSTALLED = [
    pytest.param(
        system,
        id=name,
        marks=pytest.mark.skipif(find_spec(PACKAGES[name]) is None, reason=f"{PACKAGES[name]} is not installed"),
    )
    for name, system in SYSTEMS.items()
]


@pytest.mark.parametrize("system", INSTALLED)
def test_a_system_rates_in_points_about_where_bradley_terry_does(system: Callable[[Votes], Floats]) -> None:
    ratings = system(DRAWN)
    assert ratings.mean() == pytest.approx(1000)
    found = distance(ratings, bradley_terry(DRAWN.battles()).ratings)
    assert found.tau == 1
    assert found.largest < 60


@pytest.mark.parametrize("system", INSTALLED)
def test_a_system_sees_the_order_of_votes_but_not_their_sides(system: Callable[[Votes], Floats]) -> None:
    ratings = system(DRAWN)
    assert np.abs(system(DRAWN.take(np.arange(len(DRAWN))[::-1])) - ratings).max() > 1
    swapped = Votes(DRAWN.models, DRAWN.second, DRAWN.first, (2 - DRAWN.outcome).astype(np.uint8))
    np.testing.assert_allclose(system(swapped), ratings, atol=1e-6)


def test_glickmans_example() -> None:
    package = pytest.importorskip("glicko2")
    player = package.Player(1500, 200, 0.06)
    player.update_player([1400, 1550, 1700], [30, 100, 300], [1, 0, 0])
    assert (player.rating, player.rd) == pytest.approx((1464.06, 151.52), abs=0.02)


def test_a_period_of_glicko_updates_nobody_before_its_end() -> None:
    pytest.importorskip("glicko2")
    first, second = np.array([0, 1]), np.array([1, 2])
    votes = Votes(("a", "b", "c"), first, second, np.array([2, 2], dtype=np.uint8))
    together, in_turn = glicko2(votes, period=2), glicko2(votes)
    assert together[1] == pytest.approx(1000)
    assert together[0] - 1000 == pytest.approx(1000 - together[2])
    assert in_turn[1] > 1000


def test_a_static_trueskill_settles_nearer_to_bradley_terry() -> None:
    pytest.importorskip("trueskill")
    reference = bradley_terry(DRAWN.battles()).ratings
    still, drifting = (np.abs(trueskill(DRAWN, tau) - reference).mean() for tau in (0.0, 0.5))
    assert still < drifting


@pytest.mark.parametrize("system", [glicko2, trueskill, weng_lin])
def test_a_missing_package_says_what_to_install(
    system: Callable[[Votes], Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(packages, "import_module", missing)
    with pytest.raises(HostError, match=r"pip install 'claimbench\[arena\]'"):
        system(DRAWN)

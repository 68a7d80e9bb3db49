"""Rating systems of other people as baselines over the same orders of votes: Glicko-2, TrueSkill, Weng–Lin.

Each takes votes in their order and gives ratings in Elo points with mean 1000, so that they can be set beside Elo and
Bradley–Terry. All are as their packages come; what is set is said. They take from 20 µs (Weng–Lin) to 200 µs
(TrueSkill) a vote, and need `pip install 'claimbench[arena]'`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from claimbench.errors import HostError
from claimbench.impls.chatbot_arena.votes import Votes
from claimbench.stats.ranking.arrays import Floats
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT

__all__ = ["SYSTEMS", "glicko2", "trueskill", "weng_lin"]

_LOGIT_OF_PROBIT = 1.702
"""σ(1.702 x) is within .01 of Φ(x): it turns a normal model's strengths into a logistic one's."""


def glicko2(votes: Votes, period: int = 1) -> Floats:
    """Glicko-2 (Glickman 2013), (M,); a rating period is `period` votes, within which all ratings are those before it.

    Start 1500, deviation 350, volatility .06, τ = .5; one point is one of Elo's. Players without votes in a period
    keep their deviation, for models do not fade. The package's iteration for the volatility has the rating where
    Glickman's has the deviation (its step 5.1), which moves ratings little.
    """
    package = _package("glicko2")
    players = [package.Player() for _ in votes.models]
    first, second, score = votes.first.tolist(), votes.second.tolist(), votes.score.tolist()
    for start in range(0, len(votes), period):
        games: dict[int, tuple[list[float], list[float], list[float]]] = {}
        for i, j, y in zip(*(column[start : start + period] for column in (first, second, score)), strict=True):
            for player, opponent, won in ((i, j, y), (j, i, 1 - y)):
                ratings, deviations, outcomes = games.setdefault(player, ([], [], []))
                ratings.append(players[opponent].rating)
                deviations.append(players[opponent].rd)
                outcomes.append(won)
        for player, against in games.items():
            players[player].update_player(*against)
    return _centred([player.rating for player in players])


def trueskill(votes: Votes, tau: float | None = None) -> Floats:
    """TrueSkill (Herbrich et al. 2006), (M,); draws as likely as ties are among the votes.

    μ = 25, σ = 25/3, β = 25/6. `tau`, the drift a vote, is the package's 25/300 by default; 0 says that models do not
    change. P(i beats j) = Φ((μ_i − μ_j) / (√2 β)) apart from draws, hence points by the logistic nearest to it.
    """
    package = _package("trueskill")
    draws = float(np.clip((votes.outcome == 1).mean(), 1e-3, 1 - 1e-3)) if len(votes) else package.DRAW_PROBABILITY
    system = package.TrueSkill(draw_probability=draws, tau=package.TAU if tau is None else tau)
    ratings = [system.create_rating() for _ in votes.models]
    for i, j, outcome in zip(votes.first.tolist(), votes.second.tolist(), votes.outcome.tolist(), strict=True):
        ranks = [0, 0] if outcome == 1 else [0, 1] if outcome == 2 else [1, 0]
        (ratings[i],), (ratings[j],) = system.rate([(ratings[i],), (ratings[j],)], ranks)
    point = ELO_PER_NAT * _LOGIT_OF_PROBIT / (math.sqrt(2) * package.BETA)
    return _centred([rating.mu * point for rating in ratings])


def weng_lin(votes: Votes) -> Floats:
    """Weng and Lin's Bayesian Bradley–Terry (2011), (M,), from openskill, as it comes.

    μ = 25, σ = 25/3, β = 25/6; P(i beats j) = σ((μ_i − μ_j) / c), c² = σ_i² + σ_j² + 2β², of which 2β² is left when σ
    is small.
    """
    model = _package("openskill.models").BradleyTerryFull()
    ratings = [model.rating() for _ in votes.models]
    for i, j, outcome in zip(votes.first.tolist(), votes.second.tolist(), votes.outcome.tolist(), strict=True):
        ranks = [0, 0] if outcome == 1 else [0, 1] if outcome == 2 else [1, 0]
        (ratings[i],), (ratings[j],) = model.rate([[ratings[i]], [ratings[j]]], ranks=ranks)
    point = ELO_PER_NAT / (math.sqrt(2) * model.beta)
    return _centred([rating.mu * point for rating in ratings])


SYSTEMS: dict[str, Callable[[Votes], Floats]] = {"glicko2": glicko2, "trueskill": trueskill, "weng_lin": weng_lin}
"""Name → ratings (M,) after the votes in their order."""


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise HostError(
            f"this baseline needs the package {name.split('.')[0]}: pip install 'claimbench[arena]'"
        ) from error


def _centred(points: list[float]) -> Floats:
    ratings = np.array(points, dtype=np.float64)
    return ratings - ratings.mean() + 1000

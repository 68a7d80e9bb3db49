"""Bradley-Terry with ties as an outcome of their own: Rao and Kupper's model and Davidson's.

Both have one parameter more than ratings, and log-likelihoods that are concave in all of them together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.existence import Existence, Status, existence_with_ties
from claimbench.stats.ranking.laplacian import NoSolution, PairGraph
from claimbench.stats.ranking.votes import Battles

__all__ = ["TieFit", "fit_davidson", "fit_rao_kupper"]

Model = Literal["rao-kupper", "davidson"]
STEP = 1e-12
"""Largest change of a parameter at which the iteration has converged."""
_ITERATIONS = 100
_HALVINGS = 50


@dataclass(frozen=True, eq=False)
class TieFit:
    """Ratings and the tie parameter, or the reason why there are none."""

    model: Model
    """Which of the two."""
    ratings: Floats
    """(M,), natural units, mean zero; NaN unless `status` is IDENTIFIED."""
    tie: float
    """η ≥ 0 of Rao and Kupper, or ln ν of Davidson; 0 or minus infinity without a tie."""
    status: Status
    """SEPARATED also where only the tie parameter has no bound, as where every vote is a tie."""
    existence: Existence
    """The condition of `existence_with_ties`; names the groups where it does not hold."""
    iterations: int
    """Newton steps."""
    gradient_norm: float
    """Largest component of the gradient, in votes."""
    log_likelihood: float
    """Of the three outcomes, natural units."""

    def log_probabilities(self, first: Integers, second: Integers) -> Floats:
        """(K, 3), natural logarithms for the pairs (K,), by `Outcome`."""
        return _LOG_PROBABILITIES[self.model](self.ratings[first] - self.ratings[second], self.tie)


class _Terms(NamedTuple):
    """The log-likelihood at one point and its derivatives; d is a pair's log-odds, t the tie parameter."""

    log_likelihood: float
    slope: Floats
    """∂ℓ/∂d, (E,)."""
    curvature: Floats
    """−∂²ℓ/∂d², (E,)."""
    cross: Floats
    """−∂²ℓ/∂d∂t, (E,)."""
    tie_slope: float
    """∂ℓ/∂t."""
    tie_curvature: float
    """−∂²ℓ/∂t²."""


def fit_rao_kupper(battles: Battles) -> TieFit:
    """Rao and Kupper (1967): the first wins with σ(d − η), the second with σ(−d − η), else it is a tie."""
    return _fit("rao-kupper", battles)


def fit_davidson(battles: Battles) -> TieFit:
    """Davidson (1970): win, loss and tie are as likely as e^(d/2) : e^(−d/2) : ν."""
    return _fit("davidson", battles)


def _fit(model: Model, battles: Battles) -> TieFit:
    found = existence_with_ties(battles)
    ties, votes = float(battles.counts[:, 1].sum()), battles.votes
    if found.status is not Status.IDENTIFIED:
        return _without(model, battles, found, found.status)
    half = fit_bradley_terry(battles)
    if half.status is not Status.IDENTIFIED:
        return _without(model, battles, found, half.status)
    if ties == 0:
        none = 0.0 if model == "rao-kupper" else -math.inf
        return TieFit(
            model, half.ratings, none, half.status, found, half.iterations, half.gradient_norm, half.log_likelihood
        )
    share = ties / votes
    tie = 2 * math.atanh(share) if model == "rao-kupper" else math.log(2 * share / (1 - share))
    terms = _rao_kupper if model == "rao-kupper" else _davidson
    return _maximise(model, battles, found, terms, half.ratings, tie)


def _maximise(
    model: Model,
    battles: Battles,
    found: Existence,
    terms: Callable[[Floats, Floats, float], _Terms],
    ratings: Floats,
    tie: float,
) -> TieFit:
    """Newton on ratings and tie parameter together, halving a step that lowers the likelihood."""
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    at = terms(battles.counts, graph.differences(ratings), tie)
    last = math.inf
    for iteration in range(_ITERATIONS):
        gradient = graph.divergence(at.slope)
        gradient_norm = max(float(np.abs(gradient).max()), abs(at.tie_slope))
        try:
            step, tie_step = _newton_step(graph, at, gradient)
        except NoSolution:
            break
        moved = max(float(np.abs(step).max()), abs(tie_step))
        if moved < STEP or (moved < 1e-8 and moved > last / 2):
            ratings = ratings - ratings.mean()
            return TieFit(model, ratings, tie, Status.IDENTIFIED, found, iteration, gradient_norm, at.log_likelihood)
        # Near the maximum the likelihood is flat to rounding.
        floor = at.log_likelihood - 1e-12 * abs(at.log_likelihood)
        for _ in range(_HALVINGS):
            at = terms(battles.counts, graph.differences(ratings + step), tie + tie_step)
            if at.log_likelihood >= floor:
                break
            step, tie_step, moved = step / 2, tie_step / 2, moved / 2
        else:
            break
        ratings, tie, last = ratings + step, tie + tie_step, moved
    return _without(model, battles, found, Status.NOT_CONVERGED)


def _newton_step(graph: PairGraph, at: _Terms, gradient: Floats) -> tuple[Floats, float]:
    """Solution of the bordered system [[L, c], [cᵀ, κ]], by elimination of the ratings."""
    border = graph.divergence(at.cross)
    along, across = graph.solve(at.curvature, np.stack([gradient, border], axis=1)).T
    information = float(at.tie_curvature - border @ across)
    if not information > 1e-14 * at.tie_curvature:
        raise NoSolution("the tie parameter is not determined to working precision")
    tie_step = float(at.tie_slope - border @ along) / information
    return along - tie_step * across, tie_step


def _rao_kupper(counts: Floats, log_odds: Floats, tie: float) -> _Terms:
    """P(tie) = (e^(2η) − 1)·P(win)·P(loss): a tie counts as a win and a loss, and once for η."""
    if tie <= 0:
        return _Terms(-math.inf, log_odds, log_odds, log_odds, math.nan, math.nan)
    won, lost = counts[:, 2] + counts[:, 1], counts[:, 0] + counts[:, 1]
    ties = float(counts[:, 1].sum())
    ahead, behind = log_odds - tie, -log_odds - tie
    (hit, fail), (strike, miss) = win_and_loss(ahead), win_and_loss(behind)
    curved, bent = won * hit * fail, lost * strike * miss
    # d ln(e^(2η) − 1)/dη = 2 + 2/(e^(2η) − 1)
    rest = 1 / math.expm1(2 * tie)
    return _Terms(
        float(-won @ np.logaddexp(0, -ahead) - lost @ np.logaddexp(0, -behind)) + ties * _log_expm1(2 * tie),
        won * fail - lost * miss,
        curved + bent,
        bent - curved,
        float(-(won @ fail) - lost @ miss) + ties * 2 * (1 + rest),
        float(curved.sum() + bent.sum()) + ties * 4 * rest * (1 + rest),
    )


def _davidson(counts: Floats, log_odds: Floats, tie: float) -> _Terms:
    logs = _davidson_logs(log_odds, tie)
    p = np.exp(logs)
    games = counts.sum(axis=1)
    lean = (p[:, 2] - p[:, 0]) / 2
    return _Terms(
        float((counts * logs).sum()),
        (counts[:, 2] - counts[:, 0]) / 2 - games * lean,
        games * ((p[:, 2] + p[:, 0]) / 4 - lean**2),
        -games * lean * p[:, 1],
        float((counts[:, 1] - games * p[:, 1]).sum()),
        float((games * p[:, 1] * (1 - p[:, 1])).sum()),
    )


def _rao_kupper_logs(log_odds: Floats, tie: float) -> Floats:
    won, lost = -np.logaddexp(0, tie - log_odds), -np.logaddexp(0, tie + log_odds)
    return np.stack([lost, won + lost + (_log_expm1(2 * tie) if tie > 0 else -math.inf), won], axis=1)


def _davidson_logs(log_odds: Floats, tie: float) -> Floats:
    weights = np.stack([-log_odds / 2, np.full_like(log_odds, tie), log_odds / 2], axis=1)
    most = weights.max(axis=1, keepdims=True)
    return weights - most - np.log(np.exp(weights - most).sum(axis=1, keepdims=True))


_LOG_PROBABILITIES = {"rao-kupper": _rao_kupper_logs, "davidson": _davidson_logs}


def _log_expm1(x: float) -> float:
    return x + math.log(-math.expm1(-x))


def _without(model: Model, battles: Battles, found: Existence, status: Status) -> TieFit:
    nothing = np.full(len(battles.models), np.nan)
    return TieFit(model, nothing, math.nan, status, found, 0, math.nan, math.nan)

"""Firth's estimate for many sets of votes on the same pairs at once: what a bootstrap of few models needs.

The same maximum as `fit_firth` finds for one set, by Fisher scoring on the modified score Xᵀ (s − np + h(½ − p)), h
the leverage of each pair (Firth 1993, Biometrika 80), on dense matrices (B, M, M).
"""

from __future__ import annotations

import numpy as np

from claimbench.stats.ranking.arrays import Booleans, Floats, win_and_loss
from claimbench.stats.ranking.laplacian import PairGraph

__all__ = ["firth_draws"]

STEP = 1e-9
"""Largest change of a rating, natural units, at which a draw has converged."""
_ITERATIONS = 500
_LONGEST = 1.0
"""Largest change of a log-odds in one step: beyond, the curvature at the start says nothing."""


def firth_draws(graph: PairGraph, games: Floats, score: Floats) -> Floats:
    """(B, M), ratings of mean zero for each draw; NaN throughout where its votes do not connect all models.

    Args:
        graph: the E pairs of M models.
        games: (B, E), weight of the votes of each pair in each draw.
        score: (B, E), wins of the first of the pair and half of the ties.
    """
    ratings = np.full((len(games), graph.size), np.nan)
    moving = np.flatnonzero(_connected(graph, games > 0))
    ratings[moving] = 0.0
    for _ in range(_ITERATIONS):
        if not moving.size:
            return ratings
        step = _step(graph, games[moving], score[moving], ratings[moving])
        ratings[moving] += step
        moving = moving[np.abs(step).max(axis=1) >= STEP]
    ratings[moving] = np.nan
    return ratings


def _step(graph: PairGraph, games: Floats, score: Floats, ratings: Floats) -> Floats:
    """(b, M), one step of Fisher scoring from `ratings`."""
    first, second = graph.first, graph.second
    win, loss = win_and_loss(ratings[:, first] - ratings[:, second])
    information = games * win * loss
    inverse = np.linalg.inv(_completed(graph, information))
    own = np.diagonal(inverse, axis1=1, axis2=2)
    leverage = information * (own[:, first] + own[:, second] - 2 * inverse[:, first, second])
    surplus = score * loss - (games - score) * win + leverage * (loss - win) / 2
    gradient = _divergence(graph, surplus)
    # The information of the votes that the penalty is worth belongs to the curvature: without it steps overshoot.
    curvature = _completed(graph, (games + leverage) * win * loss)
    step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    step -= step.mean(axis=1, keepdims=True)
    largest = np.abs(step[:, first] - step[:, second]).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, _LONGEST / np.maximum(largest, _LONGEST))


def _completed(graph: PairGraph, weights: Floats) -> Floats:
    """(b, M, M), Laplacians made regular along the constant vector, which leaves differences as they are."""
    size = graph.size
    laplacian = np.zeros((len(weights), size, size))
    laplacian[:, graph.first, graph.second] = -weights
    laplacian[:, graph.second, graph.first] = -weights
    degrees = -laplacian.sum(axis=2)
    laplacian[:, np.arange(size), np.arange(size)] = degrees
    return laplacian + degrees.mean(axis=1)[:, None, None] / size


def _divergence(graph: PairGraph, flow: Floats) -> Floats:
    """(b, M), flow (b, E) summed into the first of each pair, minus that into the second."""
    incidence = np.zeros((graph.first.size, graph.size))
    rows = np.arange(graph.first.size)
    incidence[rows, graph.first], incidence[rows, graph.second] = 1.0, -1.0
    return flow @ incidence


def _connected(graph: PairGraph, met: Booleans) -> Booleans:
    """(B,), whether the pairs that met in each draw connect all models."""
    reach = np.zeros((len(met), graph.size, graph.size))
    reach[:, graph.first, graph.second] = reach[:, graph.second, graph.first] = met
    reach[:, np.arange(graph.size), np.arange(graph.size)] = 1.0
    for _ in range(max(1, (graph.size - 1).bit_length())):
        reach = np.minimum(reach @ reach, 1.0)
    return np.all(reach[:, 0] > 0, axis=1)

"""Newton's method with a fixed matrix for numba: LANES replicates side by side, one a lane, and nothing gathered.

Ratings and gradients of a block lie as (models, LANES), so that a pair's two rows are two loads.
"""

from __future__ import annotations

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._simd import (
    LANES,
    aligned,
    broadcast,
    broadcast_at,
    like,
    load,
    magnitude,
    maximum,
    store,
)
from claimbench.kernels._simd.doubles import logistic, positive_lanes, widened
from claimbench.kernels.votes._bootstrap import TOO_FAR

__all__ = ["ROWS", "fit"]

ROWS = 4
"""Rows of the matrix that are multiplied at a time; their number is padded to a multiple."""
_ALL = 2**LANES - 1


@compiled
def _spread(first, second, half_votes, offset, forward, reached):
    """Adds to reached (models,), a set of lanes each, whom models reach that score against each other, or backward."""
    changed = True
    while changed:
        changed = False
        at = offset
        for pair in range(first.size):
            won, lost = positive_lanes(half_votes, at), positive_lanes(half_votes, at + LANES)
            if not forward:
                won, lost = lost, won
            i, j = first[pair], second[pair]
            after_j = reached[j] | (reached[i] & won)
            after_i = reached[i] | (after_j & lost)
            if after_i != reached[i] or after_j != reached[j]:
                reached[i], reached[j] = after_i, after_j
                changed = True
            at += 2 * LANES


@compiled
def _identified(first, second, half_votes, offset, reached):
    """The set of lanes in which every model reaches every other."""
    together = np.int64(_ALL)
    for forward in (True, False):
        reached[:] = 0
        reached[0] = _ALL
        _spread(first, second, half_votes, offset, forward, reached)
        for each in reached:
            together &= each
    return together


@compiled
def _gradient(first, second, half_votes, offset, ratings, gradient):
    """Fills gradient with twice the gradient of the log-likelihood, Σ s - (s + s') σ(θ - θ') over a model's pairs,
    s and s' the half votes of either side.
    """
    zero = like(broadcast(np.float64(0)), 0.0)
    for i in range(0, gradient.size, LANES):
        store(gradient, i, zero)
    at = offset
    for pair in range(first.size):
        i, j = LANES * first[pair], LANES * second[pair]
        won, lost = widened(half_votes, at), widened(half_votes, at + LANES)
        surplus = won - (won + lost) * logistic(load(ratings, i) - load(ratings, j))
        store(gradient, i, load(gradient, i) + surplus)
        store(gradient, j, load(gradient, j) - surplus)
        at += 2 * LANES


@compiled
def _move(half_inverse, gradient, active, ratings, models):
    """Adds half_inverse · gradient in the active lanes to ratings; returns the largest step of each lane.

    A NaN is in all steps of a lane, so the last keeps it.
    """
    worst = like(active, 0.0)
    for row in range(0, models, ROWS):
        sum0 = sum1 = sum2 = sum3 = like(active, 0.0)
        at = row * models
        for k in range(models):
            value = load(gradient, LANES * k)
            sum0 = sum0 + broadcast_at(half_inverse, at + k) * value
            sum1 = sum1 + broadcast_at(half_inverse, at + models + k) * value
            sum2 = sum2 + broadcast_at(half_inverse, at + 2 * models + k) * value
            sum3 = sum3 + broadcast_at(half_inverse, at + 3 * models + k) * value
        for i in range(min(ROWS, models - row)):
            step = active * (sum0 if i == 0 else sum1 if i == 1 else sum2 if i == 2 else sum3)
            store(ratings, LANES * (row + i), load(ratings, LANES * (row + i)) + step)
            worst = maximum(magnitude(step), worst)
    return worst


@compiled
def fit(first, second, half_votes, half_inverse, start, tolerance, limit, out, status, steps):
    """Refits the replicates of half_votes, flat (blocks, pairs, 2 · LANES), from start (models,).

    half_inverse is half the pseudo-inverse of the Laplacian at start, with ROWS - 1 rows of zeros below. Fills out
    (blocks · LANES, models), status and steps: 0 converged, 2 unidentified, 3 not converged in `limit` steps.
    """
    models = start.size
    ratings, gradient = aligned(LANES * models, start), aligned(LANES * models, start)
    reached, lanes = np.empty(models, np.int64), aligned(2 * LANES, start)
    for block in range(out.shape[0] // LANES):
        offset, at = block * first.size * 2 * LANES, block * LANES
        identified = _identified(first, second, half_votes, offset, reached)
        left = 0
        for lane in range(LANES):
            alive = (identified >> lane) & 1
            lanes[lane] = alive
            status[at + lane] = 3 if alive else 2
            steps[at + lane] = 0
            left += alive
        for m in range(models):
            store(ratings, LANES * m, like(load(lanes, 0), start[m]))
        for step in range(1, limit + 1):
            if left == 0:
                break
            _gradient(first, second, half_votes, offset, ratings, gradient)
            store(lanes, LANES, _move(half_inverse, gradient, load(lanes, 0), ratings, models))
            for lane in range(LANES):
                if lanes[lane] == 0:
                    continue
                worst = lanes[LANES + lane]
                steps[at + lane] = step
                if worst < tolerance:
                    status[at + lane] = 0
                if worst < tolerance or not worst < TOO_FAR:
                    lanes[lane] = 0
                    left -= 1
        for lane in range(LANES):
            mean = 0.0
            for m in range(models):
                mean += ratings[LANES * m + lane]
            mean /= models
            for m in range(models):
                out[at + lane, m] = ratings[LANES * m + lane] - mean if status[at + lane] == 0 else np.nan

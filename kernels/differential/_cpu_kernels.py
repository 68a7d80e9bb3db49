"""Softmax maps and their gradients between matrix products, for numba: scores in, in place, row by row.

A block holds `rows` rows of each of several items, one behind the other, `width` scores a row, of which the first
`visible` + `step` · row count; what is written is zero beyond them. Rows begin ... end of the block are done. λ and
log-sum-exps lie at addresses with a stride from item to item; `one` has the dtype of all.
"""

from __future__ import annotations

import math

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import (
    LANES,
    broadcast,
    exp_negative,
    like,
    load,
    load_first,
    maximum,
    scratch,
    store,
    store_first,
    total,
)

__all__ = ["maps_to_gradients", "scores_to_map"]


@compiled
def _largest(scores, at, count, one):
    """The largest of `count` numbers from `at` on."""
    lanes = scratch(one, 16)
    whole = count - count % LANES
    largest = -np.inf
    if whole:
        peak = load(scores, at)
        for j in range(LANES, whole, LANES):
            peak = maximum(load(scores, at + j), peak)
        store(lanes, 0, peak)
        for i in range(LANES):
            largest = max(largest, lanes[i])
    for j in range(whole, count):
        largest = max(largest, scores[at + j])
    return largest


@compiled
def _exponentials(scores, at, count, peak, one):
    """Replaces `count` scores from `at` on by e^(score - peak), and returns their sum."""
    zero = like(broadcast(one), 0.0)
    top, sums = like(zero, peak), zero
    whole = count - count % LANES
    for j in range(0, whole, LANES):
        value = exp_negative(load(scores, at + j) - top)
        store(scores, at + j, value)
        sums = sums + value
    if whole < count:
        rest = count - whole
        store_first(scores, at + whole, exp_negative(load_first(scores, at + whole, rest) - top), rest)
        sums = sums + load_first(scores, at + whole, rest)  # zeros in the lanes beyond
    return total(sums)


@compiled
def scores_to_map(
    one, first_at, second_at, rows, width, visible, step, lambda_at, lambda_item, lse_at, lse_item, lse_map, begin, end
):
    """The first scores become softmax(first) - λ softmax(second); log-sum-exps are kept where they have an address."""
    first, second, lambdas = flat(first_at, one), flat(second_at, one), flat(lambda_at, one)
    lse = flat(lse_at, one)
    zero = like(broadcast(one), 0.0)
    for i in range(begin, end):
        item, row = i // rows, i % rows
        at, count = i * width, visible + step * row
        peak = _largest(first, at, count, one)
        weight = _exponentials(first, at, count, peak, one)
        other_peak = _largest(second, at, count, one)
        other_weight = _exponentials(second, at, count, other_peak, one)
        if lse_at != 0:
            lse[item * lse_item + row] = peak + math.log(weight)
            lse[item * lse_item + lse_map + row] = other_peak + math.log(other_weight)
        share = like(zero, 1.0 / weight)
        other_share = like(zero, lambdas[item * lambda_item + row] / other_weight)
        for j in range(0, count, LANES):
            lanes = min(LANES, count - j)
            value = load_first(first, at + j, lanes) * share - load_first(second, at + j, lanes) * other_share
            store_first(first, at + j, value, lanes)
        for j in range(count, width, LANES):
            store_first(first, at + j, zero, min(LANES, width - j))


@compiled
def _probabilities(scores, at, count, lse, grads, one):
    """Replaces `count` scores from `at` on by e^(score - lse), and returns the sum of their products with `grads`."""
    zero = like(broadcast(one), 0.0)
    top, sums = like(zero, lse), zero
    whole = count - count % LANES
    for j in range(0, whole, LANES):
        value = exp_negative(load(scores, at + j) - top)
        store(scores, at + j, value)
        sums = sums + value * load(grads, at + j)
    if whole < count:
        rest = count - whole
        store_first(scores, at + whole, exp_negative(load_first(scores, at + whole, rest) - top), rest)
        sums = sums + load_first(scores, at + whole, rest) * load_first(grads, at + whole, rest)
    return total(sums)


@compiled
def maps_to_gradients(
    one,
    first_at,
    second_at,
    grads_at,
    rows,
    width,
    visible,
    step,
    lambda_at,
    lambda_item,
    lse_at,
    lse_item,
    lse_map,
    grad_lambda_at,
    begin,
    end,
):
    """Both scores become their gradients, and the gradient of the map becomes the map; fills λ's, placed like λ."""
    first, second, grads = flat(first_at, one), flat(second_at, one), flat(grads_at, one)
    lambdas, lse, grad_lambda = flat(lambda_at, one), flat(lse_at, one), flat(grad_lambda_at, one)
    zero = like(broadcast(one), 0.0)
    for i in range(begin, end):
        item, row = i // rows, i % rows
        at, count = i * width, visible + step * row
        mean = _probabilities(first, at, count, lse[item * lse_item + row], grads, one)
        other_mean = _probabilities(second, at, count, lse[item * lse_item + lse_map + row], grads, one)
        grad_lambda[item * lambda_item + row] = -other_mean
        means, other_means = like(zero, mean), like(zero, other_mean)
        share = like(zero, lambdas[item * lambda_item + row])
        for j in range(0, count, LANES):
            lanes = min(LANES, count - j)
            value, grad = load_first(first, at + j, lanes), load_first(grads, at + j, lanes)
            other = load_first(second, at + j, lanes) * share
            store_first(first, at + j, value * (grad - means), lanes)
            store_first(second, at + j, other * (other_means - grad), lanes)
            store_first(grads, at + j, value - other, lanes)
        for j in range(count, width, LANES):
            lanes = min(LANES, width - j)
            store_first(first, at + j, zero, lanes)
            store_first(second, at + j, zero, lanes)
            store_first(grads, at + j, zero, lanes)

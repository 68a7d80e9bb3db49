"""RMSNorm, forward and backward, for numba: addresses of matrices (rows, dim), each with the stride of its rows.

`eps` has the dtype of all; an absent tensor has the address 0.
"""

from __future__ import annotations

import math

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import LANES, broadcast, like, load_first, store_first, total

__all__ = ["backward", "forward"]

ROWS = 8
"""Rows whose share in the weight's gradient is summed in registers, while they are in cache."""


@compiled
def forward(eps, x_at, x_row, residual_at, residual_row, weight_at, rows, dim, summed_at, out_at):
    """Fills out and, with a residual, summed = x + residual, both (rows, dim)."""
    x, residual, weight = flat(x_at, eps), flat(residual_at, eps), flat(weight_at, eps)
    summed, out = flat(summed_at, eps), flat(out_at, eps)
    has_residual, has_weight = residual_at != 0, weight_at != 0
    source, source_row = (summed, dim) if has_residual else (x, x_row)
    zero = like(broadcast(eps), 0.0)
    for row in range(rows):
        squares = zero
        for i in range(0, dim, LANES):
            count = min(LANES, dim - i)
            value = load_first(x, row * x_row + i, count)
            if has_residual:
                value = value + load_first(residual, row * residual_row + i, count)
                store_first(summed, row * dim + i, value, count)
            squares = squares + value * value
        scale = like(zero, 1.0 / math.sqrt(np.float64(total(squares)) / dim + eps))
        for i in range(0, dim, LANES):
            count = min(LANES, dim - i)
            value = load_first(source, row * source_row + i, count) * scale
            if has_weight:
                value = value * load_first(weight, i, count)
            store_first(out, row * dim + i, value, count)


@compiled
def backward(
    eps, grad_out_at, grad_out_row, grad_sum_at, grad_sum_row, x_at, x_row, weight_at, rows, dim,
    grad_x_at, grad_weight_at,
):  # fmt: skip
    """Fills grad_x, (rows, dim), and where it has an address grad_weight, (dim,), the latter in a fixed order.

    x stands for the sum where there is a residual.
    """
    grad_out, grad_sum, x = flat(grad_out_at, eps), flat(grad_sum_at, eps), flat(x_at, eps)
    weight, grad_x, grad_weight = flat(weight_at, eps), flat(grad_x_at, eps), flat(grad_weight_at, eps)
    has_sum, has_weight, wants_weight = grad_sum_at != 0, weight_at != 0, grad_weight_at != 0
    zero = like(broadcast(eps), 0.0)
    scales, shares = np.empty(ROWS), np.empty(ROWS)
    if wants_weight:
        for i in range(dim):
            grad_weight[i] = 0
    for start in range(0, rows, ROWS):
        stop = min(start + ROWS, rows)
        for row in range(start, stop):
            squares, products = zero, zero
            for i in range(0, dim, LANES):
                count = min(LANES, dim - i)
                value = load_first(x, row * x_row + i, count)
                grad = load_first(grad_out, row * grad_out_row + i, count)
                if has_weight:
                    grad = grad * load_first(weight, i, count)
                squares = squares + value * value
                products = products + grad * value
            scale = 1.0 / math.sqrt(np.float64(total(squares)) / dim + eps)
            scales[row - start] = scale
            shares[row - start] = scale * scale * scale * total(products) / dim
        for i in range(0, dim, LANES):
            count = min(LANES, dim - i)
            factor = load_first(weight, i, count) if has_weight else like(zero, 1.0)
            gathered = zero
            for row in range(start, stop):
                value = load_first(x, row * x_row + i, count)
                grad = load_first(grad_out, row * grad_out_row + i, count) * like(zero, scales[row - start])
                gathered = gathered + grad * value
                grad = grad * factor - value * like(zero, shares[row - start])
                if has_sum:
                    grad = grad + load_first(grad_sum, row * grad_sum_row + i, count)
                store_first(grad_x, row * dim + i, grad, count)
            if wants_weight:
                store_first(grad_weight, i, load_first(grad_weight, i, count) + gathered, count)

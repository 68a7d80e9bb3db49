"""The causal convolution, forward and backward, for numba.

Channels are worked on LANES at a time, time in chunks of CHUNK steps so that the rows of a chunk stay in cache. x and
its like come as flat arrays with a stride for batch and one for time, channels contiguous; weight is (width, dim).
"""

from __future__ import annotations

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._simd import LANES, like, load, load_first, sigmoid, store, store_first

__all__ = ["backward", "forward"]

CHUNK = 64


@compiled
def forward(x, x_batch, x_time, weight, bias, has_bias, activated, batch, length, out):
    """Fills out, (batch, length, dim), flat."""
    width, dim = weight.shape
    taps = weight.reshape(width * dim)
    for b in range(batch):
        for start in range(0, length, CHUNK):
            for channel in range(0, dim, LANES):
                count = min(LANES, dim - channel)
                for t in range(start, min(start + CHUNK, length)):
                    y = load_first(bias, channel, count) if has_bias else like(load_first(taps, 0, 1), 0.0)
                    for k in range(max(0, width - 1 - t), width):
                        past = load_first(x, b * x_batch + (t - width + 1 + k) * x_time + channel, count)
                        y = y + load_first(taps, k * dim + channel, count) * past
                    if activated:
                        y = y * sigmoid(y)
                    store_first(out, (b * length + t) * dim + channel, y, count)


@compiled
def backward(
    grad_out, grad_out_batch, grad_out_time,
    x, x_batch, x_time,
    weight, bias, has_bias, activated, batch, length,
    grad_x, grad_weight, grad_bias,
):  # fmt: skip
    """Fills grad_x, (batch, length, dim), flat; grad_weight, (width, dim), flat; grad_bias, (dim,).

    Sums over time are taken chunk by chunk, in order.
    """
    width, dim = weight.shape
    taps = weight.reshape(width * dim)
    # Gradients before the activation: a step of x reaches up to width - 1 steps ahead, past the end of its chunk.
    grads = np.empty((CHUNK + width - 1) * LANES, grad_x.dtype)
    grad_weight[:] = 0
    grad_bias[:] = 0
    for b in range(batch):
        for start in range(0, length, CHUNK):
            stop = min(start + CHUNK, length)
            reach = min(stop + width - 1, length)
            for channel in range(0, dim, LANES):
                count = min(LANES, dim - channel)
                for t in range(start, reach):
                    grad = load_first(grad_out, b * grad_out_batch + t * grad_out_time + channel, count)
                    if activated:
                        y = load_first(bias, channel, count) if has_bias else like(grad, 0.0)
                        for k in range(max(0, width - 1 - t), width):
                            past = load_first(x, b * x_batch + (t - width + 1 + k) * x_time + channel, count)
                            y = y + load_first(taps, k * dim + channel, count) * past
                        opening = sigmoid(y)
                        grad = grad * (opening + y * opening * (like(y, 1.0) - opening))
                    store(grads, (t - start) * LANES, grad)
                for t in range(start, stop):
                    total = like(load(grads, 0), 0.0)
                    for k in range(max(0, width - reach + t), width):
                        ahead = load(grads, (t - start + width - 1 - k) * LANES)
                        total = total + load_first(taps, k * dim + channel, count) * ahead
                    store_first(grad_x, (b * length + t) * dim + channel, total, count)
                for k in range(width):
                    total = like(load(grads, 0), 0.0)
                    for t in range(max(start, width - 1 - k), stop):
                        past = load_first(x, b * x_batch + (t - width + 1 + k) * x_time + channel, count)
                        total = total + load(grads, (t - start) * LANES) * past
                    at = k * dim + channel
                    store_first(grad_weight, at, load_first(grad_weight, at, count) + total, count)
                total = like(load(grads, 0), 0.0)
                for t in range(start, stop):
                    total = total + load(grads, (t - start) * LANES)
                store_first(grad_bias, channel, load_first(grad_bias, channel, count) + total, count)

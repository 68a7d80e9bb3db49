"""The causal convolution, forward and backward, for numba.

Channels are worked on LANES at a time, time in chunks of CHUNK steps, copied into buffers [step, lane] where several
steps lie together as a stack. The buffers are parts of one array, `work`, known by where they begin in it: numba counts
references to every array that a function is given. Tensors come as addresses, an absent one as 0; x and its like with
a stride for batch and one for time, channels contiguous; weight is (dim, width). `zero` has the dtype of all.
"""

from __future__ import annotations

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import (
    LANES,
    aligned,
    fold,
    like,
    load,
    load_first,
    load_stack,
    prefetch,
    repeat,
    sigmoid,
    stack_rows,
    store,
    store_first,
)

__all__ = ["backward", "forward"]

CHUNK = 64


@compiled
def _linear(shift, width, work, taps, window, steps, outputs):
    """`steps` outputs before the activation; the window begins width - 1 steps before the first."""
    for t in range(0, steps, stack_rows(work)):
        y = repeat(load_stack(work, window), shift)
        for k in range(width):
            y = y + repeat(y, load(work, taps + k * LANES)) * load_stack(work, window + (t + k) * LANES)
        store(work, outputs + t * LANES, y)


@compiled
def _tap(taps, width, d, k):
    """Where tap k of channel d lies in [tile, tap, lane] from `taps` on."""
    return taps + (d // LANES * width + k) * LANES + d % LANES


@compiled
def _place_taps(weight, dim, width, work, taps):
    """weight to [tile, tap, lane], where work is 0."""
    for d in range(dim):
        for k in range(width):
            work[_tap(taps, width, d, k)] = weight[d * width + k]


@compiled
def forward(zero, batch, dim, length, width, x_at, x_batch, x_time, weight_at, bias_at, activated, out_at):
    """Fills out, (batch, length, dim)."""
    x, weight, bias, out = flat(x_at, zero), flat(weight_at, zero), flat(bias_at, zero), flat(out_at, zero)
    past = width - 1
    spare = stack_rows(out)  # steps past the end that a last stack may take in
    outputs = (CHUNK + past + spare) * LANES
    taps = outputs + (CHUNK + spare) * LANES
    work = aligned(taps + width * (dim + LANES), out)
    work[:] = 0
    _place_taps(weight, dim, width, work, taps)
    for b in range(batch):
        for start in range(0, length, CHUNK):
            steps = min(CHUNK, length - start)
            for channel in range(0, dim, LANES):
                count = min(LANES, dim - channel)
                none = like(load(work, 0), 0.0)
                shift = load_first(bias, channel, count) if bias_at != 0 else none
                for i in range(past + steps):
                    t = start - past + i
                    at = b * x_batch + t * x_time + channel
                    step = load_first(x, at, count) if t >= 0 else none
                    prefetch(x, at + LANES)
                    store(work, i * LANES, step)
                _linear(shift, width, work, taps + channel * width, 0, steps, outputs)
                for t in range(steps):
                    y = load(work, outputs + t * LANES)
                    if activated:
                        y = y * sigmoid(y)
                    store_first(out, (b * length + start + t) * dim + channel, y, count)
                    prefetch(out, (b * length + start + t) * dim + channel + LANES)


@compiled
def backward(
    zero, batch, dim, length, width,
    grad_out_at, grad_out_batch, grad_out_time, x_at, x_batch, x_time, weight_at, bias_at, activated,
    grad_x_at, grad_weight_at, grad_bias_at,
):  # fmt: skip
    """Fills grad_x, (batch, length, dim); grad_weight, (dim, width); grad_bias, (dim,), which may be absent.

    Sums over time are taken chunk by chunk, in order.
    """
    grad_out, x, weight, bias = flat(grad_out_at, zero), flat(x_at, zero), flat(weight_at, zero), flat(bias_at, zero)
    grad_x, grad_weight, grad_bias = flat(grad_x_at, zero), flat(grad_weight_at, zero), flat(grad_bias_at, zero)
    past = width - 1
    rows = stack_rows(grad_x)
    # A step of x reaches up to width - 1 steps ahead, past the end of its chunk.
    grads = (CHUNK + 2 * past + rows) * LANES
    outputs = grads + (CHUNK + past + rows) * LANES
    taps = outputs + (CHUNK + past + rows) * LANES
    grad_taps = taps + width * (dim + LANES)
    grad_shift = grad_taps + width * (dim + LANES)
    work = aligned(grad_shift + dim + LANES, grad_x)
    work[:] = 0
    _place_taps(weight, dim, width, work, taps)
    for b in range(batch):
        for start in range(0, length, CHUNK):
            steps = min(CHUNK, length - start)
            reach = min(steps + past, length - start)
            for channel in range(0, dim, LANES):
                count = min(LANES, dim - channel)
                own_taps = taps + channel * width
                none = like(load(work, 0), 0.0)
                shift = load_first(bias, channel, count) if bias_at != 0 else none
                for i in range(past + reach):
                    t = start - past + i
                    at = b * x_batch + t * x_time + channel
                    step = load_first(x, at, count) if t >= 0 else none
                    prefetch(x, at + LANES)
                    store(work, i * LANES, step)
                for t in range(reach):
                    at = b * grad_out_batch + (start + t) * grad_out_time + channel
                    store(work, grads + t * LANES, load_first(grad_out, at, count))
                    prefetch(grad_out, at + LANES)
                if activated:
                    _linear(shift, width, work, own_taps, 0, reach, outputs)
                    for t in range(0, reach, rows):
                        y = load_stack(work, outputs + t * LANES)
                        opening = sigmoid(y)
                        slope = opening + y * opening * (like(y, 1.0) - opening)
                        store(work, grads + t * LANES, load_stack(work, grads + t * LANES) * slope)
                for t in range(reach, steps + past):
                    store(work, grads + t * LANES, none)

                for t in range(0, steps, rows):
                    total = like(load_stack(work, grads), 0.0)
                    for k in range(width):
                        ahead = load_stack(work, grads + (t + past - k) * LANES)
                        total = total + repeat(total, load(work, own_taps + k * LANES)) * ahead
                    store(work, outputs + t * LANES, total)
                for t in range(steps):
                    at = (b * length + start + t) * dim + channel
                    prefetch(grad_x, at + LANES)
                    store_first(grad_x, at, load(work, outputs + t * LANES), count)

                whole = steps - steps % rows
                for k in range(width):
                    totals = like(load_stack(work, grads), 0.0)
                    for t in range(0, whole, rows):
                        totals = totals + load_stack(work, grads + t * LANES) * load_stack(work, (t + k) * LANES)
                    total = fold(totals)
                    for t in range(whole, steps):
                        total = total + load(work, grads + t * LANES) * load(work, (t + k) * LANES)
                    at = grad_taps + channel * width + k * LANES
                    store(work, at, load(work, at) + total)
                total = none
                for t in range(steps):
                    total = total + load(work, grads + t * LANES)
                store(work, grad_shift + channel, load(work, grad_shift + channel) + total)
    for d in range(dim):
        for k in range(width):
            grad_weight[d * width + k] = work[_tap(grad_taps, width, d, k)]
        if grad_bias_at != 0:
            grad_bias[d] = work[grad_shift + d]

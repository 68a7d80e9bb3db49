"""SwiGLU, forward and backward, for numba: addresses of matrices (rows, dim), each with the stride of its rows."""

from __future__ import annotations

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import LANES, exp2, like, load_first, store_first

__all__ = ["backward", "forward"]

_LOG2E = 1.4426950408889634


@compiled
def _one_and_decay(x):
    """1 + e^-x, whose reciprocal is the sigmoid; infinite far below 0."""
    return like(x, 1.0) + exp2(x * like(x, -_LOG2E))


@compiled
def forward(one, gate_at, gate_row, up_at, up_row, rows, dim, out_at):
    """Fills out, (rows, dim); `one` has the dtype of all."""
    gate, up, out = flat(gate_at, one), flat(up_at, one), flat(out_at, one)
    for row in range(rows):
        for i in range(0, dim, LANES):
            count = min(LANES, dim - i)
            x = load_first(gate, row * gate_row + i, count)
            y = x / _one_and_decay(x) * load_first(up, row * up_row + i, count)
            store_first(out, row * dim + i, y, count)


@compiled
def backward(
    one, grad_out_at, grad_out_row, gate_at, gate_row, up_at, up_row, rows, dim, grad_gate_at, grad_up_at
):  # fmt: skip
    """Fills grad_gate and grad_up, (rows, dim)."""
    grad_out, gate, up = flat(grad_out_at, one), flat(gate_at, one), flat(up_at, one)
    grad_gate, grad_up = flat(grad_gate_at, one), flat(grad_up_at, one)
    for row in range(rows):
        for i in range(0, dim, LANES):
            count = min(LANES, dim - i)
            x = load_first(gate, row * gate_row + i, count)
            grad = load_first(grad_out, row * grad_out_row + i, count)
            opening = like(x, 1.0) / _one_and_decay(x)
            silu = x * opening
            slope = opening + silu * (like(x, 1.0) - opening)
            store_first(grad_gate, row * dim + i, grad * load_first(up, row * up_row + i, count) * slope, count)
            store_first(grad_up, row * dim + i, grad * silu, count)

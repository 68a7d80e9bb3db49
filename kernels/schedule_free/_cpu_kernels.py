"""The Schedule-Free step for numba: a table of addresses, one row a tensor, read as if all lay one behind the other."""

from __future__ import annotations

from claimbench.kernels._cache import compiled
from claimbench.kernels._memory import flat
from claimbench.kernels._simd import LANES, broadcast, load_first, square_root, store_first

__all__ = ["AT_X", "AT_Y", "AT_Z", "step"]

AT_Y, AT_Z, AT_X = 1, 2, 3
"""Where weights decay; 0 where they do not."""


@compiled
def step(numbers, table, first, last, decay_at, adaptive):
    """Updates the elements `first` … `last` - 1 of all.

    numbers: (10,), of the dtype of all: 1 - c, c, γ (β1 (1 - c) - 1), γ, β2, 1 - β2, 1 / bias, eps, λ, 1/β1 - 1.
    table (tensors, 6), int64: addresses of y, grad, z and v (0 without), where a tensor begins and how many elements.
    """
    kind = numbers[0]
    stay, average, y_step, step_size = (
        broadcast(numbers[0]), broadcast(numbers[1]), broadcast(numbers[2]), broadcast(numbers[3])
    )  # fmt: skip
    beta2, fresh, scale, eps = (
        broadcast(numbers[4]),
        broadcast(numbers[5]),
        broadcast(numbers[6]),
        broadcast(numbers[7]),
    )
    decay, away = broadcast(numbers[8]), broadcast(numbers[9])
    for row in range(table.shape[0]):
        begin, elements = table[row, 4], table[row, 5]
        start, stop = max(first - begin, 0), min(last - begin, elements)
        y_all, grad_all = flat(table[row, 0], kind), flat(table[row, 1], kind)
        z_all, v_all = flat(table[row, 2], kind), flat(table[row, 3], kind)
        has_v = table[row, 3] != 0
        for i in range(start, stop, LANES):
            count = min(LANES, stop - i)
            y, z = load_first(y_all, i, count), load_first(z_all, i, count)
            u = load_first(grad_all, i, count)
            if has_v:
                v = beta2 * load_first(v_all, i, count) + fresh * (u * u)
                store_first(v_all, i, v, count)
                if adaptive:
                    u = u / (square_root(v * scale) + eps)
            if decay_at == AT_Y:
                u = u + decay * y
            elif decay_at == AT_Z:
                u = u + decay * z
            elif decay_at == AT_X:
                u = u + decay * (y + away * (y - z))
            store_first(y_all, i, stay * y + average * z + y_step * u, count)
            store_first(z_all, i, z - step_size * u, count)

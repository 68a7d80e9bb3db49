"""The truth: one Schedule-Free step in PyTorch, as arXiv 2405.15682 writes it in y and z (README.md derives it)."""

from __future__ import annotations

from collections.abc import Sequence

from claimbench.kernels.schedule_free._items import DecayAt, Item, Scalars
from claimbench.kernels.schedule_free._rounding import random_bits, write

__all__ = ["step"]


def step(items: Sequence[Item], scalars: Scalars, decay_at: DecayAt, adaptive: bool, seed: int | None) -> None:
    """Updates y, z and v of every item in place; float64 or float32 inside."""
    gamma, c, beta1, beta2, bias, eps, decay, count = scalars
    for item in items:
        y, g, z = (tensor.to(item.working) for tensor in (item.y, item.grad, item.z))
        v = None
        u = g
        if item.v is not None:
            v = beta2 * item.v.to(item.working) + (1 - beta2) * g * g
            if adaptive:
                u = g / ((v / bias).sqrt() + eps)
        if decay:
            u = u + decay * {"y": y, "z": z, "x": y + (1 / beta1 - 1) * (y - z)}[decay_at]
        y, z = (1 - c) * y + c * z + gamma * (beta1 * (1 - c) - 1) * u, z - gamma * u
        bits = (None,) * 3 if seed is None else random_bits(seed, int(count), item.number, y.numel(), y.device)
        for target, value, drawn in zip((item.y, item.z, item.v), (y, z, v), bits, strict=True):
            if target is not None and value is not None:
                write(target, value, drawn)
        if item.copy is not None:
            item.copy.copy_(item.y)

"""Compiling before anybody waits for it."""

from __future__ import annotations

from claimbench.kernels._families import modules

__all__ = ["warm"]


def warm() -> None:
    """Compile the CPU kernels for float32 and float64 into the cache; workers started afterwards only load them."""
    for module in modules("cpu", "step_cpu"):
        module.warm()

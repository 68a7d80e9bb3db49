"""Compiling before anybody waits for it."""

from __future__ import annotations

__all__ = ["warm"]


def warm() -> None:
    """Compile the CPU kernels for float32 into the cache, so that workers started afterwards only load them."""
    from claimbench.kernels.scan import cpu

    cpu.warm()

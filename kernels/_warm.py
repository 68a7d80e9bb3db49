"""Compiling before anybody waits for it."""

from __future__ import annotations

__all__ = ["warm"]


def warm() -> None:
    """Compile the CPU kernels for float32 and float64 into the cache; workers started afterwards only load them."""
    from claimbench.kernels.conv import cpu as conv
    from claimbench.kernels.gated import cpu as gated
    from claimbench.kernels.norm import cpu as norm
    from claimbench.kernels.rotary import cpu as rotary
    from claimbench.kernels.scan import cpu as scan
    from claimbench.kernels.scan import step_cpu as step

    for family in (scan, step, conv, norm, gated, rotary):
        family.warm()

"""What a selective scan must at least compute and move, from its sizes; README.md derives the formulas."""

from __future__ import annotations

__all__ = ["bytes", "flops", "step_bytes", "step_flops"]


def flops(batch: int, dim: int, length: int, state: int, *, gated: bool = True, backward: bool = False) -> int:
    """Floating-point operations of one forward, or of one backward, pass; an exponential counts as one.

    A step of one state is 6 operations forward (exponent, exponential, decay, input, read-out: 1 + 1 + 2 + 2, the
    product Δu shared) and 19 backward (6 to recompute the state, 13 for the gradients); a channel adds a few a step.
    """
    steps = batch * dim * length
    if backward:
        return steps * (19 * state + 14 + (8 if gated else 0))
    return steps * (6 * state + 7 + (5 if gated else 0))


def bytes(
    batch: int,
    dim: int,
    length: int,
    state: int,
    *,
    groups: int = 1,
    itemsize: int = 4,
    gated: bool = True,
    backward: bool = False,
) -> int:
    """Bytes that one pass must move between memory and processor, each tensor once, `itemsize` bytes an element.

    Forward: u, Δ (and z) in, out out; B and C in; A in. Backward: those inputs and the gradient of out in, the
    gradients of u, Δ (and z), B, C, A out. Checkpoints and the small vectors are left out: it is a floor.
    """
    channel = batch * dim * length * itemsize
    shared = 2 * batch * groups * state * length * itemsize
    if backward:
        return channel * (7 if gated else 5) + 2 * shared + 8 * dim * state
    return channel * (4 if gated else 3) + shared + 4 * dim * state


def step_flops(batch: int, dim: int, state: int, *, gated: bool = True) -> int:
    """Floating-point operations of one decoding step: a scan of length 1. Heads count as channels."""
    return flops(batch, dim, 1, state, gated=gated)


def step_bytes(
    batch: int,
    dim: int,
    state: int,
    *,
    groups: int = 1,
    itemsize: int = 4,
    state_itemsize: int = 4,
    gated: bool = True,
) -> int:
    """Bytes that one decoding step must move: what a scan of length 1 does, and the state in and out."""
    return bytes(batch, dim, 1, state, groups=groups, itemsize=itemsize, gated=gated) + (
        2 * batch * dim * state * state_itemsize
    )

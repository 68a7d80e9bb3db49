"""Choosing a learning rate from a grid: the best inside it, and whether the optimum may lie beyond."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["choose_rate"]


def choose_rate(scores: Sequence[float], ties: Sequence[float] | None = None) -> tuple[int, bool]:
    """The place of the lowest score inside the grid, and whether an end is lower than all inside.

    Of equal scores the place with the lowest of `ties` is taken, or the first. What is not finite is never chosen over
    what is; where nothing inside is finite, that counts as the end's being lower.
    """
    finite = np.where(np.isfinite(scores), scores, np.inf)
    inside = finite[1:-1]
    level = np.flatnonzero(inside == inside.min()) + 1
    best = level[0] if ties is None else level[np.where(np.isfinite(ties), ties, np.inf)[level].argmin()]
    return int(best), bool(min(finite[0], finite[-1]) < inside.min() or np.isinf(inside.min()))

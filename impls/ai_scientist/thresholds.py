"""Decisions from scores: the threshold that is best on the very papers, and on papers that did not choose it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimbench.impls.ai_scientist.data import Booleans, Floats

__all__ = ["Split", "best_threshold", "shares_accepted", "split_half"]

_SCORES = np.arange(1, 11)


@dataclass(frozen=True)
class Split:
    """What becomes of a threshold that one half of the papers chooses for the other."""

    in_sample: float
    """Greatest balanced accuracy on all papers, of all thresholds."""
    held_out: float
    """Mean balanced accuracy on the half that did not choose."""
    chosen: dict[int, float]
    """Share of splits in which each threshold is chosen."""


def best_threshold(accepted: Booleans, score: Floats) -> int:
    """The threshold from which on papers are accepted with the greatest balanced accuracy; of equal ones the lowest."""
    return int(_SCORES[np.argmax(_balanced(_counts(accepted, score)))])


def split_half(accepted: Booleans, score: Floats, draws: int, seed: int) -> Split:
    """Choose the threshold on a random half of the accepted and of the rejected papers, judge it on the other half."""
    random = np.random.default_rng(seed)
    counts = _counts(accepted, score)
    halves = [random.multivariate_hypergeometric(row, int(row.sum()) // 2, draws) for row in counts]
    chooses = np.stack(halves, axis=1)
    best = np.argmax(_balanced(chooses), axis=1)
    judged = _balanced(counts - chooses)[np.arange(draws), best]
    names, times = np.unique(_SCORES[best], return_counts=True)
    return Split(
        in_sample=float(_balanced(counts).max()),
        held_out=float(judged.mean()),
        chosen={int(name): float(number) / draws for name, number in zip(names, times, strict=True)},
    )


def shares_accepted(accepted: Booleans, score: Floats, fewest: int) -> dict[int, float]:
    """Share of the papers with each score that were accepted, of scores that at least `fewest` papers have."""
    known = {int(value): score == value for value in _SCORES}
    return {value: float(accepted[these].mean()) for value, these in known.items() if these.sum() >= fewest}


def _counts(accepted: Booleans, score: Floats) -> NDArray[np.int64]:
    """Papers by decision (rejected, accepted) and score, (2, 10)."""
    own = score.astype(np.int64)
    return np.stack([np.bincount(own[side], minlength=11)[1:] for side in (~accepted, accepted)])


def _balanced(counts: NDArray[np.int64]) -> Floats:
    """Balanced accuracy at each threshold, (..., 10), from counts (..., 2, 10)."""
    reached = counts[..., ::-1].cumsum(axis=-1)[..., ::-1] / counts.sum(axis=-1, keepdims=True)
    return np.asarray((1 - reached[..., 0, :] + reached[..., 1, :]) / 2)

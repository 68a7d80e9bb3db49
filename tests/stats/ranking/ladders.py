"""Meetings for the tests of ladders."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from claimbench.stats.ranking.meetings import Meetings

Counts = tuple[float, float, float]


def meetings(
    tasks: Mapping[str, Mapping[tuple[int, int], Counts]], effects: Mapping[tuple[str, int, int], float] | None = None
) -> Meetings:
    """Task → pair → battles (second won, tied, first won); competitors are c0, c1, …"""
    names = sorted(tasks)
    rows = [(t, first, second) for t, name in enumerate(names) for first, second in sorted(tasks[name])]
    task, first, second = np.array(rows, dtype=np.int64).T
    counts = np.array([tasks[names[t]][i, j] for t, i, j in rows], dtype=np.float64)
    effect = np.array([(effects or {}).get((names[t], i, j), math.nan) for t, i, j in rows])
    size = int(second.max()) + 1
    return Meetings(tuple(f"c{m}" for m in range(size)), tuple(names), task, first, second, counts, effect)


def round_robin(scores: np.ndarray, units: int = 10) -> Meetings:
    """All pairs on all tasks; scores (T, E) are whole numbers of battles out of `units` that the first won."""
    size = round((1 + math.sqrt(1 + 8 * scores.shape[1])) / 2)
    pairs = list(zip(*np.triu_indices(size, 1), strict=True))
    return meetings(
        {
            f"t{t:02d}": {pair: (units - won, 0, won) for pair, won in zip(pairs, row, strict=True)}
            for t, row in enumerate(scores.tolist())
        }
    )

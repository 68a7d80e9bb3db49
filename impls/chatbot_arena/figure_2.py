"""Figure 2 of the paper as printed: who beat whom, how often, in how many battles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["FIGURE_2", "WinMatrix"]


@dataclass(frozen=True)
class WinMatrix:
    """Win rates and numbers of battles between models."""

    models: tuple[str, ...]
    """Names, in the order of the rows."""
    percent: tuple[tuple[int, ...], ...]
    """Row by row above the diagonal: how often the model of the row won, in per cent, ties half."""
    battles: tuple[tuple[int, ...], ...]
    """In the same places: battles of the pair."""

    def pairs(self) -> tuple[Integers, Integers, Floats, Floats]:
        """(first, second, win rate of the first, battles), all (E,), rows ascending."""
        first, second = np.triu_indices(len(self.models), 1)
        rate = np.array([value for row in self.percent for value in row]) / 100
        return first, second, rate, np.array([value for row in self.battles for value in row], dtype=np.float64)


FIGURE_2 = WinMatrix(
    models=(
        "gpt-4-turbo",
        "gpt-4-0613",
        "mistral-medium",
        "mixtral",
        "gemini-pro-dev",
        "claude-2.1",
        "gpt-3.5-0613",
        "claude-instant-1",
        "llama-2-70b",
        "llama-2-13b",
        "llama-2-7b",
        "mistral-7b",
    ),
    percent=(
        (68, 69, 75, 71, 76, 77, 75, 76, 79, 86, 90),
        (50, 59, 61, 59, 59, 59, 62, 72, 70, 80),
        (54, 56, 50, 57, 52, 69, 73, 60, 87),
        (54, 48, 51, 56, 58, 53, 73, 84),
        (42, 54, 55, 58, 63, 67, 76),
        (49, 55, 58, 61, 64, 73),
        (56, 58, 63, 72, 71),
        (54, 68, 65, 62),
        (61, 58, 61),
        (53, 57),
        (52,),
    ),
    battles=(
        (2564, 1189, 1192, 858, 3053, 1991, 270, 141, 157, 106, 144),
        (566, 263, 756, 2227, 1025, 355, 414, 409, 264, 197),
        (775, 371, 382, 773, 103, 45, 51, 40, 52),
        (71, 744, 869, 136, 862, 66, 45, 61),
        (74, 564, 53, 31, 30, 30, 37),
        (351, 650, 113, 117, 75, 114),
        (842, 572, 388, 283, 155),
        (459, 241, 202, 101),
        (383, 134, 369),
        (251, 621),
        (521,),
    ),
)
"""31,348 battles of 66 pairs; the lower triangle is what is left to 1."""

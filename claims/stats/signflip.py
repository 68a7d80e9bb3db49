"""The exact sign-flip test: under no effect, each paired difference could as well have had the other sign.

It assumes symmetry and no normality, and guards the t interval where there are few pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["EXACT_UP_TO", "sign_flip_p"]

EXACT_UP_TO = 14
"""Most pairs for which all 2^n sign patterns are enumerated."""
_DRAWS = 100_000


def sign_flip_p(differences: Sequence[float], seed: int = 0) -> float:
    """One-sided p of "the mean is above zero": share of sign patterns whose mean is at least the one seen.

    All 2^n patterns for n up to 14, else 100,000 random ones and the observed one, from `seed`.
    """
    d = np.asarray(differences, dtype=np.float64)
    n = d.size
    # Patterns whose sums differ by rounding only are ties, and ties count against the effect.
    bound = d.sum() - 1e-12 * np.abs(d).sum()
    if n <= EXACT_UP_TO:
        patterns = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(patterns @ d >= bound))
    d = np.sort(d)  # which draw meets which difference must not depend on the order of the units
    generator = np.random.default_rng(seed)
    reached = 1
    rows = _DRAWS // 10 if n <= 400 else _DRAWS // 100  # as floats, tens of megabytes at a time
    for _ in range(_DRAWS // rows):
        signs = generator.integers(0, 2, size=(rows, n), dtype=np.int8) * 2 - 1
        reached += int(np.count_nonzero(signs @ d >= bound))
    return reached / (_DRAWS + 1)

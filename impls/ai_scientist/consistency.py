"""What Table 1's human row says of its own sample, and what it would be on another.

Rates of errors belong to a reviewer; accuracy and F1 belong to a reviewer and to the share p of accepted papers:

    accuracy = (1 - p)(1 - FPR) + p (1 - FNR)
    F1 = 2 p (1 - FNR) / (2 p (1 - FNR) + (1 - p) FPR + p FNR)
    Matthews' correlation = (1 - FPR - FNR) √(p (1 - p) / (q (1 - q))),  q = p (1 - FNR) + (1 - p) FPR
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

from claimbench.impls.ai_scientist.published import Figure

__all__ = ["accuracy", "ends_of", "f1", "matthews", "share_by_accuracy", "share_by_f1"]


def accuracy(fpr: float, fnr: float, share: float) -> float:
    """Accuracy where `share` of the papers are accepted."""
    return (1 - share) * (1 - fpr) + share * (1 - fnr)


def f1(fpr: float, fnr: float, share: float) -> float:
    """F1 where `share` of the papers are accepted."""
    both = share * (1 - fnr)
    return 2 * both / (2 * both + (1 - share) * fpr + share * fnr)


def matthews(fpr: float, fnr: float, share: float) -> float:
    """Matthews' correlation where `share` of the papers are accepted; the reviewer must not always say the same."""
    says = share * (1 - fnr) + (1 - share) * fpr
    return (1 - fpr - fnr) * math.sqrt(share * (1 - share) / (says * (1 - says)))


def share_by_accuracy(fpr: float, fnr: float, value: float) -> float:
    """Share of accepted papers at which the accuracy is `value`; the rates of errors must differ."""
    return (1 - fpr - value) / (fnr - fpr)


def share_by_f1(fpr: float, fnr: float, value: float) -> float:
    """Share of accepted papers at which F1 is `value`."""
    return value * fpr / (2 * (1 - fnr) - value * (2 - fnr - fpr))


def ends_of(formula: Callable[..., float], *figures: Figure) -> tuple[float, float]:
    """Least and greatest value of a formula that is monotone in each of its printed figures."""
    found = [formula(*corner) for corner in product(*(figure.ends for figure in figures))]
    return min(found), max(found)

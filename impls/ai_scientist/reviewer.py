"""How good a reviewer is: Table 1's measures, their intervals, and what a score says that a decision does not.

The paper's AUC is that of the decision, 0 or 1, which is its balanced accuracy; the score's own is `score_auc`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from claimbench.impls.ai_scientist.data import Booleans, Floats
from claimbench.stats.intervals import Interval, z_value

__all__ = ["METRICS", "Confusion", "area", "coin", "confusion", "half_widths", "score_auc"]

METRICS = ("balanced_accuracy", "accuracy", "f1", "auc", "fpr", "fnr")
"""Columns of Table 1, in its order."""


@dataclass(frozen=True)
class Confusion:
    """Papers by what was decided and what the reviewer says; of a coin, as many as are to be expected."""

    accepted_both: float
    """Accepted, and the reviewer accepts."""
    accepted_only: float
    """Accepted, and the reviewer rejects."""
    reviewer_only: float
    """Rejected, and the reviewer accepts."""
    rejected_both: float
    """Rejected, and the reviewer rejects."""

    @property
    def accepted(self) -> float:
        """Papers that were accepted."""
        return self.accepted_both + self.accepted_only

    @property
    def rejected(self) -> float:
        """Papers that were rejected."""
        return self.reviewer_only + self.rejected_both

    @property
    def accuracy(self) -> float:
        """Share of papers on which both agree."""
        return (self.accepted_both + self.rejected_both) / (self.accepted + self.rejected)

    @property
    def fpr(self) -> float:
        """Share of the rejected papers that the reviewer accepts."""
        return self.reviewer_only / self.rejected

    @property
    def fnr(self) -> float:
        """Share of the accepted papers that the reviewer rejects."""
        return self.accepted_only / self.accepted

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the shares of accepted and of rejected papers on which both agree."""
        return 1 - (self.fpr + self.fnr) / 2

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of acceptances; 0 where nothing is accepted."""
        return 2 * self.accepted_both / (2 * self.accepted_both + self.reviewer_only + self.accepted_only)

    @property
    def auc(self) -> float:
        """Area under the curve of the decision: one corner, so that it is the balanced accuracy."""
        # Trapezoids from (0, 0) over (FPR, TPR) to (1, 1), not the shortcut that the identity claims.
        tpr = self.accepted_both / self.accepted
        return self.fpr * tpr / 2 + (1 - self.fpr) * (tpr + 1) / 2

    @property
    def mcc(self) -> float:
        """Matthews correlation; 0 where the reviewer always says the same."""
        says = (self.accepted_both + self.reviewer_only) * (self.accepted_only + self.rejected_both)
        root = math.sqrt(says * self.accepted * self.rejected)
        return (
            (self.accepted_both * self.rejected_both - self.accepted_only * self.reviewer_only) / root if root else 0.0
        )

    def table(self) -> dict[str, float]:
        """The columns of Table 1."""
        return {name: float(getattr(self, name)) for name in METRICS}


def confusion(accepted: Booleans, accepts: Booleans) -> Confusion:
    """Count papers (P,) by the decision and by the reviewer's."""
    return Confusion(
        accepted_both=int((accepted & accepts).sum()),
        accepted_only=int((accepted & ~accepts).sum()),
        reviewer_only=int((~accepted & accepts).sum()),
        rejected_both=int((~accepted & ~accepts).sum()),
    )


def coin(accepted: Booleans) -> Confusion:
    """What a fair coin is expected to say."""
    yes, no = float(accepted.sum()) / 2, float((~accepted).sum()) / 2
    return Confusion(yes, yes, no, no)


def half_widths(found: Confusion, draws: int, seed: int, *, level: float = 0.95) -> dict[str, float]:
    """Half the length of each column's percentile interval, by the bootstrap of the authors' notebook.

    Papers are drawn anew within the accepted and within the rejected ones, so that of either there are always as many;
    drawing them so is drawing two binomial numbers.
    """
    random = np.random.default_rng(seed)
    yes, no = int(found.accepted), int(found.rejected)
    both = random.binomial(yes, 1 - found.fnr, draws)
    wrong = random.binomial(no, found.fpr, draws)
    fnr, fpr = 1 - both / yes, wrong / no
    balanced = 1 - (fnr + fpr) / 2
    drawn = {
        "balanced_accuracy": balanced,
        "accuracy": (both + no - wrong) / (yes + no),
        "f1": 2 * both / (both + wrong + yes),
        "auc": balanced,
        "fpr": fpr,
        "fnr": fnr,
    }
    ends = {name: np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) for name, values in drawn.items()}
    return {name: float(high - low) / 2 for name, (low, high) in ends.items()}


def score_auc(accepted: Booleans, score: Floats, level: float = 0.95) -> Interval:
    """Probability that an accepted paper scores above a rejected one, ties half; DeLong's interval (1988).

    There must be two of either.
    """
    higher = _higher(accepted, score)
    of_accepted, of_rejected = higher.mean(axis=1), higher.mean(axis=0)
    variance = of_accepted.var(ddof=1) / of_accepted.size + of_rejected.var(ddof=1) / of_rejected.size
    estimate, se = float(higher.mean()), math.sqrt(float(variance))
    half = z_value(level) * se
    return Interval(estimate, max(estimate - half, 0.0), min(estimate + half, 1.0), level, se, math.inf)


def area(accepted: Booleans, score: Floats) -> float:
    """The same area alone."""
    return float(_higher(accepted, score).mean())


def _higher(accepted: Booleans, score: Floats) -> Floats:
    """1, ½ or 0 where an accepted paper's score is above, level with or below a rejected one's."""
    return np.sign(score[accepted][:, None] - score[~accepted][None, :]) / 2 + 0.5

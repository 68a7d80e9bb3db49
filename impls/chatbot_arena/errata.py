"""Equations that do not say what is meant, shown by computing what they say.

Equations 3 and 7 minimise the cross-entropy of H against 1 / (1 + e^{ξ_{A2} − ξ_{A1}}), while H = 1 means that the
second model is preferred (Section 4, Equation 18). The README derives what follows.
"""

from __future__ import annotations

import numpy as np

from claimbench.errors import MeasurementRefused
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["minimizer", "nonparametric_scores", "printed_loss", "printed_nonparametric_scores"]

_STEPS = 50


def printed_loss(xi: Floats, first: Integers, second: Integers, second_wins: Floats, votes: Floats) -> float:
    """Σ votes · ℓ(H, 1 / (1 + e^{ξ_second − ξ_first})), as Equations 3 and 7 have it; ℓ(h, p) as below Equation 3."""
    p = 1 / (1 + np.exp(xi[second] - xi[first]))
    return float(-(votes * (second_wins * np.log(p) + (1 - second_wins) * np.log(1 - p))).sum())


def minimizer(first: Integers, second: Integers, second_wins: Floats, votes: Floats, *, as_printed: bool) -> Floats:
    """ξ, (M,), that minimises Σ votes · ℓ(H, p), centred; `second_wins` is the mean of H, `votes` the weights, (E,).

    `as_printed`: p = 1 / (1 + e^{ξ_second − ξ_first}); otherwise the repaired p = 1 / (1 + e^{ξ_first − ξ_second}).
    By Newton's method on that loss itself. Raises MeasurementRefused where it does not settle.
    """
    models = int(max(first.max(), second.max())) + 1
    design = np.zeros((len(first), models))
    rows, sign = np.arange(len(first)), 1.0 if as_printed else -1.0
    design[rows, first], design[rows, second] = sign, -sign
    xi = np.zeros(models)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-design @ xi))
        gradient = design.T @ (votes * (p - second_wins))
        hessian = design.T @ (design * (votes * p * (1 - p))[:, None])
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        xi -= step
        if np.abs(step).max() < 1e-12:
            return xi - xi.mean()
    raise MeasurementRefused(f"the loss has no minimum within {_STEPS} steps: some model won or lost every vote")


def printed_nonparametric_scores(win: Floats) -> Floats:
    """Equations 13 to 16 as printed: s_m = Σ_m' (logit θ(1, m') + θ(m', m) / (1 − θ(m', m))); `win` as below."""
    odds = win / (1 - win)
    return (np.log(odds[0])[:, None] + odds).sum(axis=0)


def nonparametric_scores(win: Floats) -> Floats:
    """Appendix B repaired: s_m = mean over m' ≠ m of logit θ(1, m') + logit θ(m', m); `win[a, b]`, (M, M), is θ(a, b).

    θ(a, b) is the probability that b beats a, ½ on the diagonal, strictly between 0 and 1. Under Bradley–Terry
    logit θ(1, m') + logit θ(m', m) = (ξ_m' − ξ_1) + (ξ_m − ξ_m'), so that s_m = ξ_m − ξ_1.
    """
    logit = np.log(win / (1 - win))
    terms = logit[0][:, None] + logit
    np.fill_diagonal(terms, 0.0)
    return terms.sum(axis=0) / (len(win) - 1)

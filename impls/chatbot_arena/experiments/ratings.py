"""Claims that Bradley–Terry on published votes decides: the order of Figure 2, versions of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.figure_2 import FIGURE_2
from claimbench.impls.chatbot_arena.shipped import index_of
from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.arrays import Floats, win_and_loss
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry
from claimbench.stats.ranking.sandwich import sandwich_covariance, variance_of
from claimbench.stats.ranking.votes import from_counts
from claimbench.trial import Exact, Trial

__all__ = ["Figure2Fit", "figure_2", "fit_figure_2", "model_versions"]

Checks = dict[str, float | tuple[float, float]]
_VERSIONS = {
    "gpt4_0314_over_0613": ("gpt-4-0314", "gpt-4-0613"),
    "gpt35_0613_over_0314": ("gpt-3.5-turbo-0613", "gpt-3.5-turbo-0314"),
    "gpt35_0613_over_1106": ("gpt-3.5-turbo-0613", "gpt-3.5-turbo-1106"),
}


@dataclass(frozen=True, eq=False)
class Figure2Fit:
    """Bradley–Terry on Figure 2."""

    scores: Floats
    """(12,), above the last model's, natural units, in the order of the figure."""
    chi_square: float
    """Pearson's statistic of the 66 win rates, 55 degrees of freedom; their rounding is part of it."""


def fit_figure_2() -> Figure2Fit:
    """Scores that Figure 2's win rates and counts give, and how well they fit them."""
    first, second, rate, battles = FIGURE_2.pairs()
    lost, won = battles * (1 - rate), battles * rate
    table = from_counts(first, second, np.stack([lost, np.zeros_like(won), won], axis=1), FIGURE_2.models)
    xi = fit_bradley_terry(table).ratings
    p, q = win_and_loss(xi[first] - xi[second])
    return Figure2Fit(xi - xi[-1], float((battles * (rate - p) ** 2 / (p * q)).sum()))


def figure_2(trial: Trial) -> Exact:
    """CA-08: ranks that Figure 2's win rates and counts give, 1 the best."""
    scores = fit_figure_2().scores
    checks: Checks = {"battles": float(FIGURE_2.pairs()[3].sum())}
    for name, score in zip(FIGURE_2.models, scores, strict=True):
        checks[f"rank {name}"] = 1.0 + float((scores > score).sum())
    return Exact(checks)


def model_versions(trial: Trial) -> Exact:
    """CA-09: how far one version of a model is rated above another on the Arena's votes, points, with the ends of the
    95 % interval by the sandwich."""
    battles = arena_table().battles()
    fit = fit_bradley_terry(battles)
    covariance = sandwich_covariance(battles, fit.ratings)
    checks: Checks = {}
    for name, (better, worse) in _VERSIONS.items():
        contrast = np.zeros(len(battles.models))
        contrast[index_of(better, battles)], contrast[index_of(worse, battles)] = 1.0, -1.0
        gap = float(contrast @ fit.ratings) * ELO_PER_NAT
        half = z_value(0.95) * variance_of(contrast, covariance) ** 0.5 * ELO_PER_NAT
        checks |= {name: gap, f"{name}_low": gap - half, f"{name}_high": gap + half}
    return Exact(checks)

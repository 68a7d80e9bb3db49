"""CA-31 and CA-37: whether style can be told from strength, and how few votes decide who is first."""

from __future__ import annotations

import numpy as np

from claimbench.errors import MeasurementRefused
from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.influence import fewest_drops
from claimbench.impls.chatbot_arena.styles import FEATURES, draw_styled
from claimbench.impls.common.workload import workload_of
from claimbench.papers.chatbot_arena.designs import Styles
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry
from claimbench.stats.ranking.contextual import fit_contextual
from claimbench.stats.ranking.existence import Status
from claimbench.stats.ranking.votes import fold
from claimbench.trial import Exact, Quality, Trial

__all__ = ["fewest_votes", "style_recovery"]

_TOP = 10


def fewest_votes(trial: Trial) -> Exact:
    """CA-37: per cent of the Arena's votes without which neighbours change places, after refits.

    `first`: the best two; `top_ten`: the easiest of the first ten neighbours.
    """
    battles = arena_table().battles()
    ratings = fit_bradley_terry(battles).ratings
    order = np.argsort(-ratings)
    shares = [
        100 * fewest_drops(battles, ratings, int(order[k]), int(order[k + 1])).votes / battles.votes
        for k in range(_TOP)
    ]
    return Exact({"first": shares[0], "top_ten": min(shares)})


def style_recovery(trial: Trial) -> Quality:
    """CA-31: coefficients of style where they are known, one value a seed: a mean over replications.

    `within`, share of the estimates within two standard errors of the truth; `lead`, length's above the largest other;
    `error_controlled` and `error_plain`, root mean square error of ratings with style in the model and without, points.
    """
    work = workload_of(trial, Styles)
    ratings = np.sort(fit_bradley_terry(arena_table().battles()).ratings)[::-1]
    strengths = ratings[np.linspace(0, ratings.size - 1, work.models).round().astype(int)]
    strengths = strengths - strengths.mean()
    gamma, names = np.array(work.coefficients), tuple(f"model {m}" for m in range(work.models))
    values: dict[str, list[float]] = {"within": [], "lead": [], "error_controlled": [], "error_plain": []}
    for done, seed in enumerate(trial.seeds):
        generator = np.random.default_rng(seed)
        rows: list[tuple[float, ...]] = []
        for _ in range(work.replications):
            votes = draw_styled(strengths, gamma, work.votes, work.tie_rate, generator)
            columns = votes.first, votes.second, votes.outcome
            fit = fit_contextual(*columns, votes.styles, names)
            plain = fit_bradley_terry(fold(*columns, names))
            if fit.status is not Status.IDENTIFIED or plain.status is not Status.IDENTIFIED:
                raise MeasurementRefused(f"{work.votes} votes give no ratings, {fit.status}: give more")
            z = (fit.coefficients - gamma) / np.sqrt(np.diag(fit.coefficient_covariance))
            errors = (ELO_PER_NAT * np.sqrt(((one - strengths) ** 2).mean()) for one in (fit.ratings, plain.ratings))
            lead = fit.coefficients[0] - fit.coefficients[1 : len(FEATURES)].max()
            rows.append((float((np.abs(z) <= 2).mean()), float(lead), *map(float, errors)))
        for name, value in zip(values, np.mean(rows, axis=0).tolist(), strict=True):
            values[name].append(value)
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)

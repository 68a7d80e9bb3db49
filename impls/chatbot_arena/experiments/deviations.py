"""What code in production does otherwise than the paper, and what a reader of its leaderboard sees of it."""

from __future__ import annotations

import numpy as np

from claimbench.errors import UnknownName
from claimbench.impls.chatbot_arena.agreement import two_orders
from claimbench.impls.chatbot_arena.data import arena_table, qlora
from claimbench.impls.chatbot_arena.judges import by_prompt, by_row, draw_judgements
from claimbench.impls.chatbot_arena.shipped import ANCHOR, anchored_errors, index_of, ridged_covariance, stopped_early
from claimbench.impls.common.workload import workload_of
from claimbench.papers.chatbot_arena.designs import Judge
from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.arrays import Floats, Integers
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry
from claimbench.stats.ranking.sandwich import sandwich_covariance, standard_errors
from claimbench.stats.ranking.weights import uniform_pairs
from claimbench.trial import Exact, Quality, Trial

__all__ = ["copied_votes", "early_stop", "no_reweighting", "re_anchoring", "ridge"]

_LEVEL = 0.9
_TOP = 10
_JUDGE = "gpt-4 on oa"


def early_stop(trial: Trial) -> Exact:
    """D1: FastChat's optimiser against the maximum, on the Arena's votes: points, and places that differ."""
    battles = arena_table().battles()
    return Exact(_differences(fit_bradley_terry(battles).ratings, stopped_early(battles)))


def no_reweighting(trial: Trial) -> Exact:
    """D2: votes as they came against votes weighted to pairs shown equally often (Equation 7; at least 50 a pair).

    As D1, and `top_ten`, how many of the first ten places hold the same model.
    """
    battles = arena_table().battles()
    plain, weighted = fit_bradley_terry(battles).ratings, fit_bradley_terry(uniform_pairs(battles)).ratings
    same = np.argsort(-plain)[:_TOP] == np.argsort(-weighted)[:_TOP]
    return Exact({**_differences(weighted, plain), "top_ten": float(same.sum())})


def re_anchoring(trial: Trial) -> Exact:
    """D5: lengths of intervals of which every bootstrap draw has one model at 1114 points, over those of mean zero.

    In the limit of many draws, by the sandwich: `anchor`, and the `median` and the `greatest` of the other models.
    """
    battles = arena_table().battles()
    covariance = sandwich_covariance(battles, fit_bradley_terry(battles).ratings)
    anchor = index_of(ANCHOR, battles)
    ratio = anchored_errors(covariance, anchor) / standard_errors(covariance)
    others = np.delete(ratio, anchor)
    return Exact({"anchor": float(ratio[anchor]), "median": float(np.median(others)), "greatest": float(others.max())})


def ridge(trial: Trial) -> Exact:
    """D7: lengths of arena-rank's intervals over the sandwich's: the `median`, and that of the model with `fewest`
    votes."""
    battles = arena_table().battles()
    ratings = fit_bradley_terry(battles).ratings
    ratio = standard_errors(ridged_covariance(battles, ratings)) / standard_errors(
        sandwich_covariance(battles, ratings)
    )
    votes = np.bincount(battles.first, battles.games, ratio.size) + np.bincount(
        battles.second, battles.games, ratio.size
    )
    return Exact({"median": float(np.median(ratio)), "fewest": float(ratio[np.argmin(votes)])})


def copied_votes(trial: Trial) -> Quality:
    """D8: `coverage` of 90 % intervals for a model's score by a judge, one value a seed; `width`, their mean length.

    Option `resamples` is `rows`, as Arena-Hard's code does, or `prompts`.
    """
    work = workload_of(trial, Judge)
    methods = {"rows": by_row, "prompts": by_prompt}
    name = str(trial.option("resamples"))
    if name not in methods:
        raise UnknownName("unit that is resampled", name, methods)
    table = two_orders(qlora(trial.data("qlora_gpt4")).by(_JUDGE))
    z, values = z_value(_LEVEL), dict[str, list[float]](coverage=[], width=[])
    for seed in trial.seeds:
        generator = np.random.default_rng(seed)
        drawn = draw_judgements(table, work.prompts, work.strong, work.copies, work.replications, generator)
        mean, error = methods[name](drawn)
        values["coverage"].append(float((np.abs(mean - drawn.truth) <= z * error).mean()))
        values["width"].append(float(2 * z * error.mean()))
    return Quality(values)


def _differences(reference: Floats, ratings: Floats) -> dict[str, float | tuple[float, float]]:
    """`largest` difference in points, and how many `places` hold another model."""
    moved = ELO_PER_NAT * np.abs(ratings - reference)
    return {"largest": float(moved.max()), "places": float((_ranks(ratings) != _ranks(reference)).sum())}


def _ranks(ratings: Floats) -> Integers:
    return np.argsort(np.argsort(-ratings))

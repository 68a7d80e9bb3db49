"""Active sampling (Section 7.1): votes to a width, widths by votes, and what no allocation can beat."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from claimbench.errors import UnknownName
from claimbench.impls.chatbot_arena.allocation import optimal, uniform_over_optimal, votes_needed
from claimbench.impls.chatbot_arena.experiments.real import RealArena, busiest
from claimbench.impls.chatbot_arena.sampling import Design, Rule, fixed, mean_widths, printed, repaired
from claimbench.impls.chatbot_arena.sampling import votes_to_width as run_to_width
from claimbench.impls.chatbot_arena.scores import Scores
from claimbench.impls.chatbot_arena.win_matrix import (
    Estimate,
    Tally,
    augmented,
    inverse_probability,
    per_pair_mean,
    per_pair_variance,
)
from claimbench.impls.common.workload import workload_of
from claimbench.papers.chatbot_arena.simulated import Allocations, Precision, Widths
from claimbench.stats.ranking.arrays import Floats
from claimbench.trial import Exact, Quality, Trial

__all__ = ["allocation_gain", "votes_to_width", "width_by_votes"]

_ESTIMATORS: MappingProxyType[str, Callable[[Tally], Estimate]] = MappingProxyType(
    {"inverse_probability": inverse_probability, "per_pair_mean": per_pair_mean, "augmented": augmented}
)


def votes_to_width(trial: Trial) -> Quality:
    """Votes until the mean interval is `work.width` wide, one value a seed: the mean over `work.replications`.

    `missed` is the share of the 95 % intervals that leave out the truth when sampling stops, `covered` the rest.
    Options of the arm: `rule`, one of `uniform`, `printed`, `repaired`, `historical`, `optimal`, and for the win matrix
    `estimator`, one of `inverse_probability`, `per_pair_mean`, `augmented`.
    """
    work = workload_of(trial, Precision)
    arena = busiest(work.models)
    design = Design(work.startup, work.mixing, work.batch)
    votes, missed = list[float](), list[float]()
    for done, seed in enumerate(trial.seeds):
        random = np.random.default_rng([seed, work.models])
        if work.estimand == "win_matrix":
            theta = _labelled(arena.win_rates, work.replications, random)
            estimator, truth = _estimator(trial), theta
        else:
            theta = np.tile(arena.win_rates, (work.replications, 1))
            estimator = Scores(arena.first, arena.second, work.models)
            truth = np.tile((arena.scores - arena.scores[0])[1:], (work.replications, 1))
        stopped = run_to_width(theta, _rule(trial, arena), estimator, work.width, design, random, truth)
        votes.append(float(stopped.votes.mean()))
        missed.append(float(stopped.missed.mean()))
        trial.progress(done + 1, len(trial.seeds))
    return Quality({"votes": votes, "missed": missed, "covered": [1 - share for share in missed]})


def width_by_votes(trial: Trial) -> Quality:
    """Mean width of the win matrix's intervals, `width_N` after N votes, one value a seed as above."""
    work = workload_of(trial, Widths)
    arena = busiest(work.models)
    design = Design(work.startup, work.mixing, work.batch)
    rows: list[Floats] = []
    for seed in trial.seeds:
        random = np.random.default_rng([seed, work.models])
        theta = _labelled(arena.win_rates, work.replications, random)
        widths = mean_widths(theta, _rule(trial, arena), _estimator(trial), work.votes, design, random)
        rows.append(widths.mean(axis=0))
    return Quality({f"width_{n}": [float(row[k]) for row in rows] for k, n in enumerate(work.votes)})


def allocation_gain(trial: Trial) -> Exact:
    """How many times the votes of the best allocation others need, for the same mean width of the per-pair means.

    `uniform_M` is of uniform sampling among the M busiest models; `historical_M` of sampling pairs as often as the
    Arena did, where every pair met.
    """
    checks: dict[str, float | tuple[float, float]] = {}
    for models in workload_of(trial, Allocations).models:
        arena = busiest(models)
        variance = per_pair_variance(arena.win_rates, 1.0)
        checks[f"uniform_{models}"] = uniform_over_optimal(variance)
        if arena.shown.all():
            past = arena.shown / arena.shown.sum()
            needed = votes_needed(variance, past, 1.0)
            checks[f"historical_{models}"] = needed / votes_needed(variance, optimal(variance), 1.0)
    return Exact(checks)


def _labelled(theta: Floats, replications: int, random: np.random.Generator) -> Floats:
    """Win rates with the names of every pair swapped by a fair coin (replications, pairs)."""
    swapped = random.uniform(size=(replications, len(theta))) < 0.5
    return np.where(swapped, 1 - theta, theta)


def _estimator(trial: Trial) -> Callable[[Tally], Estimate]:
    name = str(trial.option("estimator"))
    if name not in _ESTIMATORS:
        raise UnknownName("estimator", name, _ESTIMATORS)
    return _ESTIMATORS[name]


def _rule(trial: Trial, arena: RealArena) -> Rule:
    rules: dict[str, Callable[[], Rule]] = {
        "uniform": lambda: fixed(np.full(len(arena.first), 1 / len(arena.first))),
        "historical": lambda: fixed(arena.shown / arena.shown.sum()),
        "optimal": lambda: fixed(optimal(per_pair_variance(arena.win_rates, 1.0))),
        "printed": lambda: printed,
        "repaired": lambda: repaired,
    }
    name = str(trial.option("rule"))
    if name not in rules:
        raise UnknownName("rule", name, rules)
    return rules[name]()

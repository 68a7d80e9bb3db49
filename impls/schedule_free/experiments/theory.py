"""Claims of the paper's theory, SF-01 to SF-05, SF-18 and SF-19: bounds and identities in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from claimbench.impls.common.workload import workload_of
from claimbench.impls.schedule_free.accelerated import (
    acceleration,
    corollary_1_excess,
    mixing,
    optimistic_path,
)
from claimbench.impls.schedule_free.conversion import Floats, convert, schedule_free_sgd
from claimbench.impls.schedule_free.equivalences import (
    linear_decay_distance,
    momentum_form_distance,
    polyak_distance,
    primal_distance,
    random_smooth_function,
    theorem_5,
    weighted_decay_distance,
)
from claimbench.impls.schedule_free.quadratics import draw_quadratics, is_stable, sweep
from claimbench.impls.schedule_free.strongly_convex import ridge_polyhedral, theorem_6_bound, theorem_6_path
from claimbench.impls.schedule_free.worst_case import (
    Problem,
    absolute_value,
    ema_ratio,
    euclidean_norm,
    max_coordinate,
    mean_absolute,
    noisy_absolute,
    polyhedral,
    theorem_1_ratio,
)
from claimbench.papers.schedule_free.workloads import Bounds, Quadratics
from claimbench.trial import Exact, Trial

__all__ = [
    "accelerated_rate",
    "ema_momentum",
    "mixing_condition",
    "quadratic_stability",
    "strongly_convex_rate",
    "unification",
    "worst_case",
]

_DIMENSION = 10
_NOISY_RUNS = 256


def worst_case(trial: Trial) -> Exact:
    """SF-01: the ratio of the gap to D G / √T, largest over functions, β and T, and where it is attained.

    `attained` is, over all β and T, the ratio on `max_coordinate` that is farthest from 1.
    """
    work = workload_of(trial, Bounds)
    ratios = [
        theorem_1_ratio(problem, beta, steps)
        for steps in work.steps
        for problem in _functions(work.draws, trial.seeds[0])
        for beta in work.betas
    ]
    tight = [theorem_1_ratio(max_coordinate(steps), beta, steps) for steps in work.steps for beta in work.betas]
    return Exact({"largest": _largest(ratios), "attained": tight[int(np.abs(np.array(tight) - 1).argmax())]})


def ema_momentum(trial: Trial) -> Exact:
    """SF-02: the same ratio with momentum as an exponential moving average, at β = .98 and the first T.

    The worst over the functions, beside that of SF-01's method.
    """
    work = workload_of(trial, Bounds)
    steps = work.steps[0]
    problems = [*_functions(work.draws, trial.seeds[0]), max_coordinate(steps)]
    return Exact(
        {
            "ema": _largest([ema_ratio(problem, 0.98, steps) for problem in problems]),
            "schedule_free": _largest([theorem_1_ratio(problem, 0.98, steps) for problem in problems]),
        }
    )


def unification(trial: Trial) -> Exact:
    """SF-03: largest distances between Theorem 2's special cases and what they are said to be.

    On absolute deviations of 50 rows from a line, one row a step. `theorem_5` is the relative error of its equality on
    smooth functions with arbitrary z_t, w_t and β_t, `theorem_2` how often the inequality fails there.
    """
    work = workload_of(trial, Bounds)
    random = np.random.default_rng(trial.seeds[0])
    rows, targets = random.normal(size=(50, _DIMENSION)), random.normal(size=50)
    start, steps = random.normal(size=_DIMENSION), work.steps[0]

    def gradient(y: Floats, t: int) -> Floats:
        row = rows[t % len(rows)]
        return np.sign(row @ y - targets[t % len(rows)]) * row

    weights = random.uniform(0.1, 1, steps)
    checks = {
        "polyak": polyak_distance(gradient, start, 0.1, steps),
        "primal": primal_distance(gradient, start, 0.1, steps),
        "linear_decay": linear_decay_distance(gradient, start, 0.1, steps),
        "weighted_decay": weighted_decay_distance(gradient, start, 0.1, weights),
    }
    momentum: list[float] = []
    errors: list[float] = []
    exceeded = 0
    for draw in range(work.draws):
        function = random_smooth_function(_DIMENSION, 20, trial.seeds[0] + draw)
        path = convert(
            lambda y, t, at=function.gradient: at(y),
            start,
            lambda t, z, y, g: random.normal(size=_DIMENSION),
            random.uniform(0.1, 1, steps),
            list(random.uniform(0, 0.99, steps)),
        )
        both = theorem_5(function, path, random.normal(size=_DIMENSION))
        momentum.append(momentum_form_distance(path))
        errors.append(abs(both.gap - both.regret + both.divergences) / max(1.0, abs(both.regret)))
        exceeded += both.gap > both.regret
    return Exact(
        {
            **checks,
            "momentum_form": _largest(momentum),
            "theorem_5": _largest(errors),
            "theorem_2": float(exceeded),
        }
    )


def quadratic_stability(trial: Trial) -> Exact:
    """SF-04: Figure 2b on quadratics drawn by the seed.

    `averages_rate` is the largest γ that Polyak (β = 0) or primal averaging (β = 1) bears, `momentum_rate` that of any
    β between. `gain` is the least loss of these two, at any γ, over that of any β between; `spread_small` the largest
    ratio of least losses over β where γ is at most 0.1. `beyond` counts pairs that converge although β ≤ 1 − 2/(γL).
    """
    work = workload_of(trial, Quadratics)
    eigenvalues, start = draw_quadratics(work.problems, work.dimension, 1e-6, trial.seeds[0])
    found = sweep(work.rates, work.betas, eigenvalues, start, work.steps)
    small = found.least[[rate <= 0.1 for rate in work.rates]]
    averages, between = (0.0, 1.0), [beta for beta in work.betas if 0 < beta < 1]
    stable = [[is_stable(rate, beta, float(eigenvalues.max())) for beta in work.betas] for rate in work.rates]
    return Exact(
        {
            "momentum_rate": max(found.largest_rate(beta) for beta in between),
            "averages_rate": max(found.largest_rate(beta) for beta in averages),
            "gain": found.best(*averages) / found.best(*between),
            "spread_small": float((small.max(axis=1) / small.min(axis=1)).max()),
            "beyond": float((found.converged & ~np.array(stable)).sum()),
        }
    )


def accelerated_rate(trial: Trial) -> Exact:
    """SF-18: gap over Corollary 2's bound, without noise and with, and over Corollary 1's.

    On quadratics with L = 1 whose eigenvalues include 1/T and 2/T, from distance 1. `polyak` is what averaged gradient
    descent, which is not accelerated, makes of the first term of the bound at the largest T, at the least.
    """
    work = workload_of(trial, Bounds)
    ratios: list[float] = []
    noisy: list[float] = []
    lemma: list[float] = []
    excess: list[float] = []
    polyak: list[float] = []
    for steps in work.steps:
        for draw in range(work.draws):
            eigenvalues, minimiser = _hard_quadratic(steps, [trial.seeds[0], draw])
            exact = _quadratic_gradient(eigenvalues, minimiser)

            def gap(x: Floats, lam: Floats = eigenvalues, at: Floats = minimiser) -> float:
                return 0.5 * float((lam * (x - at) ** 2).sum())

            path = optimistic_path(exact, len(minimiser), 1.0, steps)
            found = acceleration([path], [gap(path.x[-1])], minimiser, 1.0, 1.0)
            ratios.append(found.ratio)
            excess.append(corollary_1_excess(path, gap(path.x[-1]), minimiser, 1.0))
            runs = [
                optimistic_path(_noisy(exact, 0.01, [trial.seeds[0], draw, run]), len(minimiser), 1.0, steps)
                for run in range(4)
            ]
            variance = 0.01**2 * len(minimiser)
            stochastic = acceleration([*runs], [gap(r.x[-1]) for r in runs], minimiser, 1.0, 1.0, variance)
            noisy.append(stochastic.ratio)
            lemma += [found.lemma_ratio, stochastic.lemma_ratio]
            if steps == max(work.steps):
                plain = gap(schedule_free_sgd(exact, np.zeros(len(minimiser)), 1.0, 0.0, steps).x[-1])
                polyak.append(plain * steps * (steps + 1) / 14)
    return Exact(
        {
            "ratio": _largest(ratios),
            "noisy": _largest(noisy),
            "lemma_1": _largest(lemma),
            "corollary_1": _largest(excess),
            "polyak": -_largest([-ratio for ratio in polyak]),
        }
    )


def mixing_condition(trial: Trial) -> Exact:
    """SF-18b: Corollary 2's largest α_t over the largest that Corollary 1 allows, w_t / (10 w_{1:t}) with w_t = t.

    `printed` is the largest ratio over t ≥ 2 (at t = 1 all points are one), `repaired` that with t + 1 for t − 1.
    """
    t = np.arange(1, 1001)
    allowed = t / (10 * t.cumsum())
    return Exact(
        {
            "printed": float((mixing(1000, -1) / allowed)[1:].max()),
            "repaired": float((mixing(1000, 1) / allowed).max()),
        }
    )


def strongly_convex_rate(trial: Trial) -> Exact:
    """SF-19: gap over Theorem 6's bound, on maxima of linear functions plus μ/2 ‖x‖², over β, μ and T.

    `control` has a function without strong convexity and the μ = G / (2 D) that makes the bound least: it must fail.
    """
    work = workload_of(trial, Bounds)
    ratios: list[float] = []
    for steps in work.steps:
        for draw in range(work.draws):
            for mu in (0.05, 0.5, 5.0):
                function = ridge_polyhedral(_DIMENSION, 12, mu, 1.0, trial.seeds[0] + draw)
                start = np.eye(_DIMENSION)[draw % _DIMENSION]
                bound = theorem_6_bound(function.lipschitz, mu, 1.0, steps)
                for beta in work.betas:
                    path = theorem_6_path(function.gradient, start, mu, 1.0, beta, steps)
                    ratios.append(float(function.value(path.x[-1])) / bound)
    control = max_coordinate(400)
    flat = theorem_6_path(control.gradient, control.start, 0.5, 1.0, 0.9, 400)
    missed = (float(control.value(flat.x[-1])) - control.minimum) / theorem_6_bound(1.0, 0.5, 1.0, 400)
    return Exact({"ratio": _largest(ratios), "control": missed})


def _largest(values: Sequence[float]) -> float:
    """Their maximum, NaN if one of them is, which Python's own passes over."""
    return float(np.max(values))


def _functions(draws: int, seed: int) -> list[Problem]:
    seeds = range(seed, seed + draws)
    return [
        absolute_value(),
        noisy_absolute(_NOISY_RUNS, seed),
        *(mean_absolute(_DIMENSION, own) for own in seeds),
        *(mean_absolute(100, own) for own in seeds),
        *(euclidean_norm(_DIMENSION, own) for own in seeds),
        *(polyhedral(5, 8, own) for own in seeds),
    ]


def _hard_quadratic(steps: int, seed: list[int]) -> tuple[Floats, Floats]:
    random = np.random.default_rng([*seed, steps])
    eigenvalues = np.concatenate([[1.0, 1 / steps, 2 / steps, 1 / steps**2], 10 ** random.uniform(-6, 0, 16)])
    minimiser = random.normal(size=20)
    return eigenvalues, minimiser / np.linalg.norm(minimiser)


def _quadratic_gradient(eigenvalues: Floats, minimiser: Floats) -> Callable[[Floats, int], Floats]:
    return lambda y, t: eigenvalues * (y - minimiser)


def _noisy(exact: Callable[[Floats, int], Floats], sd: float, seed: list[int]) -> Callable[[Floats, int], Floats]:
    random = np.random.default_rng(seed)
    return lambda y, t: exact(y, t) + sd * random.normal(size=y.shape)

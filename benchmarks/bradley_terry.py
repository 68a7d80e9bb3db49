"""Bradley-Terry of 1.67 million real votes beside its peers, one thread: `python -P benchmarks/bradley_terry.py`.

The votes are those of leaderbot's wheel (129 models, 3,460 pairs), both kinds of ties as ties. Three comparisons:
folded pairs to ratings; raw votes to ratings, where it is said who gets codes and who strings; bootstraps. "FastChat"
is its published algorithm written anew: L-BFGS-B on unique (pair, outcome) rows from zero, log-odds in units of ln 10,
gtol 1e-6, at most 100 iterations, scipy's ftol; gradients summed by bincount, which is faster than its own.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import expit

from claimbench.kernels import bootstrap_ratings as compiled_bootstrap
from claimbench.kernels import fold_votes, warm
from claimbench.kernels.votes import pairs_of
from claimbench.stats.ranking.bootstrap import bootstrap_ratings
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry
from claimbench.stats.ranking.laplacian import PairGraph
from claimbench.stats.ranking.names import encode
from claimbench.stats.ranking.rank_intervals import rank_intervals
from claimbench.stats.ranking.sandwich import sandwich_covariance
from claimbench.stats.ranking.votes import Battles, fold, from_counts

DRAWS = 1000
Solver = Callable[[], np.ndarray]


def arena() -> Battles:
    """The votes, folded."""
    spec = importlib.util.find_spec("leaderbot")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    table = json.loads((Path(spec.submodule_search_locations[0]) / "data/chatbotarena_20240814.json").read_text())
    pairs, outcomes = np.array(table["X"]), np.array(table["Y"], dtype=np.float64)
    counts = np.stack([outcomes[:, 1], outcomes[:, 2] + outcomes[:, 3], outcomes[:, 0]], axis=1)
    return from_counts(pairs[:, 0], pairs[:, 1], counts, table["models"])


def raw(battles: Battles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One row a vote, in random order, each side shown first as often as the other."""
    rng = np.random.default_rng(0)
    cell = rng.permutation(np.repeat(np.arange(battles.counts.size), battles.counts.ravel().astype(np.int64)))
    a, b, outcome = battles.first[cell // 3], battles.second[cell // 3], cell % 3
    swapped = rng.random(cell.size) < 0.5
    sides = np.where(swapped, b, a), np.where(swapped, a, b), np.where(swapped, 2 - outcome, outcome)
    return sides[0].astype(np.int32), sides[1].astype(np.int32), sides[2].astype(np.uint8)


def fastchat(battles: Battles, counts: np.ndarray) -> np.ndarray:
    """Its algorithm on `counts` (E, 3), in natural units."""
    pair, outcome = np.nonzero(battles.counts)
    first, second, size = battles.first[pair], battles.second[pair], len(battles.models)
    score, weights, alpha = outcome / 2, counts[pair, outcome], math.log(10)

    def loss_and_gradient(ratings: np.ndarray) -> tuple[float, np.ndarray]:
        p = expit(alpha * (ratings[first] - ratings[second]))
        loss = -((np.log(p) * score + np.log(1 - p) * (1 - score)) * weights).sum()
        slope = -alpha * (score - p) * weights
        return loss, np.bincount(first, slope, size) - np.bincount(second, slope, size)

    options = {"maxiter": 100, "gtol": 1e-6}
    found = minimize(loss_and_gradient, np.zeros(size), jac=True, method="L-BFGS-B", options=options).x * alpha
    return found - found.mean()


def maximum(battles: Battles) -> np.ndarray:
    """The maximum that all are held to: ratings after one more Newton step, its gradient in extended precision."""
    ratings = fit_bradley_terry(battles).ratings
    graph = PairGraph(battles.first, battles.second, len(battles.models))
    p = 1 / (1 + np.exp(-graph.differences(ratings).astype(np.longdouble)))
    gradient = np.zeros(graph.size, np.longdouble)
    np.add.at(gradient, battles.first, battles.score - battles.games * p)
    np.subtract.at(gradient, battles.second, battles.score - battles.games * p)
    information = (battles.games * p * (1 - p)).astype(np.float64)
    return ratings + graph.solve(information, gradient.astype(np.float64))


def folded_peers(battles: Battles) -> dict[str, Solver]:
    """Solvers of folded votes; those of missing packages are left out."""
    solvers: dict[str, Solver] = {"ours": lambda: fit_bradley_terry(battles).ratings}
    size, rows = len(battles.models), np.arange(battles.first.size)
    if importlib.util.find_spec("choix"):
        import choix

        wins = np.zeros((size, size))
        wins[battles.first, battles.second] = battles.score
        wins[battles.second, battles.first] = battles.games - battles.score
        solvers["choix ilsr_pairwise_dense"] = lambda: choix.ilsr_pairwise_dense(wins)
    if importlib.util.find_spec("statsmodels"):
        from statsmodels.api import GLM, families

        design = np.zeros((battles.first.size, size))
        design[rows, battles.first], design[rows, battles.second] = 1, -1
        shares, games = battles.score / battles.games, battles.games
        solvers["statsmodels GLM"] = lambda: np.append(
            GLM(shares, design[:, :-1], family=families.Binomial(), freq_weights=games).fit().params, 0.0
        )
    solvers["FastChat's algorithm"] = lambda: fastchat(battles, battles.counts)
    return solvers


def raw_peers(battles: Battles) -> dict[str, Solver]:
    """Solvers of raw votes."""
    a, b, outcome = raw(battles)
    names = np.array(battles.models, dtype=object)
    names_a, names_b = names[a], names[b]
    as_tensors = tuple(torch.from_numpy(column) for column in (a, b, outcome))

    def ours_coded() -> np.ndarray:
        return fit_bradley_terry(fold(a, b, outcome, battles.models)).ratings

    def ours_sandwich() -> np.ndarray:
        folded = fold(a, b, outcome, battles.models)
        ratings = fit_bradley_terry(folded).ratings
        sandwich_covariance(folded, ratings)
        return ratings

    def ours_compiled() -> np.ndarray:
        first, second, counts = pairs_of(fold_votes(*as_tensors, len(battles.models)))
        folded = Battles(battles.models, first.numpy(), second.numpy(), counts.numpy())
        ratings = fit_bradley_terry(folded).ratings
        sandwich_covariance(folded, ratings)
        return ratings

    def ours_whole() -> np.ndarray:
        folded = fold(a, b, outcome, battles.models)
        ratings = fit_bradley_terry(folded).ratings
        rank_intervals(ratings, sandwich_covariance(folded, ratings))
        return ratings

    def ours_strings() -> np.ndarray:
        code_a, code_b, models = encode(names_a, names_b)
        ratings = fit_bradley_terry(fold(code_a, code_b, outcome, models)).ratings
        return ratings[[models.index(name) for name in battles.models]]

    solvers: dict[str, Solver] = {
        "ours, codes": ours_coded,
        "ours, codes, with sandwich": ours_sandwich,
        "ours, codes folded by the kernel, with sandwich": ours_compiled,
        "ours, codes, with sandwich and rank intervals": ours_whole,
        "ours, strings": ours_strings,
    }
    if importlib.util.find_spec("evalica"):
        import evalica

        winners = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[code] for code in outcome]

        def theirs() -> np.ndarray:
            scores = evalica.bradley_terry(names_a, names_b, winners).scores
            return np.log([scores[name] for name in battles.models])

        solvers["evalica bradley_terry, strings"] = theirs
    return solvers


def table(title: str, solvers: dict[str, Solver], exact: np.ndarray, rounds: int) -> None:
    """Median times of interleaved rounds, and the distance from the maximum."""
    seconds: dict[str, list[float]] = {name: [] for name in solvers}
    found = {name: solve() for name, solve in solvers.items()}
    for _ in range(rounds):
        for name, solve in solvers.items():
            start = time.perf_counter()
            solve()
            seconds[name].append(time.perf_counter() - start)
    print(f"\n| {title} | ms | of ours | max ΔElo | ranks wrong |\n|---|---|---|---|---|")
    ours = statistics.median(next(iter(seconds.values())))
    for name, ratings in found.items():
        elapsed = statistics.median(seconds[name])
        apart = np.abs(ratings - ratings.mean() - exact).max() * ELO_PER_NAT
        wrong = np.count_nonzero(np.argsort(np.argsort(-ratings)) != np.argsort(np.argsort(-exact)))
        print(f"| {name} | {1e3 * elapsed:.2f} | {elapsed / ours:.1f} | {apart:.1e} | {wrong} |")


def main() -> None:
    torch.set_num_threads(1)
    warm()
    battles = arena()
    exact = maximum(battles)
    table("folded pairs", folded_peers(battles), exact, 7)
    table(f"{battles.votes:,.0f} votes", raw_peers(battles), exact, 3)
    print(f"\n| {DRAWS} bootstraps | s |\n|---|---|")
    for scheme in ("multinomial", "poisson"):
        start = time.perf_counter()
        bootstrap_ratings(battles, DRAWS, 0, scheme)
        print(f"| ours, {scheme} | {time.perf_counter() - start:.2f} |")
    columns = (battles.first, battles.second, battles.counts)
    kernel_of = [torch.from_numpy(np.array(column, dtype=np.int64)) for column in columns]
    for scheme in ("multinomial", "poisson"):
        start = time.perf_counter()
        compiled_bootstrap(*kernel_of, torch.from_numpy(exact.copy()), DRAWS, 0, scheme)
        print(f"| ours, the kernel, {scheme} | {time.perf_counter() - start:.2f} |")
    rng = np.random.default_rng(0)
    drawn = [rng.multinomial(int(battles.votes), battles.counts.ravel() / battles.votes) for _ in range(5)]
    start = time.perf_counter()
    for counts in drawn:
        # Shares of the votes, as FastChat's bootstrap weights them.
        fastchat(battles, counts.reshape(-1, 3) / battles.votes)
    print(f"| FastChat's algorithm, from 5 fits | {(time.perf_counter() - start) * DRAWS / 5:.2f} |")


if __name__ == "__main__":
    main()

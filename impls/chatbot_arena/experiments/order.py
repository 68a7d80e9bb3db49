"""CA-01 to CA-06: online Elo against Bradley–Terry, on the Arena's votes and where the truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import UnknownName
from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.order import (
    as_stored,
    bootstrap_widths,
    bradley_terry,
    distance,
    in_random_orders,
    noise_ratio,
    rmse_to_truth,
    root_k_slope,
)
from claimbench.impls.chatbot_arena.packages import SYSTEMS
from claimbench.impls.chatbot_arena.simulate import SimulatedArena, round_robin
from claimbench.impls.chatbot_arena.votes import Votes
from claimbench.impls.common.workload import workload_of
from claimbench.papers.chatbot_arena.workloads import KnownTruth, Orders, Resamples, Shuffles
from claimbench.record import Curve
from claimbench.stats.ranking.arrays import Floats
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, to_elo
from claimbench.stats.ranking.elo import summarize
from claimbench.trial import Exact, Quality, Trial

__all__ = [
    "compiled",
    "error_to_truth",
    "interval_widths",
    "order_noise",
    "reshuffled",
    "root_k",
    "sorted_votes",
    "system_noise",
]

_SHUFFLES = 30
_RATINGS = ("bradley_terry", "elo", "averaged")


def compiled(votes: Votes, orders: int | NDArray[np.integer[Any]], k: float, seed: int = 0) -> Floats:
    """The `Replay` for millions of votes, in random orders or in those given, (P, n)."""
    import torch

    from claimbench.kernels import elo_lanes

    first, second = (torch.from_numpy(side.astype(np.int32)) for side in (votes.first, votes.second))
    outcome = torch.from_numpy(np.ascontiguousarray(votes.outcome))
    lanes = orders if isinstance(orders, int) else torch.from_numpy(orders)
    return elo_lanes(first, second, outcome, len(votes.models), lanes, seed=seed, k=k).numpy()


def order_noise(trial: Trial) -> Quality:
    """CA-01 and CA-03: Elo over random orders of the Arena's votes, one set of orders a seed, at the first K.

    `ratio` of its median deviation to Bradley–Terry's median error; `median_sd`, points; `mean_rank_spread` and
    `largest_rank_spread`, places; `median_distance`, `largest_distance` (points) and `tau` of shuffle-averaged Elo from
    Bradley–Terry; `bradley_terry_change`, its largest change when the votes are shuffled, points.
    """
    work = workload_of(trial, Orders)
    table = arena_table()
    votes, scores = table.sequence(), bradley_terry(table.battles())
    values: dict[str, list[float]] = {}
    for done, seed in enumerate(trial.seeds):
        study = summarize(compiled(votes, work.orders, work.ks[0], seed))
        shuffled = votes.take(np.random.default_rng(seed).permutation(len(votes)))
        average = distance(study.mean, scores.ratings)
        found = {
            "ratio": noise_ratio(study, scores),
            "median_sd": float(np.median(study.sd)),
            "mean_rank_spread": float(study.rank_spread.mean()),
            "largest_rank_spread": float(study.rank_spread.max()),
            "median_distance": average.median,
            "largest_distance": average.largest,
            "tau": average.tau,
            "bradley_terry_change": float(np.abs(bradley_terry(shuffled.battles()).ratings - scores.ratings).max()),
        }
        for name, value in found.items():
            values.setdefault(name, []).append(value)
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def root_k(trial: Trial) -> Quality:
    """CA-02: median deviation over orders against K, and the slope of their logarithms; one line a seed."""
    work = workload_of(trial, Orders)
    votes = arena_table().sequence()
    slopes: list[float] = []
    lines: list[tuple[float, ...]] = []
    for done, seed in enumerate(trial.seeds):
        studies = [summarize(compiled(votes, work.orders, k, seed)) for k in work.ks]
        slopes.append(root_k_slope(work.ks, studies))
        lines.append(tuple(float(np.median(study.sd)) for study in studies))
        trial.progress(done + 1, len(trial.seeds))
    return Quality({"slope": slopes}, {"median_sd": Curve(x=work.ks, y=tuple(lines), x_name="K")})


def reshuffled(trial: Trial) -> Exact:
    """CA-01b: largest `change` of a Bradley–Terry rating, points, when the Arena's votes are shuffled."""
    table = arena_table()
    votes = table.sequence()
    shuffled = votes.take(np.random.default_rng(0).permutation(len(votes)))
    change = bradley_terry(shuffled.battles()).ratings - bradley_terry(table.battles()).ratings
    return Exact({"change": float(np.abs(change).max())})


def sorted_votes(trial: Trial) -> Exact:
    """CA-06: Elo with K = 4 after the Arena's votes sorted by pair, and the other way round, against Bradley–Terry."""
    table = arena_table()
    votes, reference = table.sequence(), bradley_terry(table.battles()).ratings
    there = distance(as_stored(votes), reference)
    back = distance(as_stored(votes.take(np.arange(len(votes))[::-1])), reference)
    return Exact(
        {
            "tau_sorted": there.tau,
            "tau_reversed": back.tau,
            "largest_distance": max(there.largest, back.largest),
        }
    )


def error_to_truth(trial: Trial) -> Quality:
    """CA-05: root mean square error to the strengths that votes were drawn from, points, by the arm's rating.

    Option `rating` is `bradley_terry`, `elo`, or `averaged` over 30 shuffles; option `k` the step of the latter two.
    One value a seed for each number of votes: `rmse_2000`. All arms see the same votes of a seed.
    """
    work = workload_of(trial, KnownTruth)
    arena, rating = _arena(work.models, work.tie_rate), str(trial.option("rating"))
    if rating not in _RATINGS:
        raise UnknownName("rating", rating, _RATINGS)

    def rate(votes: Votes) -> Floats:
        if rating == "bradley_terry":
            return bradley_terry(votes.battles()).ratings
        k = float(trial.option("k"))
        return as_stored(votes, k) if rating == "elo" else in_random_orders(votes, _SHUFFLES, k, seed=0).mean(axis=0)

    return Quality({f"rmse_{n}": [rmse_to_truth(arena, n, seed, rate) for seed in trial.seeds] for n in work.votes})


def interval_widths(trial: Trial) -> Quality:
    """CA-04: `ratio` of the median 95 % percentile intervals of Elo and Bradley–Terry, from the same resamples."""
    work = workload_of(trial, Resamples)
    votes = arena_table().sequence()

    def online(drawn: Votes) -> Floats:
        return compiled(drawn, np.arange(len(drawn), dtype=np.int32)[None], work.k)[0]

    ratios: list[float] = []
    for done, seed in enumerate(trial.seeds):
        ratios.append(bootstrap_widths(votes, work.resamples, np.random.default_rng(seed), online).ratio)
        trial.progress(done + 1, len(trial.seeds))
    return Quality({"ratio": ratios})


def system_noise(trial: Trial) -> Quality:
    """CA-01 for the rating systems of others: one arena and one set of orders a seed, the same for every arm.

    Option `system` is `glicko2`, `trueskill`, `weng_lin`, or `elo` with option `k`. `ratio` of the median deviation to
    Bradley–Terry's median error; `median_sd`, points; `rmse` of a single order to the truth, on average.
    """
    work = workload_of(trial, Shuffles)
    arena, system = _arena(work.models, work.tie_rate), str(trial.option("system"))
    truth = to_elo(arena.strengths)

    def rate(votes: Votes) -> Floats:
        return as_stored(votes, float(trial.option("k"))) if system == "elo" else SYSTEMS[system](votes)

    if system != "elo" and system not in SYSTEMS:
        raise UnknownName("rating system", system, ["elo", *SYSTEMS])
    values: dict[str, list[float]] = {"ratio": [], "median_sd": [], "rmse": []}
    for done, seed in enumerate(trial.seeds):
        generator = np.random.default_rng(seed)
        votes = arena.draw(work.votes, generator)
        orders = [generator.permutation(len(votes)) for _ in range(work.orders)]
        study = summarize(np.stack([rate(votes.take(order)) for order in orders]))
        values["ratio"].append(noise_ratio(study, bradley_terry(votes.battles())))
        values["median_sd"].append(float(np.median(study.sd)))
        values["rmse"].append(float(np.sqrt(((study.ratings - truth) ** 2).mean(axis=1)).mean()))
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def _arena(models: int, tie_rate: float) -> SimulatedArena:
    """Models at equal distances in the Arena's ranking, first and last among them; all pairs meet equally often."""
    ratings = np.sort(bradley_terry(arena_table().battles()).ratings)[::-1]
    chosen = np.linspace(0, ratings.size - 1, models).round().astype(int)
    return round_robin(ratings[chosen] / ELO_PER_NAT, tie_rate)

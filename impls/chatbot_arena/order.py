"""What the order of votes does to ratings, and what it does not: the mathematics of CA-01 to CA-06.

Everything is in Elo points with mean 1000, which online Elo keeps by itself and Bradley–Terry is given. Elo is replayed
by a `Replay`: the numpy reference here, or the compiled one of the vote kernels in experiments on millions of votes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from claimbench.errors import VotesError
from claimbench.impls.chatbot_arena.simulate import SimulatedArena
from claimbench.impls.chatbot_arena.votes import Votes
from claimbench.stats.ranking.arrays import Floats
from claimbench.stats.ranking.bradley_terry import ELO_PER_NAT, fit_bradley_terry, to_elo
from claimbench.stats.ranking.elo import OrderStudy, elo, order_study
from claimbench.stats.ranking.sandwich import sandwich_covariance, standard_errors
from claimbench.stats.ranking.votes import Battles
from claimbench.stats.scaling import log_log_fit

__all__ = [
    "Distance",
    "Replay",
    "Scores",
    "Widths",
    "as_stored",
    "bootstrap_widths",
    "bradley_terry",
    "distance",
    "in_random_orders",
    "kendall_tau",
    "noise_ratio",
    "rmse_to_truth",
    "root_k_slope",
]


class Replay(Protocol):
    """Online Elo after the votes in `orders` random orders, drawn from `seed`: (orders, M)."""

    def __call__(self, votes: Votes, orders: int, k: float, seed: int) -> Floats: ...


@dataclass(frozen=True, eq=False)
class Scores:
    """Bradley–Terry, in Elo points."""

    ratings: Floats
    """(M,), mean 1000."""
    se: Floats
    """(M,), sandwich standard errors."""


@dataclass(frozen=True)
class Distance:
    """How far one set of ratings is from another."""

    median: float
    """Median over models of the absolute difference, points."""
    largest: float
    """Largest absolute difference, points."""
    tau: float
    """Kendall's τ of the two orders."""


@dataclass(frozen=True, eq=False)
class Widths:
    """Lengths of 95 % percentile intervals from the same resampled votes, points, (M,)."""

    elo: Floats
    """Of online Elo, each resample in the order in which it was drawn."""
    bradley_terry: Floats
    """Of Bradley–Terry."""
    disconnected: float
    """Share of resamples without a Bradley–Terry maximum; they count for neither."""

    @property
    def ratio(self) -> float:
        """Median over models of Elo's lengths, over that of Bradley–Terry's."""
        return float(np.median(self.elo) / np.median(self.bradley_terry))


def in_random_orders(votes: Votes, orders: int, k: float, seed: int) -> Floats:
    """The reference `Replay`: for thousands of votes."""
    generator = np.random.default_rng(seed)
    study = order_study(
        votes.first, votes.second, votes.score, len(votes.models), orders=orders, generator=generator, k=k
    )
    return study.ratings


def as_stored(votes: Votes, k: float = 4.0) -> Floats:
    """Elo (M,) after the votes in the order in which they stand."""
    return elo(votes.first, votes.second, votes.score, len(votes.models), k=k)


def bradley_terry(battles: Battles) -> Scores:
    """Ratings with sandwich errors; raises VotesError where there is no finite maximum."""
    fit = fit_bradley_terry(battles)
    if not np.isfinite(fit.ratings).all():
        raise VotesError(f"no Bradley–Terry ratings: {fit.existence.explain(battles.models)}")
    se = standard_errors(sandwich_covariance(battles, fit.ratings))
    return Scores(to_elo(fit.ratings), se * ELO_PER_NAT)


def noise_ratio(study: OrderStudy, scores: Scores) -> float:
    """CA-01: median deviation of Elo over orders of the same votes, over the median error of Bradley–Terry.

    Bradley–Terry has no deviation over orders at all, for it sees counts; its sampling error is the fair yardstick.
    """
    return float(np.median(study.sd) / np.median(scores.se))


def root_k_slope(ks: Sequence[float], studies: Sequence[OrderStudy]) -> float:
    """CA-02: slope of the log of the median deviation on log K; ½ in the linear theory. Needs three K or more."""
    return log_log_fit(ks, [float(np.median(study.sd)) for study in studies])[0]


def distance(ratings: Floats, reference: Floats) -> Distance:
    """CA-03 and CA-06: shuffle-averaged Elo, or Elo after votes that were sorted, against Bradley–Terry."""
    gap = np.abs(ratings - reference)
    return Distance(float(np.median(gap)), float(gap.max()), kendall_tau(ratings, reference))


def bootstrap_widths(
    votes: Votes, resamples: int, generator: np.random.Generator, online_rating: Callable[[Votes], Floats] = as_stored
) -> Widths:
    """CA-04: 95 % percentile intervals of both from the same resamples of the votes.

    What resampling draws with replacement comes in random order, so that Elo's intervals hold the noise of the order
    as well: as the post says, they are intervals for the online estimate.

    `online_rating` is Elo (M,) after votes in the order in which they stand. Raises VotesError where fewer than two
    resamples have a Bradley–Terry maximum.
    """
    online: list[Floats] = []
    offline: list[Floats] = []
    for _ in range(resamples):
        drawn = votes.take(generator.integers(len(votes), size=len(votes)))
        fit = fit_bradley_terry(drawn.battles())
        if np.isfinite(fit.ratings).all():
            online.append(online_rating(drawn))
            offline.append(to_elo(fit.ratings))
    if len(offline) < 2:
        raise VotesError(f"{len(offline)} of {resamples} resamples have a Bradley–Terry maximum; give more votes")
    return Widths(_width(online), _width(offline), 1 - len(offline) / resamples)


def rmse_to_truth(arena: SimulatedArena, votes: int, seed: int, rate: Callable[[Votes], Floats]) -> float:
    """CA-05: root mean square error, points, of the ratings that `rate` gives `votes` votes drawn from the arena.

    Bradley–Terry is the model that the votes were drawn from; where it is not, it estimates something else as well.
    """
    ratings = rate(arena.draw(votes, np.random.default_rng(seed)))
    return float(np.sqrt(np.mean((ratings - to_elo(arena.strengths)) ** 2)))


def kendall_tau(one: ArrayLike, other: ArrayLike) -> float:
    """Kendall's τ_b of two lists of ratings; NaN where all of one list are equal."""
    x, y = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    i, j = np.triu_indices(x.size, 1)
    a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
    untied = np.sqrt(float(np.count_nonzero(a)) * float(np.count_nonzero(b)))
    return float(a @ b / untied) if untied else float("nan")


def _width(sample: list[Floats]) -> Floats:
    low, high = np.quantile(np.stack(sample), (0.025, 0.975), axis=0)
    return high - low

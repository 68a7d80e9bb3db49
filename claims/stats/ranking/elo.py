"""Online Elo ratings, and how much of them is the order of the votes.

One vote between models i and j with score y of i (1 won, ½ tied, 0 lost) moves

    R_i += K (y − p),  R_j −= K (y − p),  p = 1 / (1 + 10^((R_j − R_i) / 400)),

so ratings keep their sum, recent votes weigh more, and another order gives other ratings. With s = ln 10 / 400 and
ratings near their fixed point, a step is linear: with w_ij the share of votes on a pair, the deviation from the fixed
point has mean decay K s L per vote, L the Laplacian of weights w_ij p_ij (1 − p_ij), and its stationary covariance Σ
solves L Σ + Σ L = (K / s) B to first order in K, where B is the Laplacian of weights w_ij Var(y_ij). Hence

- without ties Var(y) = p (1 − p), B = L, and Σ = K / (2 s) · (I − 11ᵀ/M): every rating has the same standard deviation
  √(200 K (1 − 1/M) / ln 10), whatever the strengths, pairs and number of votes; 18.6 for K = 4 and many models;
- ties take P(tie) / 4 from Var(y): where P(tie) = 4 t p (1 − p), so that equals tie with probability t, the deviation
  falls by √(1 − t);
- it grows as √K and does not shrink with more votes, where Bradley–Terry's error does, as 1 / √n;
- a start is forgotten within 1 / (K s λ) votes, λ the smallest positive eigenvalue of L; for M equal models that meet
  uniformly, 2 (M − 1) / (K s). With fewer votes a small K leaves ratings near where they began: biased, not stable;
- beyond K = 4 / s = 695 a vote between equals overshoots by more than it corrects, and nothing is stationary.

Σ is the spread over fresh votes; over orders of the same votes it is less by the sampling variance of what all orders
have in common. The average over P shuffles keeps one P-th of it, which is why many come close to Bradley–Terry.

This is the reference, for small data and for ladders of arms. One order runs through plain floats, several side by
side through numpy, one vote of each at a time: the clock counts votes rather than orders, about 10 µs each. For
millions of votes use the vote kernels, which are compiled and agree with this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["INITIAL", "LARGEST_K", "OrderStudy", "elo", "expected_score", "order_study", "stationary_sd", "summarize"]

INITIAL = 1000.0
"""Rating of a model without votes."""
_RATE = math.log(10) / 400
"""s: natural units of strength per point."""
LARGEST_K = 4 / _RATE
"""K from which a vote between equals overshoots by more than it corrects."""


@dataclass(frozen=True)
class OrderStudy:
    """Ratings after the same votes in several orders."""

    ratings: Floats
    """One row an order, (P, M)."""
    mean: Floats
    """Shuffle-averaged Elo, (M,)."""
    sd: Floats
    """Standard deviation of each rating over orders, (M,); NaN where there is one order."""
    rank_spread: Integers
    """Worst minus best rank of each model over orders, (M,)."""

    @property
    def mean_se(self) -> Floats:
        """Standard error of `mean` over the choice of orders, (M,)."""
        return self.sd / math.sqrt(len(self.ratings))


def expected_score(rating: ArrayLike, opponent: ArrayLike) -> Floats:
    """p: the score that a model with `rating` is expected to reach against `opponent`."""
    gap = np.asarray(opponent, dtype=np.float64) - np.asarray(rating, dtype=np.float64)
    return 1 / (1 + np.exp(_RATE * gap))


def elo(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    models: int,
    *,
    k: float | ArrayLike = 4.0,
    initial: float = INITIAL,
) -> Floats:
    """Ratings after the votes in their order: (M,), or (P, M) for P sequences of votes side by side.

    `first` and `second` hold model indices and `score` the score of `first` in [0, 1]; all (n,), or all (P, n). The
    votes in P orders are `first[orders]`, `second[orders]`, `score[orders]`. `k` may differ by sequence, (P,).

    Raises VotesError where shapes differ, an index is outside [0, models), a score outside [0, 1], a model meets
    itself, or K is not between 0 and LARGEST_K.
    """
    i, j = np.asarray(first), np.asarray(second)
    y, gain = np.asarray(score, dtype=np.float64), np.asarray(k, dtype=np.float64)
    _check(i, j, y, models, gain)
    if i.ndim == 1:
        return _one_order(i, j, y, models, float(gain), initial)
    return _side_by_side(i, j, y, models, gain, initial)


def order_study(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    models: int,
    *,
    orders: int,
    generator: np.random.Generator,
    k: float = 4.0,
    initial: float = INITIAL,
) -> OrderStudy:
    """Elo after `orders` random permutations of the votes, all (n,); raises VotesError as `elo` does."""
    i, j, y = np.asarray(first), np.asarray(second), np.asarray(score, dtype=np.float64)
    if orders < 1:
        raise VotesError(f"an order study needs at least one order, got {orders}")
    drawn = np.stack([generator.permutation(i.size) for _ in range(orders)])
    return summarize(elo(i[drawn], j[drawn], y[drawn], models, k=k, initial=initial))


def summarize(ratings: ArrayLike) -> OrderStudy:
    """The study of ratings (P, M) that came from P orders of the same votes."""
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or len(table) == 0:
        raise VotesError(f"ratings of P orders and M models have shape (P, M) with P ≥ 1, got {table.shape}")
    # Rank 1 is the best, and models that tie share the better rank (Equation 1 of the Arena paper).
    ranks = 1 + (table[:, None, :] > table[:, :, None]).sum(axis=-1)
    sd = table.std(axis=0, ddof=1) if len(table) > 1 else np.full(table.shape[1], np.nan)
    return OrderStudy(table, table.mean(axis=0), sd, (ranks.max(axis=0) - ranks.min(axis=0)).astype(np.int64))


def stationary_sd(k: float, models: int) -> float:
    """Standard deviation of every rating after many votes without ties, in points, to first order in K."""
    return math.sqrt(k / (2 * _RATE) * (1 - 1 / models))


def _check(i: NDArray[Any], j: NDArray[Any], y: Floats, models: int, k: Floats) -> None:
    if not (i.shape == j.shape == y.shape) or i.ndim not in (1, 2):
        raise VotesError(f"first, second and score are all (n,) or all (P, n), got {i.shape}, {j.shape}, {y.shape}")
    if k.shape not in ((), i.shape[:-1]):
        raise VotesError(f"k is one number or one a sequence, {i.shape[:-1]}, got shape {k.shape}")
    if not ((k > 0) & (k < LARGEST_K)).all():
        raise VotesError(
            f"K must lie between 0 and {LARGEST_K:.0f}: above it a vote overshoots by more than it corrects"
        )
    if i.size == 0:
        return
    if not (np.issubdtype(i.dtype, np.integer) and np.issubdtype(j.dtype, np.integer)):
        raise VotesError(f"first and second hold indices of models, got {i.dtype} and {j.dtype}")
    if min(i.min(), j.min()) < 0 or max(i.max(), j.max()) >= models:
        raise VotesError(f"an index of a model is outside 0 … {models - 1}")
    if (i == j).any():
        raise VotesError("a model meets itself in some vote; drop such votes first")
    if not ((y >= 0) & (y <= 1)).all():
        raise VotesError("scores lie between 0 (lost) and 1 (won)")


def _one_order(i: NDArray[Any], j: NDArray[Any], y: Floats, models: int, k: float, initial: float) -> Floats:
    ratings = [initial] * models
    exp = math.exp
    for a, b, won in zip(i.tolist(), j.tolist(), y.tolist(), strict=True):
        step = k * (won - 1 / (1 + exp(_RATE * (ratings[b] - ratings[a]))))
        ratings[a] += step
        ratings[b] -= step
    return np.array(ratings)


def _side_by_side(i: NDArray[Any], j: NDArray[Any], y: Floats, models: int, k: Floats, initial: float) -> Floats:
    sequences = len(i)
    flat = np.full(sequences * models, initial)
    offset = np.arange(sequences) * models
    # Votes first: the t-th vote of every sequence is then one contiguous row.
    for a, b, won in zip(np.ascontiguousarray(i.T) + offset, np.ascontiguousarray(j.T) + offset, y.T, strict=True):
        one, other = flat[a], flat[b]
        step = k * (won - 1 / (1 + np.exp(_RATE * (other - one))))
        flat[a] = one + step
        flat[b] = other - step
    return flat.reshape(sequences, models)

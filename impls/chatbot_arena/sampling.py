"""Active sampling (equation 9): which pair to ask for next, and how many votes a width takes.

A rule maps the votes so far to unnormalised weights of the pairs, for every replication at once. Equation 9 weighs a
pair by what one more vote would take from the width of its interval,

    P(a) ∝ √(Σ̂(a,a) / n(a)) − √(Σ̂(a,a) / (n(a) + 1)),

and takes Σ̂ from equation 5. That is the variance of X = 1{A = a} H / P(a), about θ/P: it grows where P was small, so
that pairs count as uncertain because they were rarely drawn; it is another with the models' names swapped; and it is 0
for a pair whose votes all had H = 0, which is then never drawn again and whose interval has no length. `repaired` takes
the variance of a vote, θ(1 − θ).

The paper states neither how a run starts, nor how much uniform sampling is mixed in, nor how often P is renewed; these
are the fields of `Design`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import SpecError
from claimbench.impls.chatbot_arena.win_matrix import Estimate, Tally
from claimbench.stats.ranking.arrays import Floats

__all__ = [
    "Design",
    "Estimator",
    "Rule",
    "Stopped",
    "fixed",
    "looks",
    "mean_widths",
    "printed",
    "probabilities",
    "repaired",
    "votes_to_width",
]

Rule: TypeAlias = Callable[[Tally], Floats]
"""Votes so far → weights of the pairs (replications, pairs), not negative; infinite where a pair must come next."""
Estimator: TypeAlias = Callable[[Tally], Estimate]
"""Votes so far → estimates with intervals (replications, pairs or models)."""


@dataclass(frozen=True)
class Design:
    """What the paper leaves open of a run."""

    startup: int = 10
    """Uniformly drawn votes a pair, on average, before the rule is asked."""
    mixing: float = 0.1
    """Share of uniform sampling in every later draw."""
    batch: int = 50
    """Votes between two looks: P is renewed and the width is read after so many."""
    limit: int = 200_000
    """Votes after which a run that has not reached its width is an error."""


@dataclass(frozen=True)
class Stopped:
    """Replications at the first look at which the mean width is small enough."""

    votes: Floats
    """Votes that were needed (replications,)."""
    missed: Floats
    """Share of the intervals that leave out the truth there (replications,)."""


def printed(tally: Tally) -> Floats:
    """Equation 9 with the diagonal of equation 5, as printed; a pair without votes must come next."""
    theta = tally.wins[1] / tally.total
    return _reduction(np.maximum(tally.wins[2] / tally.total - theta**2, 0.0), tally.votes)


def repaired(tally: Tally) -> Floats:
    """Equation 9 with the variance of a vote, θ̂(1 − θ̂), where θ̂ is the mean under a uniform prior."""
    return _reduction(tally.guess * (1 - tally.guess), tally.votes)


def _reduction(variance: Floats, votes: Floats) -> Floats:
    # n^−1/2 − (n + 1)^−1/2 without the cancellation.
    n = np.maximum(votes, 1.0)
    now, then = np.sqrt(n), np.sqrt(n + 1)
    return np.where(votes > 0, np.sqrt(variance) / (now * then * (now + then)), np.inf)


def fixed(probability: Floats) -> Rule:
    """Draws with given probabilities, whatever the votes say: uniform, historical or the best there is."""
    return lambda tally: np.broadcast_to(probability, tally.votes.shape)


def probabilities(weights: Floats, mixing: float) -> Floats:
    """Weights normalised in every row and mixed with uniform ones; a row of nothing but 0 is uniform."""
    urgent = np.isinf(weights)
    weights = np.where(urgent.any(axis=-1, keepdims=True), urgent, weights)
    total = weights.sum(axis=-1, keepdims=True)
    uniform = 1 / weights.shape[-1]
    share = np.where(total > 0, weights / np.where(total > 0, total, 1.0), uniform)
    return (1 - mixing) * share + mixing * uniform


def looks(theta: Floats, rule: Rule, design: Design, random: np.random.Generator) -> Iterator[Tally]:
    """The tally after the start-up and after every batch, without end; `theta` is (replications, pairs)."""
    replications, pairs = theta.shape
    tally = Tally.empty(replications, pairs)
    drawn, probability = design.startup * pairs, np.full(theta.shape, 1 / pairs)
    while True:
        votes = random.multinomial(drawn, probability)
        tally = tally.plus(votes, random.binomial(votes, theta), probability)
        yield tally
        drawn, probability = design.batch, probabilities(rule(tally), design.mixing)


def votes_to_width(
    theta: Floats,
    rule: Rule,
    estimator: Estimator,
    width: float,
    design: Design,
    random: np.random.Generator,
    truth: Floats | None = None,
) -> Stopped:
    """Votes until the mean width of the 95 % intervals is at most `width`, in every replication.

    `theta` is (replications, pairs); `truth` is what the intervals are to cover, θ by default. Raises SpecError where a
    replication has not got there after `design.limit` votes.
    """
    truth = theta if truth is None else truth
    needed, missed = np.full(len(theta), np.nan), np.full(len(theta), np.nan)
    for tally in looks(theta, rule, design, random):
        estimate = estimator(tally)
        there = np.isnan(needed) & (estimate.width().mean(axis=-1) <= width)
        needed[there] = tally.total
        missed[there] = estimate.misses(truth)[there].mean(axis=-1)
        if not np.isnan(needed).any():
            break
        if tally.total >= design.limit:
            raise SpecError(
                f"{int(np.isnan(needed).sum())} of {len(needed)} replications have not reached a width of {width:g} "
                f"after {tally.total} votes; raise design.limit or the width"
            )
    return Stopped(needed, missed)


def mean_widths(
    theta: Floats,
    rule: Rule,
    estimator: Estimator,
    votes: Sequence[int],
    design: Design,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Mean width of the 95 % intervals at the first look after each of `votes`, ascending (replications, looks)."""
    widths: list[Floats] = []
    for tally in looks(theta, rule, design, random):
        while len(widths) < len(votes) and tally.total >= votes[len(widths)]:
            widths.append(estimator(tally).width().mean(axis=-1))
        if len(widths) == len(votes):
            return np.stack(widths, axis=-1)
    raise AssertionError("looks never ends")

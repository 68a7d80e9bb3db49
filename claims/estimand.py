"""From the values of the units to an estimate: an interval, and the exact test that must agree with what it decides.

Which estimate belongs to which expectation:

| units | one arm | two arms, paired | two arms |
|---|---|---|---|
| seeds, processes | t | t, exact sign flips | Welch's t |
| the same, a ratio of means | | Fieller, exact sign flips | Fieller |
| items | Wilson, exact binomial | Bonett and Price, exact McNemar | refused by the spec |
| seeds in clusters | t of clusters | t of clusters, sign flips of clusters | Welch's t of clusters |
| items in clusters | the same of as many items as are effective | the same of effective pairs | refused |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from claimbench.stats.clusters import cluster_sums, cluster_t, effective_items
from claimbench.stats.intervals import Interval, one_sample_t, paired_t, welch_of, welch_t
from claimbench.stats.proportions import binomial_p, paired_difference, paired_difference_p, wilson
from claimbench.stats.ratios import log_ratio_of_means
from claimbench.stats.signflip import sign_flip_p

__all__ = ["Estimate", "Scale", "one_arm", "paired_arms", "two_arms"]

Scale = Literal["natural", "log", "means"]
"""What is compared: values, their logarithms, or (as a logarithm) the ratio of their means."""
Labels = Sequence[Hashable]
"""The cluster of each unit."""


@dataclass(frozen=True)
class Estimate:
    """What the units say about an effect, larger being better."""

    interval: Interval
    """On the scale on which it is decided."""
    above: Callable[[float], float] | None = None
    """Exact one-sided p of "the effect is above this bound"; None where there is no exact test."""
    below: Callable[[float], float] | None = None
    """The same of "below"."""
    exact: str = "sign-flip"
    """Name of the exact test."""
    spread: bool = True
    """Whether the interval rests on a spread that the units show, so that none at all is suspicious."""


def one_arm(values: Sequence[float], sign: float, level: float, *, items: bool, clusters: Labels | None) -> Estimate:
    """The mean of one arm times `sign`, which is -1 where lower is better."""
    if not items:
        oriented = [sign * value for value in values]
        return Estimate(cluster_t(oriented, clusters, level) if clusters else one_sample_t(oriented, level))
    number = effective_items(values, clusters, level) if clusters else float(len(values))
    share = sum(values) / len(values)
    interval = wilson(share * number, number, level)

    def more(bound: float) -> float:
        return binomial_p(share * number, number, bound)

    def fewer(bound: float) -> float:
        return binomial_p((1 - share) * number, number, 1 - bound)

    if sign > 0:
        return Estimate(interval, more, fewer, "binomial", spread=False)
    turned = replace(interval, estimate=-interval.estimate, low=-interval.high, high=-interval.low)
    return Estimate(turned, lambda bound: fewer(-bound), lambda bound: more(-bound), "binomial", spread=False)


def paired_arms(
    first: Sequence[float],
    second: Sequence[float],
    sign: float,
    level: float,
    scale: Scale,
    *,
    items: bool,
    clusters: Labels | None,
) -> Estimate:
    """`first` against `second`, unit by unit, oriented by `sign`."""
    if scale == "means":
        a, b = (first, second) if sign > 0 else (second, first)
        # A ratio above ρ is a mean of a - ρb above zero, whose signs may be flipped.
        return _flipped(
            log_ratio_of_means(a, b, level, paired=True),
            lambda bound: [x - math.exp(bound) * y for x, y in zip(a, b, strict=True)],
        )
    a, b = ([_on(scale, sign, value) for value in column] for column in (first, second))
    differences = [x - y for x, y in zip(a, b, strict=True)]
    if items:
        return _paired_items(differences, level, clusters)
    if clusters:
        return _flipped(
            cluster_t(differences, clusters, level),
            lambda bound: cluster_sums([d - bound for d in differences], clusters)[0],
        )
    return _flipped(paired_t(a, b, level), lambda bound: [d - bound for d in differences])


def _paired_items(differences: Sequence[float], level: float, clusters: Labels | None) -> Estimate:
    """Of items that one of two arms alone solves: 1 where it is the better one, -1 where it is the other."""
    pairs = effective_items(differences, clusters, level) if clusters else float(len(differences))
    gained, lost = (sum(d == side for d in differences) * pairs / len(differences) for side in (1, -1))
    whole = int(pairs + 1e-9)

    def exact(won: float, given: float, bound: float) -> float:
        # Effective numbers are not whole: rounded against the side that is to be shown.
        more, fewer = int(won * whole / pairs + 1e-9), math.ceil(given * whole / pairs - 1e-9)
        return paired_difference_p(min(more, whole - fewer), fewer, whole, bound)

    return Estimate(
        paired_difference(gained, lost, pairs, level),
        lambda bound: exact(gained, lost, bound),
        lambda bound: exact(lost, gained, -bound),
        "McNemar",
        spread=False,
    )


def two_arms(
    first: Sequence[float],
    second: Sequence[float],
    sign: float,
    level: float,
    scale: Scale,
    *,
    clusters: tuple[Labels, Labels] | None,
) -> Estimate:
    """`first` against `second`, independent of one another, oriented by `sign`."""
    if scale == "means":
        a, b = (first, second) if sign > 0 else (second, first)
        return Estimate(log_ratio_of_means(a, b, level, paired=False))
    a, b = ([_on(scale, sign, value) for value in column] for column in (first, second))
    if clusters:
        return Estimate(welch_of(cluster_t(a, clusters[0], level), cluster_t(b, clusters[1], level)))
    return Estimate(welch_t(a, b, level))


def _on(scale: Scale, sign: float, value: float) -> float:
    return sign * (math.log(value) if scale == "log" else value)


def _flipped(interval: Interval, beyond: Callable[[float], list[float]]) -> Estimate:
    """An interval that sign flips guard; `beyond` gives what each independent unit has beyond a bound."""
    return Estimate(
        interval,
        lambda bound: sign_flip_p(beyond(bound)),
        lambda bound: sign_flip_p([-d for d in beyond(bound)]),
    )

"""Units that come in clusters (the questions of one prompt, the votes of one user): what is independent is the cluster.

The variance of a mean is that of the clusters' residual sums (the sandwich of Liang and Zeger), its degrees of freedom
are the clusters less one.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from claimbench.stats.intervals import Interval, t_interval

__all__ = ["MIN_CLUSTERS", "cluster_sums", "cluster_t", "effective_items"]

MIN_CLUSTERS = 20
"""Fewest clusters: below it the interval covers less than 93 %."""
_FEWEST_EVENTS = 20
"""Effective items other than the rest below which the clusters' own spread says too little about their likeness."""


def cluster_sums(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[list[float], list[int]]:
    """Sum and number of the values of each cluster, in order of appearance."""
    sums: dict[Hashable, float] = {}
    counts: dict[Hashable, int] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value
        counts[cluster] = counts.get(cluster, 0) + 1
    return list(sums.values()), list(counts.values())


def cluster_t(values: Sequence[float], clusters: Sequence[Hashable], level: float) -> Interval:
    """Interval of the mean of `values`, of which those of one cluster go together."""
    mean, variance, number = _moments(values, clusters)
    return t_interval(mean, math.sqrt(variance), number - 1, level)


def effective_items(values: Sequence[float], clusters: Sequence[Hashable], level: float) -> float:
    """How many independent items would tell as much of the mean as these, at most all of them.

    An item is 1, 0 or, of a pair, -1. Their variance, were they independent, over that of the clusters, with the
    quantile of t in place of the normal one (Korn and Graubard 1998). Where fewer than twenty effective items are other
    than the rest, a cluster counts as one item, whatever its size: then the clusters' likeness cannot be estimated, and
    no clusters are less informative than that.
    """
    from scipy.special import ndtri, stdtrit

    mean, variance, number = _moments(values, clusters)
    if number < 2:
        return 1.0
    tail = (1 + level) / 2
    correction = float(ndtri(tail) / stdtrit(number - 1, tail)) ** 2
    shares = [sum(value == outcome for value in values) / len(values) for outcome in (1, 0, -1)]
    alone = shares[0] + shares[2] - mean * mean
    # Where all are alike, within clusters too, nothing is known of how alike the clusters are inside.
    most = float(len(values) if alone > 0 else number)
    items = (min(alone / variance, most) if variance > 0 else most) * correction
    return min(items, float(number)) if items * (1 - max(shares)) < _FEWEST_EVENTS else items


def _moments(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[float, float, int]:
    """Mean, variance of the mean, and number of clusters; infinite variance where there is one cluster."""
    sums, counts = (np.asarray(column, dtype=np.float64) for column in cluster_sums(values, clusters))
    total, number = float(counts.sum()), sums.size
    mean = float(sums.sum()) / total
    if number < 2:
        return mean, math.inf, number
    return mean, float(np.sum((sums - mean * counts) ** 2)) * number / (number - 1) / total**2, number

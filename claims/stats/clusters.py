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
_FEWEST_EVENTS = 10
"""Effective successes or failures below which the clusters' own spread says too little about their likeness."""


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
    """How many independent zeros and ones would be as informative about their share as these, at most all of them.

    p(1 - p) over the cluster variance, with the quantile of t in place of the normal one (Korn and Graubard 1998).
    Where fewer than ten effective successes or failures are left, a cluster counts as one item, whatever its size: then
    the clusters' likeness cannot be estimated, and no clusters are less informative than that.
    """
    from scipy.special import ndtri, stdtrit

    share, variance, number = _moments(values, clusters)
    if number < 2:
        return 1.0
    tail = (1 + level) / 2
    correction = float(ndtri(tail) / stdtrit(number - 1, tail)) ** 2
    items = min(share * (1 - share) / variance if variance > 0 else float(number), float(len(values))) * correction
    few = items * min(share, 1 - share) < _FEWEST_EVENTS
    return min(items, float(number)) if few else items


def _moments(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[float, float, int]:
    """Mean, variance of the mean, and number of clusters; infinite variance where there is one cluster."""
    sums, counts = (np.asarray(column, dtype=np.float64) for column in cluster_sums(values, clusters))
    total, number = float(counts.sum()), sums.size
    mean = float(sums.sum()) / total
    if number < 2:
        return mean, math.inf, number
    return mean, float(np.sum((sums - mean * counts) ** 2)) * number / (number - 1) / total**2, number

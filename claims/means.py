"""Rules about means: a floor, a value, a ratio, a difference, a margin; paired where the protocol pairs its units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from claimbench.effect import Effect, PartVerdict
from claimbench.estimand import Estimate, Labels, Scale, one_arm, paired_arms, two_arms
from claimbench.expectation import AtLeast, Difference, Equivalent, NotWorse, Ratio, Slope, Within
from claimbench.parts import Context, Judged, asked, effect_of, invalid, part, undecided_units
from claimbench.rules import Status, decide, decide_inside, decide_not_worse
from claimbench.stats.intervals import Interval
from claimbench.stats.sample_size import detectable, fewest_pairs, further_units
from claimbench.units import diverged, values, vary

__all__ = ["Means", "effect_name", "judge_means", "scale_of"]

Means = AtLeast | Ratio | Difference | NotWorse | Equivalent | Within
_LARGEST_LOG = 700.0
_ROUNDING = 1e-12


@dataclass(frozen=True)
class _Ruling:
    """What the interval says."""

    status: Status
    """Status."""
    reason: str
    """Why, where the interval does not say it."""
    bounds: tuple[float, ...]
    """Bounds that decide, on the scale of the interval."""


def judge_means(leaf: Means, context: Context) -> Judged:
    """Judge an expectation about means.

    Raises KeyError where a record lacks the metric, ValueError where its values are not what the spec says.
    """
    claim, metric, scale = context.claim, leaf.metric or context.claim.metric.name, scale_of(leaf)
    named = {arm: values(claim, context.records, arm, metric) for arm in leaf.arms_used()}
    paired = claim.protocol.paired and len(named) > 1
    if paired:
        both = [seed for seed in sorted(named[leaf.arms_used()[0]]) if all(seed in found for found in named.values())]
        named = {arm: {seed: found[seed] for seed in both} for arm, found in named.items()}
    counts = {arm: len(found) for arm, found in named.items()}
    labels = _labels(named, paired, context)
    if reason := context.too_few(counts) or _too_few_clusters(labels, context):
        return invalid(leaf.kind, reason, counts)
    if reason := diverged(named):
        # A mean over units that have none does not exist, and leaving them out would flatter the arm that diverged.
        reason = f"no interval can be given: {reason}"
        return "INCONCLUSIVE", [PartVerdict(kind=leaf.kind, status="INCONCLUSIVE", reason=reason)], counts
    columns = [list(found.values()) for found in named.values()]
    if reason := _unfit(columns, scale, context):
        return invalid(leaf.kind, reason, counts)
    sign = -1.0 if claim.metric.better == "lower" and not isinstance(leaf, Within) else 1.0
    estimate = _estimate(columns, labels, sign, scale, paired, context)
    interval, n = estimate.interval, min(counts.values())
    ruling = _cautious(leaf, _decide(leaf, interval, sign), estimate, columns, context)
    more = undecided_units(ruling.status, interval, n, ruling.bounds)
    # What a timing's spread shows is the machine's, not the method's: a bar within it would be passed by noise.
    if isinstance(leaf, Ratio) and claim.protocol.unit == "process" and ruling.status == "REPRODUCED":
        smallest = detectable(interval.se, interval.df, interval.level)
        if math.log(leaf.at_least) < smallest:
            least = math.exp(min(smallest, _LARGEST_LOG))
            reason = f"the bar of {leaf.at_least:g} is closer to 1 than {least:.3g}, the least that this spread shows"
            ruling = replace(ruling, status="INCONCLUSIVE", reason=reason)
            more = further_units(n, smallest, math.log(leaf.at_least))
    effect = _effect(leaf, interval, claim.metric.unit_of(leaf.metric), sign, n)
    return ruling.status, [part(leaf.kind, ruling.status, ruling.reason, asked(leaf), effect, more)], counts


def scale_of(leaf: Means) -> Scale:
    """Scale on which an expectation is decided."""
    if isinstance(leaf, Ratio):
        return "means" if leaf.of_means else "log"
    return "log" if isinstance(leaf, NotWorse | Equivalent) and leaf.relative else "natural"


def effect_name(leaf: Means | Slope) -> str:
    """The arms that are compared, and the metric where the expectation names one."""
    if isinstance(leaf, Slope):
        arms = f"slope of {leaf.arm}"
    else:
        arms = (" - " if scale_of(leaf) == "natural" else "/").join(leaf.arms_used())
    return f"{arms}, {leaf.metric}" if leaf.metric else arms


def _labels(named: dict[str, dict[int, float]], paired: bool, context: Context) -> dict[str, Labels] | None:
    """The cluster of each unit of each arm, in the order of its values; None where units are independent."""
    if context.claim.protocol.cluster is None:
        return None
    found: dict[str, Labels] = {}
    for arm, column in named.items():
        clusters = values(context.claim, context.records, arm, context.claim.protocol.cluster)
        found[arm] = [clusters[seed] for seed in column]
    if paired and len({tuple(labels) for labels in found.values()}) > 1:
        raise ValueError("the two units of a pair lie in different clusters")
    return found


def _too_few_clusters(labels: dict[str, Labels] | None, context: Context) -> str:
    return context.too_few_clusters({arm: len(set(own)) for arm, own in labels.items()}) if labels else ""


def _unfit(columns: Sequence[Sequence[float]], scale: Scale, context: Context) -> str:
    """Why the values are not what the estimate is for, or an empty string."""
    if context.claim.protocol.unit == "item" and not all(value in (0.0, 1.0) for column in columns for value in column):
        return "an item succeeds or fails: its value must be 1 or 0"
    if scale == "log" and any(value <= 0 for column in columns for value in column):
        return "a ratio needs values above zero"
    if scale == "means" and any(sum(column) <= 0 for column in columns):
        return "a ratio of means needs means above zero"
    return ""


def _estimate(
    columns: Sequence[Sequence[float]],
    labels: dict[str, Labels] | None,
    sign: float,
    scale: Scale,
    paired: bool,
    context: Context,
) -> Estimate:
    items, level = context.claim.protocol.unit == "item", context.level
    clusters = list(labels.values()) if labels else None
    if len(columns) == 1:
        return one_arm(columns[0], sign, level, items=items, clusters=clusters[0] if clusters else None)
    first, second = columns
    if paired:
        return paired_arms(first, second, sign, level, scale, items=items, clusters=clusters[0] if clusters else None)
    return two_arms(first, second, sign, level, scale, clusters=(clusters[0], clusters[1]) if clusters else None)


def _decide(leaf: Means, interval: Interval, sign: float) -> _Ruling:
    low, high = interval.low, interval.high
    if isinstance(leaf, NotWorse | Equivalent):
        margin = math.log1p(leaf.margin) if leaf.relative else leaf.margin
        if isinstance(leaf, NotWorse):
            return _Ruling(decide_not_worse(low, high, margin), "", (-margin,))
        return _Ruling(decide_inside(low, high, -margin, margin), "", (-margin, margin))
    if isinstance(leaf, Within):
        ends = (leaf.value - leaf.margin, leaf.value + leaf.margin)
        return _Ruling(decide_inside(low, high, *ends), "", ends)
    if isinstance(leaf, Ratio):
        threshold = math.log(leaf.at_least)
        return _Ruling(decide(low, high, 0.0, threshold, is_floor=leaf.is_floor), "", (0.0, threshold))
    if isinstance(leaf, Difference):
        status = decide(low, high, 0.0, leaf.at_least, leaf.equivalence, is_floor=leaf.is_floor)
        nil = status == "CONTRADICTED" and 0 <= high < leaf.equivalence
        return _Ruling(status, f"no effect beyond ±{leaf.equivalence:g}" if nil else "", (0.0, leaf.at_least))
    reference, threshold = sign * leaf.reference, sign * leaf.floor
    return _Ruling(decide(low, high, reference, threshold), "", (reference, threshold))


def _cautious(
    leaf: Means, ruling: _Ruling, estimate: Estimate, columns: Sequence[Sequence[float]], context: Context
) -> _Ruling:
    """The ruling, taken back where the interval has no spread to stand on or the exact test disagrees."""
    n = min(map(len, columns))
    if n < 2:
        return replace(ruling, status="INCONCLUSIVE", reason="a single unit has no spread")
    if estimate.spread and estimate.interval.se <= _ROUNDING * _magnitude(columns, scale_of(leaf)):
        if not any(vary(context.records, arm) for arm in leaf.arms_used()):
            reason = (
                f"all {n} units recorded the very same: the seed changes nothing (then the claim is deterministic), "
                "or the metric is too coarse (then record a finer one beside it)"
            )
            return replace(ruling, status="INCONCLUSIVE", reason=reason)
        if n < fewest_pairs(context.alpha):
            reason = f"no spread in {n} units, and a test of signs needs {fewest_pairs(context.alpha)}"
            return replace(ruling, status="INCONCLUSIVE", reason=reason)
    if ruling.status == "INCONCLUSIVE" or _exact_test_agrees(leaf, ruling, estimate, context.alpha / 2):
        return ruling
    interval = "t interval" if estimate.exact == "sign-flip" else "interval"
    reason = f"tests disagree: the {interval} decides, the exact {estimate.exact} test does not"
    return replace(ruling, status="INCONCLUSIVE", reason=reason)


def _magnitude(columns: Sequence[Sequence[float]], scale: Scale) -> float:
    """Largest value on the scale of the interval, of which its rounding is a share."""
    if scale == "means":
        return 1.0
    return max(abs(math.log(value) if scale == "log" else value) for column in columns for value in column)


def _exact_test_agrees(leaf: Means, ruling: _Ruling, estimate: Estimate, tail: float) -> bool:
    """Whether the exact test excludes, at its one-sided share of α, what the status says is excluded."""
    above, below = estimate.above, estimate.below
    if above is None or below is None:
        return True
    status, bounds = ruling.status, ruling.bounds
    if isinstance(leaf, Equivalent | Within):
        if status == "REPRODUCED":
            return above(bounds[0]) <= tail and below(bounds[1]) <= tail
        return below(bounds[0]) <= tail or above(bounds[1]) <= tail
    if status == "REPRODUCED":
        return above(bounds[-1]) <= tail
    if status == "PARTIAL":
        return above(bounds[0]) <= tail and below(bounds[1]) <= tail
    delta = leaf.equivalence if isinstance(leaf, Difference) else 0.0
    nil = delta > 0 and above(bounds[0] - delta) <= tail and below(bounds[0] + delta) <= tail
    floor = isinstance(leaf, Ratio | Difference) and leaf.is_floor and below(bounds[1]) <= tail
    return below(bounds[0]) <= tail or nil or floor


def _effect(leaf: Means, interval: Interval, unit: str, sign: float, n: int) -> Effect:
    """The effect in natural units: ratios not as logarithms, floors not with a turned sign."""
    name = effect_name(leaf)
    if isinstance(leaf, AtLeast | Within):
        # Plus zero, because a zero whose sign was turned would be shown as -0.
        estimate, one, other = (sign * end + 0.0 for end in (interval.estimate, interval.low, interval.high))
        natural = replace(interval, estimate=estimate, low=min(one, other), high=max(one, other))
        threshold, reference = (leaf.floor, leaf.reference) if isinstance(leaf, AtLeast) else (leaf.value, None)
        return effect_of(name, natural, unit, threshold, reference, leaf.published, n)
    if isinstance(leaf, Ratio):
        return _factor(name, interval, leaf.at_least, 1.0, leaf.published, n)
    if isinstance(leaf, Difference):
        return effect_of(name, interval, unit, leaf.at_least, 0.0, leaf.published, n)
    if leaf.relative:
        factor = 1 + leaf.margin if isinstance(leaf, Equivalent) else 1 / (1 + leaf.margin)
        return _factor(name, interval, factor, None, leaf.published, n)
    margin = leaf.margin if isinstance(leaf, Equivalent) else -leaf.margin
    return effect_of(name, interval, unit, margin, None, leaf.published, n)


def _factor(
    name: str, interval: Interval, threshold: float, reference: float | None, published: float | None, n: int
) -> Effect:
    """A factor, from the interval of its logarithm."""
    ends = [math.exp(min(x, _LARGEST_LOG)) for x in (interval.estimate, interval.low, interval.high)]
    natural = replace(interval, estimate=ends[0], low=ends[1], high=ends[2])
    smallest = math.exp(min(detectable(interval.se, interval.df, interval.level), _LARGEST_LOG))
    effect = effect_of(name, natural, "1", threshold, reference, published, n)
    return effect.model_copy(update={"detectable": smallest})

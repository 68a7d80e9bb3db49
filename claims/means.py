"""Rules about means: a floor, a ratio, a difference, a margin; paired where the protocol pairs its units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from claimbench.effect import Effect, PartVerdict
from claimbench.expectation import AtLeast, Difference, Equivalent, NotWorse, Ratio
from claimbench.parts import Context, Judged, asked, effect_of, invalid, part, undecided_units
from claimbench.rules import Status, decide, decide_inside, decide_not_worse
from claimbench.stats.intervals import Interval, one_sample_t, paired_t, welch_t
from claimbench.stats.sample_size import ALPHA, detectable, further_units, level, minimum_paired
from claimbench.stats.signflip import sign_flip_p
from claimbench.units import diverged, values, vary

__all__ = ["Means", "judge_means"]

Means = AtLeast | Ratio | Difference | NotWorse | Equivalent
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
    """Judge an expectation about means; raises KeyError where a record lacks the metric."""
    claim, metric = context.claim, leaf.metric or context.claim.metric.name
    named = {arm: values(claim, context.records, arm, metric) for arm in leaf.arms_used()}
    paired = claim.protocol.paired and not isinstance(leaf, AtLeast)
    if paired:
        both = [seed for seed in sorted(named[leaf.arms_used()[0]]) if all(seed in found for found in named.values())]
        named = {arm: {seed: found[seed] for seed in both} for arm, found in named.items()}
    counts = {arm: len(found) for arm, found in named.items()}
    if reason := context.too_few(counts):
        return invalid(leaf.kind, reason, counts)
    if reason := diverged(named):
        # A mean over units that have none does not exist, and leaving them out would flatter the arm that diverged.
        reason = f"no interval can be given: {reason}"
        return "INCONCLUSIVE", [PartVerdict(kind=leaf.kind, status="INCONCLUSIVE", reason=reason)], counts
    columns = [list(found.values()) for found in named.values()]
    if isinstance(leaf, Ratio):
        if any(value <= 0 for column in columns for value in column):
            return invalid(leaf.kind, "a ratio needs values above zero", counts)
        columns = [[math.log(value) for value in column] for column in columns]
    sign = 1.0 if claim.metric.better == "higher" else -1.0
    columns = [[sign * value for value in column] for column in columns]
    n, confidence = min(counts.values()), level(context.m)
    differences = [a - b for a, b in zip(*columns, strict=True)] if paired else None
    if isinstance(leaf, AtLeast):
        interval = one_sample_t(columns[0], confidence)
    else:
        interval = (paired_t if paired else welch_t)(columns[0], columns[1], confidence)
    ruling = _cautious(leaf, _decide(leaf, interval, sign), interval, columns, differences, context)
    more = undecided_units(ruling.status, interval, n, ruling.bounds)
    if isinstance(leaf, Ratio) and ruling.status == "REPRODUCED":
        smallest = detectable(interval.se, interval.df, interval.level)
        if math.log(leaf.at_least) < smallest:
            least = math.exp(min(smallest, _LARGEST_LOG))
            reason = f"the bar of {leaf.at_least:g} is closer to 1 than {least:.3g}, the least that this spread shows"
            ruling = replace(ruling, status="INCONCLUSIVE", reason=reason)
            more = further_units(n, smallest, math.log(leaf.at_least))
    effect = _effect(leaf, interval, claim.metric.unit, sign, n)
    return ruling.status, [part(leaf.kind, ruling.status, ruling.reason, asked(leaf), effect, more)], counts


def _decide(leaf: Means, interval: Interval, sign: float) -> _Ruling:
    low, high = interval.low, interval.high
    if isinstance(leaf, NotWorse):
        return _Ruling(decide_not_worse(low, high, leaf.margin), "", (-leaf.margin,))
    if isinstance(leaf, Equivalent):
        return _Ruling(decide_inside(low, high, -leaf.margin, leaf.margin), "", (-leaf.margin, leaf.margin))
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
    leaf: Means,
    ruling: _Ruling,
    interval: Interval,
    columns: Sequence[Sequence[float]],
    differences: Sequence[float] | None,
    context: Context,
) -> _Ruling:
    """The ruling, taken back where the interval has no spread to stand on or the exact test disagrees."""
    n = min(map(len, columns))
    if n < 2:
        return replace(ruling, status="INCONCLUSIVE", reason="a single unit has no spread")
    if interval.se <= _ROUNDING * max(abs(value) for column in columns for value in column):
        if not any(vary(context.records, arm) for arm in leaf.arms_used()):
            reason = (
                f"all {n} units recorded the very same: the seed changes nothing (then the claim is deterministic), "
                "or the metric is too coarse (then record a finer one beside it)"
            )
            return replace(ruling, status="INCONCLUSIVE", reason=reason)
        if n < minimum_paired(context.m):
            reason = f"no spread in {n} units, and a test of signs needs {minimum_paired(context.m)}"
            return replace(ruling, status="INCONCLUSIVE", reason=reason)
    if differences is None or ruling.status == "INCONCLUSIVE":
        return ruling
    if _exact_test_agrees(leaf, ruling, differences, context.m):
        return ruling
    reason = "tests disagree: the t interval decides, the exact sign-flip test does not"
    return replace(ruling, status="INCONCLUSIVE", reason=reason)


def _exact_test_agrees(leaf: Means, ruling: _Ruling, differences: Sequence[float], m: int) -> bool:
    """Whether the sign-flip test excludes, at its one-sided share of α, what the status says is excluded."""

    def excludes(bound: float, side: Literal["above", "below"]) -> bool:
        shifted = [d - bound if side == "above" else bound - d for d in differences]
        return sign_flip_p(shifted) <= ALPHA / (2 * m)

    status, bounds = ruling.status, ruling.bounds
    if isinstance(leaf, Equivalent):
        if status == "REPRODUCED":
            return excludes(bounds[0], "above") and excludes(bounds[1], "below")
        return excludes(bounds[0], "below") or excludes(bounds[1], "above")
    if status == "REPRODUCED":
        return excludes(bounds[-1], "above")
    if status == "PARTIAL":
        return excludes(bounds[0], "above") and excludes(bounds[1], "below")
    delta = leaf.equivalence if isinstance(leaf, Difference) else 0.0
    nil = delta > 0 and excludes(bounds[0] - delta, "above") and excludes(bounds[0] + delta, "below")
    floor = isinstance(leaf, Ratio | Difference) and leaf.is_floor and excludes(bounds[1], "below")
    return excludes(bounds[0], "below") or nil or floor


def _effect(leaf: Means, interval: Interval, unit: str, sign: float, n: int) -> Effect:
    """The effect in natural units: ratios not as logarithms, floors not with a turned sign."""
    if isinstance(leaf, Ratio):
        ends = [math.exp(min(x, _LARGEST_LOG)) for x in (interval.estimate, interval.low, interval.high)]
        natural = replace(interval, estimate=ends[0], low=ends[1], high=ends[2])
        smallest = math.exp(min(detectable(interval.se, interval.df, interval.level), _LARGEST_LOG))
        effect = effect_of("/".join(leaf.arms_used()), natural, "1", leaf.at_least, 1.0, leaf.published, n)
        return effect.model_copy(update={"detectable": smallest})
    if isinstance(leaf, AtLeast):
        low, high = sorted((sign * interval.low, sign * interval.high))
        natural = replace(interval, estimate=sign * interval.estimate, low=low, high=high)
        return effect_of(leaf.arm, natural, unit, leaf.floor, leaf.reference, leaf.published, n)
    name = " - ".join(leaf.arms_used())
    if isinstance(leaf, NotWorse):
        return effect_of(name, interval, unit, -leaf.margin, None, leaf.published, n)
    if isinstance(leaf, Equivalent):
        return effect_of(name, interval, unit, leaf.margin, None, leaf.published, n)
    return effect_of(name, interval, unit, leaf.at_least, 0.0, leaf.published, n)

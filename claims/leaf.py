"""One rule an expectation: from the units of its arms to an effect with its interval and a status."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from claimbench.effect import Effect, PartVerdict
from claimbench.expectation import AtLeast, Box, Difference, Equivalent, Exact, NotWorse, Order, Part, Ratio, Slope
from claimbench.record import Record
from claimbench.rules import (
    Status,
    combine,
    decide,
    decide_box,
    decide_inside,
    decide_not_worse,
    more_units,
)
from claimbench.spec import Claim
from claimbench.stats.intervals import Interval, one_sample_t, paired_t, welch_t
from claimbench.stats.sample_size import ALPHA, detectable, level, minimum_paired
from claimbench.stats.scaling import log_log_fit
from claimbench.stats.signflip import sign_flip_p
from claimbench.units import diverged, sweeps, values

__all__ = ["judge_leaf"]

MIN_PROCESSES = 10
"""Fewest processes a side: below it the interval of a timing covers less than it says."""


@dataclass(frozen=True)
class Context:
    """What every rule needs beside its expectation."""

    claim: Claim
    """The claim."""
    records: Sequence[Record]
    """Units that count."""
    m: int
    """Comparisons in the family."""
    binding: bool
    """Whether the family's minimum number of units applies: it does not to exploratory claims."""
    failed: Sequence[Record]
    """Units that failed."""

    def too_few(self, counts: dict[str, int]) -> str:
        """Why there are too few units, or an empty string."""
        need = self.claim.protocol.n_min
        if self.binding and self.claim.protocol.paired:
            need = max(need, minimum_paired(self.m))
        if self.binding and self.claim.protocol.unit == "process":
            need = max(need, MIN_PROCESSES)
        short = {arm: n for arm, n in counts.items() if n < need}
        if not short:
            return ""
        causes = "; ".join(f"{r.arm} {list(r.seeds)} failed: {r.reason}" for r in self.failed[:2])
        words = ", ".join(f"{n} units of {arm}" for arm, n in short.items())
        return f"{words}, and {need} are needed with m = {self.m}" + (f" ({causes})" if causes else "")


def judge_leaf(leaf: Part, context: Context) -> tuple[Status, list[PartVerdict], dict[str, int]]:
    """Status, parts and units per arm of one expectation."""
    if isinstance(leaf, Exact):
        return _exact(leaf, context)
    if isinstance(leaf, Slope):
        return _slope(leaf, context)
    if isinstance(leaf, Order):
        return _order(leaf, context)
    return _means(leaf, context)


def _invalid(leaf: Part, reason: str, counts: dict[str, int]) -> tuple[Status, list[PartVerdict], dict[str, int]]:
    return "INVALID", [PartVerdict(kind=leaf.kind, status="INVALID", reason=reason)], counts


def _exact(leaf: Exact, context: Context) -> tuple[Status, list[PartVerdict], dict[str, int]]:
    counts = {record.arm: 1 for record in context.records}
    checks = {name: ends for record in context.records for name, ends in record.checks.items()}
    if set(checks) != set(leaf.boxes):
        odd = sorted(set(checks) ^ set(leaf.boxes))
        return _invalid(leaf, f"the experiment's checks and the spec's boxes differ in {', '.join(odd)}", counts)
    parts: list[PartVerdict] = []
    for name, box in leaf.boxes.items():
        low, high = checks[name]
        status, reason = decide_box(low, high, box)
        asked = box.high if box.high is not None else box.low
        assert asked is not None
        effect = Effect(
            name=name,
            estimate=(low + high) / 2,
            low=low,
            high=high,
            level=1.0,
            unit=box.unit,
            threshold=asked,
            published=box.published,
            n=1,
        )
        parts.append(_part("exact", status, reason, _asked_of(box), effect))
    statuses = [part.status for part in parts]
    # One figure that is off is a disagreement, however many others agree.
    return ("CONTRADICTED" if "CONTRADICTED" in statuses else combine(statuses)), parts, counts


def _slope(leaf: Slope, context: Context) -> tuple[Status, list[PartVerdict], dict[str, int]]:
    units = sweeps(context.claim, context.records, leaf.arm, leaf.metric or context.claim.metric.name)
    counts = {leaf.arm: len(units)}
    if reason := context.too_few(counts):
        return _invalid(leaf, reason, counts)
    fits = [log_log_fit(sizes, costs) for sizes, costs in units]
    interval = one_sample_t([slope for slope, _ in fits], level(context.m))
    curvature = sum(bend for _, bend in fits) / len(fits)
    bottom, top = leaf.exponent - leaf.tolerance, leaf.exponent + leaf.tolerance
    status = decide_inside(interval.low, interval.high, bottom, top)
    reason = ""
    if abs(curvature) > leaf.max_curvature:
        status = "INVALID"
        reason = f"no power law: curvature {curvature:.3f} is beyond ±{leaf.max_curvature:g}, so a slope means nothing"
    effect = _effect(f"slope of {leaf.arm}", interval, "1", leaf.exponent, leaf.exponent, None, len(units))
    more = _more(status, interval, len(units), (bottom, top))
    return status, [_part("slope", status, reason, _asked(leaf), effect, more)], counts


def _order(leaf: Order, context: Context) -> tuple[Status, list[PartVerdict], dict[str, int]]:
    statuses: list[Status] = []
    parts: list[PartVerdict] = []
    counts: dict[str, int] = {}
    for better, worse in zip(leaf.arms, leaf.arms[1:], strict=False):
        step = Difference(subject=better, baseline=worse, at_least=leaf.at_least, metric=leaf.metric)
        status, found, seen = _means(step, context)
        statuses.append(status)
        parts += [part.model_copy(update={"kind": "order"}) for part in found]
        counts |= seen
    contradicted = "CONTRADICTED" in statuses and "INVALID" not in statuses
    return ("CONTRADICTED" if contradicted else combine(statuses)), parts, counts


def _means(
    leaf: AtLeast | Ratio | Difference | NotWorse | Equivalent, context: Context
) -> tuple[Status, list[PartVerdict], dict[str, int]]:
    claim, metric = context.claim, leaf.metric or context.claim.metric.name
    named = {arm: values(claim, context.records, arm, metric) for arm in leaf.arms_used()}
    paired = claim.protocol.paired and not isinstance(leaf, AtLeast)
    if paired:
        common = set.intersection(*(set(found) for found in named.values()))
        named = {arm: {seed: found[seed] for seed in sorted(common)} for arm, found in named.items()}
    counts = {arm: len(found) for arm, found in named.items()}
    if reason := context.too_few(counts):
        return _invalid(leaf, reason, counts)
    n, unit = min(counts.values()), claim.metric.unit
    if reason := diverged(named):
        part = PartVerdict(kind=leaf.kind, status="INCONCLUSIVE", reason=f"no interval can be given: {reason}")
        return "INCONCLUSIVE", [part], counts
    sign = 1.0 if claim.metric.better == "higher" else -1.0
    columns = [list(found.values()) for found in named.values()]
    if isinstance(leaf, Ratio):
        if any(value <= 0 for column in columns for value in column):
            return _invalid(leaf, "a ratio needs values above zero", counts)
        columns, unit = [[math.log(value) for value in column] for column in columns], "1"
    columns = [[sign * value for value in column] for column in columns]
    name = "/".join(leaf.arms_used()) if isinstance(leaf, Ratio) else " - ".join(leaf.arms_used())
    differences: list[float] | None = None
    if isinstance(leaf, AtLeast):
        interval = one_sample_t(columns[0], level(context.m))
    elif paired:
        interval = paired_t(columns[0], columns[1], level(context.m))
        differences = [a - b for a, b in zip(columns[0], columns[1], strict=True)]
    else:
        interval = welch_t(columns[0], columns[1], level(context.m))
    status, reason, bounds = _decide(leaf, interval, sign)
    decided = differences is not None and status != "INCONCLUSIVE"
    if decided and not _exact_test_agrees(status, leaf, differences or [], bounds, context.m):
        status, reason = "INCONCLUSIVE", "tests disagree: the t interval decides, the exact sign-flip test does not"
    if isinstance(leaf, Ratio):
        smallest = math.exp(min(detectable(interval.se, interval.df, interval.level), 700.0))
        if status == "REPRODUCED" and leaf.at_least < smallest:
            status, reason = "INCONCLUSIVE", f"at this spread no ratio below {smallest:.3g} can be told from 1"
    effect = _mean_effect(leaf, name, interval, unit, sign, n)
    more = _more(status, interval, n, bounds)
    return status, [_part(leaf.kind, status, reason, _asked(leaf), effect, more)], counts


def _asked(leaf: Part) -> str:
    """What the expectation asks of its effect, in few characters."""
    if isinstance(leaf, Ratio):
        return f"≥ {leaf.at_least:g}"
    if isinstance(leaf, Equivalent):
        return f"within ±{leaf.margin:g}"
    if isinstance(leaf, NotWorse):
        return f"> {-leaf.margin:g}"
    if isinstance(leaf, Slope):
        return f"{leaf.exponent:g} ± {leaf.tolerance:g}"
    if isinstance(leaf, AtLeast):
        return f"{'≥' if leaf.floor >= leaf.reference else '≤'} {leaf.floor:g}"
    assert isinstance(leaf, Difference)
    return f"≥ {leaf.at_least:g}"


def _asked_of(box: Box) -> str:
    if box.low is None:
        return f"≤ {box.high:g}"
    if box.high is None:
        return f"≥ {box.low:g}"
    return f"{box.low:g} to {box.high:g}"


def _part(kind: str, status: Status, reason: str, asked: str, effect: Effect, more: int | None = None) -> PartVerdict:
    return PartVerdict(kind=kind, status=status, reason=reason, asked=asked, effect=effect, further_units=more)


def _decide(
    leaf: AtLeast | Ratio | Difference | NotWorse | Equivalent, interval: Interval, sign: float
) -> tuple[Status, str, tuple[float, ...]]:
    """Status, reason, and the bounds that decide, on the scale of the interval."""
    low, high = interval.low, interval.high
    if isinstance(leaf, NotWorse):
        return decide_not_worse(low, high, leaf.margin), "", (-leaf.margin,)
    if isinstance(leaf, Equivalent):
        return decide_inside(low, high, -leaf.margin, leaf.margin), "", (-leaf.margin, leaf.margin)
    if isinstance(leaf, Ratio):
        reference, threshold = 0.0, math.log(leaf.at_least)
        status = decide(low, high, reference, threshold, is_floor=leaf.is_floor)
        return status, "", (reference, threshold)
    if isinstance(leaf, Difference):
        status = decide(low, high, 0.0, leaf.at_least, leaf.equivalence, is_floor=leaf.is_floor)
        nil = status == "CONTRADICTED" and high >= 0 and leaf.equivalence > 0 and high < leaf.equivalence
        return status, f"no effect beyond ±{leaf.equivalence:g}" if nil else "", (0.0, leaf.at_least)
    reference, threshold = sign * leaf.reference, sign * leaf.floor
    return decide(low, high, reference, threshold), "", (reference, threshold)


def _exact_test_agrees(
    status: Status, leaf: Part, differences: Sequence[float], bounds: tuple[float, ...], m: int
) -> bool:
    """Whether the sign-flip test refutes, at its one-sided share of α, what the status says is excluded."""

    def refutes(bound: float, side: Literal["above", "below"]) -> bool:
        shifted = [d - bound if side == "above" else bound - d for d in differences]
        return sign_flip_p(shifted) <= ALPHA / (2 * m)

    if isinstance(leaf, Equivalent):
        inside = refutes(bounds[0], "above") and refutes(bounds[1], "below")
        return inside if status == "REPRODUCED" else refutes(bounds[0], "below") or refutes(bounds[1], "above")
    if status == "REPRODUCED":
        return refutes(bounds[-1], "above")
    if status == "PARTIAL":
        return refutes(bounds[0], "above") and refutes(bounds[1], "below")
    delta = leaf.equivalence if isinstance(leaf, Difference) else 0.0
    nil = delta > 0 and refutes(bounds[0] - delta, "above") and refutes(bounds[0] + delta, "below")
    floor = isinstance(leaf, Ratio | Difference) and leaf.is_floor and refutes(bounds[1], "below")
    return refutes(bounds[0], "below") or nil or floor


def _mean_effect(leaf: Part, name: str, interval: Interval, unit: str, sign: float, n: int) -> Effect:
    """The effect in natural units: ratios not as logarithms, floors not with a turned sign."""
    if isinstance(leaf, Ratio):
        ends = tuple(math.exp(min(x, 700.0)) for x in (interval.estimate, interval.low, interval.high))
        natural = Interval(*ends, interval.level, interval.se, interval.df)
        smallest = math.exp(min(detectable(interval.se, interval.df, interval.level), 700.0))
        effect = _effect(name, natural, unit, leaf.at_least, 1.0, leaf.published, n)
        return effect.model_copy(update={"detectable": smallest})
    if isinstance(leaf, AtLeast):
        ends = sorted((sign * interval.low, sign * interval.high))
        natural = Interval(sign * interval.estimate, ends[0], ends[1], interval.level, interval.se, interval.df)
        return _effect(name, natural, unit, leaf.floor, leaf.reference, leaf.published, n)
    if isinstance(leaf, NotWorse):
        return _effect(name, interval, unit, -leaf.margin, None, leaf.published, n)
    if isinstance(leaf, Equivalent):
        return _effect(name, interval, unit, leaf.margin, None, leaf.published, n)
    assert isinstance(leaf, Difference)
    return _effect(name, interval, unit, leaf.at_least, 0.0, leaf.published, n)


def _effect(
    name: str,
    interval: Interval,
    unit: str,
    threshold: float,
    reference: float | None,
    published: float | None,
    n: int,
) -> Effect:
    return Effect(
        name=name,
        estimate=interval.estimate,
        low=interval.low,
        high=interval.high,
        level=interval.level,
        unit=unit,
        threshold=threshold,
        reference=reference,
        published=published,
        n=n,
    )


def _more(status: Status, interval: Interval, n: int, bounds: Sequence[float]) -> int | None:
    return more_units(n, interval.estimate, interval.half_width, bounds) if status == "INCONCLUSIVE" else None

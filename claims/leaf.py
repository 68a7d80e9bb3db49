"""One rule an expectation: from the units of its arms to an effect with its interval and a status."""

from __future__ import annotations

from itertools import pairwise

from claimbench.effect import Effect, PartVerdict
from claimbench.expectation import Difference, Exact, Order, Part, Slope
from claimbench.means import effect_name, judge_means
from claimbench.parts import Context, Judged, asked, asked_of, effect_of, invalid, part, undecided_units
from claimbench.rules import Status, combine, decide_box, decide_inside
from claimbench.stats.intervals import one_sample_t
from claimbench.stats.scaling import log_log_fit
from claimbench.units import diverged, sweeps

__all__ = ["judge_leaf"]


def judge_leaf(leaf: Part, context: Context) -> Judged:
    """Status, parts and units per arm of one expectation.

    Raises KeyError or ValueError where the records do not hold what the rule needs.
    """
    if isinstance(leaf, Exact):
        return _exact(leaf, context)
    if isinstance(leaf, Slope):
        return _slope(leaf, context)
    if isinstance(leaf, Order):
        return _order(leaf, context)
    return judge_means(leaf, context)


def _exact(leaf: Exact, context: Context) -> Judged:
    reporting = [record for record in context.records if record.checks]
    counts = {arm: sum(record.arm == arm for record in reporting) for arm in sorted({r.arm for r in reporting})}
    checks: dict[str, tuple[float, float]] = {}
    for record in reporting:
        for name, ends in record.checks.items():
            if checks.setdefault(name, ends) != ends:
                return invalid(
                    "exact", f"check {name} must not vary, but came out as {checks[name]} and {ends}", counts
                )
    if set(checks) != set(leaf.boxes):
        odd = ", ".join(sorted(set(checks) ^ set(leaf.boxes)))
        return invalid("exact", f"the experiment's checks and the spec's boxes differ in {odd}", counts)
    parts: list[PartVerdict] = []
    for name, box in leaf.boxes.items():
        low, high = checks[name]
        status, reason = decide_box(low, high, box)
        threshold = box.high if box.high is not None else box.low
        assert threshold is not None
        effect = Effect(
            name=name,
            estimate=low if low == high else (low + high) / 2,
            low=low,
            high=high,
            level=1.0,
            unit=box.unit,
            threshold=threshold,
            published=box.published,
            n=1,
        )
        parts.append(part("exact", status, reason, asked_of(box), effect))
    statuses: list[Status] = [one.status for one in parts]
    # One figure that is off is a disagreement, however many others agree.
    contradicted = "CONTRADICTED" in statuses and "INVALID" not in statuses
    return ("CONTRADICTED" if contradicted else combine(statuses)), parts, counts


def _slope(leaf: Slope, context: Context) -> Judged:
    units = sweeps(context.claim, context.records, leaf.arm, leaf.metric or context.claim.metric.name)
    counts = {leaf.arm: len(units)}
    if reason := context.too_few(counts):
        return invalid(leaf.kind, reason, counts)
    if len({sizes for sizes, _ in units}) > 1:
        return invalid(leaf.kind, f"units of {leaf.arm} were measured at different sizes", counts)
    if reason := diverged({leaf.arm: {unit: sum(costs) for unit, (_, costs) in enumerate(units)}}):
        reason = f"no slope can be given: {reason}"
        return "INCONCLUSIVE", [PartVerdict(kind=leaf.kind, status="INCONCLUSIVE", reason=reason)], counts
    fits = [log_log_fit(sizes, costs) for sizes, costs in units]
    interval = one_sample_t([slope for slope, _ in fits], context.level)
    curvature = sum(bend for _, bend in fits) / len(fits)
    bottom, top = leaf.exponent - leaf.tolerance, leaf.exponent + leaf.tolerance
    status: Status = decide_inside(interval.low, interval.high, bottom, top)
    reason = ""
    if abs(curvature) > leaf.max_curvature:
        status = "INVALID"
        reason = f"no power law: curvature {curvature:.3f} is beyond ±{leaf.max_curvature:g}, so a slope means nothing"
    effect = effect_of(effect_name(leaf), interval, "1", leaf.exponent, leaf.exponent, None, len(units))
    more = undecided_units(status, interval, len(units), (bottom, top))
    return status, [part(leaf.kind, status, reason, asked(leaf), effect, more)], counts


def _order(leaf: Order, context: Context) -> Judged:
    statuses: list[Status] = []
    parts: list[PartVerdict] = []
    counts: dict[str, int] = {}
    for better, worse in pairwise(leaf.arms):
        step = Difference(subject=better, baseline=worse, at_least=leaf.at_least, metric=leaf.metric)
        status, found, seen = judge_means(step, context)
        statuses.append(status)
        parts += [one.model_copy(update={"kind": "order"}) for one in found]
        counts |= {arm: min(n, counts.get(arm, n)) for arm, n in seen.items()}
    contradicted = "CONTRADICTED" in statuses and "INVALID" not in statuses
    return ("CONTRADICTED" if contradicted else combine(statuses)), parts, counts

"""How much a unit varies, for planning: from a claim's records, else from the pilots of its tuning.

On the scale of the interval that will judge it: a pair's difference, a logarithm where factors are compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from claimbench.errors import NotMeasured
from claimbench.estimand import one_arm, paired_arms
from claimbench.expectation import Slope
from claimbench.means import Means, scale_of
from claimbench.record import Record
from claimbench.spec import Claim, Tier
from claimbench.stats.intervals import Interval, one_sample_t
from claimbench.stats.power import Design, sd_upper
from claimbench.stats.scaling import log_log_fit
from claimbench.tuning import with_value
from claimbench.units import collect, sweeps, values

__all__ = ["spread"]

_LEVEL = 0.95  # of intervals of which only the standard error is used


def spread(
    claim: Claim, tier: Tier, leaf: Means | Slope, records: Sequence[Record], sd: float | None
) -> tuple[Design, str]:
    """Spread of a unit for one part of an expectation, and in words where it is from; `sd` goes before all records.

    Of few pilots the upper 80 % confidence limit is taken: a plan that is too small decides nothing. Raises
    NotMeasured where no record tells the spread.
    """
    if sd is not None:
        arms = 1 if claim.protocol.paired else len(leaf.arms_used())
        return Design((sd,) * arms), f"{sd:.3g} (given)"
    evidence = collect(claim, tier, records)
    if found := _sds(claim, leaf, evidence.ok):
        sds, n = found
        return Design(sds), f"{_words(sds)} ({n} {evidence.role})"
    if found := _sds(claim, leaf, _pilots(claim, tier, records)):
        sds, n = found
        upper = tuple(sd_upper(one, n - 1) for one in sds)
        return Design(upper), f"{_words(upper)} (80 % limit of {n} pilots)"
    raise NotMeasured(
        f"{claim.id}: no records at {tier} tell how much {' and '.join(leaf.arms_used())} vary; give --sd, or measure: "
        f"claimbench {'tune' if claim.tuning else 'run -k'} {claim.id} --tier {tier}"
    )


def _words(sds: Sequence[float]) -> str:
    return " and ".join(f"{sd:.3g}" for sd in sds)


def _pilots(claim: Claim, tier: Tier, records: Sequence[Record]) -> list[Record]:
    """The tuning records of each arm at the value that it was given."""
    tuning = claim.tuning
    if tuning is None:
        return []
    shas = {value: with_value(claim, value).measure_sha() for value in tuning.grid}
    chosen = {arm.name: shas.get(float(arm.options.get(tuning.option, tuning.grid[0]))) for arm in claim.arms}
    found = {
        (record.arm, record.seeds): record
        for record in records
        if (record.claim, record.tier, record.role, record.status) == (claim.id, tier, "tuning", "ok")
        and record.measure_sha == chosen.get(record.arm)
        and set(record.seeds) <= set(tuning.seeds)
    }
    return list(found.values())


def _sds(claim: Claim, leaf: Means | Slope, records: Sequence[Record]) -> tuple[tuple[float, ...], int] | None:
    """Standard deviations of a unit and the number of units that they rest on; None where there are too few."""
    try:
        found = _intervals(claim, leaf, records)
    except (KeyError, ValueError, ZeroDivisionError):
        return None  # the records do not hold what the part is about
    if not found or not all(n > 1 and math.isfinite(interval.se) for interval, n in found):
        return None
    # Of units in clusters it is the one that as many independent units would have.
    return tuple(interval.se * math.sqrt(n) for interval, n in found), min(n for _, n in found)


def _intervals(claim: Claim, leaf: Means | Slope, records: Sequence[Record]) -> list[tuple[Interval, int]]:
    """An interval and its units: of the pairs' differences, or of each arm."""
    metric, cluster = leaf.metric or claim.metric.name, claim.protocol.cluster
    if isinstance(leaf, Slope):
        slopes = [log_log_fit(sizes, costs)[0] for sizes, costs in sweeps(claim, records, leaf.arm, metric)]
        return [(one_sample_t(slopes, _LEVEL), len(slopes))] if slopes else []
    columns = {arm: values(claim, records, arm, metric) for arm in leaf.arms_used()}
    if not all(columns.values()):
        return []
    labels = {arm: values(claim, records, arm, cluster) for arm in columns} if cluster else {}
    if claim.protocol.paired and len(columns) > 1:
        (one, first), (_, second) = columns.items()
        both = sorted(set(first) & set(second))
        if not both:
            return []
        estimate = paired_arms(
            [first[seed] for seed in both],
            [second[seed] for seed in both],
            1.0,
            _LEVEL,
            scale_of(leaf),
            items=claim.protocol.unit == "item",
            clusters=[labels[one][seed] for seed in both] if labels else None,
        )
        return [(estimate.interval, len(both))]
    found: list[tuple[Interval, int]] = []
    for arm, column in columns.items():
        clusters = [labels[arm][seed] for seed in column] if labels else None
        estimate = one_arm(_scaled(list(column.values()), leaf), 1.0, _LEVEL, items=False, clusters=clusters)
        found.append((estimate.interval, len(column)))
    return found


def _scaled(column: Sequence[float], leaf: Means) -> list[float]:
    """One arm's values on a scale on which their spread is that of the effect."""
    scale = scale_of(leaf)
    if scale == "log":
        return [math.log(value) for value in column]
    return [value * len(column) / sum(column) for value in column] if scale == "means" else list(column)

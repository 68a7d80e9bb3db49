"""`judge`: a pure function of a claim, the size of its family, its records and the health of their runs.

A closed set of statuses, and the first rule that matches (the rules are in `claimbench.rules` and
`claimbench.leaf`): INVALID, NOT_TESTABLE, REPRODUCED, PARTIAL, CONTRADICTED, INCONCLUSIVE.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from claimbench.effect import Effect, PartVerdict, Qualifier, Verdict, gap
from claimbench.expectation import AllOf, AtLeast, Equivalent, Exact, NotWorse, Order, Part, Slope, Within, leaves
from claimbench.health import Health
from claimbench.leaf import judge_leaf
from claimbench.parts import Context
from claimbench.record import Record
from claimbench.rules import Status, combine
from claimbench.spec import Claim, NotTestable, Tier
from claimbench.stats.sample_size import share
from claimbench.stats.sequential import shares
from claimbench.units import Evidence, collect, fault

__all__ = ["Effect", "PartVerdict", "Verdict", "gap", "judge", "not_testable", "unusable"]


def not_testable(claim: NotTestable, tier: Tier) -> Verdict:
    """The verdict of a claim that no tier can test."""
    return Verdict(claim=claim.id, version=1, tier=tier, status="NOT_TESTABLE", reason=claim.reason)


def judge(claim: Claim, tier: Tier, m: int, records: Sequence[Record], health: Health) -> Verdict:
    """Judge a claim at a tier by its records; `m` is the number of comparisons in its family.

    Records of another measurement, tier or claim are left out. Timings need a run whose placebo is in order.
    """
    evidence = collect(claim, tier, records)
    binding = evidence.role == "confirmatory"
    exploratory: tuple[Qualifier, ...] = () if binding else ("exploratory",)

    def verdict(
        status: Status, reason: str, parts: Sequence[PartVerdict] = (), n: dict[str, int] | None = None
    ) -> Verdict:
        further = [part.further_units for part in parts if part.further_units is not None]
        return Verdict(
            claim=claim.id,
            version=claim.version,
            tier=tier,
            status=status,
            reason=reason,
            parts=tuple(parts),
            qualifiers=(*_qualifiers(claim, status, parts, context), *claim.qualifiers, *exploratory),
            n=n or {},
            further_units=max(further) if further and status == "INCONCLUSIVE" else None,
            attempts=evidence.attempts if evidence.ok or evidence.failed else 0,
            look=evidence.look,
        )

    looks, m = claim.looks(tier), m if binding else 1
    look = max(evidence.look, 1)
    context = Context(
        claim=claim,
        records=evidence.ok,
        m=m,
        binding=binding,
        failed=evidence.failed,
        alpha=shares(looks, share(m))[look - 1],
        final=look == len(looks),
    )
    if not evidence.ok:
        if evidence.failed:
            first = evidence.failed[0]
            return verdict(
                "INVALID", f"every trial failed, the first ({first.arm}, {list(first.seeds)}): {first.reason}"
            )
        refused = f"; {evidence.refused} records of another measurement were left out" if evidence.refused else ""
        return verdict("INCONCLUSIVE", f"not measured yet{refused}")
    if reason := unusable(claim, tier, evidence, health):
        return verdict("INVALID", reason)
    if len(looks) > 1 and not evidence.look:  # else whoever stops a run has looked once more than was planned
        return verdict("INCONCLUSIVE", f"nothing is judged before the first look, at {looks[0]} units an arm")
    statuses: list[Status] = []
    parts: list[PartVerdict] = []
    counts: dict[str, int] = {}
    for leaf in leaves(claim.expectation):
        try:
            status, found, seen = judge_leaf(leaf, context)
        except (KeyError, ValueError) as error:
            reason = str(error.args[0])
            status, found, seen = "INVALID", [PartVerdict(kind=leaf.kind, status="INVALID", reason=reason)], {}
        statuses.append(status)
        parts += found
        counts |= {arm: min(n, counts.get(arm, n)) for arm, n in seen.items()}
    status = combine(statuses) if isinstance(claim.expectation, AllOf) else statuses[0]
    more = status == "INCONCLUSIVE" and not context.final
    onwards = f"; this was look {look} of {len(looks)}, and claimbench run measures on" if more else ""
    return verdict(status, _reason(status, parts) + onwards, parts, counts)


def unusable(claim: Claim, tier: Tier, evidence: Evidence, health: Health) -> str:
    """Why nothing may be said from these records, or an empty string: controls, gates, conditions, placebos."""
    measured = {record.arm for record in evidence.ok}
    if missing := [arm.name for arm in claim.arms if arm.role == "control" and arm.name not in measured]:
        return f"no valid unit of the control {', '.join(missing)}, which must come out negative"
    if reason := fault(claim, evidence):
        return reason
    return health.fault({record.run for record in evidence.ok}, tier) if claim.protocol.unit == "process" else ""


_OF_A_PART: dict[Status, str] = {
    "REPRODUCED": "reproduced",
    "PARTIAL": "smaller than asked",
    "CONTRADICTED": "contradicted",
    "INCONCLUSIVE": "undecided",
}


def _reason(status: Status, parts: Sequence[PartVerdict]) -> str:
    """The reasons of the parts that made the status, or what the interval says."""
    named = len(parts) > 1
    given = [
        f"{part.effect.name}: {part.reason}" if named and part.effect else part.reason for part in parts if part.reason
    ]
    if given:
        return "; ".join(dict.fromkeys(given))
    if named and status == "PARTIAL":
        counted: dict[Status, int] = {one: sum(part.status == one for part in parts) for one in _OF_A_PART}
        return f"of {len(parts)} parts " + ", ".join(f"{n} {_OF_A_PART[one]}" for one, n in counted.items() if n)
    return {
        "REPRODUCED": "the whole interval is at or beyond what is asked",
        "PARTIAL": "an effect in the claimed direction, smaller than asked",
        "CONTRADICTED": "the whole interval is on the wrong side",
        "INCONCLUSIVE": "the interval does not decide",
        "INVALID": "no statement",
        "NOT_TESTABLE": "not testable",
    }[status]


def _qualifiers(claim: Claim, status: Status, parts: Sequence[PartVerdict], context: Context) -> tuple[Qualifier, ...]:
    found: list[Qualifier] = []
    estimated = [
        (part.kind, part.effect, part.effect.published)
        for part in parts
        if part.effect and part.effect.level < 1 and part.effect.published is not None
    ]
    if status == "REPRODUCED" and estimated:
        if all(_beyond(kind, effect, published) for kind, effect, published in estimated):
            found.append("exceeds")
        elif all(effect.low <= published <= effect.high for _, effect, published in estimated):
            found.append("faithful")
    if status == "REPRODUCED" and _vacuous(claim, context):
        found.append("vacuous")
    return tuple(found)


def _beyond(kind: str, effect: Effect, published: float) -> bool:
    """Whether the whole interval is better than the published effect; a smaller difference, where none is claimed."""
    if kind in ("within", "slope"):
        return False
    if kind == "equivalent":
        return max(_size(end, effect) for end in (effect.low, effect.high)) < _size(published, effect)
    if effect.reference is not None and effect.threshold < effect.reference:  # a ceiling
        return effect.high < published
    return effect.low > published


def _size(value: float, effect: Effect) -> float:
    """How far a difference is from none, or a factor from one."""
    return abs(math.log(value) if effect.is_factor else value)


def _vacuous(claim: Claim, context: Context) -> bool:
    """Whether a control arm, put in the subject's place, meets the whole claim as well; its estimate is enough."""
    lenient = claim.model_copy(update={"protocol": claim.protocol.model_copy(update={"n_min": 1})})
    context = replace(context, claim=lenient, binding=False)
    return any(
        all(_meets(leaf, arm.name, context) for leaf in leaves(claim.expectation))
        for arm in claim.arms
        if arm.role == "control"
    )


def _meets(leaf: Part, control: str, context: Context) -> bool:
    if isinstance(leaf, Exact | Order) or control in leaf.arms_used():
        return False
    field = "arm" if isinstance(leaf, AtLeast | Within | Slope) else "subject"
    try:
        _, (part, *_), _ = judge_leaf(leaf.model_copy(update={field: control}), context)
    except (KeyError, ValueError):
        return False  # it does not report what the claim is about
    if part.effect is None:
        return False
    found = part.effect.estimate
    if isinstance(leaf, AtLeast):
        return found >= leaf.floor if leaf.floor >= leaf.reference else found <= leaf.floor
    if isinstance(leaf, NotWorse):
        return found > (1 / (1 + leaf.margin) if leaf.relative else -leaf.margin)
    if isinstance(leaf, Equivalent):
        return _size(found, part.effect) < (math.log1p(leaf.margin) if leaf.relative else leaf.margin)
    if isinstance(leaf, Within):
        return abs(found - leaf.value) <= leaf.margin
    if isinstance(leaf, Slope):
        return abs(found - leaf.exponent) <= leaf.tolerance
    return found >= leaf.at_least

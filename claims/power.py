"""`claimbench power`: what the declared units can decide, how many an effect of the size asked takes, how many more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from claimbench.errors import SpecError
from claimbench.evidence import judge_all
from claimbench.expectation import AtLeast, Difference, Equivalent, Exact, NotWorse, Order, Ratio, Slope, Within, leaves
from claimbench.lock import Lock
from claimbench.means import Means, effect_name, scale_of
from claimbench.parts import MIN_PROCESSES, asked
from claimbench.record import Record
from claimbench.spec import AnyClaim, Claim, Tier
from claimbench.spread import spread
from claimbench.stats.power import (
    Design,
    excludes,
    items_needed,
    proportion_power,
    smallest_distance,
    units_needed,
    within,
)
from claimbench.stats.proportions import MIN_ITEMS
from claimbench.stats.sample_size import fewest_pairs, share
from claimbench.stats.sequential import shares

__all__ = ["ClaimPower", "PartPower", "power_of"]


@dataclass(frozen=True)
class PartPower:
    """What the units can do for one part of an expectation."""

    name: str
    """Arms that are compared, and the metric where the expectation names one."""
    asked: str
    """What is asked, in few characters."""
    spread: str
    """Standard deviation of a unit, on the scale of the interval, and where it is from."""
    reach: float
    """Distance from a bound at which the declared units exclude it four times in five; a factor where factors are
    compared; the smallest margin, where the effect must lie within one."""
    is_factor: bool
    """Whether `reach` is a factor."""
    needed: int | None
    """Units an arm that tell an effect as large as asked from none four times in five; None where none would."""
    more: int | None
    """Further units an arm that would decide, where the records are undecided."""


@dataclass(frozen=True)
class ClaimPower:
    """What a claim's units can do at a tier."""

    claim: Claim
    """The claim."""
    tier: Tier
    """Tier."""
    m: int
    """Comparisons in its family, its own among them."""
    level: float
    """Two-sided level of every interval, at the last look."""
    parts: tuple[PartPower, ...]
    """One a part that has units."""


def power_of(claim: AnyClaim, tier: Tier, records: Sequence[Record], lock: Lock, sd: float | None = None) -> ClaimPower:
    """The power of a claim's parts at a tier; `sd` replaces the spread that the records show.

    `sd` is that of one unit: of a pair's difference, of a logarithm where factors are compared. Raises SpecError where
    the tier cannot test the claim or nothing varies, NotMeasured where no record tells the spread.
    """
    if not isinstance(claim, Claim):
        raise SpecError(f"{claim.id} is not testable, so no number of units decides it")
    if tier not in claim.workloads:
        raise SpecError(f"{claim.id}: no workload at {tier}; it has {sorted(claim.workloads)}")
    if sd is not None and not sd > 0:
        raise SpecError(f"--sd {sd:g}: a standard deviation is above zero")
    m = _family(claim, tier, lock)
    alpha = shares(claim.looks(tier), share(m))[-1]
    found: list[PartPower] = []
    for leaf in leaves(claim.expectation):
        if isinstance(leaf, Exact):
            continue
        (verdict,) = judge_all([claim.model_copy(update={"expectation": leaf})], records, lock, tier)
        undecided = {part.effect.name: part.further_units for part in verdict.parts if part.effect}
        parts = _steps(leaf) if isinstance(leaf, Order) else [leaf]
        found += [_part(claim, tier, one, records, alpha, sd, undecided) for one in parts]
    if not found:
        raise SpecError(f"{claim.id}: its checks cannot vary, so one trial decides them")
    return ClaimPower(claim, tier, m, 1 - alpha, tuple(found))


def _family(claim: Claim, tier: Tier, lock: Lock) -> int:
    """m, as it is or as it will be once the claim is locked."""
    if claim.role != "confirmatory":
        return 1
    if claim.id in lock.entries:
        return lock.family(claim.paper, tier)
    sizes = [
        entry.judgements[-1].family.get(tier, 0)
        for other, entry in lock.entries.items()
        if other.split(".")[0] == claim.paper
    ]
    return max(1, claim.comparisons() + max(sizes, default=0))


def _steps(leaf: Order) -> list[Difference]:
    return [
        Difference(subject=better, baseline=worse, at_least=leaf.at_least, metric=leaf.metric)
        for better, worse in pairwise(leaf.arms)
    ]


def _part(
    claim: Claim,
    tier: Tier,
    leaf: Means | Slope,
    records: Sequence[Record],
    alpha: float,
    sd: float | None,
    undecided: dict[str, int | None],
) -> PartPower:
    level, n = 1 - alpha, claim.units(tier)
    factor = not isinstance(leaf, Slope) and scale_of(leaf) != "natural"
    name = effect_name(leaf)
    if isinstance(leaf, AtLeast) and claim.protocol.unit == "item" and claim.protocol.cluster is None:
        words, reach, needed = _share(leaf, n, level)
    else:
        design, words = spread(claim, tier, leaf, records, sd)
        chance = within if isinstance(leaf, Equivalent | Within | Slope) else excludes
        reach, needed = (
            smallest_distance(chance, design, n, level),
            units_needed(chance, _distance(leaf), design, level),
        )
    return PartPower(
        name=name,
        asked=asked(leaf),
        spread=words,
        reach=math.exp(min(reach, 700.0)) if factor else reach,
        is_factor=factor,
        needed=None if needed is None else max(needed, _fewest(claim, leaf, alpha)),
        more=undecided.get(name),
    )


def _share(leaf: AtLeast, n: int, level: float) -> tuple[str, float, int | None]:
    """A share of items has the spread that its size gives it: its words, reach, and items needed."""
    towards = 1.0 if leaf.floor > leaf.reference else -1.0

    def chance(distance: float, design: Design, n: int, level: float) -> float:
        return proportion_power(min(max(leaf.floor + towards * distance, 0.0), 1.0), leaf.floor, n, level)

    sd = math.sqrt(leaf.floor * (1 - leaf.floor))
    reach = smallest_distance(chance, Design((sd,)), n, level)
    return f"{sd:.3g} (a share's own)", reach, items_needed(leaf.floor, leaf.reference, level)


def _fewest(claim: Claim, leaf: Means | Slope, alpha: float) -> int:
    """Units below which nothing is decided, whatever the spread."""
    pairs = claim.protocol.paired and len(leaf.arms_used()) > 1 and not claim.protocol.cluster
    least = {"process": MIN_PROCESSES, "item": MIN_ITEMS}.get(claim.protocol.unit, 2)
    return max(claim.protocol.n_min, fewest_pairs(alpha) if pairs else 0, least)


def _distance(leaf: Means | Slope) -> float:
    """Distance between the effect that is asked and none, on the scale of the interval."""
    if isinstance(leaf, Difference):
        return leaf.at_least
    if isinstance(leaf, Ratio):
        return math.log(leaf.at_least)
    if isinstance(leaf, AtLeast):
        return abs(leaf.floor - leaf.reference)
    if isinstance(leaf, Slope):
        return leaf.tolerance
    return math.log1p(leaf.margin) if isinstance(leaf, NotWorse | Equivalent) and leaf.relative else leaf.margin

"""The rules: from an interval to a status. Pure functions of numbers; the first rule that matches decides.

Every effect is oriented so that larger favours the claim. At the threshold itself, REPRODUCED has a probability of at
most half of α/m, by the coverage of the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from claimbench.expectation import Box
from claimbench.stats.sample_size import further_units

__all__ = ["Status", "combine", "decide", "decide_box", "decide_inside", "decide_not_worse", "more_units"]

Status = Literal["REPRODUCED", "PARTIAL", "CONTRADICTED", "INCONCLUSIVE", "INVALID", "NOT_TESTABLE"]
DECIDED: tuple[Status, ...] = ("REPRODUCED", "PARTIAL", "CONTRADICTED")


def decide(
    low: float, high: float, reference: float, threshold: float, equivalence: float = 0.0, *, is_floor: bool = False
) -> Status:
    """Status of an effect in [low, high]: `reference` is no effect (θ0), `threshold` the smallest that counts (r).

    `equivalence` is δ: an interval inside θ0 ± δ contradicts the claim as no effect. `is_floor`: the paper states a
    floor, so a magnitude that is excluded contradicts it even where the direction is undecided.
    """
    if low >= threshold:
        return "REPRODUCED"
    if low > reference and high < threshold:
        return "PARTIAL"
    if high < reference:
        return "CONTRADICTED"
    if equivalence > 0 and low > reference - equivalence and high < reference + equivalence:
        return "CONTRADICTED"
    if is_floor and high < threshold and low <= reference:
        return "CONTRADICTED"
    return "INCONCLUSIVE"


def decide_not_worse(low: float, high: float, margin: float) -> Status:
    """Status of "not worse by more than `margin`" for a difference in [low, high]."""
    if low > -margin:
        return "REPRODUCED"
    return "CONTRADICTED" if high < -margin else "INCONCLUSIVE"


def decide_inside(low: float, high: float, bottom: float, top: float) -> Status:
    """Status of "the effect lies within [bottom, top]"."""
    if bottom <= low and high <= top:
        return "REPRODUCED"
    return "CONTRADICTED" if high < bottom or low > top else "INCONCLUSIVE"


def decide_box(low: float, high: float, box: Box) -> tuple[Status, str]:
    """Status and reason of a deterministic value that rounding leaves anywhere in [low, high]."""
    if not low <= high:
        return "INVALID", f"[{low:.6g}, {high:.6g}] is no interval: the experiment computes something undefined"
    if box.high is not None and low > box.high:
        return "CONTRADICTED", f"{low:.6g} is above {box.high:.6g} by {low - box.high:.3g}"
    if box.low is not None and high < box.low:
        return "CONTRADICTED", f"{high:.6g} is below {box.low:.6g} by {box.low - high:.3g}"
    return "REPRODUCED", ""


def combine(statuses: Sequence[Status]) -> Status:
    """Status of a conjunction: all parts must hold; it is contradicted where a part is and none is reproduced."""
    if "INVALID" in statuses:
        return "INVALID"
    if all(status == "REPRODUCED" for status in statuses):
        return "REPRODUCED"
    some = "REPRODUCED" in statuses
    if "CONTRADICTED" in statuses:
        return "PARTIAL" if some else "CONTRADICTED"
    if all(status in ("REPRODUCED", "PARTIAL") for status in statuses):
        return "PARTIAL"
    return "INCONCLUSIVE"


def more_units(n: int, estimate: float, half_width: float, bounds: Sequence[float]) -> int | None:
    """Units an arm beyond `n` that would decide, were the estimate the truth: the nearest bound must be excluded."""
    return further_units(n, half_width, min(abs(estimate - bound) for bound in bounds))

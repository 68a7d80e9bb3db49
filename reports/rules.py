"""What decides a claim, in words."""

from __future__ import annotations

from claimbench.expectation import (
    AtLeast,
    Difference,
    Equivalent,
    Exact,
    NotWorse,
    Order,
    Ratio,
    Slope,
    leaves,
)
from claimbench.reports.numbers import number, quantity, times
from claimbench.spec import Claim

__all__ = ["decides"]


def decides(claim: Claim) -> list[str]:
    """One sentence a part of the claim's expectation."""
    return [_sentence(leaf, claim) for leaf in leaves(claim.expectation)]


def _sentence(leaf: object, claim: Claim) -> str:
    metric, unit = claim.metric, claim.metric.unit
    if isinstance(leaf, AtLeast):
        side = "at least" if metric.better == "higher" else "at most"
        return (
            f"the mean {leaf.metric or metric.name} of `{leaf.arm}` is {side} {quantity(leaf.floor, unit)} "
            f"({quantity(leaf.reference, unit)} would mean nothing)"
        )
    if isinstance(leaf, Ratio):
        floor = "; the paper states it as a floor" if leaf.is_floor else ""
        return (
            f"`{leaf.subject}` is better than `{leaf.baseline}` in {leaf.metric or metric.name} "
            f"by a factor of at least {times(leaf.at_least)}{floor}"
        )
    if isinstance(leaf, Difference):
        null = f"; within ±{quantity(leaf.equivalence, unit)} counts as no effect" if leaf.equivalence else ""
        floor = "; the paper states it as a floor" if leaf.is_floor else ""
        return (
            f"`{leaf.subject}` is better than `{leaf.baseline}` in {leaf.metric or metric.name} "
            f"by at least {quantity(leaf.at_least, unit)}{null}{floor}"
        )
    if isinstance(leaf, NotWorse):
        return (
            f"`{leaf.subject}` is not worse than `{leaf.baseline}` in {leaf.metric or metric.name} "
            f"by more than {quantity(leaf.margin, unit)}"
        )
    if isinstance(leaf, Equivalent):
        return (
            f"`{leaf.subject}` and `{leaf.baseline}` differ in {leaf.metric or metric.name} "
            f"by less than {quantity(leaf.margin, unit)}"
        )
    if isinstance(leaf, Slope):
        return (
            f"{leaf.metric or metric.name} of `{leaf.arm}` grows as size to the power {number(leaf.exponent)} "
            f"± {number(leaf.tolerance)}, with a curvature of at most {number(leaf.max_curvature)}"
        )
    if isinstance(leaf, Order):
        arms = " > ".join(f"`{arm}`" for arm in leaf.arms)
        return f"{arms} in {leaf.metric or metric.name}, each step by at least {quantity(leaf.at_least, unit)}"
    if isinstance(leaf, Exact):
        return "; ".join(f"{name} is {_box(box.low, box.high, box.unit)}" for name, box in leaf.boxes.items())
    raise TypeError(f"no words for {type(leaf).__name__}; add them here")


def _box(low: float | None, high: float | None, unit: str) -> str:
    if low is None:
        return f"at most {quantity(high or 0.0, unit)}"
    if high is None:
        return f"at least {quantity(low, unit)}"
    if low == high:
        return f"exactly {quantity(low, unit, 6)}"
    return f"between {quantity(low, unit, 6)} and {quantity(high, unit, 6)}"

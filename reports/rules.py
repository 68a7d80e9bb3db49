"""What decides a claim, in words."""

from __future__ import annotations

from claimbench.effect import Effect, PartVerdict
from claimbench.expectation import (
    AtLeast,
    Difference,
    Equivalent,
    Exact,
    NotWorse,
    Order,
    Part,
    Ratio,
    Slope,
    Within,
    leaves,
)
from claimbench.means import Means, effect_name
from claimbench.reports.numbers import as_given, number
from claimbench.spec import Claim

__all__ = ["asked", "bounds", "decides"]

_FLOOR = "; an interval below that which reaches no effect contradicts the claim"


def decides(claim: Claim) -> list[str]:
    """One sentence a part of the claim's expectation, and one a check."""
    return [words for leaf in leaves(claim.expectation) for words in _sentences(leaf, claim)]


def _sentences(leaf: Part, claim: Claim) -> list[str]:
    if isinstance(leaf, Exact):
        return [f"{name} is {_box(box.low, box.high, box.unit)}" for name, box in leaf.boxes.items()]
    return [_sentence(leaf, claim)]


def _sentence(leaf: Means | Slope | Order, claim: Claim) -> str:
    metric, unit = claim.metric, claim.metric.unit_of(leaf.metric)
    if isinstance(leaf, AtLeast):
        side = "at least" if metric.better == "higher" else "at most"
        return (
            f"the mean {leaf.metric or metric.name} of `{leaf.arm}` is {side} {as_given(leaf.floor, unit)} "
            f"(at {as_given(leaf.reference, unit)} there is nothing to claim)"
        )
    if isinstance(leaf, Ratio):
        floor = _FLOOR if leaf.is_floor else ""
        means = "the mean " if leaf.of_means else ""
        return (
            f"`{leaf.subject}` is better than `{leaf.baseline}` in {means}{leaf.metric or metric.name} "
            f"by a factor of at least {as_given(leaf.at_least)}{floor}"
        )
    if isinstance(leaf, Difference):
        null = f"; within ±{as_given(leaf.equivalence, unit)} counts as no effect" if leaf.equivalence else ""
        floor = _FLOOR if leaf.is_floor else ""
        return (
            f"`{leaf.subject}` is better than `{leaf.baseline}` in {leaf.metric or metric.name} "
            f"by at least {as_given(leaf.at_least, unit)}{null}{floor}"
        )
    if isinstance(leaf, NotWorse):
        return (
            f"`{leaf.subject}` is not worse than `{leaf.baseline}` in {leaf.metric or metric.name} "
            f"by more than {_margin(leaf, unit)}"
        )
    if isinstance(leaf, Equivalent):
        return (
            f"`{leaf.subject}` and `{leaf.baseline}` differ in {leaf.metric or metric.name} "
            f"by less than {_margin(leaf, unit)}"
        )
    if isinstance(leaf, Within):
        return (
            f"the mean {leaf.metric or metric.name} of `{leaf.arm}` is {as_given(leaf.value, unit)} "
            f"± {as_given(leaf.margin, unit)}"
        )
    if isinstance(leaf, Slope):
        return (
            f"{leaf.metric or metric.name} of `{leaf.arm}` grows as size to the power {as_given(leaf.exponent)} "
            f"± {as_given(leaf.tolerance)}, with a curvature of at most {as_given(leaf.max_curvature)}"
        )
    arms = " > ".join(f"`{arm}`" for arm in leaf.arms)
    return f"{arms} in {leaf.metric or metric.name}, each step by at least {as_given(leaf.at_least, unit)}"


def _margin(leaf: NotWorse | Equivalent, unit: str) -> str:
    return f"a factor of {as_given(1 + leaf.margin)}" if leaf.relative else as_given(leaf.margin, unit)


def bounds(claim: Claim, part: PartVerdict, effect: Effect) -> tuple[float, ...]:
    """Where an effect must lie: one threshold, or the two ends of a range."""
    if part.kind == "equivalent":
        return (1 / effect.threshold if effect.is_factor else -effect.threshold, effect.threshold)
    for leaf in leaves(claim.expectation):
        if isinstance(leaf, Within) and part.kind == "within" and effect.name == effect_name(leaf):
            return (leaf.value - leaf.margin, leaf.value + leaf.margin)
        if isinstance(leaf, Slope) and part.kind == "slope" and effect.name == effect_name(leaf):
            return (leaf.exponent - leaf.tolerance, leaf.exponent + leaf.tolerance)
    return (effect.threshold,)


def asked(claim: Claim, part: PartVerdict) -> str:
    """What a part of a verdict asks of its effect, as short as a table cell; empty where there is no effect."""
    effect = part.effect
    if effect is None:
        return ""
    for leaf in leaves(claim.expectation):
        if isinstance(leaf, Exact) and part.kind == "exact" and effect.name in leaf.boxes:
            box = leaf.boxes[effect.name]
            return _box(box.low, box.high, box.unit)
        if isinstance(leaf, Slope) and part.kind == "slope" and effect.name == effect_name(leaf):
            return f"{as_given(leaf.exponent)} ± {as_given(leaf.tolerance)}"
        if isinstance(leaf, Within) and part.kind == "within" and effect.name == effect_name(leaf):
            return f"{as_given(leaf.value, effect.unit)} ± {as_given(leaf.margin, effect.unit)}"
    if part.kind == "equivalent" and effect.is_factor:
        return f"between {number(1 / effect.threshold)} and {as_given(effect.threshold)}×"
    if effect.is_factor:
        return f"at least {number(effect.threshold) if part.kind == 'not_worse' else as_given(effect.threshold)}×"
    if part.kind == "equivalent":
        return f"within ±{as_given(effect.threshold, effect.unit)}"
    side = "at most" if part.kind == "at_least" and claim.metric.better == "lower" else "at least"
    return f"{side} {as_given(effect.threshold, effect.unit)}"


def _box(low: float | None, high: float | None, unit: str) -> str:
    if low is None:
        return f"at most {as_given(high or 0.0, unit)}"
    if high is None:
        return f"at least {as_given(low, unit)}"
    if low == high:
        return f"exactly {as_given(low, unit)}"
    return f"between {as_given(low, unit)} and {as_given(high, unit)}"

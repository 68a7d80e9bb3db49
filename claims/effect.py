"""What a judgement consists of: effects with intervals, the status of each part, the verdict."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from claimbench.rules import Status
from claimbench.spec import Tier

__all__ = ["Effect", "PartVerdict", "Verdict", "gap"]

Qualifier = Literal["exceeds", "faithful", "vacuous", "unfalsifiable", "exploratory"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="strings")


class Effect(_Model):
    """One estimated effect, in natural units: a ratio is a ratio, not its logarithm."""

    name: str
    """Arms that are compared, with the metric where the expectation names one; or the name of a check."""
    estimate: float
    """Point estimate."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    level: float
    """Two-sided confidence level, shared among the family's comparisons; 1 for a deterministic value."""
    unit: str
    """Unit; `1` for ratios, exponents and counts."""
    threshold: float
    """r: what the claim asks."""
    reference: float | None = None
    """θ0: no effect; None where the expectation has none."""
    published: float | None = None
    """The paper's effect."""
    n: int
    """Units, of the arm that has fewer."""
    detectable: float | None = None
    """For factors: the smallest that this spread would show with a power of 80 %."""

    @property
    def is_factor(self) -> bool:
        """Whether it is a factor, so that distances are those of logarithms."""
        return self.detectable is not None


class PartVerdict(_Model):
    """Status of one part of a claim."""

    kind: str
    """Kind of the expectation."""
    status: Status
    """Status."""
    reason: str = ""
    """Why, where the interval does not say it."""
    asked: str = ""
    """What the expectation asks of the effect, in few characters."""
    effect: Effect | None = None
    """The effect; None where none could be estimated."""
    further_units: int | None = None
    """Units an arm that would decide, were the estimate the truth."""


class Verdict(_Model):
    """What the records say about a claim at a tier."""

    claim: str
    """Claim id."""
    version: int
    """Claim version."""
    tier: Tier
    """Tier."""
    status: Status
    """One of six."""
    reason: str
    """Why, in words."""
    parts: tuple[PartVerdict, ...] = ()
    """Parts, in the order of the expectation; a deterministic one gives a part a check."""
    qualifiers: tuple[Qualifier, ...] = ()
    """What else is to be said of it."""
    n: dict[str, int] = {}
    """Units per arm."""
    further_units: int | None = None
    """Units an arm that would decide."""
    attempts: int = 0
    """How often the claim was measured."""
    look: int = 0
    """How many of the planned looks have all their units; the only one, for most claims, is the end."""

    def words(self) -> str:
        """The verdict as a sentence that names its tier; a small tier never claims the paper's own scale."""
        scale = {
            "smoke": "at toy scale",
            "cpu": "at this small scale",
            "gpu": "at these shapes on one GPU",
            "paper": "at the paper's scale",
        }[self.tier]
        exact = bool(self.parts) and all(part.kind == "exact" for part in self.parts)
        said = {
            "REPRODUCED": "Every check holds" if exact else f"The effect shows {scale}",
            "PARTIAL": f"The effect shows {scale}, but smaller than asked, or in part",
            "CONTRADICTED": "Not every check holds" if exact else f"The effect does not show {scale}",
            "INCONCLUSIVE": f"Undecided {scale}",
            "INVALID": f"No statement {scale}",
            "NOT_TESTABLE": "Not testable",
        }[self.status]
        why = " ".join(self.reason.split()) if self.status not in ("REPRODUCED", "PARTIAL") else ""
        control = " A control meets it as well." if "vacuous" in self.qualifiers else ""
        return f"{said} ({self.tier}){': ' if why else ''}{why}.{control}"


def gap(effect: Effect) -> float | None:
    """How far the effect is from the published one: 0 as published, 1 no effect, above 1 the wrong way.

    (published - estimate) / (published - reference), on the logarithm for ratios. None where the paper gives no figure
    or the two coincide.
    """
    published, reference, estimate = effect.published, effect.reference, effect.estimate
    if published is None or reference is None or published == reference:
        return None
    if effect.is_factor:
        if min(published, reference, estimate) <= 0:
            return None
        published, reference, estimate = math.log(published), math.log(reference), math.log(estimate)
    return (published - estimate) / (published - reference)

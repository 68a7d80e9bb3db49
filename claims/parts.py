"""What every rule needs, and how it says what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimbench.effect import Effect, PartVerdict
from claimbench.expectation import AtLeast, Box, Difference, Equivalent, NotWorse, Ratio, Slope, Within
from claimbench.record import Record
from claimbench.rules import Status, more_units
from claimbench.spec import Claim
from claimbench.stats.clusters import MIN_CLUSTERS
from claimbench.stats.intervals import Interval
from claimbench.stats.proportions import MIN_ITEMS
from claimbench.stats.sample_size import fewest_pairs

__all__ = ["Context", "Judged", "asked", "asked_of", "effect_of", "invalid", "part", "undecided_units"]

MIN_PROCESSES = 10
"""Fewest processes a side: below it the interval of a timing covers less than it says."""

Judged = tuple[Status, list[PartVerdict], dict[str, int]]
"""Status, parts and units per arm of one expectation."""


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
    alpha: float
    """Two-sided error rate of one comparison: its share of the family's, and of that the share of the look."""
    final: bool = True
    """Whether no look comes after this one."""

    @property
    def level(self) -> float:
        """Two-sided level of every interval."""
        return 1 - self.alpha

    def too_few(self, counts: dict[str, int]) -> str:
        """Why there are too few units, or an empty string."""
        need = self.claim.protocol.n_min
        if self.binding and self.claim.protocol.unit == "process":
            need = max(need, MIN_PROCESSES)
        if self.binding and self.claim.protocol.unit == "item":
            need = max(need, MIN_ITEMS)
        # Where a look is to come, too few pairs for the exact test leave it undecided, and the next one has more.
        if self.binding and self.claim.protocol.paired and not self.claim.protocol.cluster and self.final:
            need = max(need, fewest_pairs(self.alpha))
        return self._short(counts, need, "units")

    def too_few_clusters(self, counts: dict[str, int]) -> str:
        """Why there are too few clusters, or an empty string."""
        return self._short(counts, MIN_CLUSTERS, "clusters") if self.binding else ""

    def _short(self, counts: dict[str, int], need: int, what: str) -> str:
        short = {arm: n for arm, n in counts.items() if n < need}
        if not short:
            return ""
        words = ", ".join(f"{n} {what} of {arm}" for arm, n in short.items())
        return f"{words}, and {need} are needed with m = {self.m}{self._failures()}"

    def _failures(self) -> str:
        if not self.failed:
            return ""
        causes = "; ".join(f"{r.arm} {list(r.seeds)}: {r.reason}" for r in self.failed[:2])
        return f" ({len(self.failed)} trials failed: {causes}{', …' if len(self.failed) > 2 else ''})"


def invalid(kind: str, reason: str, counts: dict[str, int]) -> Judged:
    """No statement."""
    return "INVALID", [PartVerdict(kind=kind, status="INVALID", reason=reason)], counts


def part(kind: str, status: Status, reason: str, wants: str, effect: Effect, more: int | None = None) -> PartVerdict:
    """The verdict on one effect."""
    return PartVerdict(kind=kind, status=status, reason=reason, asked=wants, effect=effect, further_units=more)


def asked(leaf: AtLeast | Ratio | Difference | NotWorse | Equivalent | Within | Slope) -> str:
    """What the expectation asks of its effect, in few characters."""
    if isinstance(leaf, Equivalent):
        return f"{1 / (1 + leaf.margin):.3g} to {1 + leaf.margin:.3g}" if leaf.relative else f"within ±{leaf.margin:g}"
    if isinstance(leaf, NotWorse):
        return f"> {1 / (1 + leaf.margin):.3g}" if leaf.relative else f"> {-leaf.margin:g}"
    if isinstance(leaf, Within):
        return f"{leaf.value:g} ± {leaf.margin:g}"
    if isinstance(leaf, Slope):
        return f"{leaf.exponent:g} ± {leaf.tolerance:g}"
    if isinstance(leaf, AtLeast):
        return f"{'≥' if leaf.floor >= leaf.reference else '≤'} {leaf.floor:g}"
    return f"≥ {leaf.at_least:g}"


def asked_of(box: Box) -> str:
    """What a box asks of its value, in few characters."""
    if box.low is None:
        return f"≤ {box.high:g}"
    if box.high is None:
        return f"≥ {box.low:g}"
    return f"{box.low:g} to {box.high:g}"


def effect_of(
    name: str,
    interval: Interval,
    unit: str,
    threshold: float,
    reference: float | None,
    published: float | None,
    n: int,
) -> Effect:
    """The effect that an interval in natural units estimates."""
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


def undecided_units(status: Status, interval: Interval, n: int, bounds: Sequence[float]) -> int | None:
    """Further units that would decide, where nothing is decided."""
    return more_units(n, interval.estimate, interval.half_width, bounds) if status == "INCONCLUSIVE" else None

"""One claim's part of a page: what was measured, how, and what was found, as text for the template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from claimbench.expectation import leaves
from claimbench.record import Record
from claimbench.reports import figures
from claimbench.reports.crossover import Crossover, crossover
from claimbench.reports.measured import Trace, conditions, gates_table, raw_table, spread, trace, units_words
from claimbench.reports.numbers import as_given, interval, number, quantity, times
from claimbench.reports.rules import asked, decides
from claimbench.reports.tables import table
from claimbench.spec import AnyClaim, Arm, Claim, Tier
from claimbench.units import Evidence, collect, sweeps
from claimbench.verdict import Effect, PartVerdict, Verdict
from claimbench.wording import settings_words, workload_words

__all__ = ["Finding", "Section", "effect_words", "published_table", "published_words", "section", "sentence"]


@dataclass(frozen=True)
class Finding:
    """What one tier found."""

    tier: str
    """Tier."""
    words: str
    """The verdict as a sentence."""
    workload: str
    """What a trial works on, and its sizes."""
    units: str
    """Units and seeds."""
    effects: str
    """Table of effects."""
    raw: str
    """Table of the arms' own numbers."""
    gates: str
    """Gates with their largest errors."""
    regimes: list[str]
    """Timing conditions, and what follows from them."""
    notes: list[str]
    """Attempts, earlier judgements, refused records, failed trials."""
    curves: list[tuple[str, str]]
    """(file, caption) of its figures."""
    trace: Trace
    """Where its numbers come from."""
    command: str
    """How to run it again."""


@dataclass
class Section:
    """One claim."""

    claim: Claim
    """Its spec."""
    anchor: str
    """Anchor of its heading."""
    published: str
    """Table of the paper's figures."""
    arms: list[str]
    """One line an arm."""
    decides: list[str]
    """What would decide it."""
    findings: list[Finding] = field(default_factory=list)
    """One a tier that was measured."""


def published_table(claim: AnyClaim) -> str:
    """The paper's figures, each with its place."""
    rows = [(p.arm, p.metric, as_given(p.value, p.unit), p.where) for p in claim.published]
    return table(("published", "metric", "value", "where"), rows) if rows else ""


def section(
    claim: Claim,
    records: Sequence[Record],
    verdicts: Sequence[Verdict],
    earlier: Callable[[Tier], Sequence[tuple[int, Verdict]]],
    figure: Callable[[str, bytes], str],
) -> Section:
    """Everything a page says of a claim; `figure(name, svg)` keeps a figure and returns its address."""
    found = Section(
        claim=claim,
        anchor=claim.label.lower(),
        published=published_table(claim),
        arms=[_arm(arm) for arm in claim.arms],
        decides=decides(claim),
    )
    for verdict in verdicts:
        found.findings.append(_finding(claim, verdict, records, earlier(verdict.tier), figure))
    return found


def _finding(
    claim: Claim,
    verdict: Verdict,
    records: Sequence[Record],
    earlier: Sequence[tuple[int, Verdict]],
    figure: Callable[[str, bytes], str],
) -> Finding:
    evidence = collect(claim, verdict.tier, records)
    good = evidence.ok
    crossing, curves = _figures(claim, verdict.tier, good, figure)
    return Finding(
        tier=verdict.tier,
        words=sentence(verdict) if claim.role == "confirmatory" else "",
        workload=workload_words(claim.workloads[verdict.tier]),
        units=units_words(claim, good),
        effects=_effects(claim, verdict, judged=claim.role == "confirmatory"),
        raw=raw_table(claim, good, checks=not any(part.effect for part in verdict.parts)),
        gates=gates_table(claim, good),
        regimes=[*conditions(good), *spread(verdict), *crossing],
        notes=_notes(claim, verdict, evidence, earlier),
        curves=curves,
        trace=trace(claim, verdict.tier, good),
        command=f"claimbench run -k {claim.id} --tier {verdict.tier}",
    )


def _arm(arm: Arm) -> str:
    parts = [f"`{arm.name}` ({arm.role})"]
    if arm.options:
        parts.append(settings_words(arm.options))
    if arm.why_fair:
        parts.append(arm.why_fair)
    if arm.configurations_tuned:
        parts.append(f"{arm.configurations_tuned} configurations tried on pilot seeds")
    return ": ".join((parts[0], "; ".join(parts[1:]))) if len(parts) > 1 else parts[0]


def sentence(verdict: Verdict) -> str:
    """The verdict in one line: status and tier, what may be said, why, and what would decide it."""
    said = f"{verdict.status} at {verdict.tier}. {verdict.words()}"
    if verdict.status == "PARTIAL":
        said += f" {verdict.reason}."
    if verdict.further_units:
        said += f" {verdict.further_units} more units an arm would decide."
    notable = [name for name in verdict.qualifiers if name != "exploratory"]
    return said + (f" ({', '.join(notable)})" if notable else "")


def effect_words(part: PartVerdict, effect: Effect) -> tuple[str, str]:
    """Estimate and interval of an effect, in its unit; a value that cannot vary has no interval."""
    if effect.is_factor:
        return times(effect.estimate), f"[{number(effect.low)}, {number(effect.high)}]"
    if effect.level == 1:
        ends = f"[{as_given(effect.low, effect.unit)}, {as_given(effect.high, effect.unit)}]"
        return as_given(effect.estimate, effect.unit), "" if effect.low == effect.high else ends
    return quantity(effect.estimate, effect.unit), interval(effect.low, effect.high, effect.unit)


def published_words(part: PartVerdict, effect: Effect) -> str:
    """The paper's effect in its unit; empty where it gives none."""
    if effect.published is None:
        return ""
    return f"{as_given(effect.published)}×" if effect.is_factor else as_given(effect.published, effect.unit)


def _effects(claim: Claim, verdict: Verdict, *, judged: bool) -> str:
    rows: list[tuple[str, ...]] = []
    for part in verdict.parts:
        effect = part.effect
        if effect is None:
            continue
        level = "" if effect.level == 1 else f"{100 * effect.level:.4g} %"
        verdict_cells = (asked(claim, part), level, part.status, part.reason) if judged else ("", level, "", "")
        rows.append((effect.name, published_words(part, effect), *effect_words(part, effect), *verdict_cells))
    headers = ("effect", "published", "measured", "interval", "asked", "level", "verdict", "because")
    return table(headers, rows) if rows else ""


def _notes(claim: Claim, verdict: Verdict, evidence: Evidence, earlier: Sequence[tuple[int, Verdict]]) -> list[str]:
    notes: list[str] = []
    looks = claim.looks(verdict.tier)
    if len(looks) > 1:
        at = f"judged at look {verdict.look}" if verdict.look else "not yet at the first"
        planned = ", ".join(map(str, looks))
        notes.append(
            f"{at} of {len(looks)} looks, planned after {planned} units an arm, by O'Brien and Fleming's boundary"
        )
    if verdict.attempts > 1:
        notes.append(f"measured {verdict.attempts} times; the newest attempt is judged")
    if evidence.refused:
        notes.append(f"{evidence.refused} records of an earlier measurement are refused")
    failures = sorted({trial.reason for trial in evidence.failed})
    notes += [f"failed: {reason}" for reason in failures]
    notes += [f"as judged by version {version}: {sentence(judged)}" for version, judged in earlier[:-1]]
    return notes


def _figures(
    claim: Claim, tier: str, trials: Sequence[Record], figure: Callable[[str, bytes], str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """What the curves say beyond the verdict, and their figures."""
    said: list[str] = []
    drawn: list[tuple[str, str]] = []
    timed = claim.protocol.unit == "process" or claim.kind == "scaling"
    for name in _shown(claim, {name for trial in trials for name in trial.curves}):
        lines = [
            _line(claim, arm.name, name, own)
            for arm in claim.arms
            if (own := [trial for trial in trials if trial.arm == arm.name and name in trial.curves])
        ]
        x_name = next(trial.curves[name].x_name for trial in trials if name in trial.curves)
        title = f"{claim.label}, {name} against {x_name}, {tier}"
        unit = claim.metric.unit_of(name)
        if timed:
            crossings = list(_crossings(lines))
            said += [words for words, _ in crossings]
            at = crossings[0][1].estimate if len(crossings) == 1 else None
            svg = figures.scaling(lines, x_name, name, unit, title, at)
        else:
            svg = figures.curves(lines, x_name, name, title)
        drawn.append((figure(f"{claim.id}.{tier}.{name}.svg", svg), title))
    return said, drawn


_FEW = 3


def _shown(claim: Claim, curves: set[str]) -> list[str]:
    """The curves that belong on the claim's page: where there are many, those whose name a judged metric begins with.

    The evidence has the others.
    """
    if len(curves) <= _FEW:
        return sorted(curves)
    judged = [getattr(leaf, "metric", None) or claim.metric.name for leaf in leaves(claim.expectation)]
    return sorted(name for name in curves if any(metric.startswith(name) for metric in judged))


def _line(claim: Claim, arm: str, name: str, trials: Sequence[Record]) -> figures.Line:
    found = sweeps(claim, trials, arm, name)
    x = tuple(found[0][0])
    units = tuple(tuple(line) for sizes, line in found if tuple(sizes) == x)
    return figures.Line(arm, x, units, figures.mean_line(units))


def _crossings(lines: Sequence[figures.Line]) -> Iterable[tuple[str, Crossover]]:
    for one, other in pairwise(lines):
        if one.x == other.x and (found := crossover(one.x, one.units, other.units)):
            span = f"[{number(found.low)}, {number(found.high)}]"
            yield (
                f"`{one.label}` and `{other.label}` cost the same at size {number(found.estimate)} {span} "
                f"(95 %, {found.units} of {found.of} processes)",
                found,
            )

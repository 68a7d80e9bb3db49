"""One claim's part of a page: what was measured, how, and what was found, as text for the template."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from claimbench.alarm import newest
from claimbench.record import Curve, Record, Regime
from claimbench.reports import figures
from claimbench.reports.crossover import Crossover, crossover
from claimbench.reports.estimates import unit_values
from claimbench.reports.numbers import as_given, interval, number, quantity, times
from claimbench.reports.rules import decides
from claimbench.reports.tables import table
from claimbench.spec import AnyClaim, Arm, Claim, Tier
from claimbench.verdict import Effect, PartVerdict, Verdict

__all__ = ["Finding", "Section", "Trace", "effect_words", "published_table", "section", "short"]


@dataclass(frozen=True)
class Trace:
    """Where the numbers of one claim at one tier come from."""

    claim: str
    """Label."""
    tier: str
    """Tier."""
    measured: str
    """Days."""
    commits: str
    """Commits of the code."""
    measurement: str
    """Hash of what was measured."""
    code: str
    """Hashes of the code behind it."""
    environments: dict[str, str]
    """Hash of the environment → machine and versions."""
    load: str
    """Load of the machine when its trials began."""
    runs: str
    """Runs that measured it."""


@dataclass(frozen=True)
class Finding:
    """What one tier found."""

    tier: str
    """Tier."""
    words: str
    """The verdict as a sentence."""
    workload: str
    """Sizes."""
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


def short(sha: str) -> str:
    """The first characters of a hash, enough to find it."""
    return sha[:12]


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
    trials = newest(claim, verdict.tier, records)
    good = [trial for trial in trials if trial.status == "ok"]
    crossing, curves = _figures(claim, verdict.tier, good, figure)
    return Finding(
        tier=verdict.tier,
        words=verdict.words() if claim.role == "confirmatory" else "",
        workload=_options(claim.workloads[verdict.tier].model_dump(mode="json")),
        units=_units(claim, good),
        effects=_effects(verdict, judged=claim.role == "confirmatory"),
        raw=_raw(claim, good),
        gates=_gates(claim, good),
        regimes=[*_regimes(good), *_floor(good), *_spread(verdict), *crossing],
        notes=_notes(claim, verdict, trials, records, earlier),
        curves=curves,
        trace=_trace(claim, verdict.tier, good),
        command=f"claimbench run -k {claim.id} --tier {verdict.tier}",
    )


def _arm(arm: Arm) -> str:
    parts = [f"`{arm.name}` ({arm.role})"]
    if arm.options:
        parts.append(_options(arm.options))
    if arm.why_fair:
        parts.append(arm.why_fair)
    if arm.configurations_tuned:
        parts.append(f"{arm.configurations_tuned} configurations tried on pilot seeds")
    return ": ".join((parts[0], "; ".join(parts[1:]))) if len(parts) > 1 else parts[0]


def _options(options: dict[str, object] | dict[str, bool | int | float | str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items())


def _units(claim: Claim, trials: Sequence[Record]) -> str:
    if claim.protocol.unit == "deterministic":
        return "deterministic: it cannot vary, one trial an arm"
    per_arm = {arm.name: sorted({s for t in trials if t.arm == arm.name for s in t.seeds}) for arm in claim.arms}
    noun = {"seed": "seeds", "process": "processes"}[claim.protocol.unit]
    same = {tuple(seeds) for seeds in per_arm.values()}
    paired = ", paired" if claim.protocol.paired else ""
    if len(same) == 1:
        (seeds,) = same
        return f"{len(seeds)} {noun} an arm{paired}: {_ranges(seeds)}"
    return "; ".join(f"`{name}` {len(seeds)} {noun}: {_ranges(seeds)}" for name, seeds in per_arm.items()) + paired


def _ranges(seeds: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "none"


def effect_words(part: PartVerdict, effect: Effect) -> tuple[str, str]:
    """Estimate and interval of an effect, in its unit."""
    if part.kind == "ratio":
        return times(effect.estimate), f"[{number(effect.low)}, {number(effect.high)}]"
    return quantity(effect.estimate, effect.unit), interval(effect.low, effect.high, effect.unit)


def effect_value(part: PartVerdict, effect: Effect, value: float | None) -> str:
    """Threshold or published figure of an effect, in its unit; empty where there is none."""
    if value is None:
        return ""
    return f"{as_given(value)}×" if part.kind == "ratio" else as_given(value, effect.unit)


def _effects(verdict: Verdict, *, judged: bool) -> str:
    rows: list[tuple[str, ...]] = []
    for part in verdict.parts:
        effect = part.effect
        if effect is None:
            continue
        published = effect_value(part, effect, effect.published)
        asked = effect_value(part, effect, effect.threshold)
        level = f"{100 * effect.level:.4g} %" if effect.low != effect.high else ""
        verdict_cells = (asked, level, part.status, part.reason) if judged else ("", level, "", "")
        rows.append((effect.name, published, *effect_words(part, effect), *verdict_cells))
    headers = ("effect", "published", "measured", "interval", "asked", "level", "verdict", "because")
    return table(headers, rows) if rows else ""


def _raw(claim: Claim, trials: Sequence[Record]) -> str:
    rows: list[tuple[str, ...]] = []
    for arm in claim.arms:
        own = [trial for trial in trials if trial.arm == arm.name]
        for name in sorted({name for trial in own for name in trial.samples}):
            values = unit_values(claim, own, name)
            unit = claim.metric.unit if name == claim.metric.name else "1"
            middle, spread = _moments(values)
            ends = (quantity(end, unit, 4) for end in (min(values), max(values)))
            rows.append((arm.name, name, str(len(values)), quantity(middle, unit, 4), quantity(spread, unit), *ends))
        for name, (low, high) in sorted({check for trial in own for check in trial.checks.items()}):
            unit = _check_unit(claim, name)
            value = as_given(low, unit) if low == high else f"[{as_given(low, unit)}, {as_given(high, unit)}]"
            rows.append((arm.name, name, "", value, "", "", ""))
    return table(("arm", "metric", "n", "value", "standard deviation", "least", "most"), rows) if rows else ""


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation; neither is a number where a unit diverged."""
    if not all(map(math.isfinite, values)):
        return math.nan, math.nan
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def _check_unit(claim: Claim, name: str) -> str:
    boxes = getattr(claim.expectation, "boxes", {})
    return boxes[name].unit if name in boxes else "1"


def _gates(claim: Claim, trials: Sequence[Record]) -> str:
    rows = []
    for name, tolerance in claim.gates.items():
        errors = [trial.gates[name].error for trial in trials if name in trial.gates]
        if errors:
            worst = max(errors, key=lambda error: (error != error, error))
            rows.append((name, number(worst), as_given(tolerance), f"{len(errors)} of {len(trials)} trials"))
    return table(("gate", "largest error", "allowed", "reported by"), rows) if rows else ""


def _regimes(trials: Sequence[Record]) -> list[str]:
    found = {_regime(trial.regime) for trial in trials if trial.regime}
    return [f"timed by {words}" for words in sorted(found)]


def _regime(regime: Regime) -> str:
    clock = {"perf_counter": "the processor's clock", "cuda_event": "device events"}[regime.clock]
    process = {"fork": "forked from a server that ran nothing", "fresh": "in a fresh interpreter"}[regime.process]
    graph = ", a replayed graph" if regime.graph else ""
    threads = "1 thread" if regime.threads == 1 else f"{regime.threads} threads"
    return f"{clock}, {process}, {regime.cache} cache, {threads}{graph}"


def _floor(trials: Sequence[Record]) -> list[str]:
    margins = [
        min(trial.samples["latency_s"]) / trial.floor_s
        for trial in trials
        if trial.floor_s and trial.samples.get("latency_s")
    ]
    return [f"the fastest sample took {times(min(margins))} its roofline floor"] if margins else []


def _spread(verdict: Verdict) -> list[str]:
    return [
        f"smallest detectable ratio at this spread: {times(smallest)}"
        for part in verdict.parts
        if part.kind == "ratio" and part.effect and (smallest := smallest_ratio(part.effect)) is not None
    ]


def smallest_ratio(effect: Effect) -> float | None:
    """The true ratio whose interval would exclude 1 in four of five repetitions of this measurement."""
    from scipy.special import ndtri

    if not (effect.low > 0 and math.isfinite(effect.high)):
        return None
    half = math.log(effect.high / effect.low) / 2
    sigmas = float(ndtri(0.5 + effect.level / 2))
    return math.exp(half * (1 + float(ndtri(0.8)) / sigmas))


def _notes(
    claim: Claim,
    verdict: Verdict,
    trials: Sequence[Record],
    records: Sequence[Record],
    earlier: Sequence[tuple[int, Verdict]],
) -> list[str]:
    notes = []
    if verdict.attempts > 1:
        notes.append(f"measured {verdict.attempts} times; the newest attempt is judged")
    own = [r for r in records if r.claim == claim.id and r.tier == verdict.tier]
    refused = sum(record.measure_sha != claim.measure_sha() for record in own)
    if refused:
        notes.append(f"{refused} records of an earlier measurement are refused")
    for status in ("failed", "skipped"):
        reasons = sorted({trial.reason for trial in trials if trial.status == status})
        notes += [f"{status}: {reason}" for reason in reasons]
    for version, judged in earlier[:-1]:
        notes.append(f"as judged by version {version}: {judged.words()}")
    if verdict.qualifiers:
        notes.append(f"qualifiers: {', '.join(verdict.qualifiers)}")
    return notes


def _trace(claim: Claim, tier: str, trials: Sequence[Record]) -> Trace:
    days = sorted({trial.started[:10] for trial in trials})
    loads = sorted(trial.machine.load_1m for trial in trials)
    return Trace(
        claim=claim.label,
        tier=tier,
        measured=" to ".join(dict.fromkeys((days[0], days[-1]))) if days else "",
        commits=", ".join(sorted({_commit(trial.commit) for trial in trials})),
        measurement=short(claim.measure_sha()),
        code=", ".join(sorted({short(trial.code_sha) for trial in trials})),
        environments={short(trial.environment_sha): _environment(trial) for trial in trials},
        load=f"{number(loads[0], 2)} to {number(loads[-1], 2)}" if loads else "",
        runs=", ".join(sorted({trial.run for trial in trials})),
    )


def _commit(commit: str) -> str:
    head, plus, dirty = commit.partition("+")
    return short(head) + plus + dirty


def _environment(trial: Record) -> str:
    memory = f"{trial.machine.memory_bytes / 2**30:.0f} GiB"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(trial.versions.items()))
    return f"{', '.join(_machine(trial))}, {memory}; {versions}"


def _machine(trial: Record) -> list[str]:
    machine = trial.machine
    gpu = [f"with {machine.gpu} (driver {machine.gpu_driver})"] if machine.gpu else []
    return [f"{machine.cpu}, {machine.cores} cores, {machine.arch}, {machine.os}", *gpu]


def _figures(
    claim: Claim, tier: str, trials: Sequence[Record], figure: Callable[[str, bytes], str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """What the curves say beyond the verdict, and their figures."""
    said: list[str] = []
    drawn: list[tuple[str, str]] = []
    timed = claim.protocol.unit == "process" or claim.kind == "scaling"
    for name in sorted({name for trial in trials for name in trial.curves}):
        by_arm = {
            arm.name: [trial.curves[name] for trial in trials if trial.arm == arm.name and name in trial.curves]
            for arm in claim.arms
        }
        lines = [_line(arm, of_arm, timed) for arm, of_arm in by_arm.items() if of_arm]
        x_name = next(curve.x_name for of_arm in by_arm.values() for curve in of_arm)
        title = f"{claim.label}, {name} against {x_name}, {tier}"
        unit = claim.metric.unit if name == claim.metric.name else "1"
        if timed:
            crossings = list(_crossings(lines))
            said += [words for words, _ in crossings]
            at = crossings[0][1].estimate if len(crossings) == 1 else None
            svg = figures.scaling(lines, x_name, name, unit, title, at)
        else:
            svg = figures.curves(lines, x_name, name, title)
        drawn.append((figure(f"{claim.id}.{tier}.{name}.svg", svg), title))
    return said, drawn


def _line(arm: str, curves: Sequence[Curve], timed: bool) -> figures.Line:
    x = curves[0].x
    whole = [curve for curve in curves if curve.x == x]
    if timed:
        # A sweep holds the samples of one process at every size; its median is the unit.
        units = tuple(tuple(statistics.median(values) for values in curve.y) for curve in whole)
    else:
        units = tuple(line for curve in whole for line in curve.y)
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

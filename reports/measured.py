"""What the records of one claim say by themselves: the arms' numbers, gates, timing conditions, provenance."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claimbench.record import Record, Regime
from claimbench.reports.estimates import unit_values
from claimbench.reports.numbers import as_given, number, quantity, times
from claimbench.reports.tables import table
from claimbench.spec import Claim
from claimbench.verdict import Verdict

__all__ = ["Trace", "conditions", "gates_table", "raw_table", "spread", "trace", "units_words"]


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


def units_words(claim: Claim, trials: Sequence[Record]) -> str:
    """How many seeds or processes an arm, and which."""
    if claim.protocol.unit == "deterministic":
        return "one trial an arm, which cannot vary"
    per_arm = {arm.name: sorted({s for t in trials if t.arm == arm.name for s in t.seeds}) for arm in claim.arms}
    noun = {"seed": "seeds", "process": "processes", "item": "items"}[claim.protocol.unit]
    same = {tuple(seeds) for seeds in per_arm.values()}
    paired = ", paired" if claim.protocol.paired else ""
    paired += f", in clusters by {claim.protocol.cluster}" if claim.protocol.cluster else ""
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


def raw_table(claim: Claim, trials: Sequence[Record], *, checks: bool) -> str:
    """The arms' own numbers, before they are compared; `checks` too, where no table of effects has them."""
    rows: list[tuple[str, ...]] = []
    for arm in claim.arms:
        own = [trial for trial in trials if trial.arm == arm.name]
        for name in sorted({name for trial in own for name in trial.samples}):
            values = unit_values(claim, own, arm.name, name)
            unit = claim.metric.unit_of(name)
            middle, spread = _moments(values)
            ends = (quantity(end, unit, 4) for end in (min(values), max(values)))
            rows.append((arm.name, name, str(len(values)), quantity(middle, unit, 4), quantity(spread, unit), *ends))
        for name, (low, high) in sorted({one for trial in own if checks for one in trial.checks.items()}):
            unit = _check_unit(claim, name)
            value = as_given(low, unit) if low == high else f"[{as_given(low, unit)}, {as_given(high, unit)}]"
            rows.append((arm.name, name, "", value, "", "", ""))
    return table(("arm", "metric", "n", "value", "standard deviation", "least", "most"), rows) if rows else ""


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation; neither is a number where a unit diverged."""
    if not all(map(math.isfinite, values)):
        return math.nan, math.nan
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def _short(sha: str) -> str:
    """Enough of a hash to find it."""
    return sha[:12]


def _check_unit(claim: Claim, name: str) -> str:
    boxes = getattr(claim.expectation, "boxes", {})
    return boxes[name].unit if name in boxes else "1"


def gates_table(claim: Claim, trials: Sequence[Record]) -> str:
    """Each gate with the largest error that any trial reported."""
    rows = []
    for name, tolerance in claim.gates.items():
        errors = [trial.gates[name].error for trial in trials if name in trial.gates]
        if errors:
            worst = max(errors, key=lambda error: (error != error, error))
            rows.append((name, number(worst), as_given(tolerance), f"{len(errors)} of {len(trials)} trials"))
    return table(("gate", "largest error", "allowed", "reported by"), rows) if rows else ""


def conditions(trials: Sequence[Record]) -> list[str]:
    """How it was timed, and how far above the roofline floor; empty where nothing was timed."""
    return [*_regimes(trials), *_floor(trials)]


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


def spread(verdict: Verdict) -> list[str]:
    """The smallest ratio that each comparison could have shown."""
    return [
        f"smallest ratio that this spread would show, with a power of 80 %: {times(part.effect.detectable)}"
        for part in verdict.parts
        if part.effect and part.effect.detectable is not None
    ]


def trace(claim: Claim, tier: str, trials: Sequence[Record]) -> Trace:
    """Where the numbers of a claim at a tier come from."""
    days = sorted({trial.started[:10] for trial in trials})
    loads = sorted(trial.machine.load_1m for trial in trials)
    return Trace(
        claim=claim.label,
        tier=tier,
        measured=" to ".join(dict.fromkeys((days[0], days[-1]))) if days else "",
        commits=", ".join(sorted({_commit(trial.commit) for trial in trials})),
        measurement=_short(claim.measure_sha()),
        code=", ".join(sorted({_short(trial.code_sha) for trial in trials})),
        environments={_short(trial.environment_sha): _environment(trial) for trial in trials},
        load=" to ".join(dict.fromkeys(number(load, 2) for load in (loads[0], loads[-1]))) if loads else "",
        runs=", ".join(sorted({trial.run for trial in trials})),
    )


def _commit(commit: str) -> str:
    head, plus, dirty = commit.partition("+")
    return _short(head) + plus + dirty


def _environment(trial: Record) -> str:
    memory = f"{trial.machine.memory_bytes / 2**30:.0f} GiB"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(trial.versions.items()))
    return f"{', '.join(_machine(trial))}, {memory}; {versions}"


def _machine(trial: Record) -> list[str]:
    machine = trial.machine
    gpu = [f"with {machine.gpu} (driver {machine.gpu_driver})"] if machine.gpu else []
    return [f"{machine.cpu}, {machine.cores} cores, {machine.arch}, {machine.os}", *gpu]

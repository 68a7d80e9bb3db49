"""What the command line prints: tables of at most 100 columns, and live progress."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from claimbench import registry
from claimbench.expectation import leaves
from claimbench.lock import Lock
from claimbench.spec import AnyClaim, Claim, NotTestable
from claimbench.wording import settings_words, workload_words

__all__ = [
    "LiveProgress",
    "claim_list",
    "claim_sheet",
    "comparison",
    "data_table",
    "findings_table",
    "plan_table",
    "power_table",
    "replay_table",
    "summary_line",
    "tuning_table",
    "verdict_table",
]

WIDTH = 100


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str], widths: Sequence[int | None] | None = None) -> str:
    from tabulate import tabulate

    return tabulate(
        [[str(cell) for cell in row] for row in rows],
        headers=headers,
        tablefmt="simple",
        disable_numparse=True,
        maxcolwidths=list(widths) if widths else None,
    )


def claim_list(claims: Sequence[AnyClaim], lock: Lock, *, as_json: bool) -> str:
    """The claims, one a line, or as one JSON array."""
    if as_json:
        return json.dumps([claim.model_dump(mode="json") for claim in claims], ensure_ascii=False)
    rows = [
        (claim.label, claim.id, claim.kind, _tiers(claim), _state(claim, lock), claim.statement) for claim in claims
    ]
    return _table(rows, ("label", "id", "kind", "tiers", "state", "statement"), (6, 30, 11, 6, 11, 24))


def _tiers(claim: AnyClaim) -> str:
    return " ".join(claim.workloads) if isinstance(claim, Claim) else "none"


def _state(claim: AnyClaim, lock: Lock) -> str:
    if isinstance(claim, NotTestable):
        return "not testable"
    state = lock.state(claim)
    return state if claim.role == "confirmatory" else f"{state}, {claim.role}"


def claim_sheet(claim: AnyClaim, lock: Lock) -> str:
    """Everything a reader wants to know of one claim."""
    paper = registry.papers()[claim.paper]
    lines = [
        *_wrapped(f"{claim.label}  {claim.id}  ({claim.kind}, {_state(claim, lock)})"),
        *_wrapped(claim.statement),
        "",
        *_wrapped(f"source: {paper.authors}, {paper.title}, arXiv {claim.source.arxiv}, {claim.source.where}"),
    ]
    if claim.published:
        rows = [(p.arm, p.metric, f"{p.value:g}", p.unit, p.where) for p in claim.published]
        lines += ["", _table(rows, ("published arm", "metric", "value", "unit", "where"), (28, 22, 10, 10, 22))]
    if isinstance(claim, NotTestable):
        return "\n".join([*lines, "", *_wrapped(f"not testable: {claim.reason}")])
    rows = [(arm.name, arm.role, settings_words(arm.options), arm.why_fair) for arm in claim.arms]
    lines += ["", _table(rows, ("arm", "role", "options", "why it is fair"), (16, 9, 28, 40)), ""]
    for tier, workload in claim.workloads.items():
        lines += _wrapped(f"{tier}: {claim.units(tier)} {claim.protocol.unit} units; {workload_words(workload)}")
    lines += [f"metric: {claim.metric.name} [{claim.metric.unit}], {claim.metric.better} is better"]
    for leaf in leaves(claim.expectation):
        lines += _wrapped(f"decides: {settings_words(leaf.model_dump(exclude_none=True))}")
    lines += [
        f"gates: {settings_words(dict(claim.gates)) or 'none'}",
        f"set-ups tried before it was locked: {claim.setups_tried}",
    ]
    for caveat in claim.caveats:
        lines += _wrapped(f"caveat: {caveat}")
    judgements = len(lock.history(claim))
    lines.append(f"measure {claim.measure_sha()[:12]}, locked judgements: {judgements}")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""]


def plan_table(plan: Any) -> str:
    """Trials to run, kept and skipped for each claim, and the core-seconds of each paper against its budget."""
    rows = [(row.claim, row.to_run, row.kept, row.skipped, f"{row.core_seconds:.0f}", row.note) for row in plan.rows]
    budget = "\n".join(
        f"{paper}: {seconds:.0f} of {plan.budget_core_seconds:.0f} core-seconds at {plan.tier}"
        for paper, seconds in plan.core_seconds.items()
    )
    return _table(rows, ("claim", "to run", "kept", "skipped", "core-s", "note"), (34, 6, 6, 7, 7, 30)) + "\n" + budget


def summary_line(summary: Any) -> str:
    """One line about a run that has ended."""
    return (
        f"run {summary.run}: {summary.ok} ok, {summary.failed} failed, {summary.skipped} skipped, "
        f"{summary.kept} kept from before, {summary.duration_s:.0f} s"
    )


def verdict_table(verdicts: Sequence[Any]) -> str:
    """A line a claim, below it a line an effect (estimate, interval, what was asked, status), then what fell short."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for verdict in verdicts:
        claim = registry.get(verdict.claim)
        name = claim.id.split(".")[1]
        exploratory = "exploratory" in verdict.qualifiers
        status = verdict.status + ("*" if exploratory else "")
        parts = [part for part in verdict.parts if part.effect is not None]
        if len(parts) == 1:
            rows.append((claim.label, name, *_effect_cells(parts[0]), status))
        else:
            rows.append((claim.label, name, "", "", "", status))
            rows += [("", f"- {part.effect.name}", *_effect_cells(part), part.status) for part in parts]
        if verdict.status != "REPRODUCED":
            more = f"; {verdict.further_units} more units an arm would decide" if verdict.further_units else ""
            note = f"{claim.label}{'*' if exploratory else ''} {verdict.status}: {verdict.reason}{more}"
            notes.append(textwrap.fill(note, WIDTH, subsequent_indent="  "))
        if "vacuous" in verdict.qualifiers:
            notes.append(f"{claim.label} vacuous: a control meets it as well")
    text = _table(rows, ("claim", "", "effect", "interval", "asked", "verdict"), (8, 26, 12, 18, 14, 14))
    if any("exploratory" in verdict.qualifiers for verdict in verdicts):
        notes.append("* exploratory: measured, not confirmed")
    return "\n".join([text, "", *notes]).rstrip()


def _effect_cells(part: Any) -> tuple[str, str, str]:
    effect = part.effect
    unit = "×" if effect.is_factor else "" if effect.unit == "1" else f" {effect.unit}"
    interval = "exact" if effect.low == effect.high else f"{effect.low:.3g} to {effect.high:.3g}"
    return f"{effect.estimate:.3g}{unit}", interval, part.asked


def comparison(first_name: str, first: Sequence[Any], second_name: str, second: Sequence[Any]) -> str:
    """Two judgements of the same claims side by side."""
    other = {verdict.claim: verdict for verdict in second}
    rows = [
        (registry.get(one.claim).label, one.status, _effects(one), two.status, _effects(two))
        for one in first
        if (two := other.get(one.claim)) is not None
    ]
    return _table(rows, ("claim", first_name, "effect", second_name, "effect"), (6, 14, 28, 14, 28))


def _effects(verdict: Any) -> str:
    shown = (part.effect for part in verdict.parts if part.effect is not None)
    return "; ".join(f"{effect.estimate:.4g} [{effect.low:.4g}, {effect.high:.4g}]" for effect in shown)


def replay_table(replayed: Any) -> str:
    """Numbers of a record beside those of its replay."""
    before, after = replayed.before, replayed.after
    names = sorted({*before.samples, *after.samples} | {*before.checks, *after.checks})
    rows = [(name, _numbers(before, name), _numbers(after, name)) for name in names]
    word = "the same" if replayed.same else "different"
    note = (
        ""
        if replayed.same_environment
        else "; code or environment differ from the record's, so equality is not to be expected"
    )
    status = f"{before.claim} {before.arm} seeds {before.seeds}: {after.status} {after.reason}".rstrip()
    return f"{status}\n{_table(rows, ('number', 'record', 'replay'), (24, 36, 36))}\n{word}{note}"


def _numbers(record: Any, name: str) -> str:
    values = record.samples.get(name) or record.checks.get(name) or ()
    shown = " ".join(f"{value:.6g}" for value in values[:4])
    return shown + (" …" if len(values) > 4 else "")


def tuning_table(tuned: Any) -> str:
    """Mean metric for every arm and value; the best is starred."""
    rows = [
        (
            arm.arm,
            *(
                f"{mean:.4g}{'*' if value == arm.best else ''}"
                for value, mean in zip(tuned.tuning.grid, arm.means, strict=True)
            ),
            "on the edge of the grid: widen it" if arm.on_edge else "inside",
        )
        for arm in tuned.arms
    ]
    headers = ("arm", *(f"{tuned.tuning.option} {value:g}" for value in tuned.tuning.grid), "best value is")
    return _table(rows, headers)


def power_table(power: Any) -> str:
    """What a claim's units can decide at a tier, part by part."""
    claim, protocol = power.claim, power.claim.protocol
    noun = {"seed": "seeds", "process": "processes", "item": "items"}[protocol.unit]
    what = f"pairs of {noun}" if protocol.paired else f"{noun} an arm"
    looks = claim.looks(power.tier)
    early = f", looked at after {', '.join(map(str, looks))}" if len(looks) > 1 else ""
    rows = [
        (
            part.name,
            part.asked,
            part.spread,
            f"{part.reach:.3g}{'×' if part.is_factor else ''}",
            "over a million" if part.needed is None else part.needed,
            part.more or "",
        )
        for part in power.parts
    ]
    headers = ("part", "asked", "spread of a unit", "reach", "units for it", "more")
    head = f"{claim.label} at {power.tier}: {looks[-1]} {what}{early}; m = {power.m}, level {100 * power.level:.4g} %"
    notes = (
        "reach: how far from a bound the effect must be for these units to exclude it, 4 times in 5 (where it must lie "
        "within a margin: the smallest margin); units for it: to tell an effect as large as asked from none, 4 times "
        "in 5; more: units that would decide, were the estimate the truth"
    )
    return "\n".join([*_wrapped(head), "", _table(rows, headers, (24, 16, 24, 10, 10, 8)), "", *_wrapped(notes)])


def findings_table(findings: Sequence[Any]) -> str:
    """What the doctor found."""
    rows = [(finding.status, finding.name, finding.detail, finding.remedy) for finding in findings]
    return _table(rows, ("", "what", "found", "what to do"), (5, 18, 38, 32))


def data_table(listing: Sequence[Any]) -> str:
    """The data sets."""
    rows = [(e.name, f"{e.size_bytes / 1e6:.1f} MB", e.licence, e.state, e.purpose) for e in listing]
    return _table(rows, ("name", "size", "licence", "state", "for"), (20, 9, 18, 10, 36))


class LiveProgress:
    """Receives a run's events: a live bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self.total = self.done = self.failed = 0
        self.current = ""
        self.started = time.monotonic()
        self._said = 0.0
        self._live = sys.stderr.isatty()

    def __enter__(self) -> LiveProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live and self.total:
            sys.stderr.write("\n")

    def __call__(self, event: Any) -> None:
        name = type(event).__name__
        if name == "PlanReady":
            self.total += event.to_run
            self._say(
                f"{event.to_run} trials to run, {event.kept} kept, about {event.core_seconds:.0f} core-seconds",
                force=True,
            )
        elif name == "TrialStarted":
            self.current = event.label
        elif name == "TrialProgress":
            self.current = f"{event.label} {event.done}/{event.total}"
        elif name == "TrialEnded":
            self.done += 1
            if event.status == "failed":
                self.failed += 1
                self._say(f"{event.label}: failed, {event.reason}", force=True)
        self._say(f"[{self.done}/{self.total}] {time.monotonic() - self.started:.0f} s  {self.current}")

    def _say(self, text: str, *, force: bool = False) -> None:
        now = time.monotonic()
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\033[K" + text[:width] + ("\n" if force else ""))
            sys.stderr.flush()
        elif force or now - self._said >= 5:
            self._said = now
            print(text, file=sys.stderr, flush=True)

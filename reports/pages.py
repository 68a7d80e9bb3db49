"""The published pages, as a pure function of specs, records and verdicts: equal inputs give equal bytes anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined

from claimbench.alarm import published_statuses
from claimbench.evidence import judge_history
from claimbench.health import Health
from claimbench.lock import Lock
from claimbench.record import Record
from claimbench.reports import figures
from claimbench.reports.measured import Trace
from claimbench.reports.rankings import of_one_paper, of_several_papers
from claimbench.reports.rules import bounds
from claimbench.reports.section import Section, effect_words, published_table, published_words, section, sentence
from claimbench.reports.tables import table
from claimbench.reports.trust import health_lines
from claimbench.spec import TIERS, AnyClaim, Claim, NotTestable, Paper, Tier
from claimbench.verdict import Effect, PartVerdict, Verdict

__all__ = ["Provenance", "build"]

TIER_MEANING = {
    "smoke": "toy scale, two processor cores, no download",
    "cpu": "real data, two processor cores",
    "gpu": "one data-centre GPU",
    "paper": "as published",
}
STATUS_MEANING = {
    "REPRODUCED": "the whole interval is at or beyond what the claim asks",
    "PARTIAL": "an effect in the claimed direction, but smaller than asked; or some parts hold and some do not",
    "CONTRADICTED": "the whole interval is on the wrong side, or shows no effect worth naming",
    "INCONCLUSIVE": "the interval does not decide; more units might",
    "INVALID": "a gate, a placebo or the protocol failed, so nothing may be said",
    "NOT_TESTABLE": "no tier can test it; the reason is given",
}
STATUS_COLOUR = {"REPRODUCED": "#009e73", "PARTIAL": "#b07800", "CONTRADICTED": "#c03000"}


@dataclass(frozen=True)
class Provenance:
    """What the lock says of the claims, and how their records were judged before."""

    states: Mapping[str, str]
    """Claim id → draft, locked or changed."""
    history: Mapping[tuple[str, str], Sequence[tuple[int, Verdict]]] = field(default_factory=dict)
    """(claim id, tier) → every locked judgement of the records, oldest first: (version, verdict)."""

    @classmethod
    def of(cls, claims: Iterable[AnyClaim], records: Sequence[Record], lock: Lock) -> Provenance:
        """Ask the lock about every testable claim."""
        testable = [claim for claim in claims if isinstance(claim, Claim)]
        measured = {(record.claim, record.tier) for record in records}
        return cls(
            states={claim.id: lock.state(claim) for claim in testable},
            history={
                (claim.id, tier): judge_history(claim, tier, records, lock)
                for claim in testable
                for tier in claim.workloads
                if (claim.id, tier) in measured and len(lock.history(claim)) > 1
            },
        )


def build(
    papers: Iterable[Paper],
    claims: Iterable[AnyClaim],
    records: Sequence[Record],
    verdicts: Iterable[Verdict],
    health: Health,
    provenance: Provenance,
) -> dict[str, bytes]:
    """Path inside the report's folder → content: `INDEX.md`, a page a paper, its figures, `verdicts.json`.

    Verdicts of claims that are not locked, and the house's own controls, reach no page.
    """
    claims = sorted(claims, key=lambda claim: (claim.paper, claim.label))
    shown = [claim for claim in claims if not isinstance(claim, Claim) or claim.role in ("confirmatory", "exploratory")]
    locked = {claim.id: claim for claim in shown if provenance.states.get(claim.id) == "locked"}
    kept = sorted(
        (verdict for verdict in verdicts if verdict.claim in locked),
        key=lambda verdict: (locked[verdict.claim].label, verdict.claim, TIERS.index(verdict.tier)),
    )
    environment = Environment(
        loader=PackageLoader("claimbench.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    trust = health_lines(health)
    pages: dict[str, bytes] = {}
    chosen = [paper for paper in sorted(papers, key=lambda p: p.slug) if any(c.paper == paper.slug for c in shown)]
    for paper in chosen:
        own = [claim for claim in shown if claim.paper == paper.slug]
        page = _Page(paper, own, records, [v for v in kept if v.claim.split(".")[0] == paper.slug], provenance, pages)
        ladders = of_one_paper([locked[c.id] for c in own if c.id in locked], records, health)
        pages[f"{paper.slug}.md"] = _text(environment, "paper.md.j2", health=trust, ladders=ladders, **page.context())
    confirmatory = [v for v in kept if locked[v.claim].role == "confirmatory"]  # pyright: ignore[reportAttributeAccessIssue]
    pages["INDEX.md"] = _text(
        environment,
        "index.md.j2",
        counts=_counts(chosen, shown, confirmatory),
        papers=[_index_entry(paper, shown, confirmatory) for paper in chosen],
        ladders=of_several_papers(locked.values(), records, health),
        health=trust,
        legend=table(("verdict", "meaning"), list(STATUS_MEANING.items())),
        tiers=table(("tier", "what it is"), list(TIER_MEANING.items())),
    )
    pages["verdicts.json"] = published_statuses(confirmatory)
    return dict(sorted(pages.items()))


def _text(environment: Environment, template: str, **context: object) -> bytes:
    return environment.get_template(template).render(**context).encode()


class _Page:
    """One paper's page."""

    def __init__(
        self,
        paper: Paper,
        claims: Sequence[AnyClaim],
        records: Sequence[Record],
        verdicts: Sequence[Verdict],
        provenance: Provenance,
        pages: dict[str, bytes],
    ) -> None:
        self.paper = paper
        self.claims = {claim.id: claim for claim in claims}
        self.records = [record for record in records if record.claim in self.claims]
        self.verdicts = verdicts
        self.provenance = provenance
        self.pages = pages

    def context(self) -> dict[str, object]:
        """What the template needs."""
        measured = {verdict.claim for verdict in self.verdicts}
        testable = [claim for claim in self.claims.values() if isinstance(claim, Claim)]
        sections = [self._section(claim) for claim in testable if claim.id in measured]
        traces = [finding.trace for part in sections for finding in part.findings]
        confirmatory = [v for v in self.verdicts if self._spec(v).role == "confirmatory"]
        return {
            "paper": self.paper,
            "headlines": [self._headline(verdict) for verdict in confirmatory],
            "tiers": [self._tier(tier, own) for tier in TIERS if (own := [v for v in confirmatory if v.tier == tier])],
            "sections": [part for part in sections if part.claim.role == "confirmatory"],
            "exploratory": [part for part in sections if part.claim.role == "exploratory"],
            "traces": _traces(traces),
            "environments": _environments(traces),
            "untestable": [claim for claim in self.claims.values() if isinstance(claim, NotTestable)],
            "published": published_table,
            "unmeasured": [claim for claim in testable if claim.id not in measured],
            "states": self.provenance.states,
        }

    def _spec(self, verdict: Verdict) -> Claim:
        claim = self.claims[verdict.claim]
        assert isinstance(claim, Claim)
        return claim

    def _headline(self, verdict: Verdict) -> dict[str, str]:
        claim = self.claims[verdict.claim]
        return {
            "label": claim.label,
            "anchor": claim.label.lower(),
            "statement": claim.statement,
            "words": sentence(verdict),
        }

    def _section(self, claim: Claim) -> Section:
        return section(
            claim,
            self.records,
            [verdict for verdict in self.verdicts if verdict.claim == claim.id],
            lambda tier: self.provenance.history.get((claim.id, tier), ()),
            self._keep,
        )

    def _keep(self, name: str, svg: bytes) -> str:
        self.pages[f"figures/{name}"] = svg
        return f"figures/{name}"

    def _tier(self, tier: Tier, verdicts: Sequence[Verdict]) -> dict[str, str]:
        rows: list[tuple[str, ...]] = []
        bars: list[figures.Bar] = []
        for verdict in verdicts:
            claim = self.claims[verdict.claim]
            parts = [part for part in verdict.parts if part.effect]
            link = f"[{claim.label}](#{claim.label.lower()})"
            if not parts:
                rows.append((link, "", "", "", "", verdict.status))
            for part in parts:
                effect = part.effect
                assert effect is not None
                found, span = effect_words(part, effect)
                rows.append((link, effect.name, published_words(part, effect), found, span, part.status))
                if effect.level < 1:
                    bars.append(_bar(self._spec(verdict), part, effect))
        address = f"{self.paper.slug}.{tier}.svg"
        svg = figures.effects(bars, f"{self.paper.title}: effects at {tier}")
        return {
            "name": tier,
            "meaning": TIER_MEANING[tier],
            "figure": self._keep(address, svg) if bars else "",
            "table": table(("claim", "effect", "published", "measured", "interval", "verdict"), rows),
        }


def _bar(claim: Claim, part: PartVerdict, effect: Effect) -> figures.Bar:
    return figures.Bar(
        label=f"{claim.label} {effect.name}",
        estimate=effect.estimate,
        low=effect.low,
        high=effect.high,
        found=" ".join(effect_words(part, effect)),
        colour=STATUS_COLOUR.get(part.status, "#555555"),
        reference=effect.reference,
        asked=bounds(claim, part, effect),
        published=effect.published,
        log=effect.is_factor,
    )


def _traces(traces: Sequence[Trace]) -> str:
    rows = [
        (
            t.claim,
            t.tier,
            t.measured,
            t.commits,
            t.measurement,
            t.code,
            ", ".join(sorted(t.environments)),
            t.load,
            t.runs,
        )
        for t in traces
    ]
    headers = ("claim", "tier", "measured", "commit", "measurement", "code", "environment", "load", "run")
    return table(headers, rows) if rows else ""


def _environments(traces: Sequence[Trace]) -> str:
    found = {sha: words for trace in traces for sha, words in trace.environments.items()}
    return table(("environment", "machine and versions"), sorted(found.items())) if found else ""


def _counts(papers: Sequence[Paper], claims: Sequence[AnyClaim], verdicts: Sequence[Verdict]) -> str:
    rows: list[tuple[str, ...]] = []
    for paper in papers:
        own = [verdict for verdict in verdicts if verdict.claim.split(".")[0] == paper.slug]
        untestable = sum(claim.paper == paper.slug and isinstance(claim, NotTestable) for claim in claims)
        for tier in sorted({verdict.tier for verdict in own}, key=TIERS.index):
            statuses = [verdict.status for verdict in own if verdict.tier == tier]
            counted = [str(statuses.count(name) or "") for name in STATUS_MEANING if name != "NOT_TESTABLE"]
            rows.append((f"[{paper.slug}]({paper.slug}.md)", tier, *counted, str(untestable or "")))
        if not own:
            rows.append((f"[{paper.slug}]({paper.slug}.md)", "none yet", *[""] * 5, str(untestable or "")))
    names = [name.lower().replace("_", " ") for name in STATUS_MEANING]
    return table(("paper", "tier", *names), rows)


def _index_entry(paper: Paper, claims: Sequence[AnyClaim], verdicts: Sequence[Verdict]) -> dict[str, str]:
    own = [claim for claim in claims if claim.paper == paper.slug]
    found = {(verdict.claim, verdict.tier): verdict.status for verdict in verdicts}
    rows = [
        (
            f"[{claim.label}]({paper.slug}.md#{claim.label.lower()})",
            claim.statement,
            *(_status(claim, tier, found) for tier in TIERS[:3]),
        )
        for claim in own
    ]
    return {"title": paper.title, "slug": paper.slug, "table": table(("claim", "statement", *TIERS[:3]), rows)}


def _status(claim: AnyClaim, tier: Tier, found: Mapping[tuple[str, str], str]) -> str:
    if isinstance(claim, NotTestable):
        return "not testable"
    if status := found.get((claim.id, tier)):
        return status
    if tier not in claim.workloads:
        return "–"
    return "exploratory" if claim.role == "exploratory" else "not measured"

"""Pages and evidence: building a report from records, publishing it, checking what was published, exporting.

Composes store, verdicts and `claimbench.reports`; only the command line uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from claimbench import registry
from claimbench.errors import HostError, LockError, StoreError
from claimbench.evidence import judge_all
from claimbench.health import assess
from claimbench.lock import Lock
from claimbench.record import Record
from claimbench.spec import AnyClaim, Claim
from claimbench.store import Store

__all__ = ["build_pages", "check", "export", "publish", "write_pages"]


def build_pages(records: Sequence[Record]) -> dict[str, bytes]:
    """Path inside the report's folder → content, for every paper that is registered."""
    from claimbench.reports import pages

    lock = Lock.load()
    claims = list(registry.claims().values())
    shown = [claim for claim in claims if not (isinstance(claim, Claim) and claim.role in ("placebo", "control"))]
    return pages.build(
        papers=registry.papers().values(),
        claims=claims,
        records=records,
        verdicts=judge_all(shown, records, lock),
        health=assess(records),
        provenance=pages.Provenance.of(shown, records, lock),
    )


def write_pages(pages: Mapping[str, bytes], out: Path) -> None:
    """Write the pages below `out` and remove those of an earlier report; raises StoreError where that fails."""
    try:
        for pattern in ("*.md", "figures/*.svg"):
            for old in out.glob(pattern):
                if old.relative_to(out).as_posix() not in pages:
                    old.unlink()
        for name, content in pages.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise StoreError(
            f"cannot write {out} ({error.strerror}); the records are safe, mend it and run `report`"
        ) from error


def publish(claims: Iterable[AnyClaim], store: Store, out: Path) -> list[str]:
    """Add the evidence of the locked claims to what was published, and build the pages anew; say what was done.

    Raises LockError where none of the claims is locked or none of the locked ones has a record.
    """
    lock = Lock.load()
    locked = {claim.id: claim for claim in claims if isinstance(claim, Claim) and lock.state(claim) == "locked"}
    if not locked:
        raise LockError("none of these claims is locked, and drafts are not published; see claimbench lock --help")
    every = store.records()
    chosen = [r for r in every if r.claim in locked and r.measure_sha == locked[r.claim].measure_sha() and _counts(r)]
    if not chosen:
        raise LockError(f"{store.root} holds no record of these claims under their lock; claimbench run first")
    runs = {record.run for record in chosen}
    house = {control.id for control in registry.controls()}
    chosen += [record for record in every if record.run in runs and record.claim in house]
    evidence = Store(out / "evidence")
    before = evidence.records()
    known = {(record.run, record.trial, record.claim, record.role) for record in before}
    added = [record for record in chosen if (record.run, record.trial, record.claim, record.role) not in known]
    files = evidence.publish([*before, *added], evidence.root)
    pages = build_pages(evidence.records())
    write_pages(pages, out)
    return [
        f"{len(added)} records added, {len(before)} were there: {', '.join(map(str, files))}",
        f"{out / 'INDEX.md'}",
    ]


def _counts(record: Record) -> bool:
    """A record that may decide something, or says why it could not be taken."""
    return record.role in ("confirmatory", "exploratory") and record.status != "skipped"


def check(out: Path) -> list[str]:
    """Where the published pages differ from what their evidence gives; raises HostError where nothing is published."""
    from claimbench.reports.check import check as differences

    if not (out / "evidence").is_dir():
        raise HostError(f"{out}/evidence is not here: run this at the root of a checkout, or claimbench publish first")
    return differences(build_pages(Store(out / "evidence").records()), out)


def export(form: Literal["asv", "csv", "parquet"], store: Path, out: Path | None) -> list[str]:
    """Write every sample as a long table, or the result files of an asv dashboard; say what was written."""
    records = Store(store).records()
    if not records:
        raise HostError(f"{store} holds no records; claimbench run first, or name another --store")
    if form == "asv":
        from claimbench.reports import asv

        claims = [claim for claim in registry.select() if isinstance(claim, Claim)]
        return asv.export(claims, records, Lock.load(), out or Path(".asv/results"), asv.commit_time(Path.cwd()))
    from claimbench.export import write

    return [str(write(records, form, out or Path(f"runs.{form}")))]

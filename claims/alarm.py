"""What turns a run red: a crash, a verdict that cannot be given, or a published verdict that no longer holds.

A claim that the evidence contradicts is a finding, not a fault, and an undecided one is never red.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from claimbench.errors import HostError
from claimbench.record import Record
from claimbench.rules import DECIDED
from claimbench.spec import Claim, Tier
from claimbench.verdict import Verdict

__all__ = ["last_tries", "published_statuses", "read_published", "red"]

Statuses = dict[str, dict[str, str]]


def last_tries(claim: Claim, tier: Tier, records: Iterable[Record]) -> list[Record]:
    """The last try of each arm and seeds under the claim's present measurement, however it ended.

    Tries in the claim's own role count; where there are none yet (a draft), the exploratory ones do.
    """
    sha = claim.measure_sha()
    own = [r for r in records if r.claim == claim.id and r.tier == tier and r.measure_sha == sha]
    role = claim.role if any(record.role == claim.role for record in own) else "exploratory"
    latest: dict[tuple[str, tuple[int, ...]], Record] = {}
    for record in sorted(own, key=lambda record: (record.attempt, record.started)):
        if record.role == role:
            latest[record.arm, record.seeds] = record
    return [latest[key] for key in sorted(latest)]


def red(verdict: Verdict, tries: Sequence[Record], published: str | None, *, strict: bool = False) -> str | None:
    """Why the claim is red, or None.

    `tries` are the claim's last tries, `published` the status that our own pages print at this tier, if they
    print one. `strict` makes a contradicted claim red too.
    """
    failed = [record for record in tries if record.status == "failed"]
    if failed:
        first = failed[0]
        more = f" ({len(failed) - 1} more trials failed)" if len(failed) > 1 else ""
        return f"{first.claim}: trial of arm {first.arm}, seeds {list(first.seeds)}, failed: {first.reason}{more}"
    if verdict.status == "INVALID":
        return f"{verdict.claim}: INVALID at {verdict.tier}: {verdict.reason}"
    if verdict.status in DECIDED and published in DECIDED and verdict.status != published:
        return (
            f"{verdict.claim}: {verdict.status} at {verdict.tier}, but we published {published}: {verdict.reason}; "
            "find out what changed, then mend it or publish anew"
        )
    if strict and verdict.status == "CONTRADICTED":
        return f"{verdict.claim}: CONTRADICTED at {verdict.tier}: {verdict.reason}"
    return None


def published_statuses(verdicts: Iterable[Verdict]) -> bytes:
    """The statuses as they stand beside the published pages: claim → tier → status, as JSON."""
    found: Statuses = {}
    for verdict in verdicts:
        found.setdefault(verdict.claim, {})[verdict.tier] = verdict.status
    return (json.dumps(found, indent=1, sort_keys=True) + "\n").encode()


def read_published(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The published statuses of a folder of pages, empty where nothing was published; raises HostError."""
    path = folder / "verdicts.json"
    if not path.exists():
        return {}
    try:
        found: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise HostError(f"{path} cannot be read ({error}); restore it from git or publish again") from error
    return cast("Statuses", found)

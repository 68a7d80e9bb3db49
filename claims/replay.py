"""`claimbench replay`: run the trial of a record again; the same seed on the same machine gives the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claimbench import registry
from claimbench.errors import ClaimbenchError, LockError, UnknownName
from claimbench.record import Record
from claimbench.run.session import run_claims
from claimbench.spec import Claim
from claimbench.store import Store

__all__ = ["Replayed", "replay"]


@dataclass(frozen=True)
class Replayed:
    """A record and what its trial gave the second time."""

    before: Record
    """The record."""
    after: Record
    """The new one."""

    @property
    def same(self) -> bool:
        """Whether every deterministic number is equal; timings are never compared."""
        return (
            self.after.status == self.before.status
            and self.after.checks == self.before.checks
            and _untimed(self.after) == _untimed(self.before)
        )

    @property
    def same_environment(self) -> bool:
        """Whether code and environment are those of the record, so that equality is to be expected."""
        return (self.before.code_sha, self.before.environment_sha) == (self.after.code_sha, self.after.environment_sha)


def _untimed(record: Record) -> dict[str, str]:
    # repr, because NaN equals NaN here: the same divergence is the same number.
    return {name: repr(values) for name, values in record.samples.items() if not name.endswith("_s")}


def replay(prefix: str, store: Store, on_event: Callable[[Any], None] | None = None) -> Replayed:
    """Run the trial whose identity begins with `prefix` again; its record is a `tuning` one, which no verdict reads.

    Raises UnknownName where no record matches, LockError where the claim's measurement has changed since.
    """
    found = [record for record in store.records() if record.trial.startswith(prefix)]
    if not found:
        raise UnknownName("record", prefix, [record.trial[:12] for record in store.records()])
    if len({record.trial for record in found}) > 1:
        raise ClaimbenchError(f"{prefix!r} begins {len({r.trial for r in found})} trials; give more characters")
    before = next((record for record in found if record.status == "ok"), found[0])
    claim = registry.get(before.claim)
    if not isinstance(claim, Claim) or claim.measure_sha() != before.measure_sha:
        raise LockError(f"{before.claim} is measured differently now; check out {before.commit} to replay this record")
    run = run_claims(
        [claim],
        before.tier,
        store,
        fresh=True,
        role="tuning",
        seeds=before.seeds,
        arms=[before.arm],
        on_event=on_event,
    ).run
    return Replayed(before, next(record for record in store.records(claim=claim.id) if record.run == run))

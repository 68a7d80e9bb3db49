"""From records to verdicts: every claim judged once, each in its own paper's family.

This is the one place where registry, lock, records, health and rules meet; the command line, the suite and the
reports all ask here, so that the three doors can never disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claimbench.health import assess
from claimbench.lock import Lock, States
from claimbench.record import Record
from claimbench.spec import TIERS, AnyClaim, Claim, NotTestable, Tier
from claimbench.verdict import Verdict, judge, not_testable

__all__ = ["judge_all", "judge_history"]


def judge_all(
    claims: Iterable[AnyClaim], records: Sequence[Record], lock: States, tier: Tier | None = None
) -> list[Verdict]:
    """One verdict for each claim and tier that has records; untestable claims get theirs without any.

    With `tier`, a claim that the tier can test gets a verdict even where nothing was measured yet.
    """
    health = assess(records)
    verdicts: list[Verdict] = []
    for claim in claims:
        if isinstance(claim, NotTestable):
            verdicts.append(not_testable(claim, tier or "smoke"))
            continue
        own = _own(claim, records, lock)
        for one in _tiers(claim, own, tier):
            family = lock.family(claim.paper, one)
            verdicts.append(judge(claim, one, family, [record for record in own if record.tier == one], health))
    return verdicts


def judge_history(claim: Claim, tier: Tier, records: Sequence[Record], lock: Lock) -> list[tuple[int, Verdict]]:
    """The claim's records under each judgement that was ever locked, oldest first: (version, verdict)."""
    health = assess(records)
    own = [record for record in _own(claim, records, lock) if record.tier == tier]
    judged: list[tuple[int, Verdict]] = []
    for past in lock.history(claim):
        then = claim.model_copy(update={"expectation": past.expectation})
        judged.append((past.version, judge(then, tier, past.family.get(tier, 1), own, health)))
    return judged


def _own(claim: Claim, records: Sequence[Record], lock: States) -> list[Record]:
    """The claim's records; once it is locked, what was measured of its draft confirms nothing."""
    own = [record for record in records if record.claim == claim.id]
    if lock.state(claim) == "draft":
        return own
    return [record for record in own if record.role == claim.role]


def _tiers(claim: Claim, records: Sequence[Record], tier: Tier | None) -> list[Tier]:
    if tier is not None:
        return [tier] if tier in claim.workloads else []
    seen = {record.tier for record in records}
    return [one for one in TIERS if one in seen]

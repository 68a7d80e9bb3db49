"""claims/LOCK.json: which claims are frozen, under which hashes, in which family of tests.

A claim is a draft until it is locked, before its first confirmatory seed. The lock holds two hashes: `measure_sha`
says what was measured, `judge_sha` what decides it. A judgement that changes (a new threshold, a family that grew)
is appended to the claim's history, never overwritten, so that a report can show both verdicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from claimbench.errors import HostError, LockError
from claimbench.expectation import Expectation
from claimbench.spec import TIERS, AnyClaim, Claim, Tier

__all__ = ["Entry", "Judgement", "Lock", "States"]

State = Literal["draft", "locked", "changed"]


class Judgement(BaseModel):
    """One way in which a claim's records were to be judged."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: int
    """Claim version at the time."""
    judge_sha: str
    """Hash of expectation, role, α and family."""
    expectation: Expectation
    """What decided it."""
    family: dict[Tier, int]
    """m: comparisons of the paper's confirmatory claims, by tier."""


class Entry(BaseModel):
    """What is frozen of one claim."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: int
    """Claim version."""
    measure_sha: str
    """Hash of what is measured."""
    judgements: tuple[Judgement, ...]
    """Oldest first; the last one is in force."""


class States(Protocol):
    """What planning and judging need of a lock."""

    def state(self, claim: Claim) -> str:
        """`locked`, or anything else for a claim whose records confirm nothing."""
        ...

    def family(self, paper: str, tier: Tier) -> int:
        """Comparisons that the paper's locked confirmatory claims make at the tier, at least 1."""
        ...


_ENTRIES = TypeAdapter(dict[str, Entry])


class Lock:
    """The lock file, read once."""

    def __init__(self, entries: dict[str, Entry], path: Path) -> None:
        self.entries = entries
        self.path = path

    @classmethod
    def load(cls, path: Path | None = None) -> Lock:
        """Read the lock; raises LockError where the file is not one."""
        path = path or Path(str(files("claimbench") / "LOCK.json"))
        if not path.exists():
            return cls({}, path)
        try:
            return cls(_ENTRIES.validate_json(path.read_bytes()), path)
        except ValidationError as error:
            raise LockError(f"{path} is not a lock file ({error.error_count()} errors); restore it from git") from error

    def state(self, claim: Claim) -> State:
        """`draft` where nothing is frozen, `locked` where the hashes agree, `changed` where they do not."""
        entry = self.entries.get(claim.id)
        if entry is None:
            return "draft"
        if entry.measure_sha != claim.measure_sha():
            return "changed"
        judgement = entry.judgements[-1]
        return "locked" if judgement.judge_sha == claim.judge_sha(judgement.family) else "changed"

    def family(self, paper: str, tier: Tier) -> int:
        """m: comparisons that the paper's locked confirmatory claims make at the tier, at least 1."""
        sizes = [
            entry.judgements[-1].family.get(tier, 0)
            for claim_id, entry in self.entries.items()
            if claim_id.split(".")[0] == paper
        ]
        return max([1, *sizes])

    def history(self, claim: Claim) -> tuple[Judgement, ...]:
        """Judgements of the claim's present measurement, oldest first; empty for a draft."""
        entry = self.entries.get(claim.id)
        return entry.judgements if entry and entry.measure_sha == claim.measure_sha() else ()

    def freeze(self, chosen: Iterable[Claim], every: Iterable[AnyClaim]) -> list[str]:
        """Lock `chosen` and give each of their papers' locked claims the family that results; say what changed.

        Raises LockError where a locked claim's measurement or expectation changed but its version did not.
        """
        chosen = list(chosen)
        locked = {claim.id: claim for claim in every if isinstance(claim, Claim) and claim.id in self.entries}
        wanted = locked | {claim.id: claim for claim in chosen}
        said: list[str] = []
        for paper in sorted({claim.paper for claim in chosen}):
            members = [claim for claim in wanted.values() if claim.paper == paper]
            family: dict[Tier, int] = {
                tier: m
                for tier in TIERS
                if (m := sum(claim.comparisons() for claim in members if tier in claim.workloads))
            }
            said += [line for claim in members if (line := self._freeze_one(claim, family, claim in chosen))]
        return said

    def _freeze_one(self, claim: Claim, family: dict[Tier, int], asked: bool) -> str:
        entry = self.entries.get(claim.id)
        judgement = Judgement(
            version=claim.version, judge_sha=claim.judge_sha(family), expectation=claim.expectation, family=family
        )
        if entry is None:
            self.entries[claim.id] = Entry(
                version=claim.version, measure_sha=claim.measure_sha(), judgements=(judgement,)
            )
            return f"{claim.id}: locked as version {claim.version}, m = {_words(family)}"
        if self.state(claim) == "changed":
            if not asked:
                raise LockError(f"{claim.id} changed since it was locked; lock it too, with a new version")
            if claim.version <= entry.version:
                raise LockError(
                    f"{claim.id} changed since it was locked: raise its version above {entry.version}, then lock"
                )
        if entry.judgements[-1].judge_sha == judgement.judge_sha and entry.measure_sha == claim.measure_sha():
            return ""
        kept = entry.judgements if entry.measure_sha == claim.measure_sha() else ()
        self.entries[claim.id] = Entry(
            version=claim.version, measure_sha=claim.measure_sha(), judgements=(*kept, judgement)
        )
        return f"{claim.id}: judged anew as version {claim.version}, m = {_words(family)}"

    def save(self) -> None:
        """Write the lock; raises HostError where the file cannot be written."""
        content: dict[str, Any] = {
            claim_id: entry.model_dump(mode="json", exclude_none=True)
            for claim_id, entry in sorted(self.entries.items())
        }
        try:
            self.path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise HostError(f"cannot write {self.path} ({error.strerror}); lock from a writable checkout") from error


def _words(family: dict[Tier, int]) -> str:
    return ", ".join(f"{m} at {tier}" for tier, m in family.items()) or "none (deterministic)"

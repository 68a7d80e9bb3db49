"""What a run tells whoever watches it; delivered in order, in the caller's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from claimbench.record import Record, Status

__all__ = ["Event", "PlanReady", "TrialEnded", "TrialProgress", "TrialStarted"]


@dataclass(frozen=True)
class PlanReady:
    """What will be run."""

    to_run: int
    """Trials to run."""
    kept: int
    """Trials that the store holds already."""
    skipped: int
    """Trials that cannot run here."""
    core_seconds: float
    """Declared cost of the trials to run."""


@dataclass(frozen=True)
class TrialStarted:
    """A trial has a process."""

    trial: str
    """Identity."""
    claim: str
    """Claim id."""
    label: str
    """Claim, arm and seeds, for people."""


@dataclass(frozen=True)
class TrialProgress:
    """A trial says how far it is."""

    trial: str
    """Identity."""
    claim: str
    """Claim id."""
    label: str
    """Claim, arm and seeds, for people."""
    done: int
    """Steps done."""
    total: int
    """Steps in all."""


@dataclass(frozen=True)
class TrialEnded:
    """A trial's record is on the disk."""

    record: Record
    """The record."""
    label: str
    """Claim, arm and seeds, for people."""
    log: Path | None
    """What the trial printed; None where it printed nothing."""

    @property
    def trial(self) -> str:
        """Identity."""
        return self.record.trial

    @property
    def claim(self) -> str:
        """Claim id."""
        return self.record.claim

    @property
    def status(self) -> Status:
        """How it ended."""
        return self.record.status

    @property
    def reason(self) -> str:
        """Cause of a failure or skip."""
        return self.record.reason


Event = PlanReady | TrialStarted | TrialProgress | TrialEnded

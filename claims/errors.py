"""The errors a user can meet; each message says what to do next, each class knows its exit code.

ClaimbenchError           2  usage
├── SpecError                a claim is written wrong; names the field
├── UnknownName              no such claim, paper, tier, data set; suggests the nearest
├── LockError                the lock and the specs disagree
├── NotMeasured              there are no records to go by; says what would make some
├── MeasurementRefused       what was measured cannot be trusted: wrong, impossible or incomplete; no sample is kept
├── EditRefused              an edit by a language model touches what it may not; says which files
├── VotesError               votes cannot be ranked as they stand; a ValueError too
└── HostError             3  environment, store or disk
    ├── SandboxError         generated code cannot be contained as asked
    ├── StoreError           a record file is corrupt or cannot be written
    └── DataMissing          a data set is not here, with the command that fetches it
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ClaimbenchError",
    "DataMissing",
    "EditRefused",
    "HostError",
    "LockError",
    "MeasurementRefused",
    "NotMeasured",
    "SandboxError",
    "SpecError",
    "StoreError",
    "UnknownName",
    "VotesError",
]


class ClaimbenchError(Exception):
    """Something the user can mend; the command line prints the message and exits with `exit_code`."""

    exit_code = 2


class SpecError(ClaimbenchError):
    """A claim is written wrong."""


class UnknownName(ClaimbenchError):
    """A name that nothing bears."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:12])}"
        super().__init__(f"no {what} {name!r}: {hint}")


class LockError(ClaimbenchError):
    """The specs and claims/LOCK.json disagree."""


class MeasurementRefused(ClaimbenchError):
    """What was measured cannot be trusted: a gate failed, or a time is impossible or leaves work out."""


class VotesError(ClaimbenchError, ValueError):
    """Votes that cannot be ranked as they stand: empty, out of range, ambiguous, or too few to say anything."""


class EditRefused(ClaimbenchError):
    """An edit by a language model touches what it may not."""


class NotMeasured(ClaimbenchError):
    """There are no records to go by."""


class HostError(ClaimbenchError):
    """The environment, the store or the disk is not in a state to go on."""

    exit_code = 3


class SandboxError(HostError):
    """Generated code cannot be contained as asked, so that it was not run."""


class StoreError(HostError):
    """A record file is corrupt, or cannot be read or written."""


class DataMissing(HostError):
    """A data set is not on this machine."""

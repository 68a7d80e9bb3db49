"""The workload of a trial, as the type that its experiment works on."""

from __future__ import annotations

from typing import TypeVar

from claimbench.errors import SpecError
from claimbench.spec import Workload
from claimbench.trial import Trial

__all__ = ["workload_of"]

W = TypeVar("W", bound=Workload)


def workload_of(trial: Trial, kind: type[W]) -> W:
    """The trial's workload as a `kind`; raises SpecError where the spec gave another."""
    if not isinstance(trial.workload, kind):
        raise SpecError(f"{trial.claim}: needs a {kind.__name__}, got a {type(trial.workload).__name__}")
    return trial.workload

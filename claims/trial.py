"""What an experiment is given and what it may hand back.

An experiment is a function `def experiment(trial: Trial) -> Outcome`. It never times anything itself: it hands a
callable to the harness in a `Timed`, and only `claimbench.measure` calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claimbench.errors import SpecError, UnknownName
from claimbench.record import Curve, Gate
from claimbench.spec import Scalar, Tier, Workload

__all__ = ["Exact", "Outcome", "Quality", "Sweep", "Timed", "Trial"]


@dataclass(frozen=True)
class Quality:
    """Result of training or simulating."""

    values: Mapping[str, Sequence[float]]
    """Metric → one value a seed, in the order of `trial.seeds`."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Metric → one line a seed over a common x."""


@dataclass(frozen=True)
class Timed:
    """Something to be timed, with what it takes to know that it is right."""

    call: Callable[..., Any]
    """Called as `call(*inputs)`; returns a tensor or a tuple of tensors."""
    inputs: Sequence[tuple[Any, ...]]
    """Input sets, used in turn so that no result can be kept from the call before."""
    reference: Callable[..., Any]
    """Called as `reference(*inputs)`: the same outputs by the slow and certain way, in float64."""
    flops: float = 0.0
    """Floating-point operations of one call, from the kernel's own formula; 0 where unknown."""
    bytes: float = 0.0
    """Bytes that one call must move at least, from the kernel's own formula; 0 where unknown."""


@dataclass(frozen=True)
class Sweep:
    """The same thing at several sizes."""

    points: Mapping[float, Timed | Callable[[], Timed]]
    """Size → what is timed there; a callable is built when its turn comes and freed afterwards."""


@dataclass(frozen=True)
class Exact:
    """Deterministic values: identities, counts, bytes, arithmetic on printed figures."""

    checks: Mapping[str, float | tuple[float, float]]
    """Check → value, or the interval that rounding of the paper's inputs leaves open."""


Outcome = Quality | Timed | Sweep | Exact


@dataclass
class Trial:
    """One unit of work: one arm of a claim at one tier, for one seed or a batch of seeds."""

    claim: str
    """Claim id."""
    tier: Tier
    """Tier that is measured."""
    workload: Workload
    """Sizes, as the claim's spec types them."""
    arm: str
    """Name of the arm."""
    options: Mapping[str, Scalar]
    """The arm's options."""
    seeds: tuple[int, ...]
    """Seeds of this trial."""
    device: str = "cpu"
    """`cpu` or `cuda`."""
    deadline_s: float = float("inf")
    """Seconds after `started` at which the trial will be stopped."""
    tolerances: Mapping[str, float] = field(default_factory=dict)
    """Gate → largest error allowed, from the claim's spec."""
    scratch: Path | None = None
    """Where checkpoints may be kept for the next try of the very same trial; the folder may not exist yet."""
    on_progress: Callable[[int, int], None] | None = None
    """Receives (done, total)."""
    gates: dict[str, Gate] = field(default_factory=dict)
    """Gates reported so far."""
    started: float = field(default_factory=time.monotonic)
    """Monotonic clock when the trial began."""

    def gate(self, name: str, error: float) -> None:
        """Report a correctness gate; the largest error reported under a name counts.

        Raises SpecError where the claim's spec declares no such gate.
        """
        if name not in self.tolerances:
            raise SpecError(f"{self.claim}: gate {name!r} is not in the spec; declare it in `gates` with its tolerance")
        before = self.gates.get(name)
        # A NaN must never be forgotten: `not <=` keeps it whichever side it is on.
        if before is None or not error <= before.error:
            if before is not None and before.error != before.error:
                return
            self.gates[name] = Gate(error=error, tolerance=self.tolerances[name])

    def progress(self, done: int, total: int) -> None:
        """Say how far the trial is."""
        if self.on_progress:
            self.on_progress(done, total)

    def remaining_s(self) -> float:
        """Seconds left before the trial is stopped."""
        return self.deadline_s - (time.monotonic() - self.started)

    def data(self, name: str) -> Path:
        """Path of a data set; raises DataMissing with the command that fetches it."""
        from claimbench import data

        return data.path(name)

    def option(self, name: str) -> Scalar:
        """One of the arm's options; raises UnknownName if the arm does not set it."""
        if name not in self.options:
            raise UnknownName(f"option of arm {self.arm}", name, self.options)
        return self.options[name]

"""The record of one trial: raw samples, gates, seeds and provenance; one JSON line in the store.

Nothing is averaged before it is stored. Increase `SCHEMA` whenever a field changes its meaning.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["SCHEMA", "Curve", "Gate", "Machine", "Record", "Regime", "Status"]

SCHEMA = 1
Status = Literal["ok", "failed", "skipped"]


class _Model(BaseModel):
    # Diverged runs are data: NaN and infinities travel as JSON strings, so that a line stays standard JSON.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="strings")


class Gate(_Model):
    """A correctness gate as it was reported."""

    error: float
    """Largest error seen."""
    tolerance: float
    """Largest error allowed."""

    @property
    def passed(self) -> bool:
        """Whether the error is within tolerance; a NaN never is."""
        return self.error <= self.tolerance


class Curve(_Model):
    """Values over a common axis."""

    x: tuple[float, ...]
    """Axis: training step, size."""
    y: tuple[tuple[float, ...], ...]
    """Training curves: one line a seed, each as long as `x`. Timed sweeps: one list of samples per x."""
    x_name: str = "step"
    """What the axis is."""


class Regime(_Model):
    """The conditions under which something was timed."""

    clock: Literal["perf_counter", "cuda_event"]
    """What read the time."""
    process: Literal["fork", "fresh"]
    """Forked from a server that has imported torch and run nothing, or a fresh interpreter."""
    cache: Literal["warm", "cold", "rotated"]
    """State of the last-level cache between iterations; `rotated` means several input sets larger than it."""
    threads: int
    """Compute threads."""
    warmup: int
    """Untimed calls before the first timed one."""
    calls_per_sample: int
    """Calls between two readings of the clock; a sample is their mean."""
    graph: bool = False
    """Whether a CUDA graph was replayed."""


class Machine(_Model):
    """Where it ran; stable facts only, but for the load."""

    cpu: str
    """Processor model."""
    cores: int
    """Cores this process may use."""
    memory_bytes: int
    """Physical memory."""
    os: str
    """Operating system and C library, without the kernel release."""
    arch: str
    """Instruction set."""
    gpu: str | None = None
    """GPU model."""
    gpu_driver: str | None = None
    """GPU driver version."""
    load_1m: float = 0.0
    """One-minute load average when the trial began; not part of the environment's identity."""


class Record(_Model):
    """One trial's outcome."""

    schema_version: Literal[1] = SCHEMA
    """Version of this layout."""
    run: str
    """Run that measured it."""
    trial: str
    """Identity: hash of measurement, tier, arm, seeds, code, data and environment."""
    claim: str
    """Claim id."""
    version: int
    """Claim version."""
    tier: Literal["smoke", "cpu", "gpu", "paper"]
    """Tier."""
    arm: str
    """Arm name."""
    seeds: tuple[int, ...]
    """Seeds; for timings the number of the process."""
    role: Literal["confirmatory", "tuning", "exploratory", "placebo", "control"]
    """What the record may be used for; trials of a draft claim are exploratory."""
    attempt: Annotated[int, Field(ge=0)] = 0
    """Raised by `--fresh`; the newest attempt is judged, and the number of attempts is printed."""
    measure_sha: str
    """Measurement it was taken under."""
    code_sha: str
    """Code that the experiment imports, and the measuring code."""
    environment_sha: str
    """Python, packages, processor or GPU, threads."""
    status: Status
    """How the trial ended."""
    reason: str = ""
    """Cause of a failure or a skip."""
    samples: dict[str, tuple[float, ...]] = {}
    """Metric → raw values: one per seed, or one per timed sample."""
    curves: dict[str, Curve] = {}
    """Metric → lines over an axis."""
    checks: dict[str, tuple[float, float]] = {}
    """Deterministic check → interval of its value; both ends equal where rounding plays no part."""
    gates: dict[str, Gate] = {}
    """Correctness gates."""
    regime: Regime | None = None
    """Timing conditions."""
    floor_s: float | None = None
    """Roofline floor of a timing: no honest sample can be shorter."""
    peak_bytes: int | None = None
    """Peak memory of the trial's process, or of the GPU allocator."""
    machine: Machine
    """Where it ran."""
    versions: dict[str, str]
    """Package → version."""
    commit: str
    """Commit of the working tree, `unknown` outside a checkout; `+dirty` where it held changes."""
    started: str
    """UTC, ISO 8601."""
    duration_s: float
    """Wall-clock duration, process start included."""

    @model_validator(mode="after")
    def _cause(self) -> Self:
        if self.status != "ok" and not self.reason:
            raise ValueError("a record that is not ok needs a reason")
        return self

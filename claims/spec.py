"""What a paper claims, as frozen data: where it says so, how it is measured, what would decide it.

Importing this module imports no torch. Everything here is immutable and forbids unknown fields.
`measure_sha` covers what determines a measurement, `judge_sha` what determines a judgement; prose is in neither.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, model_validator

from claimbench.errors import SpecError
from claimbench.expectation import IF_USED, AtLeast, Expectation, leaves
from claimbench.protocol import ALPHA, TIERS, Protocol, Tier, Tuning, misfit

__all__ = [
    "TIERS",
    "AnyClaim",
    "Arm",
    "Claim",
    "Metric",
    "Model",
    "Needs",
    "NotTestable",
    "Paper",
    "Protocol",
    "Published",
    "Source",
    "Tier",
    "Tuning",
    "Workload",
    "canonical_sha",
    "explain",
]

Kind = Literal["speed", "memory", "quality", "scaling", "ranking", "ablation", "identity", "arithmetic"]
Scalar = bool | int | float | str


class Model(BaseModel):
    """Base of every spec model: frozen, unknown fields forbidden, field docstrings in the JSON schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Workload(Model):
    """What one trial works on; a paper subclasses it with typed sizes and a `kind`, the name of the task."""


class Source(Model):
    """Where the paper says it."""

    arxiv: Annotated[str, Field(pattern=r"^\d{4}\.\d{4,5}v\d+$")]
    """arXiv identifier with its revision, such as `2312.00752v2`."""
    where: str
    """Table, figure or section."""


class Published(Model):
    """One figure as the paper prints it."""

    arm: str
    """What the figure belongs to, in the paper's words."""
    metric: str
    """What was measured."""
    value: float
    """The printed figure."""
    unit: str
    """Unit of `value`; `1` for a pure number."""
    where: str
    """Table and row, figure or section."""


class Arm(Model):
    """One side of a comparison."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Name in records and tables."""
    role: Literal["subject", "baseline", "control"] = "subject"
    """`subject` is what the claim praises; a `control` must come out negative."""
    options: dict[str, Scalar] = {}
    """Handed to the experiment as `trial.options`."""
    why_fair: str = ""
    """Why this is the strongest form known, and the code it stands for; required of a baseline."""
    configurations_tuned: Annotated[int, Field(ge=0)] = 0
    """How many configurations were tried for this arm before its seeds were confirmed."""
    competitor: str = ""
    """Name that the same method bears in other claims, of other papers too, under which a ladder counts its arms as
    one; arms without it are not ranked. Prose like the statement: no verdict depends on it, and no hash covers it."""

    @model_validator(mode="after")
    def _fair(self) -> Self:
        if self.role == "baseline" and not self.why_fair:
            raise ValueError(
                f"baseline {self.name!r} needs why_fair: name the code it stands for and why it is the best"
            )
        return self


class Metric(Model):
    """What is measured, in SI units."""

    name: str
    """Key in the records' samples or curves."""
    unit: str
    """SI unit, or `1`."""
    better: Literal["higher", "lower"]
    """Which direction favours an arm."""
    units: Annotated[dict[str, str], IF_USED] = {}
    """Units of further metrics that are recorded beside it; `1` for one that is left out."""

    def unit_of(self, name: str | None) -> str:
        """Unit of a metric that the records hold; None is this one."""
        return self.unit if name in (None, self.name) else self.units.get(name, "1")


class Needs(Model):
    """What a trial takes."""

    device: Literal["cpu", "cuda"] = "cpu"
    """Where the experiment runs."""
    memory_bytes: Annotated[int, Field(gt=0)] = 4 * 2**30
    """Most resident memory one trial may hold; beyond it the trial is stopped."""
    data: tuple[str, ...] = ()
    """Data sets, by their names in `claimbench data ls`."""
    data_at: Annotated[dict[Tier, tuple[str, ...]], IF_USED] = {}
    """Further ones that one tier alone needs."""
    packages: tuple[str, ...] = ()
    """Importable packages beyond claimbench's own dependencies."""
    core_seconds: dict[Tier, Annotated[float, Field(gt=0)]]
    """Core-seconds of all trials of the claim, per tier."""
    trial_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Longest a single trial may take before it is stopped, wall clock."""

    def data_for(self, tier: Tier) -> tuple[str, ...]:
        """Data sets that the trials of a tier need."""
        return (*self.data, *self.data_at.get(tier, ()))


class _Statement(Model):
    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]
    """`paper.claim`."""
    label: Annotated[str, Field(pattern=r"^[A-Z0-9]+-\d+[a-z]?$")]
    """Short label, such as `MA-01`."""
    statement: str
    """The claim in one sentence of ours."""
    source: Source
    """Where the paper says it."""
    published: tuple[Published, ...] = ()
    """The paper's figures."""

    @property
    def paper(self) -> str:
        """Slug of the paper."""
        return self.id.split(".")[0]


class NotTestable(_Statement):
    """A claim that no tier can test."""

    kind: Literal["not_testable"] = "not_testable"
    """Discriminator."""
    reason: str
    """What it would take."""
    keywords: tuple[str, ...] = ()
    """Extra words that `-k` matches."""


class Claim(_Statement):
    """A claim that at least one tier can test."""

    kind: Kind
    """What sort of claim it is."""
    version: Annotated[int, Field(ge=1)] = 1
    """Raised whenever the measurement or the judgement changes."""
    role: Literal["confirmatory", "exploratory", "placebo", "control"] = "confirmatory"
    """Only confirmatory claims carry a verdict in the paper's family of tests."""
    experiment: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    """`module:function`, resolved when a trial runs."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    """Subject, baselines and controls."""
    workloads: Annotated[dict[Tier, SerializeAsAny[Workload]], Field(min_length=1)]
    """The tiers that can test the claim, each with its sizes."""
    metric: Metric
    """What is measured."""
    expectation: Expectation
    """What would decide it."""
    protocol: Protocol
    """How many units, and what a unit is."""
    gates: dict[str, Annotated[float, Field(ge=0)]] = {}
    """Correctness gates that every trial must report, with the largest error allowed."""
    needs: Needs
    """Device, memory, data, time."""
    tuning: Tuning | None = None
    """Grid of the hyper-parameter that `claimbench tune` chose; its values stand in the arms' options."""
    setups_tried: Annotated[int, Field(ge=0)] = 0
    """How many set-ups were looked at on pilot seeds before this one was locked."""
    qualifiers: tuple[Literal["unfalsifiable"], ...] = ()
    """Qualifiers that cannot be computed: weights, data or code were never released."""
    keywords: tuple[str, ...] = ()
    """Extra words that `-k` matches."""
    caveats: tuple[str, ...] = ()
    """What this scale does not show."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [arm.name for arm in self.arms]
        if len(set(names)) != len(names):
            raise ValueError(f"arms: names must differ, got {names}")
        competitors = [arm.competitor for arm in self.arms if arm.competitor]
        if len(set(competitors)) != len(competitors):
            raise ValueError(f"arms: one arm for each competitor, got {competitors}")
        for leaf in leaves(self.expectation):
            for arm in leaf.arms_used():
                if arm not in names:
                    raise ValueError(f"expectation: unknown arm {arm!r}; the arms are {names}")
            if reason := misfit(leaf, self.protocol):
                raise ValueError(f"expectation: {reason}")
            if isinstance(leaf, AtLeast):
                good = leaf.floor - leaf.reference if self.metric.better == "higher" else leaf.reference - leaf.floor
                if good <= 0:
                    raise ValueError(
                        f"expectation: {self.metric.better} is better, so the floor {leaf.floor} must lie on that "
                        f"side of the reference {leaf.reference}"
                    )
        for tier in self.workloads:
            if tier not in self.needs.core_seconds:
                raise ValueError(f"needs.core_seconds: missing tier {tier!r}, which has a workload")
            if self.protocol.unit != "deterministic" and tier not in self.protocol.n:
                raise ValueError(f"protocol.n: missing tier {tier!r}, which has a workload")
            if self.tuning and (both := set(self.tuning.seeds) & set(self.seeds(tier))):
                raise ValueError(
                    f"tuning.seeds: {sorted(both)[:4]} are seeds of {tier} that confirm; pilots must be others"
                )
        return self

    def units(self, tier: Tier) -> int:
        """Units per arm at `tier`."""
        return self.protocol.n.get(tier, 1)

    def seeds(self, tier: Tier) -> range:
        """Seeds of the units at `tier`."""
        return range(self.protocol.first_seed, self.protocol.first_seed + self.units(tier))

    def looks(self, tier: Tier) -> tuple[int, ...]:
        """Units per arm after which the claim is judged at `tier`; the last are all of them."""
        return (*self.protocol.interim.get(tier, ()), self.units(tier))

    def arm(self, name: str) -> Arm:
        """The arm called `name`; KeyError if there is none."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise KeyError(name)

    def comparisons(self) -> int:
        """Statistical comparisons that the claim adds to its family; a deterministic claim adds none."""
        if self.role != "confirmatory":
            return 0
        return sum(leaf.comparisons() for leaf in leaves(self.expectation))

    def measure_sha(self) -> str:
        """Hash of everything that determines a measurement; prose is left out."""
        return canonical_sha(
            {
                "experiment": self.experiment,
                "arms": [[arm.name, arm.role, arm.options] for arm in self.arms],
                "workloads": {tier: load.model_dump(mode="json") for tier, load in self.workloads.items()},
                "metric": self.metric.model_dump(mode="json"),
                "protocol": self.protocol.model_dump(mode="json"),
                "gates": self.gates,
                "device": self.needs.device,
                "data": self.needs.data,
            }
        )

    def judge_sha(self, family: dict[Tier, int]) -> str:
        """Hash of everything that determines a judgement; `family` is m, the family's comparisons, by tier."""
        return canonical_sha(
            {
                "expectation": self.expectation.model_dump(mode="json"),
                "role": self.role,
                "alpha": ALPHA,
                "family": family,
            }
        )


AnyClaim = Claim | NotTestable


class Paper(Model):
    """A paper under test."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """First half of its claims' ids."""
    title: str
    """Title as printed."""
    authors: str
    """Authors as cited."""
    arxiv: str
    """arXiv identifier."""
    year: int
    """Year of the first version."""
    keywords: tuple[str, ...] = ()
    """Words that `-k` matches for every claim of the paper."""
    note: str = ""
    """One paragraph that opens the paper's page."""


def canonical_sha(value: Any) -> str:
    """sha256 of the canonical JSON (sorted keys, no spaces) of `value`."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def explain(error: ValidationError, what: str) -> SpecError:
    """A validation error as one line a field: where it is, what stands there, what would be right."""
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"]) or what
        hint = _hint(problem)
        lines.append(f"  {where}: {problem['msg']}{hint}")
    return SpecError(f"{what} is not a valid spec:\n" + "\n".join(lines))


def _hint(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "; remove it, or see `claimbench schema` for the fields that exist"
    value = problem.get("input")
    return f" (got {value!r})" if isinstance(value, Scalar) else ""

"""How many units are measured, what a unit is, and when it is looked at: a part of every claim's frozen spec."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from claimbench.expectation import IF_USED, Equivalent, Exact, NotWorse, Part, Ratio, Slope

__all__ = ["ALPHA", "TIERS", "Protocol", "Tier", "Tuning", "misfit"]

Tier = Literal["smoke", "cpu", "gpu", "paper"]
TIERS: tuple[Tier, ...] = ("smoke", "cpu", "gpu", "paper")
ALPHA = 0.05
"""Two-sided error rate of a paper's confirmatory claims at a tier, taken together."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Protocol(_Frozen):
    """How many units are measured, and what a unit is."""

    unit: Literal["seed", "process", "item", "deterministic"]
    """Unit of replication: a training seed; a process that times; an item that succeeds or fails, with values 0 and 1
    (a question, a simulated replication; its seed is its number); or none (the result cannot vary)."""
    n: dict[Tier, Annotated[int, Field(ge=1)]] = {}
    """Units per arm and tier, fixed in advance (the stopping rule); default 1 for deterministic claims."""
    n_min: Annotated[int, Field(ge=1)] = 1
    """Fewer valid units than this decide nothing."""
    paired: bool = False
    """Units of the arms share seed, data order and initialisation, and are compared pairwise."""
    first_seed: Annotated[int, Field(ge=0, lt=1000)] = 0
    """First confirmatory seed; 1000 and up are for pilots and tuning."""
    seeds_per_trial: Annotated[int, Field(ge=1)] = 1
    """Seeds of one arm that one program runs as a batch."""
    cluster: Annotated[str | None, IF_USED] = None
    """Metric that numbers the cluster of each unit (its prompt, its user), where units of one are not independent."""
    interim: Annotated[dict[Tier, Annotated[tuple[int, ...], Field(min_length=1)]], IF_USED] = {}
    """Units per arm after which the claim is judged before it has `n`, and no more is measured where that decides it;
    by O'Brien and Fleming's boundary, which all looks share."""

    @model_validator(mode="after")
    def _planned(self) -> Self:
        for tier, looks in self.interim.items():
            size, n = self.seeds_per_trial, self.n.get(tier, 0)
            if list(looks) != sorted(set(looks)) or not self.n_min <= looks[0] <= looks[-1] < n:
                raise ValueError(
                    f"interim.{tier}: looks must ascend from n_min {self.n_min} to below n {n}, got {looks}"
                )
            if any(look % size for look in looks):
                raise ValueError(f"interim.{tier}: looks must be multiples of seeds_per_trial {size}, got {looks}")
        if self.unit in ("process", "deterministic") and self.cluster:
            raise ValueError(f"cluster: a {self.unit} unit has none")
        if self.unit == "deterministic" and self.interim:
            raise ValueError("interim: what cannot vary is measured once")
        return self


class Tuning(_Frozen):
    """The grid that every arm was given, with the same seeds and budget."""

    option: str
    """Option of the arms that is tuned."""
    grid: Annotated[tuple[float, ...], Field(min_length=3)]
    """Values tried, ascending; a best value at either end voids the tuning."""
    seeds: Annotated[tuple[Annotated[int, Field(ge=1000)], ...], Field(min_length=1)]
    """Pilot seeds, 1000 and up, never used to confirm."""
    metric: str | None = None
    """Metric that the best value is best in, in the direction of the claim's, which it is by default."""


def misfit(leaf: Part, protocol: Protocol) -> str:
    """Why the protocol's units cannot decide an expectation, or an empty string."""
    if isinstance(leaf, Exact):
        return ""
    relative = isinstance(leaf, Ratio | Slope) or (isinstance(leaf, NotWorse | Equivalent) and leaf.relative)
    if protocol.unit == "item" and relative:
        return f"{leaf.kind}: items succeed or fail, so compare their shares by differences, not by factors or slopes"
    if protocol.unit == "item" and len(leaf.arms_used()) > 1 and not protocol.paired:
        return f"{leaf.kind}: give both arms the same items and set protocol.paired"
    if protocol.cluster and (isinstance(leaf, Slope) or (isinstance(leaf, Ratio) and leaf.of_means)):
        return f"{leaf.kind}: not for units in clusters; give each cluster's own value as a unit"
    return ""

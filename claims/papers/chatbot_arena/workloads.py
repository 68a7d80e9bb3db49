"""What the trials of Chatbot Arena's claims work on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Workload
from claimbench.workloads import Count

__all__ = ["KnownTruth", "Orders", "Printed", "Resamples", "Shuffles"]

K = Annotated[float, Field(gt=0, lt=600)]
"""Step of online Elo, in points."""
TieRate = Annotated[float, Field(ge=0, le=0.5)]
"""Probability of a tie between two equal models."""


class Printed(Workload):
    """Numbers that a paper prints or a data set holds; there is nothing to choose."""

    kind: Literal["printed"] = "printed"
    """Discriminator."""


class Orders(Workload):
    """The Arena's votes in random orders."""

    kind: Literal["orders"] = "orders"
    """Discriminator."""
    orders: Annotated[int, Field(ge=2)]
    """Random orders a seed and a K."""
    ks: Annotated[tuple[K, ...], Field(min_length=1)] = (4.0,)
    """Steps, ascending; their law needs three."""


class KnownTruth(Workload):
    """Votes drawn from a Bradley–Terry arena; its strengths are those at equal distances in the Arena's ranking."""

    kind: Literal["known_truth"] = "known_truth"
    """Discriminator."""
    models: Annotated[int, Field(ge=2, le=129)]
    """Models; every pair is served equally often."""
    votes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Numbers of votes, each a drawing of its own."""
    tie_rate: TieRate = 0.345
    """The Arena's share of ties, "both are bad" among them."""


class Resamples(Workload):
    """The Arena's votes, resampled."""

    kind: Literal["resamples"] = "resamples"
    """Discriminator."""
    resamples: Annotated[int, Field(ge=100)]
    """Bootstrap resamples a seed, each of as many votes as there are."""
    k: K = 4.0
    """Step of online Elo."""


class Shuffles(Workload):
    """Votes drawn from a Bradley–Terry arena, in random orders, for rating systems that take one vote at a time."""

    kind: Literal["shuffles"] = "shuffles"
    """Discriminator."""
    models: Annotated[int, Field(ge=2, le=129)]
    """Models."""
    votes: Count
    """Votes."""
    orders: Annotated[int, Field(ge=2)]
    """Random orders a seed."""
    tie_rate: TieRate = 0.345
    """As in `KnownTruth`."""

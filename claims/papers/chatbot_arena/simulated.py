"""What the trials of the claims about sampling and about users work on: simulated arenas and crowds, real workers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Model, Workload
from claimbench.workloads import Count

__all__ = ["Allocations", "Crowd", "Injection", "PairHistory", "Precision", "Widths"]

Share = Annotated[float, Field(ge=0, le=1)]


class _Sampling(Model):
    """Simulated arenas whose win rates are those of the busiest real models, votes without ties."""

    models: Count
    """M."""
    replications: Count
    """Arenas a seed; the seed's value is their mean."""
    startup: Count = 10
    """Uniformly drawn votes a pair, on average, before a rule is asked."""
    mixing: Share = 0.1
    """Share of uniform sampling in every later draw."""
    batch: Count = 50
    """Votes between two looks, at which the probabilities are renewed and the width is read."""


class Precision(Workload, _Sampling):
    """Votes until the mean width of the 95 % intervals is small enough."""

    kind: Literal["precision"] = "precision"
    """Discriminator."""
    estimand: Literal["win_matrix", "score"]
    """What the intervals are of: every pair's win rate, or every model's score above that of the first by name."""
    width: Annotated[float, Field(gt=0)]
    """Mean width that is asked for."""


class Widths(Workload, _Sampling):
    """Mean width of the win matrix's 95 % intervals after given numbers of votes."""

    kind: Literal["widths"] = "widths"
    """Discriminator."""
    votes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Numbers of votes, ascending."""


class Allocations(Workload):
    """The best allocation of votes to pairs, for several numbers of models."""

    kind: Literal["allocations"] = "allocations"
    """Discriminator."""
    models: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Numbers of models."""


class PairHistory(Workload):
    """A pair whose votes are enumerated, all outcomes of all of them."""

    kind: Literal["pair_history"] = "pair_history"
    """Discriminator."""
    votes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Votes of others on the pair."""
    shares: Annotated[tuple[Annotated[tuple[Share, ...], Field(min_length=3, max_length=3)], ...], Field(min_length=1)]
    """Probabilities of H = 0, ½ and 1."""


class Crowd(Workload):
    """Simulated users on the pairs of the real Arena, voting as its users did, and bots in the place of as many."""

    kind: Literal["crowd"] = "crowd"
    """Discriminator."""
    models: Count = 129
    """Busiest models, whose pairs are shown as often as they were."""
    families: Literal["known", "held_out"]
    """Bots that the detectors were made with, or those that they were not."""
    users: Count
    """Honest users a seed, and bots of each family."""
    votes: Count = 100
    """Votes of each."""


class Injection(Workload):
    """Real workers, and bots in their place, on the same pairs in the same order."""

    kind: Literal["injection"] = "injection"
    """Discriminator."""
    votes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Votes after which flags are counted, ascending; workers with fewer than the last are left out."""
    groups: Count = 10
    """Groups of about equally lopsided pairs."""
    copies: Count = 10
    """Bots of each family in the place of each worker, a seed."""

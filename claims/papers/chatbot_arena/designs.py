"""What the trials of the claims about intervals, ranks, styles and judges work on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Model, Workload
from claimbench.workloads import Count

__all__ = ["Bootstraps", "Coverage", "Judge", "RankSets", "RealRanks", "Styles", "Subsamples"]

Models = Annotated[int, Field(ge=2, le=129)]
Share = Annotated[float, Field(ge=0, le=1)]
Several = Annotated[int, Field(ge=2)]


class _Simulated(Model):
    """Arenas whose strengths are Beta(1/γ, 1/γ), as in Figure 6; every pair is shown equally often, nobody ties."""

    models: Annotated[tuple[Models, ...], Field(min_length=1)]
    """Numbers of models, ascending."""
    votes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Numbers of votes, ascending."""
    replications: Several
    """Arenas a seed, for each number of models and of votes."""
    gamma: Annotated[float, Field(gt=0)] = 2.0
    """γ."""


class Coverage(Workload, _Simulated):
    """Intervals of ratings above the first model's."""

    kind: Literal["coverage"] = "coverage"
    """Discriminator."""


class RankSets(Workload, _Simulated):
    """Intervals of ranks, where strengths are Figure 6's and where they are all equal."""

    kind: Literal["rank_sets"] = "rank_sets"
    """Discriminator."""
    draws: Annotated[int, Field(ge=200)] = 2000
    """Normal draws behind a critical value."""


class RealRanks(Workload):
    """Intervals of ranks in the Arena's own design: its pairs as often as it showed them, its ratings as the truth."""

    kind: Literal["real_ranks"] = "real_ranks"
    """Discriminator."""
    replications: Several
    """Arenas a seed."""
    tie_rate: Annotated[float, Field(ge=0, le=0.5)] = 0.345
    """Probability of a tie between two equal models: the Arena's share of ties."""
    draws: Annotated[int, Field(ge=200)] = 2000
    """Normal draws behind a critical value."""


class Bootstraps(Workload):
    """Bootstrap draws of the Arena's votes."""

    kind: Literal["bootstraps"] = "bootstraps"
    """Discriminator."""
    draws: Annotated[int, Field(ge=100)]
    """Draws a seed."""


class Subsamples(Workload):
    """Votes drawn without replacement from those on the Arena's busiest models, each sample bootstrapped."""

    kind: Literal["subsamples"] = "subsamples"
    """Discriminator."""
    models: Models
    """Busiest models."""
    votes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Votes of a sample, ascending."""
    samples: Several
    """Samples a seed, for each number of votes."""
    draws: Annotated[int, Field(ge=100)]
    """Bootstrap draws of each."""


class Styles(Workload):
    """Simulated votes in which style counts beside strength."""

    kind: Literal["styles"] = "styles"
    """Discriminator."""
    models: Models
    """Models, at equal distances in the Arena's ranking."""
    votes: Count
    """Votes."""
    replications: Count
    """Arenas a seed."""
    coefficients: Annotated[tuple[float, ...], Field(min_length=4, max_length=4)]
    """γ of length, lists, headers and bold."""
    tie_rate: Annotated[float, Field(ge=0, le=0.5)] = 0.345
    """As in `RealRanks`."""


class Judge(Workload):
    """A judge who sees every pair of answers in both orders, as consistent as GPT-4 was on the prompts of QLoRA."""

    kind: Literal["judge"] = "judge"
    """Discriminator."""
    prompts: Count
    """Prompts of the benchmark."""
    strong: Share
    """Share of strong votes among the decisive ones."""
    copies: Count = 3
    """Rows that a strong vote counts as."""
    replications: Several
    """Benchmarks a seed."""

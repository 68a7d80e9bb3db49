"""Needles among distractors: say the value that stands with a key.

A place of the context is a key and a value, embedded as the sum of both. Needles have keys of the lower half of all,
distractors of the upper half, all keys of a context different; values are drawn at random. After the context stand
queries: keys of needles, in random order, with the null value in the value's place. Ids are one vocabulary: keys, then
values, then null. A model embeds what stands in a place and answers with the id of a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.differential_transformer.attention import Options
from claimbench.impls.differential_transformer.model import ComparedTransformer, Kind

__all__ = ["Needles", "Retriever", "Task"]


class Needles(NamedTuple):
    """A batch of contexts with their queries."""

    inputs: Tensor
    """Ids of key and value, (batch, slots + queries, 2)."""
    targets: Tensor
    """Ids of the values asked for, (batch, queries)."""
    places: Tensor
    """Where in the context each answer stands, (batch, queries)."""
    needles: Tensor
    """Whether a place of the context holds a needle, (batch, slots)."""

    def reordered(self, generator: torch.Generator) -> Needles:
        """The same with the places of every context in an order of its own; queries stay where they are."""
        batch, slots = self.needles.shape
        order = torch.rand(batch, slots, generator=generator).argsort(dim=1)
        context = self.inputs[:, :slots].gather(1, order[..., None].expand(-1, -1, 2))
        return Needles(
            torch.cat([context, self.inputs[:, slots:]], dim=1),
            self.targets,
            order.argsort(dim=1).gather(1, self.places),
            self.needles.gather(1, order),
        )


@dataclass(frozen=True)
class Task:
    """Sizes of the task; raises ValueError where a context can't be drawn."""

    slots: int
    """Places of the context."""
    needles: int
    """Places whose keys may be asked for."""
    queries: int
    """Keys asked for."""
    keys: int
    """Keys, half of them for needles."""
    values: int
    """Values."""

    def __post_init__(self) -> None:
        if not 1 <= self.queries <= self.needles <= min(self.slots, self.keys // 2):
            raise ValueError(
                f"{self.queries} queries, {self.needles} needles, {self.slots} places: each must fit the next"
            )
        if self.slots - self.needles > self.keys - self.keys // 2:
            raise ValueError(
                f"{self.slots - self.needles} distractors need as many keys, half of {self.keys} are theirs"
            )

    @property
    def vocabulary(self) -> int:
        """Ids: keys, values, null."""
        return self.keys + self.values + 1

    def draw(self, batch: int, generator: torch.Generator) -> Needles:
        """So many contexts with their queries."""
        half, distractors = self.keys // 2, self.slots - self.needles

        def drawn(count: int, of: int) -> Tensor:
            """`count` different numbers below `of`, (batch, count)."""
            return torch.rand(batch, of, generator=generator).argsort(dim=1)[:, :count]

        keys = torch.cat([drawn(self.needles, half), half + drawn(distractors, self.keys - half)], dim=1)
        values = self.keys + torch.randint(self.values, (batch, self.slots), generator=generator)
        asked = drawn(self.queries, self.needles)
        context = torch.stack([keys, values], dim=-1)
        null = torch.full((batch, self.queries), self.keys + self.values)
        queries = torch.stack([keys.gather(1, asked), null], dim=-1)
        needles = (torch.arange(self.slots) < self.needles).expand(batch, -1)
        in_order = Needles(torch.cat([context, queries], dim=1), values.gather(1, asked), asked, needles)
        return in_order.reordered(generator)


class Retriever(ComparedTransformer):
    """Ids of key and value (batch, length, 2) → logits of all ids, at every place."""

    def __init__(
        self, config: TransformerConfig, seed: int = 0, kind: Kind = "paper", options: Options | None = None
    ) -> None:
        super().__init__(config, seed, kind, options)
        self.embedding = _Sum.from_pretrained(self.embedding.weight.detach(), freeze=False)


class _Sum(nn.Embedding):
    """The sum of the embeddings of all ids that stand in a place."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input).sum(dim=-2)

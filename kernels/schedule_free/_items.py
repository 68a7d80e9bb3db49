"""What the backends of the step are handed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

__all__ = ["DecayAt", "Item", "Scalars"]

DecayAt = Literal["y", "z", "x"]
"""The point whose weights decay."""


class Scalars(NamedTuple):
    """The numbers of one step, in the order in which they lie in a tensor."""

    step_size: float
    """γ_t, warm-up and corrections included."""
    average: float
    """c_{t+1}, the share of the new z in x."""
    beta1: float
    """Share of x in y, above 0 and at most 1."""
    beta2: float = 0.0
    """Decay of v; without v it is not looked at."""
    bias: float = 1.0
    """What v is divided by under its root: 1 - β2^t, or 1."""
    eps: float = 0.0
    """Added to the root."""
    weight_decay: float = 0.0
    """λ."""
    count: float = 0.0
    """Number of the step, which stochastic rounding draws by."""

    def tensor(self, device: torch.device | str) -> Tensor:
        """(8,), float64: what a captured graph reads anew at each replay."""
        return torch.tensor(self, dtype=torch.float64, device=device)


class Item(NamedTuple):
    """One parameter's tensors, all laid out in memory alike and without gaps."""

    y: Tensor
    grad: Tensor
    z: Tensor
    v: Tensor | None
    copy: Tensor | None
    number: int
    """Its place among the parameters, which stochastic rounding draws by."""
    dtypes: tuple[torch.dtype | None, ...]
    """Of y, grad, z, v and copy: asked for once, because every question costs as much as a few hundred elements."""

    @classmethod
    def of(cls, tensors: Sequence[Tensor | None], number: int) -> Item:
        """The item of y, grad, z, v and copy."""
        return cls(*tensors, number, tuple(None if x is None else x.dtype for x in tensors))  # pyright: ignore[reportArgumentType]

    @property
    def working(self) -> torch.dtype:
        """The dtype that its step is computed in."""
        return torch.float64 if torch.float64 in self.dtypes[:4] else torch.float32

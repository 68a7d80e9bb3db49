"""Initialisation paired by seed: a parameter's values depend on the seed, its name and its shape, on nothing else.

Two models that share parameters by name therefore start from the same values, whatever else either of them has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["generator", "initialise"]

Rule = Callable[[str, Tensor, torch.Generator], None]


def generator(seed: int, name: str) -> torch.Generator:
    """A generator that belongs to `name` under `seed`."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


@torch.no_grad()
def initialise(model: nn.Module, seed: int, rule: Rule) -> None:
    """Fill every parameter of `model` in place by `rule(name, parameter, generator)`."""
    for name, parameter in model.named_parameters():
        rule(name, parameter, generator(seed, name))

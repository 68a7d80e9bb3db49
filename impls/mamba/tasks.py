"""The synthetic tasks of Section 4.1: selective copying (Table 1) and induction heads (Table 11).

Neither the paper nor its code pins the generators down (which token is noise, where a marker stands), so ours are
stated here. Selective copying: every sequence has `length` positions of noise (token 0) in which `data_tokens` data
tokens stand at random places, drawn from 1 … V − 2, followed by `data_tokens` copies of the marker V − 1. At the k-th
marker the model is to say the k-th data token. A fixed convolution cannot: the spacing differs between sequences.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["induction_heads", "selective_copying"]


def selective_copying(
    batch: int, length: int, data_tokens: int, vocabulary: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Tokens (batch, length + data_tokens) and, for the last `data_tokens` positions, targets (batch, data_tokens).

    Raises ValueError where the data tokens do not fit or the vocabulary has none.
    """
    if not 1 <= data_tokens <= length:
        raise ValueError(f"{data_tokens} data tokens do not fit in {length} positions")
    if vocabulary < 3:
        raise ValueError("a vocabulary needs noise, a marker and at least one data token")
    targets = torch.randint(1, vocabulary - 1, (batch, data_tokens), generator=generator)
    places = torch.rand(batch, length, generator=generator).argsort(dim=1)[:, :data_tokens].sort(dim=1).values
    tokens = torch.zeros(batch, length, dtype=torch.long).scatter_(1, places, targets)
    marker = torch.full((batch, data_tokens), vocabulary - 1)
    return torch.cat([tokens, marker], dim=1), targets


def induction_heads(batch: int, length: int, vocabulary: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tokens (batch, length) and, for the last position, targets (batch,).

    Random tokens 0 … V − 2; the trigger V − 1 stands once at a random place and again at the end, where the model is to
    say the token that followed it the first time. Raises ValueError where that does not fit.
    """
    if length < 3 or vocabulary < 3:
        raise ValueError(f"length {length}, vocabulary {vocabulary}: both must be at least 3")
    tokens = torch.randint(vocabulary - 1, (batch, length), generator=generator)
    place = torch.randint(length - 2, (batch, 1), generator=generator)
    tokens.scatter_(1, place, vocabulary - 1)
    tokens[:, -1] = vocabulary - 1
    return tokens, tokens.gather(1, place + 1)[:, 0]

"""The truth: every replicate drawn and fitted by Newton's method, in PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels.votes._bootstrap import CHUNK, Bootstrap, Scheme, refit

__all__ = ["bootstrap"]


def bootstrap(
    first: Tensor,
    second: Tensor,
    counts: Tensor,
    ratings: Tensor,
    replicates: int,
    seed: int,
    scheme: Scheme,
    tolerance: float,
) -> Bootstrap:
    """Arguments and results as in `claimbench.kernels.bootstrap_ratings`."""
    numbers = torch.arange(replicates, device=ratings.device)
    parts = [refit(first, second, counts, ratings, each, seed, scheme, tolerance) for each in numbers.split(CHUNK)]
    return Bootstrap(*(torch.cat(values) for values in zip(*parts, strict=True)))

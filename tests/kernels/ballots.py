"""Random votes and tables for the tests of the vote kernels."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import torch
from torch import Tensor

from claimbench.kernels import fold_votes
from claimbench.kernels.votes import pairs_of
from claimbench.kernels.votes._draws import half_votes_of
from claimbench.kernels.votes._newton import newton


def votes(n: int, models: int, seed: int = 0, dtype: torch.dtype = torch.int32) -> tuple[Tensor, Tensor, Tensor]:
    """a, b and outcome of n votes between different models; a third are ties."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, models, n)
    b = (a + rng.integers(1, max(models, 2), n)) % models
    outcome = rng.integers(0, 3, n).astype(np.uint8)
    return torch.from_numpy(a).to(dtype), torch.from_numpy(b).to(dtype), torch.from_numpy(outcome)


def table(n: int, models: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """first, second and counts of n random votes, and their maximum-likelihood ratings."""
    first, second, counts = pairs_of(fold_votes(*votes(n, models, seed), models))
    return first, second, counts, maximum(first, second, counts, models)


def maximum(first: Tensor, second: Tensor, counts: Tensor, models: int) -> Tensor:
    """Maximum-likelihood ratings (models,) of a table."""
    start = torch.zeros(models, dtype=torch.float64)
    ratings, converged, _ = newton(first, second, half_votes_of(counts)[..., None], start, 1e-12)
    assert bool(converged.all())
    return ratings[0]


def real_table() -> tuple[Tensor, Tensor, Tensor]:
    """The 1,670,250 votes of Chatbot Arena in leaderbot's wheel, 129 models, 3,460 pairs; both kinds of ties."""
    data = json.loads((files("leaderbot") / "data" / "chatbotarena_20240814.json").read_text())
    won, lost, tied, both_bad = torch.tensor(data["Y"]).unbind(1)
    first, second = torch.tensor(data["X"]).unbind(1)
    return first, second, torch.stack((lost, tied + both_bad, won), 1)


def sandwich(first: Tensor, second: Tensor, counts: Tensor, ratings: Tensor) -> Tensor:
    """Standard errors (models,): L⁺ B L⁺ with B = Σ c_o (y_o - p)² (e_i - e_j)(e_i - e_j)ᵀ (arXiv 2403.04132, §5)."""
    p = torch.sigmoid(ratings[first] - ratings[second])
    scores = torch.tensor([0, 0.5, 1], dtype=torch.float64)
    edges = torch.zeros(len(first), len(ratings), dtype=torch.float64)
    rows = torch.arange(len(first))
    edges[rows, first], edges[rows, second] = 1, -1
    bread = torch.linalg.pinv(edges.T @ ((counts.sum(1) * p * (1 - p))[:, None] * edges), hermitian=True)
    meat = edges.T @ ((counts * (scores - p[:, None]) ** 2).sum(1)[:, None] * edges)
    return (bread @ meat @ bread).diagonal().sqrt()

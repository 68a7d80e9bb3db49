"""The truth: online Elo vote by vote in PyTorch, all lanes at once."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels.votes._checks import refusals
from claimbench.kernels.votes._draws import uniforms

__all__ = ["play", "shuffled"]


def shuffled(votes: int, lane: int, seed: int) -> list[int]:
    """The numbers of the votes in the lane's random order, by Fisher and Yates."""
    order = list(range(votes))
    u = uniforms(seed, torch.arange(votes), torch.tensor(lane), 2).tolist()
    for i in range(votes - 1, 0, -1):
        j = int(u[i] * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def play(
    a: Tensor,
    b: Tensor,
    outcome: Tensor,
    models: int,
    permutations: int | Tensor,
    seed: int,
    k: float,
    scale: float,
    base: float,
    initial: float,
) -> tuple[Tensor, Tensor, int]:
    """Ratings as in `claimbench.kernels.elo_lanes`, votes refused for each reason, and numbers that are no votes.

    Where something is refused the ratings are not computed.
    """
    _, refused = refusals(a, b, outcome, models, None)
    if isinstance(permutations, Tensor):
        orders = permutations
    else:
        orders = torch.tensor([shuffled(a.numel(), lane, seed) for lane in range(permutations)], dtype=torch.int64)
        orders = orders.view(permutations, a.numel())
    unknown = int(((orders < 0) | (orders >= a.numel())).sum())
    ratings = torch.full((orders.shape[0], models), initial, dtype=torch.float64)
    if unknown or int(refused.sum()):
        return ratings, refused, unknown
    lanes = torch.arange(orders.shape[0])
    for vote in orders.T.long():
        i, j, y = a[vote].long(), b[vote].long(), outcome[vote] / 2
        change = k * (y - 1 / (1 + base ** ((ratings[lanes, j] - ratings[lanes, i]) / scale)))
        ratings[lanes, i] += change
        ratings[lanes, j] -= change
    return ratings, refused, 0

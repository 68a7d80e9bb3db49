"""Bradley–Terry by Newton's method, many tables at once, in PyTorch: the truth, and what chords leave over."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["MOST_STEPS", "laplacian", "newton", "strongly_connected"]

MOST_STEPS = 50
_MOST_HALVINGS = 40


def strongly_connected(first: Tensor, second: Tensor, half_votes: Tensor, models: int) -> Tensor:
    """Whether every model reaches every other by wins and ties, for half votes (2, pairs, tables): exactly then
    does a maximum of the likelihood exist, and only one (Ford 1957).
    """
    tables = half_votes.shape[2]
    scored = torch.zeros(tables, models, models, device=half_votes.device)
    for i, j, side in ((first, second, 0), (second, first, 1)):
        scored.view(tables, -1).index_add_(1, i.long() * models + j, half_votes[side].T.float())
    edges = (scored > 0).float()
    connected = torch.ones(tables, dtype=torch.bool, device=half_votes.device)
    for way in (edges, edges.transpose(1, 2)):
        reached = torch.zeros(tables, 1, models, device=half_votes.device)
        reached[..., 0] = 1
        while True:
            more = (reached + reached @ way > 0).float()
            if torch.equal(more, reached):
                break
            reached = more
        connected &= reached.amin((1, 2)) > 0
    return connected


def laplacian(first: Tensor, second: Tensor, weights: Tensor, models: int) -> Tensor:
    """Laplacians (…, models, models) of graphs with weights (…, pairs)."""
    out = weights.new_zeros((*weights.shape[:-1], models * models))
    i, j = first.long(), second.long()
    for at, sign in ((i * models + j, -1), (j * models + i, -1), (i * (models + 1), 1), (j * (models + 1), 1)):
        out.index_add_(-1, at, sign * weights)
    return out.view(*weights.shape[:-1], models, models)


def _log_likelihood(first: Tensor, second: Tensor, half_votes: Tensor, ratings: Tensor) -> Tensor:
    gaps = ratings[:, first] - ratings[:, second]
    return (half_votes[0] * F.logsigmoid(gaps) + half_votes[1] * F.logsigmoid(-gaps)).sum(1)


def newton(
    first: Tensor, second: Tensor, half_votes: Tensor, start: Tensor, tolerance: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Maximum-likelihood ratings (tables, models), mean 0, from start (models,), of strongly connected tables.

    Returns them, whether each converged, and the number of its steps. Steps are halved while the likelihood falls.
    """
    tables, models = half_votes.shape[2], start.numel()
    first, second, half_votes = first.long(), second.long(), half_votes.transpose(1, 2).double()
    games = half_votes.sum(0)
    ratings = start.expand(tables, models).clone()
    converged = torch.zeros(tables, dtype=torch.bool, device=start.device)
    steps = torch.zeros(tables, dtype=torch.int64, device=start.device)
    flat = torch.full((models, models), 1.0 / models, dtype=start.dtype, device=start.device)
    for _ in range(MOST_STEPS):
        p = torch.sigmoid(ratings[:, first] - ratings[:, second])
        surplus = half_votes[0] - games * p
        gradient = torch.zeros_like(ratings).index_add_(1, first, surplus).index_add_(1, second, -surplus)
        matrix = laplacian(first, second, games * p * (1 - p), models)
        scale = matrix.diagonal(dim1=1, dim2=2).mean(1).clamp(min=torch.finfo(torch.float64).tiny)[:, None, None]
        factor, failed = torch.linalg.cholesky_ex(matrix + scale * flat)
        step = torch.cholesky_solve(gradient[..., None], factor)[..., 0]
        going = ~converged & (failed == 0) & step.isfinite().all(1)
        if not going.any():
            break
        step = torch.where(going[:, None], step, 0.0)
        whole = step.abs().amax(1)  # a step that halving made small says nothing of convergence
        # Rounding may lower a likelihood that is at its top.
        before = _log_likelihood(first, second, half_votes, ratings)
        before = before - 1e-12 * before.abs()
        for _ in range(_MOST_HALVINGS):
            falls = _log_likelihood(first, second, half_votes, ratings + step) < before
            if not falls.any():
                break
            step = torch.where(falls[:, None], step / 2, step)
        ratings = ratings + step
        steps += going
        converged |= going & (whole < tolerance)
    return ratings - ratings.mean(1, keepdim=True), converged, steps

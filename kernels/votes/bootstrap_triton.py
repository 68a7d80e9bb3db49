"""Bootstrap of ratings on NVIDIA and AMD GPUs: Triton draws and gradients, PyTorch's matrix product for the step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
from torch import Tensor

from claimbench.kernels.votes import _triton_kernels as kernels
from claimbench.kernels.votes._bootstrap import (
    MOST_CHORDS,
    TOO_FAR,
    Bootstrap,
    Scheme,
    Status,
    finish,
    half_inverse,
)
from claimbench.kernels.votes._draws import grouped_tables, half_votes_of, rates_of, top_up

__all__ = ["BLOCK_R", "NUM_WARPS", "ROOM_BYTES", "bootstrap"]

BLOCK_R = 128
"""Replicates of a program, one a thread; even."""
NUM_WARPS = 4
ROOM_BYTES = 2**30
"""What the draws of replicates at one time may take, at least those of BLOCK_R of them."""


@dataclass(frozen=True)
class _Tables:
    """Distribution functions of the cells, one after the other."""

    cdf: Tensor
    begin: Tensor
    size: Tensor
    first: Tensor

    @classmethod
    def of(cls, rates: Tensor) -> _Tables:
        device = rates.device
        begin = torch.zeros(rates.numel(), dtype=torch.int64, device=device)
        size, first = torch.zeros_like(begin, dtype=torch.int32), torch.zeros_like(begin, dtype=torch.int32)
        parts, at = [rates.new_empty(0)], 0
        for cells, cdf, values in grouped_tables(rates):
            n, width = cdf.shape
            begin[cells] = at + width * torch.arange(n, device=device)
            size[cells], first[cells] = width, values.to(torch.int32)
            parts.append(cdf.flatten())
            at += n * width
        return cls(torch.cat(parts), begin, size, first)


@dataclass(frozen=True)
class _Rivals:
    """Of each model, its rivals and where half votes between them are counted, model by model."""

    begin: Tensor
    """(models + 1,)."""
    other: Tensor
    own: Tensor
    theirs: Tensor

    @classmethod
    def of(cls, first: Tensor, second: Tensor, models: int) -> _Rivals:
        pairs = torch.arange(first.numel(), device=first.device)
        model, other = torch.cat((first, second)), torch.cat((second, first))
        own, theirs = torch.cat((pairs, pairs + len(pairs))), torch.cat((pairs + len(pairs), pairs))
        order = model.argsort(stable=True)
        begin = torch.searchsorted(model[order].long(), torch.arange(models + 1, device=first.device))
        return cls(*(x.to(torch.int32) for x in (begin, other[order], own[order], theirs[order])))


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
    models, pairs = ratings.numel(), first.numel()
    inverse = half_inverse(first, second, counts, ratings)
    tables, rivals = _Tables.of(rates_of(counts, scheme).flatten()), _Rivals.of(first, second, models)
    at_once = max(BLOCK_R, ROOM_BYTES // max(1, 8 * pairs) // BLOCK_R * BLOCK_R)
    parts = []
    for start in range(0, replicates, at_once):
        drawn = min(at_once, replicates - start)
        half_votes = torch.empty(2, pairs, drawn, dtype=torch.int32, device=ratings.device)
        if pairs:
            grid = (pairs, triton.cdiv(drawn, BLOCK_R))
            kernels.draw_kernel[grid](
                seed, start, tables.cdf, tables.begin, tables.size, tables.first, half_votes, pairs, drawn,
                STEPS=int(tables.size.max()).bit_length(), BLOCK_R=BLOCK_R, num_warps=NUM_WARPS,
            )  # fmt: skip
            if scheme == "multinomial":
                half_votes = _topped_up(seed, half_votes, counts, start)
        parts.append(_fit(rivals, half_votes, inverse, ratings, tolerance))
    found = Bootstrap(*(torch.cat(values) for values in zip(*parts, strict=True)))
    return finish(found, first, second, counts, ratings, seed, scheme, tolerance)


def _topped_up(seed: int, half_votes: Tensor, counts: Tensor, start: int) -> Tensor:
    """half_votes (2, pairs, replicates) with the votes added that a multinomial draw still lacks."""
    numbers = torch.arange(start, start + half_votes.shape[2], device=counts.device)
    missing = counts.sum() - half_votes.sum((0, 1)) // 2
    for at in range(0, len(numbers), BLOCK_R):
        some = slice(at, at + BLOCK_R)
        half_votes[..., some] += half_votes_of(top_up(seed, missing[some], counts, numbers[some])).to(torch.int32)
    return half_votes


def _fit(rivals: _Rivals, half_votes: Tensor, inverse: Tensor, start: Tensor, tolerance: float) -> Bootstrap:
    """Ratings of the replicates of half_votes (2, pairs, replicates), by steps with the fixed matrix."""
    models, replicates = start.numel(), half_votes.shape[2]
    grid = (models, triton.cdiv(replicates, BLOCK_R))
    active = _identified(rivals, half_votes, models, grid)
    status = torch.where(active, Status.NOT_CONVERGED, Status.UNIDENTIFIED).to(torch.int8)
    steps = torch.zeros(replicates, dtype=torch.int64, device=start.device)
    ratings = start[:, None].repeat(1, replicates)
    surplus = torch.empty_like(ratings)
    for _ in range(MOST_CHORDS):
        if not bool(active.any()):
            break
        kernels.surplus_kernel[grid](
            rivals.begin, rivals.other, rivals.own, rivals.theirs, half_votes, ratings, surplus, replicates,
            BLOCK_R=BLOCK_R, num_warps=NUM_WARPS,
        )  # fmt: skip
        step = torch.where(active, inverse @ surplus, 0.0)
        ratings += step
        steps += active
        largest = step.abs().amax(0)
        ended = active & (largest < tolerance)
        status[ended] = Status.CONVERGED
        active = active & ~ended & (largest < TOO_FAR)
    ratings = (ratings - ratings.mean(0)).T
    return Bootstrap(torch.where(status[:, None] == Status.CONVERGED, ratings, torch.nan), status, steps)


def _identified(rivals: _Rivals, half_votes: Tensor, models: int, grid: tuple[int, int]) -> Tensor:
    """Which replicates (replicates,) are strongly connected."""
    replicates = half_votes.shape[2]
    connected = torch.ones(replicates, dtype=torch.bool, device=half_votes.device)
    for scored in (rivals.theirs, rivals.own):
        reached = torch.zeros(models, replicates, dtype=torch.int8, device=half_votes.device)
        reached[0] = 1
        while True:
            more = torch.empty_like(reached)
            kernels.reach_kernel[grid](
                rivals.begin, rivals.other, scored, half_votes, reached, more, replicates,
                BLOCK_R=BLOCK_R, num_warps=NUM_WARPS,
            )  # fmt: skip
            if torch.equal(more, reached):
                break
            reached = more
        connected &= reached.amin(0) > 0
    return connected

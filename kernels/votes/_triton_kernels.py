"""Votes for Triton: a histogram of votes, and what a bootstrap needs of its draws. Integers alone are added atomically,
so the same bits come out every time; everything else is float64.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["draw_kernel", "fold_kernel", "reach_kernel", "surplus_kernel"]


@triton.jit
def fold_kernel(
    a_ptr, b_ptr, outcome_ptr, weights_ptr, scale_ptr, counts_ptr, refused_ptr, votes, models, cells,
    HAS_WEIGHTS: tl.constexpr, COPIES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Adds a program's BLOCK votes to its copy of counts (COPIES, cells), and refused ones to refused (4,) by reason.

    With weights, counts are integers in units of 1 / scale.
    """
    program = tl.program_id(0).to(tl.int64)
    t = program * BLOCK + tl.arange(0, BLOCK)  # [BLOCK]
    left = t < votes
    a = tl.load(a_ptr + t, mask=left, other=0).to(tl.int64)
    b = tl.load(b_ptr + t, mask=left, other=0).to(tl.int64)
    outcome = tl.load(outcome_ptr + t, mask=left, other=0).to(tl.int64)
    if HAS_WEIGHTS:
        weight = tl.load(weights_ptr + t, mask=left, other=0.0).to(tl.float64)
        weightless = (weight < 0) | (weight != weight) | (weight == float("inf"))
        value = tl.floor(tl.where(weightless, 0.0, weight) * tl.load(scale_ptr) + 0.5).to(tl.int64)
    else:
        value = tl.full((BLOCK,), 1, counts_ptr.dtype.element_ty)
        weightless = t < 0
    outside = (a < 0) | (a >= models) | (b < 0) | (b >= models)
    for reason in tl.static_range(4):
        if reason == 0:
            bad = outside
        elif reason == 1:
            bad = outcome > 2
        elif reason == 2:
            bad = a == b
        else:
            bad = weightless
        number = tl.sum((left & bad).to(tl.int64))
        tl.atomic_add(refused_ptr + reason, number, mask=number > 0, sem="relaxed")
        left = left & (bad == 0)
    first, second = tl.minimum(a, b), tl.maximum(a, b)
    pair = first * (2 * models - 3 - first) // 2 + second - 1
    cell = 3 * pair + tl.where(a < b, outcome, 2 - outcome)
    tl.atomic_add(counts_ptr + program % COPIES * cells + cell, value, mask=left, sem="relaxed")


@triton.jit
def _uniform(low, high):
    """The middle of one of 2^52 equal parts of (0, 1) from two 32-bit words."""
    bits = (high.to(tl.int64) << 20) | (low.to(tl.int64) >> 12)
    return (bits.to(tl.float64) + 0.5) * 2.220446049250313e-16


@triton.jit(do_not_specialize=["seed", "start"])
def draw_kernel(
    seed, start, cdf_ptr, begin_ptr, size_ptr, first_ptr, half_votes_ptr, pairs, replicates,
    STEPS: tl.constexpr, BLOCK_R: tl.constexpr,
):  # fmt: skip
    """Poisson draws of one pair in BLOCK_R replicates, from start on: half_votes (2, pairs, replicates), int32.

    The distribution function of cell c is cdf from begin[c] on, of size[c] values, from the value first[c] on; a size
    of 0 draws 0. It is searched in STEPS halvings.
    """
    pair = tl.program_id(0)
    counter = start // 2 + tl.program_id(1) * (BLOCK_R // 2) + tl.arange(0, BLOCK_R // 2)  # [BLOCK_R / 2]
    r = tl.program_id(1) * BLOCK_R + tl.arange(0, BLOCK_R)  # [BLOCK_R]
    won = tl.zeros((BLOCK_R,), tl.int32)
    lost = tl.zeros((BLOCK_R,), tl.int32)
    for outcome in tl.static_range(3):
        cell = 3 * pair + outcome
        size = tl.load(size_ptr + cell)
        cdf = cdf_ptr + tl.load(begin_ptr + cell)
        nothing = counter * 0
        w0, w1, w2, w3 = tl.philox(seed, counter, nothing + cell, nothing, nothing)
        u = tl.interleave(_uniform(w0, w1), _uniform(w2, w3))
        below = tl.zeros((BLOCK_R,), tl.int32)  # values whose probability is at most u
        for step in tl.static_range(STEPS):
            more = below + (1 << (STEPS - 1 - step))
            value = tl.load(cdf + more - 1, mask=more <= size, other=2.0)
            below = tl.where(value <= u, more, below)
        k = tl.where(size > 0, tl.load(first_ptr + cell) + below, 0)
        won += outcome * k
        lost += (2 - outcome) * k
    row = pair.to(tl.int64)
    tl.store(half_votes_ptr + row * replicates + r, won, mask=r < replicates)
    tl.store(half_votes_ptr + (row + pairs) * replicates + r, lost, mask=r < replicates)


@triton.jit
def surplus_kernel(
    begin_ptr, other_ptr, own_ptr, theirs_ptr, half_votes_ptr, ratings_ptr, out_ptr, replicates,
    BLOCK_R: tl.constexpr,
):  # fmt: skip
    """out (models, replicates): Σ s - (s + s') σ(θ - θ') over the pairs of one model, s and s' half votes.

    Its pairs are begin[m] … begin[m + 1] - 1; own and theirs are rows of half_votes, flat over its first two
    dimensions.
    """
    m = tl.program_id(0)
    r = tl.program_id(1) * BLOCK_R + tl.arange(0, BLOCK_R)  # [BLOCK_R]
    mask = r < replicates
    rating = tl.load(ratings_ptr + m.to(tl.int64) * replicates + r, mask=mask, other=0.0)
    total = tl.zeros((BLOCK_R,), tl.float64)
    for k in range(tl.load(begin_ptr + m), tl.load(begin_ptr + m + 1)):
        rival = tl.load(ratings_ptr + tl.load(other_ptr + k).to(tl.int64) * replicates + r, mask=mask, other=0.0)
        own = tl.load(half_votes_ptr + tl.load(own_ptr + k).to(tl.int64) * replicates + r, mask=mask, other=0)
        theirs = tl.load(half_votes_ptr + tl.load(theirs_ptr + k).to(tl.int64) * replicates + r, mask=mask, other=0)
        total += own.to(tl.float64) - (own + theirs).to(tl.float64) / (1.0 + tl.exp(rival - rating))
    tl.store(out_ptr + m.to(tl.int64) * replicates + r, total, mask=mask)


@triton.jit
def reach_kernel(
    begin_ptr, other_ptr, scored_ptr, half_votes_ptr, reached_ptr, out_ptr, replicates, BLOCK_R: tl.constexpr,
):  # fmt: skip
    """out (models, replicates), int8: 1 where a model is reached already, or by a half vote from one that is.

    scored: the rows of half_votes that count those of the rival, to go forward, or of the model itself, to go back.
    """
    m = tl.program_id(0)
    r = tl.program_id(1) * BLOCK_R + tl.arange(0, BLOCK_R)  # [BLOCK_R]
    mask = r < replicates
    reached = tl.load(reached_ptr + m.to(tl.int64) * replicates + r, mask=mask, other=0).to(tl.int32)
    for k in range(tl.load(begin_ptr + m), tl.load(begin_ptr + m + 1)):
        rival = tl.load(reached_ptr + tl.load(other_ptr + k).to(tl.int64) * replicates + r, mask=mask, other=0)
        scored = tl.load(half_votes_ptr + tl.load(scored_ptr + k).to(tl.int64) * replicates + r, mask=mask, other=0)
        reached |= ((scored > 0) & (rival > 0)).to(tl.int32)
    tl.store(out_ptr + m.to(tl.int64) * replicates + r, reached.to(tl.int8), mask=mask)

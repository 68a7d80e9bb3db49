"""Differential attention forward for Triton: a program takes BLOCK_M queries of one head and meets its keys once.

Names ending in _batch, _head and _time are strides, dims are contiguous; what is written is contiguous. Everything is
computed in float32 but the factors of products, which are rounded to the inputs' dtype. Logarithms have base 2. Peaks,
sums and shares of rows are columns, [BLOCK_M, 1].
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["attend", "differential_attention_fwd_kernel", "normed", "rescaled", "shares", "tile"]


@triton.jit
def tile(x_ptr, row, time, rows, DIM: tl.constexpr, BLOCK_D: tl.constexpr, MASKED: tl.constexpr):
    """Rows [BLOCK, BLOCK_D] of a matrix (rows, DIM), zero beyond DIM, and beyond its rows where MASKED."""
    d = tl.arange(0, BLOCK_D)[None, :]
    mask = d < DIM
    if MASKED:
        mask = mask & (row[:, None] < rows)
    return tl.load(x_ptr + row.to(tl.int64)[:, None] * time + d, mask=mask, other=0.0)


@triton.jit
def shares(sum_1, sum_2, rate):
    """Factors a and b by which unnormalised weights become a multiple c of a difference, a e₁ - b e₂ = c (P₁ - λ P₂):
    c is the smaller sum, so that neither weight exceeds 1 or λ.
    """
    smaller = tl.minimum(sum_1, sum_2)
    return smaller / sum_1, rate * smaller / sum_2


@triton.jit
def rescaled(both, second, sum_1, sum_2, new_1, new_2, rate, decay_1, decay_2):
    """A difference of outputs, a o₁ - b o₂, whose shares and peaks change with more keys; second is o₂."""
    a, b = shares(sum_1, sum_2, rate)
    new_a, new_b = shares(new_1, new_2, rate)
    growth = new_a * decay_1 / a
    return both * growth + (growth * b - new_b * decay_2) * second


@triton.jit
def attend(
    both, second, peak_1, peak_2, sum_1, sum_2, q_1, q_2, rate, k_ptr, k_head, k_time, v_ptr, v_time, seen, keys,
    first, last, SCALE: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, MASKED: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """The state of rows after keys first ... last, of which a row sees those below `seen` [BLOCK_M, 1].

    One pass: both is the difference of outputs with the sums of the keys met so far; the weights that meet v are
    differences by the same sums, so what the maps have in common is gone before they are rounded.
    """
    for start in tl.range(first, last, BLOCK_N, num_stages=STAGES):
        n = start + tl.arange(0, BLOCK_N)
        k_1 = tile(k_ptr, n, k_time, keys, DIM, BLOCK_D, MASKED)
        k_2 = tile(k_ptr + k_head, n, k_time, keys, DIM, BLOCK_D, MASKED)
        score_1 = tl.dot(q_1, tl.trans(k_1), input_precision="ieee") * SCALE  # [BLOCK_M, BLOCK_N]
        score_2 = tl.dot(q_2, tl.trans(k_2), input_precision="ieee") * SCALE
        if MASKED:
            visible = n[None, :] < seen
            score_1 = tl.where(visible, score_1, float("-inf"))
            score_2 = tl.where(visible, score_2, float("-inf"))
        top_1 = tl.maximum(peak_1, tl.max(score_1, 1, keep_dims=True))
        top_2 = tl.maximum(peak_2, tl.max(score_2, 1, keep_dims=True))
        weight_1 = tl.exp2(score_1 - top_1)
        weight_2 = tl.exp2(score_2 - top_2)
        decay_1 = tl.exp2(peak_1 - top_1)
        decay_2 = tl.exp2(peak_2 - top_2)
        new_1 = sum_1 * decay_1 + tl.sum(weight_1, 1, keep_dims=True)
        new_2 = sum_2 * decay_2 + tl.sum(weight_2, 1, keep_dims=True)
        both = rescaled(both, second, sum_1, sum_2, new_1, new_2, rate, decay_1, decay_2)
        second = second * decay_2
        a, b = shares(new_1, new_2, rate)
        v = tile(v_ptr, n, v_time, keys, WIDTH, BLOCK_W, MASKED)
        both = tl.dot((a * weight_1 - b * weight_2).to(v.dtype), v, both, input_precision="ieee")
        second = tl.dot(weight_2.to(v.dtype), v, second, input_precision="ieee")
        peak_1, peak_2, sum_1, sum_2 = top_1, top_2, new_1, new_2
    return both, second, peak_1, peak_2, sum_1, sum_2


@triton.jit
def normed(out, weight_ptr, w, WIDTH: tl.constexpr, NORM_SCALE: tl.constexpr, EPS: tl.constexpr):
    """NORM_SCALE · RMSNorm of rows, [BLOCK_M, BLOCK_W], zero beyond WIDTH."""
    weight = tl.load(weight_ptr + w, mask=w < WIDTH, other=0.0).to(tl.float32)
    squares = tl.sum(out * out, 1, keep_dims=True)
    return out * (NORM_SCALE / tl.sqrt(squares / WIDTH + EPS)) * weight


@triton.jit
def differential_attention_fwd_kernel(
    q_ptr, q_batch, q_head, q_time, k_ptr, k_batch, k_head, k_time, v_ptr, v_batch, v_head, v_time,
    rate_ptr, rate_batch, rate_head, rate_time, weight_ptr, out_ptr, raw_ptr, second_ptr, lse_ptr,
    heads, repeats, queries, keys,
    SCALE: tl.constexpr, NORM_SCALE: tl.constexpr, EPS: tl.constexpr, CAUSAL: tl.constexpr, KEEP: tl.constexpr,
    HAS_WEIGHT: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """out (B, H, T, WIDTH); where KEEP the second map's output, lse (B, 2H, T) and, with a weight, what is normalised.

    SCALE holds log2 e. The grid is (blocks of queries, B · H); those that see most keys come first.
    """
    block = tl.num_programs(0) - 1 - tl.program_id(0)
    at = tl.program_id(1)
    batch, head = (at // heads).to(tl.int64), at % heads
    group = head // repeats
    m = block * BLOCK_M + tl.arange(0, BLOCK_M)
    q_ptr += batch * q_batch + 2 * head * q_head.to(tl.int64)
    k_ptr += batch * k_batch + 2 * group * k_head.to(tl.int64)
    v_ptr += batch * v_batch + group * v_head.to(tl.int64)
    q_1 = tile(q_ptr, m, q_time, queries, DIM, BLOCK_D, True)
    q_2 = tile(q_ptr + q_head, m, q_time, queries, DIM, BLOCK_D, True)
    rate_at = rate_ptr + batch * rate_batch + head * rate_head + m * rate_time
    rate = tl.load(rate_at, mask=m < queries, other=0.0).to(tl.float32)[:, None]

    seen = tl.full((BLOCK_M, 1), keys, tl.int32)
    whole, last = keys // BLOCK_N * BLOCK_N, keys  # all rows see all keys of the first blocks
    if CAUSAL:
        before = keys - queries
        seen = tl.minimum(seen, before + m[:, None] + 1)
        last = tl.minimum(keys, before + (block + 1) * BLOCK_M)
        whole = tl.minimum(whole, (before + block * BLOCK_M + 1) // BLOCK_N * BLOCK_N)
    both = tl.zeros((BLOCK_M, BLOCK_W), tl.float32)
    second = tl.zeros((BLOCK_M, BLOCK_W), tl.float32)
    peak_1 = tl.full((BLOCK_M, 1), float("-inf"), tl.float32)
    peak_2 = tl.full((BLOCK_M, 1), float("-inf"), tl.float32)
    sum_1 = tl.full((BLOCK_M, 1), 1.0, tl.float32)  # of nothing: the first peaks let it vanish
    sum_2 = tl.full((BLOCK_M, 1), 1.0, tl.float32)
    both, second, peak_1, peak_2, sum_1, sum_2 = attend(
        both, second, peak_1, peak_2, sum_1, sum_2, q_1, q_2, rate, k_ptr, k_head, k_time, v_ptr, v_time, seen, keys,
        0, whole, SCALE, DIM, WIDTH, BLOCK_N, BLOCK_D, BLOCK_W, False, STAGES,
    )  # fmt: skip
    both, second, peak_1, peak_2, sum_1, sum_2 = attend(
        both, second, peak_1, peak_2, sum_1, sum_2, q_1, q_2, rate, k_ptr, k_head, k_time, v_ptr, v_time, seen, keys,
        whole, last, SCALE, DIM, WIDTH, BLOCK_N, BLOCK_D, BLOCK_W, True, STAGES,
    )  # fmt: skip

    out = both / tl.minimum(sum_1, sum_2)
    w = tl.arange(0, BLOCK_W)[None, :]
    row = at.to(tl.int64) * queries + m[:, None]
    mask = (m[:, None] < queries) & (w < WIDTH)
    if KEEP:
        tl.store(second_ptr + row * WIDTH + w, second / sum_2, mask=mask)
        lse_at = lse_ptr + (batch * 2 * heads + 2 * head) * queries + m[:, None]
        tl.store(lse_at, peak_1 + tl.log2(sum_1), mask=m[:, None] < queries)
        tl.store(lse_at + queries, peak_2 + tl.log2(sum_2), mask=m[:, None] < queries)
    if HAS_WEIGHT:
        if KEEP:
            tl.store(raw_ptr + row * WIDTH + w, out, mask=mask)
        out = normed(out, weight_ptr, w, WIDTH, NORM_SCALE, EPS)
    tl.store(out_ptr + row * WIDTH + w, out, mask=mask)

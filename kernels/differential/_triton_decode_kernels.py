"""One token of differential attention for Triton: keys and values of a group are read once, in splits side by side.

Names and roundings as in `_triton_kernels.py`; the rows of a program are the heads that share k and v.
"""

from __future__ import annotations

import triton
import triton.language as tl

from claimbench.kernels.differential._triton_kernels import attend, normed, rescaled, tile

__all__ = ["combine_splits_kernel", "differential_decode_kernel"]


@triton.jit
def differential_decode_kernel(
    q_ptr, q_batch, q_head, k_ptr, k_batch, k_head, k_time, v_ptr, v_batch, v_head, v_time,
    rate_ptr, rate_batch, rate_head, parts_ptr, peaks_ptr, sums_ptr, heads, groups, keys, split_keys,
    SCALE: tl.constexpr, REPEATS: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """The state after each split alone: parts (B, H, splits, 2, WIDTH), peaks and sums (B, H, splits, 2).

    The grid is (splits, B · H_kv); a split has split_keys keys, a multiple of BLOCK_N, the last one what is left.
    """
    split, at = tl.program_id(0), tl.program_id(1)
    batch, group = (at // groups).to(tl.int64), at % groups
    repeat = tl.arange(0, BLOCK_M)
    head = group * REPEATS + repeat
    k_ptr += batch * k_batch + 2 * group * k_head.to(tl.int64)
    v_ptr += batch * v_batch + group * v_head.to(tl.int64)
    q_ptr += batch * q_batch + 2 * group * REPEATS * q_head.to(tl.int64)
    q_1 = tile(q_ptr, repeat, 2 * q_head, REPEATS, DIM, BLOCK_D, True)
    q_2 = tile(q_ptr + q_head, repeat, 2 * q_head, REPEATS, DIM, BLOCK_D, True)
    rate_at = rate_ptr + batch * rate_batch + head * rate_head
    rate = tl.load(rate_at, mask=repeat < REPEATS, other=0.0).to(tl.float32)[:, None]

    seen = tl.full((BLOCK_M, 1), keys, tl.int32)
    first = split * split_keys
    last = tl.minimum(keys, first + split_keys)
    whole = last // BLOCK_N * BLOCK_N
    both = tl.zeros((BLOCK_M, BLOCK_W), tl.float32)
    second = tl.zeros((BLOCK_M, BLOCK_W), tl.float32)
    peak_1 = tl.full((BLOCK_M, 1), float("-inf"), tl.float32)
    peak_2 = tl.full((BLOCK_M, 1), float("-inf"), tl.float32)
    sum_1 = tl.full((BLOCK_M, 1), 1.0, tl.float32)
    sum_2 = tl.full((BLOCK_M, 1), 1.0, tl.float32)
    both, second, peak_1, peak_2, sum_1, sum_2 = attend(
        both, second, peak_1, peak_2, sum_1, sum_2, q_1, q_2, rate, k_ptr, k_head, k_time, v_ptr, v_time, seen, keys,
        first, whole, SCALE, DIM, WIDTH, BLOCK_N, BLOCK_D, BLOCK_W, False, STAGES,
    )  # fmt: skip
    both, second, peak_1, peak_2, sum_1, sum_2 = attend(
        both, second, peak_1, peak_2, sum_1, sum_2, q_1, q_2, rate, k_ptr, k_head, k_time, v_ptr, v_time, seen, keys,
        whole, last, SCALE, DIM, WIDTH, BLOCK_N, BLOCK_D, BLOCK_W, True, STAGES,
    )  # fmt: skip

    w = tl.arange(0, BLOCK_W)[None, :]
    row = 2 * ((batch * heads + head) * tl.num_programs(0) + split)[:, None]
    real = repeat[:, None] < REPEATS
    tl.store(parts_ptr + row * WIDTH + w, both, mask=real & (w < WIDTH))
    tl.store(parts_ptr + (row + 1) * WIDTH + w, second, mask=real & (w < WIDTH))
    tl.store(peaks_ptr + row, peak_1, mask=real)
    tl.store(peaks_ptr + row + 1, peak_2, mask=real)
    tl.store(sums_ptr + row, sum_1, mask=real)
    tl.store(sums_ptr + row + 1, sum_2, mask=real)


@triton.jit
def combine_splits_kernel(
    parts_ptr, peaks_ptr, sums_ptr, rate_ptr, rate_batch, rate_head, weight_ptr, out_ptr, heads, splits,
    NORM_SCALE: tl.constexpr, EPS: tl.constexpr, HAS_WEIGHT: tl.constexpr, WIDTH: tl.constexpr, BLOCK_W: tl.constexpr,
):  # fmt: skip
    """out (B, H, WIDTH) from the splits' states, one after the other; the grid is (B · H,)."""
    at = tl.program_id(0)
    w = tl.arange(0, BLOCK_W)[None, :]
    rate = tl.load(rate_ptr + at // heads * rate_batch + at % heads * rate_head).to(tl.float32)
    start = 2 * at.to(tl.int64) * splits
    parts_at = parts_ptr + start * WIDTH + w
    both = tl.load(parts_at, mask=w < WIDTH, other=0.0)  # [1, BLOCK_W]
    second = tl.load(parts_at + WIDTH, mask=w < WIDTH, other=0.0)
    peak_1, peak_2 = tl.load(peaks_ptr + start), tl.load(peaks_ptr + start + 1)
    sum_1, sum_2 = tl.load(sums_ptr + start), tl.load(sums_ptr + start + 1)
    for split in range(1, splits):
        row = start + 2 * split
        part = tl.load(parts_at + 2 * split * WIDTH, mask=w < WIDTH, other=0.0)
        part_second = tl.load(parts_at + (2 * split + 1) * WIDTH, mask=w < WIDTH, other=0.0)
        other_1, other_2 = tl.load(peaks_ptr + row), tl.load(peaks_ptr + row + 1)
        part_1, part_2 = tl.load(sums_ptr + row), tl.load(sums_ptr + row + 1)
        top_1, top_2 = tl.maximum(peak_1, other_1), tl.maximum(peak_2, other_2)
        decay_1, decay_2 = tl.exp2(peak_1 - top_1), tl.exp2(peak_2 - top_2)
        gain_1, gain_2 = tl.exp2(other_1 - top_1), tl.exp2(other_2 - top_2)
        new_1, new_2 = sum_1 * decay_1 + part_1 * gain_1, sum_2 * decay_2 + part_2 * gain_2
        both = rescaled(both, second, sum_1, sum_2, new_1, new_2, rate, decay_1, decay_2)
        both += rescaled(part, part_second, part_1, part_2, new_1, new_2, rate, gain_1, gain_2)
        second = second * decay_2 + part_second * gain_2
        peak_1, peak_2, sum_1, sum_2 = top_1, top_2, new_1, new_2
    out = both / tl.minimum(sum_1, sum_2)
    if HAS_WEIGHT:
        out = normed(out, weight_ptr, w, WIDTH, NORM_SCALE, EPS)
    tl.store(out_ptr + at.to(tl.int64) * WIDTH + w, out, mask=w < WIDTH)

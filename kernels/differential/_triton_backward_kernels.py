"""Differential attention backward for Triton: rows alone, then keys over queries, then queries over keys; no atomics.

Names and roundings as in `_triton_kernels.py`. Both maps share the gradient dP = dO vᵀ, and v has one product.
"""

from __future__ import annotations

import triton
import triton.language as tl

from claimbench.kernels.differential._triton_kernels import tile

__all__ = ["differential_bwd_keys_kernel", "differential_bwd_queries_kernel", "differential_bwd_rows_kernel"]


@triton.jit
def differential_bwd_rows_kernel(
    grad_out_ptr, raw_ptr, second_ptr, rate_ptr, rate_batch, rate_head, rate_time, weight_ptr,
    grad_ptr, grad_weight_ptr, means_ptr, heads, queries, rows,
    NORM_SCALE: tl.constexpr, EPS: tl.constexpr, HAS_WEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_W: tl.constexpr,
):  # fmt: skip
    """means (2, B, H, T), both maps' Σ P ∘ dP; with a weight the gradient of what was normalised, (B, H, T, WIDTH), and
    a row of partial sums a program of the weight's. The grid is (blocks of rows,).
    """
    row = tl.program_id(0).to(tl.int64) * BLOCK_R + tl.arange(0, BLOCK_R)[:, None]  # [BLOCK_R, 1]
    w = tl.arange(0, BLOCK_W)[None, :]
    mask = (row < rows) & (w < WIDTH)
    grad = tl.load(grad_out_ptr + row * WIDTH + w, mask=mask, other=0.0).to(tl.float32)
    out = tl.load(raw_ptr + row * WIDTH + w, mask=mask, other=0.0).to(tl.float32)
    second = tl.load(second_ptr + row * WIDTH + w, mask=mask, other=0.0).to(tl.float32)
    if HAS_WEIGHT:
        weight = tl.load(weight_ptr + w, mask=w < WIDTH, other=0.0).to(tl.float32)
        # Rows past the end are zero, and so must their factor be where eps is.
        factor = tl.where(row < rows, 1.0 / tl.sqrt(tl.sum(out * out, 1, keep_dims=True) / WIDTH + EPS), 0.0)
        grad *= NORM_SCALE * factor
        total = tl.sum(grad * out, 0, keep_dims=True)
        tl.store(grad_weight_ptr + tl.program_id(0).to(tl.int64) * WIDTH + w, total, mask=w < WIDTH)
        grad *= weight
        grad -= out * (factor * factor / WIDTH) * tl.sum(grad * out, 1, keep_dims=True)
        grad = grad.to(grad_ptr.dtype.element_ty)
        tl.store(grad_ptr + row * WIDTH + w, grad, mask=mask)
        grad = grad.to(tl.float32)
    batch, head, time = row // queries // heads, row // queries % heads, row % queries
    rate_at = rate_ptr + batch * rate_batch + head * rate_head + time * rate_time
    rate = tl.load(rate_at, mask=row < rows, other=0.0).to(tl.float32)
    mean_2 = tl.sum(grad * second, 1, keep_dims=True)
    mean_1 = tl.sum(grad * out, 1, keep_dims=True) + rate * mean_2
    tl.store(means_ptr + row, mean_1, mask=row < rows)
    tl.store(means_ptr + rows + row, mean_2, mask=row < rows)


@triton.jit
def _over_queries(
    grad_k_1, grad_k_2, grad_v, k_1, k_2, v, n, q_ptr, q_head, q_time, grad_ptr, rate_ptr, rate_time, lse_ptr,
    means_ptr, before, queries, rows, first, last, SCALE: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, MASKED: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Gradients of keys n after queries first ... last of one head; queries past the end have gradients of zero."""
    for start in tl.range(first, last, BLOCK_M, num_stages=STAGES):
        m = start + tl.arange(0, BLOCK_M)
        q_1 = tile(q_ptr, m, q_time, queries, DIM, BLOCK_D, True)
        q_2 = tile(q_ptr + q_head, m, q_time, queries, DIM, BLOCK_D, True)
        grad = tile(grad_ptr, m, WIDTH, queries, WIDTH, BLOCK_W, True)
        real = m < queries
        lse_1 = tl.load(lse_ptr + m, mask=real, other=0.0)[None, :]
        lse_2 = tl.load(lse_ptr + queries + m, mask=real, other=0.0)[None, :]
        mean_1 = tl.load(means_ptr + m, mask=real, other=0.0)[None, :]
        mean_2 = tl.load(means_ptr + rows + m, mask=real, other=0.0)[None, :]
        rate = tl.load(rate_ptr + m * rate_time, mask=real, other=0.0).to(tl.float32)[None, :]
        map_1 = tl.exp2(tl.dot(k_1, tl.trans(q_1), input_precision="ieee") * SCALE - lse_1)  # [BLOCK_N, BLOCK_M]
        map_2 = rate * tl.exp2(tl.dot(k_2, tl.trans(q_2), input_precision="ieee") * SCALE - lse_2)
        if MASKED:
            visible = n[:, None] <= before + m[None, :]
            map_1 = tl.where(visible, map_1, 0.0)
            map_2 = tl.where(visible, map_2, 0.0)
        grad_v = tl.dot((map_1 - map_2).to(grad.dtype), grad, grad_v, input_precision="ieee")
        grad_map = tl.dot(v, tl.trans(grad), input_precision="ieee")
        grad_1 = map_1 * (grad_map - mean_1)
        grad_2 = map_2 * (mean_2 - grad_map)
        grad_k_1 = tl.dot(grad_1.to(q_1.dtype), q_1, grad_k_1, input_precision="ieee")
        grad_k_2 = tl.dot(grad_2.to(q_2.dtype), q_2, grad_k_2, input_precision="ieee")
    return grad_k_1, grad_k_2, grad_v


@triton.jit
def differential_bwd_keys_kernel(
    q_ptr, q_batch, q_head, q_time, k_ptr, k_batch, k_head, k_time, v_ptr, v_batch, v_head, v_time,
    rate_ptr, rate_batch, rate_head, rate_time, grad_ptr, lse_ptr, means_ptr, grad_k_ptr, grad_v_ptr,
    heads, groups, repeats, queries, keys, rows,
    SCALE: tl.constexpr, FACTOR: tl.constexpr, CAUSAL: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """grad_k (B, 2H_kv, S, DIM) and grad_v (B, H_kv, S, WIDTH), over the heads of a group in order.

    The grid is (blocks of keys, B · H_kv). SCALE holds log2 e, FACTOR does not.
    """
    block, at = tl.program_id(0), tl.program_id(1)
    batch, group = (at // groups).to(tl.int64), at % groups
    n = block * BLOCK_N + tl.arange(0, BLOCK_N)
    k_ptr += batch * k_batch + 2 * group * k_head.to(tl.int64)
    v_ptr += batch * v_batch + group * v_head.to(tl.int64)
    k_1 = tile(k_ptr, n, k_time, keys, DIM, BLOCK_D, True)
    k_2 = tile(k_ptr + k_head, n, k_time, keys, DIM, BLOCK_D, True)
    v = tile(v_ptr, n, v_time, keys, WIDTH, BLOCK_W, True)
    before = keys - queries
    first, whole = 0, 0  # from `whole` on, queries see all keys of the block
    if CAUSAL:
        first = tl.maximum(0, block * BLOCK_N - before) // BLOCK_M * BLOCK_M
        seen_from = tl.maximum(0, tl.minimum(keys, (block + 1) * BLOCK_N) - 1 - before)
        whole = tl.minimum(tl.cdiv(seen_from, BLOCK_M), tl.cdiv(queries, BLOCK_M)) * BLOCK_M
    grad_k_1 = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    grad_k_2 = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    grad_v = tl.zeros((BLOCK_N, BLOCK_W), tl.float32)
    for repeat in range(repeats):
        head = group * repeats + repeat
        query_at = q_ptr + batch * q_batch + 2 * head * q_head.to(tl.int64)
        row = (batch * heads + head) * queries
        grad_at, lse_at, means_at = grad_ptr + row * WIDTH, lse_ptr + 2 * row, means_ptr + row
        rate_at = rate_ptr + batch * rate_batch + head * rate_head
        if CAUSAL:
            grad_k_1, grad_k_2, grad_v = _over_queries(
                grad_k_1, grad_k_2, grad_v, k_1, k_2, v, n, query_at, q_head, q_time, grad_at, rate_at, rate_time,
                lse_at, means_at, before, queries, rows, first, whole,
                SCALE, DIM, WIDTH, BLOCK_M, BLOCK_D, BLOCK_W, True, STAGES,
            )  # fmt: skip
        grad_k_1, grad_k_2, grad_v = _over_queries(
            grad_k_1, grad_k_2, grad_v, k_1, k_2, v, n, query_at, q_head, q_time, grad_at, rate_at, rate_time,
            lse_at, means_at, before, queries, rows, whole, queries,
            SCALE, DIM, WIDTH, BLOCK_M, BLOCK_D, BLOCK_W, False, STAGES,
        )  # fmt: skip
    d, w = tl.arange(0, BLOCK_D)[None, :], tl.arange(0, BLOCK_W)[None, :]
    row = at.to(tl.int64) * keys + n[:, None]
    grad_k_at = grad_k_ptr + (2 * at.to(tl.int64) * keys + n[:, None]) * DIM + d
    mask = (n[:, None] < keys) & (d < DIM)
    tl.store(grad_k_at, grad_k_1 * FACTOR, mask=mask)
    tl.store(grad_k_at + keys * DIM, grad_k_2 * FACTOR, mask=mask)
    tl.store(grad_v_ptr + row * WIDTH + w, grad_v, mask=(n[:, None] < keys) & (w < WIDTH))


@triton.jit
def _over_keys(
    grad_q_1, grad_q_2, q_1, q_2, grad, rate, lse_1, lse_2, mean_1, mean_2, k_ptr, k_head, k_time, v_ptr, v_time,
    seen, keys, first, last, SCALE: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, MASKED: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Gradients of queries after keys first ... last."""
    for start in tl.range(first, last, BLOCK_N, num_stages=STAGES):
        n = start + tl.arange(0, BLOCK_N)
        k_1 = tile(k_ptr, n, k_time, keys, DIM, BLOCK_D, MASKED)
        k_2 = tile(k_ptr + k_head, n, k_time, keys, DIM, BLOCK_D, MASKED)
        v = tile(v_ptr, n, v_time, keys, WIDTH, BLOCK_W, MASKED)
        map_1 = tl.exp2(tl.dot(q_1, tl.trans(k_1), input_precision="ieee") * SCALE - lse_1)  # [BLOCK_M, BLOCK_N]
        map_2 = rate * tl.exp2(tl.dot(q_2, tl.trans(k_2), input_precision="ieee") * SCALE - lse_2)
        if MASKED:
            visible = n[None, :] < seen
            map_1 = tl.where(visible, map_1, 0.0)
            map_2 = tl.where(visible, map_2, 0.0)
        grad_map = tl.dot(grad, tl.trans(v), input_precision="ieee")
        grad_1 = map_1 * (grad_map - mean_1)
        grad_2 = map_2 * (mean_2 - grad_map)
        grad_q_1 = tl.dot(grad_1.to(k_1.dtype), k_1, grad_q_1, input_precision="ieee")
        grad_q_2 = tl.dot(grad_2.to(k_2.dtype), k_2, grad_q_2, input_precision="ieee")
    return grad_q_1, grad_q_2


@triton.jit
def differential_bwd_queries_kernel(
    q_ptr, q_batch, q_head, q_time, k_ptr, k_batch, k_head, k_time, v_ptr, v_batch, v_head, v_time,
    rate_ptr, rate_batch, rate_head, rate_time, grad_ptr, lse_ptr, means_ptr, grad_q_ptr,
    heads, repeats, queries, keys, rows,
    SCALE: tl.constexpr, FACTOR: tl.constexpr, CAUSAL: tl.constexpr, DIM: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_W: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """grad_q (B, 2H, T, DIM). The grid is (blocks of queries, B · H); those that see most keys come first."""
    block = tl.num_programs(0) - 1 - tl.program_id(0)
    at = tl.program_id(1)
    batch, head = (at // heads).to(tl.int64), at % heads
    group = head // repeats
    m = block * BLOCK_M + tl.arange(0, BLOCK_M)
    q_ptr += batch * q_batch + 2 * head * q_head.to(tl.int64)
    k_ptr += batch * k_batch + 2 * group * k_head.to(tl.int64)
    v_ptr += batch * v_batch + group * v_head.to(tl.int64)
    row = at.to(tl.int64) * queries
    q_1 = tile(q_ptr, m, q_time, queries, DIM, BLOCK_D, True)
    q_2 = tile(q_ptr + q_head, m, q_time, queries, DIM, BLOCK_D, True)
    grad = tile(grad_ptr + row * WIDTH, m, WIDTH, queries, WIDTH, BLOCK_W, True)
    real = m < queries
    rate_at = rate_ptr + batch * rate_batch + head * rate_head + m * rate_time
    rate = tl.load(rate_at, mask=real, other=0.0).to(tl.float32)[:, None]
    lse_1 = tl.load(lse_ptr + 2 * row + m, mask=real, other=0.0)[:, None]
    lse_2 = tl.load(lse_ptr + 2 * row + queries + m, mask=real, other=0.0)[:, None]
    mean_1 = tl.load(means_ptr + row + m, mask=real, other=0.0)[:, None]
    mean_2 = tl.load(means_ptr + rows + row + m, mask=real, other=0.0)[:, None]

    seen = tl.full((BLOCK_M, 1), keys, tl.int32)
    whole, last = keys // BLOCK_N * BLOCK_N, keys
    if CAUSAL:
        before = keys - queries
        seen = tl.minimum(seen, before + m[:, None] + 1)
        last = tl.minimum(keys, before + (block + 1) * BLOCK_M)
        whole = tl.minimum(whole, (before + block * BLOCK_M + 1) // BLOCK_N * BLOCK_N)
    grad_q_1 = tl.zeros((BLOCK_M, BLOCK_D), tl.float32)
    grad_q_2 = tl.zeros((BLOCK_M, BLOCK_D), tl.float32)
    grad_q_1, grad_q_2 = _over_keys(
        grad_q_1, grad_q_2, q_1, q_2, grad, rate, lse_1, lse_2, mean_1, mean_2, k_ptr, k_head, k_time, v_ptr, v_time,
        seen, keys, 0, whole, SCALE, DIM, WIDTH, BLOCK_N, BLOCK_D, BLOCK_W, False, STAGES,
    )  # fmt: skip
    grad_q_1, grad_q_2 = _over_keys(
        grad_q_1, grad_q_2, q_1, q_2, grad, rate, lse_1, lse_2, mean_1, mean_2, k_ptr, k_head, k_time, v_ptr, v_time,
        seen, keys, whole, last, SCALE, DIM, WIDTH, BLOCK_N, BLOCK_D, BLOCK_W, True, STAGES,
    )  # fmt: skip
    d = tl.arange(0, BLOCK_D)[None, :]
    grad_q_at = grad_q_ptr + (2 * row + m[:, None]) * DIM + d
    mask = real[:, None] & (d < DIM)
    tl.store(grad_q_at, grad_q_1 * FACTOR, mask=mask)
    tl.store(grad_q_at + queries * DIM, grad_q_2 * FACTOR, mask=mask)

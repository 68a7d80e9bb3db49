"""Differential attention on NVIDIA and AMD GPUs: Triton kernels behind autograd, the same bits every time.

What it keeps for backward is its inputs, the output before the norm, that of the second map, and two numbers a row.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
from torch import Tensor

from claimbench.kernels._function import Function, Gradient, recorded
from claimbench.kernels.differential import _triton_backward_kernels as backward
from claimbench.kernels.differential import _triton_launch as launch
from claimbench.kernels.differential._triton_decode_kernels import combine_splits_kernel, differential_decode_kernel
from claimbench.kernels.differential._triton_kernels import differential_attention_fwd_kernel
from claimbench.kernels.differential._triton_launch import Shape

__all__ = ["DifferentialAttention", "differential_attention"]


def differential_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lambda_: Tensor,
    norm_weight: Tensor | None,
    causal: bool,
    scale: float,
    norm_scale: float,
    eps: float,
) -> Tensor:
    """Shapes as in `claimbench.kernels.differential_attention`, λ (B, H, T)."""
    tensors = (q, k, v, lambda_, norm_weight)
    return DifferentialAttention.call(*tensors, causal, scale, norm_scale, eps, recorded(*tensors))[0]


class DifferentialAttention(Function):
    """The forward kernels: output, output before a norm, the second map's and log-sum-exps, these empty unless kept."""

    @staticmethod
    def forward(
        q: Tensor,
        k: Tensor,
        v: Tensor,
        lambda_: Tensor,
        norm_weight: Tensor | None,
        causal: bool,
        scale: float,
        norm_scale: float,
        eps: float,
        keep: bool,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        shape = Shape.of(q, k, v, lambda_, causal, scale)
        norm = {"NORM_SCALE": norm_scale, "EPS": eps, "HAS_WEIGHT": norm_weight is not None}
        weight = None if norm_weight is None else norm_weight.contiguous()
        nothing = shape.q.new_empty(0)
        if q.shape[2] == 1 and not keep:
            return _decode(shape, weight, norm).to(q.dtype), nothing, nothing, nothing
        batch, heads, _, queries, keys = shape.sizes
        tile = shape.tiles.forward
        out = shape.outputs()
        raw = shape.outputs() if keep and weight is not None else nothing
        second = shape.outputs() if keep else nothing
        lse = shape.q.new_empty(batch, 2 * heads, queries if keep else 0, dtype=torch.float32)
        differential_attention_fwd_kernel[triton.cdiv(queries, tile.m), batch * heads](
            *shape.inputs,
            weight,
            out,
            raw,
            second,
            lse,
            heads,
            shape.repeats,
            queries,
            keys,
            CAUSAL=causal,
            KEEP=keep,
            **norm,
            **shape.constants(tile),
        )
        return out.to(q.dtype), raw, second, lse

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        *tensors, ctx.causal, ctx.scale, ctx.norm_scale, ctx.eps, _ = inputs
        out, raw, *kept = output
        ctx.mark_non_differentiable(raw, *kept)
        ctx.save_for_backward(*tensors, out if tensors[4] is None else raw, *kept)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_out: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        if grad_out is None:
            return (None,) * 10
        weighted = ctx.needs_input_grad[4]
        options = (ctx.causal, ctx.scale, ctx.norm_scale, ctx.eps, weighted)
        gradients = DifferentialAttentionGradient.call(grad_out, *ctx.saved_tensors, *options)
        return *gradients, *(() if weighted else (None,)), None, None, None, None, None


class DifferentialAttentionGradient(Gradient):
    """The backward kernels: gradients of q, k, v and λ, and of the norm's weight if it is wanted."""

    @staticmethod
    def forward(
        grad_out: Tensor,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        lambda_: Tensor,
        norm_weight: Tensor | None,
        raw: Tensor,
        second: Tensor,
        lse: Tensor,
        causal: bool,
        scale: float,
        norm_scale: float,
        eps: float,
        weighted: bool,
    ) -> tuple[Tensor, ...]:
        if not second.numel():
            raise RuntimeError("the forward pass kept nothing, because nothing asked for gradients then")
        shape = Shape.of(q, k, v, lambda_, causal, scale)
        batch, heads, groups, queries, keys = shape.sizes
        rows = batch * heads * queries
        programs = triton.cdiv(rows, launch.ROWS)
        means = shape.rows(2)
        grad = given = grad_out.to(shape.q.dtype).contiguous()
        parts = None
        if norm_weight is not None:
            grad, parts = shape.outputs(), means.new_empty(programs, shape.width)
        backward.differential_bwd_rows_kernel[(programs,)](
            given,
            raw.to(shape.q.dtype),
            second,
            lambda_,
            *lambda_.stride(),
            None if norm_weight is None else norm_weight.contiguous(),
            grad,
            parts,
            means,
            heads,
            queries,
            rows,
            NORM_SCALE=norm_scale,
            EPS=eps,
            HAS_WEIGHT=norm_weight is not None,
            WIDTH=shape.width,
            BLOCK_R=launch.ROWS,
            BLOCK_W=launch.block(shape.width),
            num_warps=launch.ROW_WARPS,
        )
        tiles = shape.tiles
        grad_k, grad_v = (x.new_empty(x.shape) for x in (shape.k, shape.v))
        backward.differential_bwd_keys_kernel[triton.cdiv(keys, tiles.keys.n), batch * groups](
            *shape.inputs,
            grad,
            lse,
            means,
            grad_k,
            grad_v,
            heads,
            groups,
            shape.repeats,
            queries,
            keys,
            rows,
            FACTOR=scale,
            CAUSAL=causal,
            **shape.constants(tiles.keys),
        )
        grad_q = shape.q.new_empty(shape.q.shape)
        backward.differential_bwd_queries_kernel[triton.cdiv(queries, tiles.queries.m), batch * heads](
            *shape.inputs,
            grad,
            lse,
            means,
            grad_q,
            heads,
            shape.repeats,
            queries,
            keys,
            rows,
            FACTOR=scale,
            CAUSAL=causal,
            **shape.constants(tiles.queries),
        )
        grads = (grad_q.to(q.dtype), grad_k.to(k.dtype), grad_v.to(v.dtype), (-means[1]).to(lambda_.dtype))
        return grads if parts is None or not weighted else (*grads, parts.sum(0).to(norm_weight.dtype))


def _decode(shape: Shape, weight: Tensor | None, norm: dict[str, Any]) -> Tensor:
    """The output for a single query a head."""
    batch, heads, groups, _, keys = shape.sizes
    tile = launch.decode_tile(shape.repeats, shape.q.shape[3], shape.width, shape.q.element_size())
    splits, split_keys = launch.splits(batch * groups, keys, tile)
    parts, peaks, sums = (
        shape.q.new_empty(batch, heads, splits, 2, *more, dtype=torch.float32) for more in ((shape.width,), (), ())
    )
    q, k, v, rates = shape.q, shape.k, shape.v, shape.rates
    differential_decode_kernel[splits, batch * groups](
        q,
        *q.stride()[:2],
        k,
        *k.stride()[:3],
        v,
        *v.stride()[:3],
        rates,
        *rates.stride()[:2],
        parts,
        peaks,
        sums,
        heads,
        groups,
        keys,
        split_keys,
        REPEATS=shape.repeats,
        **shape.constants(tile),
    )
    out = shape.outputs()
    combine_splits_kernel[(batch * heads,)](
        parts,
        peaks,
        sums,
        rates,
        *rates.stride()[:2],
        weight,
        out,
        heads,
        splits,
        **norm,
        WIDTH=shape.width,
        BLOCK_W=launch.block(shape.width),
        num_warps=1,
    )
    return out

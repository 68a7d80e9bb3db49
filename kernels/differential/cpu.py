"""Differential attention on a processor: PyTorch's matrix products, what lies between them in numba, behind autograd.

A block of queries meets all its keys at once, so that its softmax sums are known before anything meets v: the
difference of the maps is multiplied with v once. What it keeps for backward is its inputs, two numbers a row, and with
a norm what is normalised.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from claimbench.kernels._arrays import of_dtype
from claimbench.kernels._function import Function, Gradient, recorded
from claimbench.kernels.differential import _cpu_kernels as kernels
from claimbench.kernels.differential._cpu_blocks import Cut
from claimbench.kernels.norm.cpu import RMSNorm, RMSNormGradient

__all__ = ["DifferentialAttention", "differential_attention", "warm"]


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
    """The forward pass: output, log-sum-exps and what is normalised, the latter two empty unless to be kept."""

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
    ) -> tuple[Tensor, Tensor, Tensor]:
        cut = Cut.of(q, k, v, lambda_, causal, scale, norm_weight)
        batch, heads, queries = lambda_.shape
        out = torch.empty(batch, heads, queries, v.shape[-1], dtype=cut.dtype)
        items, repeats, rows = cut.lambda_.shape
        lse = torch.empty(items, repeats, 2, rows if keep else 0, dtype=cut.dtype)
        products, room = cut.rows_like(out), cut.scratch(2)
        for block in cut.blocks():
            maps = cut.scores(block, room)
            cut.each_row(kernels.scores_to_map, block, maps, *cut.placed(block, lse if keep else None))
            values = cut.v[block.items, : block.keys]
            torch.bmm(maps[0], values, out=products[block.items, block.repeat, block.rows])
        if norm_weight is None:
            return out.to(q.dtype), lse, out.new_empty(0)
        normed = RMSNorm.forward(out, norm_scale * of_dtype(norm_weight, cut.dtype), eps, None)
        assert isinstance(normed, Tensor)
        return normed.to(q.dtype), lse, out if keep else out.new_empty(0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        *tensors, ctx.causal, ctx.scale, ctx.norm_scale, ctx.eps, _ = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*tensors, *output[1:])
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
    """The backward pass: gradients of q, k, v and λ, and of the norm's weight if it is wanted."""

    @staticmethod
    def forward(
        grad_out: Tensor,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        lambda_: Tensor,
        norm_weight: Tensor | None,
        lse: Tensor,
        raw: Tensor,
        causal: bool,
        scale: float,
        norm_scale: float,
        eps: float,
        weighted: bool,
    ) -> tuple[Tensor, ...]:
        if not lse.numel():
            raise RuntimeError("the forward pass kept nothing, because nothing asked for gradients then")
        cut = Cut.of(q, k, v, lambda_, causal, scale, norm_weight)
        grad, grad_weight = of_dtype(grad_out, cut.dtype), ()
        if norm_weight is not None:
            weight = norm_scale * of_dtype(norm_weight, cut.dtype)
            grad, *sums = RMSNormGradient.forward(grad, None, raw, weight, eps, weighted)
            grad_weight = tuple((norm_scale * each).to(norm_weight.dtype) for each in sums)
        grad_q, grad_k, grad_v, grad_lambda = _gradients(cut, cut.rows_like(grad).contiguous(), lse)
        # As in q, where heads that share k and v are rows if each has a single query.
        grad_q = grad_q.permute(1, 3, 2, 0, 4) if q.shape[2] == 1 else grad_q.permute(1, 2, 0, 3, 4)
        return (
            (scale * grad_q).reshape(q.shape).to(q.dtype),
            grad_k.transpose(0, 1).reshape(k.shape).to(k.dtype),
            grad_v.view(v.shape).to(v.dtype),
            grad_lambda.view(lambda_.shape).to(lambda_.dtype),
            *grad_weight,
        )


def _gradients(cut: Cut, grad: Tensor, lse: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the cut's q and k, maps first, v and λ from that of the output, each sum in the blocks' order."""
    (items, _, keys, dim), room = cut.k.shape, cut.scratch(3)
    grad_q, grad_lambda = cut.q.new_empty(2, *cut.lambda_.shape, dim), torch.empty_like(cut.lambda_)
    grad_k, grad_v = cut.k.new_zeros(2, items, keys, dim), torch.zeros_like(cut.v)
    for block in cut.blocks():
        at, seen = (block.items, block.repeat), slice(block.keys)
        arriving = grad[*at, block.rows]
        scores = cut.scores(block, room)
        product = cut.room_for(block, room[2])
        torch.bmm(arriving, cut.v[block.items, seen].mT, out=product)
        places = (*cut.placed(block, lse), cut.placed(block, grad_lambda)[0])
        cut.each_row(kernels.maps_to_gradients, block, (*scores, product), *places)
        grad_v[block.items, seen].baddbmm_(product.mT, arriving)
        for i, score in enumerate(scores):
            torch.bmm(score, cut.k[block.items, i, seen], out=grad_q[i, *at, block.rows])
            grad_k[i, block.items, seen].baddbmm_(score.mT, cut.q[*at, i, block.rows])
    return grad_q, grad_k, grad_v, grad_lambda


def warm() -> None:
    """Compiles the kernels for both dtypes that they compute in, or fetches them from the cache."""
    for dtype in (torch.float32, torch.float64):
        q = torch.zeros(1, 2, 1, 1, dtype=dtype, requires_grad=True)
        v, weight = q[:, :1], q[0, 0, 0]
        differential_attention(q, q, v, q[:, :1, :, 0], weight, True, 1.0, 1.0, 1e-5).sum().backward()

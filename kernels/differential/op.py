"""`differential_attention`: checks its arguments and hands them to a backend."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["differential_attention"]


def differential_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lambda_: Tensor | float,
    causal: bool = True,
    scale: float | None = None,
    *,
    norm_weight: Tensor | None = None,
    norm_scale: float = 1.0,
    eps: float = 1e-5,
    backend: Backend | None = None,
) -> Tensor:
    """Differential attention (arXiv 2410.05258, Equation 1): head j is

        (softmax(scale q₂ⱼ k₂ⱼᵀ) - λ softmax(scale q₂ⱼ₊₁ k₂ⱼ₊₁ᵀ)) vⱼ

    and with a norm_weight (Equation 3) norm_scale · RMSNorm of that, each head by itself. The difference is formed
    before it meets v, so what both maps have in common cancels before anything is rounded. Differentiable once in every
    tensor. It computes in float32, in float64 where a tensor is.

    Grouped heads: pairs j of one group, H / H_kv neighbours, share v and both k heads of that group. Fewer queries than
    keys are the last ones; a single one is a step of decoding, and reads k and v once.

    Args:
        q: (B, 2H, T, d), head j's two maps next to each other.
        k: (B, 2H_kv, S, d), H_kv a divisor of H.
        v: (B, H_kv, S, d_v); 2d wide in the paper.
        lambda_: A number, () or (H,), or for each token (B, H, T).
        causal: Whether query t sees keys up to t + S - T only; then T ≤ S.
        scale: 1/√d by default.
        norm_weight: (d_v,), shared by the heads; without one nothing is normalised.
        norm_scale: The constant factor behind the norm, 1 - λ_init in the paper.
        eps: Added to the mean square.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: (B, H, T, d_v), of q's dtype.

    Raises ValueError for shapes or devices that do not fit, TypeError for dtypes that are not real floating point.
    """
    if not isinstance(lambda_, Tensor):
        dtype = torch.float64 if q.dtype is torch.float64 else torch.float32
        lambda_ = torch.tensor(lambda_, dtype=dtype, device=q.device)
    chosen = choose(backend, q=q, k=k, v=v, lambda_=lambda_, norm_weight=norm_weight)
    _check_shapes(q, k, v, lambda_, causal, norm_weight)
    batch, maps, queries, dim = q.shape
    if lambda_.ndim == 1:
        lambda_ = lambda_[:, None]
    lambda_ = lambda_.expand(batch, maps // 2, queries)
    if scale is None:
        scale = dim**-0.5
    if chosen == "cpu":
        from claimbench.kernels.differential.cpu import differential_attention as attend
    elif chosen == "triton":
        from claimbench.kernels.differential.triton import differential_attention as attend
    else:
        from claimbench.kernels.differential.naive import differential_attention as attend
    return attend(q, k, v, lambda_, norm_weight, causal, scale, norm_scale, eps)


def _check_shapes(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor, causal: bool, norm_weight: Tensor | None) -> None:
    for name, tensor, meaning in (
        ("q", q, "(B, 2H, T, d)"),
        ("k", k, "(B, 2H_kv, S, d)"),
        ("v", v, "(B, H_kv, S, d_v)"),
    ):
        if tensor.ndim != 4 or 0 in tensor.shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; it must be {meaning}, none of them 0")
    batch, maps, queries, dim = q.shape
    if maps % 2:
        raise ValueError(f"q has {maps} heads; a differential head has two maps, so their number must be even")
    heads, groups, keys, width = maps // 2, *v.shape[1:]
    expected = (batch, 2 * groups, keys, dim)
    if k.shape != expected:
        raise ValueError(f"k has shape {tuple(k.shape)}; it must be (B, 2H_kv, S, d) = {expected} beside q and v")
    if v.shape[0] != batch or heads % groups:
        raise ValueError(
            f"v has shape {tuple(v.shape)}; it must be (B, H_kv, S, d_v) with B = {batch} and H_kv a divisor of "
            f"H = {heads}"
        )
    if causal and queries > keys:
        raise ValueError(f"q has {queries} tokens, k {keys}: causal queries are the last of the keys' positions")
    if lambda_.shape not in ((), (heads,), (batch, heads, queries)):
        raise ValueError(
            f"lambda_ has shape {tuple(lambda_.shape)}; it must be (), (H,) = {(heads,)} or "
            f"(B, H, T) = {(batch, heads, queries)}"
        )
    if norm_weight is not None and norm_weight.shape != (width,):
        raise ValueError(f"norm_weight has shape {tuple(norm_weight.shape)}; it must be (d_v,) = {(width,)}")

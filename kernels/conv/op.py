"""`causal_conv1d`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["causal_conv1d"]


def causal_conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: Literal["silu", "swish"] | None = None,
    backend: Backend | None = None,
) -> Tensor:
    """Depthwise convolution over time that sees no future, with an optional SiLU (arXiv 2312.00752, Section 3.4).

    out_t = activation(bias + Σ_k weight_k x_{t - width + 1 + k}), x being 0 before the start. Differentiable in x,
    weight and bias. The fast layout has channels contiguous in memory: (batch, length, dim), transposed.

    Args:
        x: (batch, dim, length).
        weight: (dim, width); the last tap meets the present. Any width.
        bias: (dim,).
        activation: None, "silu" or "swish", the same.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: (batch, dim, length) of x's dtype.

    Raises ValueError for shapes, devices or an activation that do not fit, TypeError for dtypes that are not real
    floating point.
    """
    chosen = choose(backend, x=x, weight=weight, bias=bias)
    if x.ndim != 3 or 0 in x.shape:
        raise ValueError(f"x has shape {tuple(x.shape)}; it must be (batch, dim, length), none of them 0")
    dim = x.shape[1]
    if weight.ndim != 2 or weight.shape[0] != dim or weight.shape[1] == 0:
        raise ValueError(f"weight has shape {tuple(weight.shape)}; it must be (dim, width) with dim {dim}, as x has")
    if bias is not None and bias.shape != (dim,):
        raise ValueError(f"bias has shape {tuple(bias.shape)}; it must be (dim,) = {(dim,)}")
    if activation not in (None, "silu", "swish"):
        raise ValueError(f"activation={activation!r}: choose None, 'silu' or 'swish'")
    if chosen == "cpu":
        from claimbench.kernels.conv.cpu import causal_conv1d as convolve
    elif chosen == "triton":
        from claimbench.kernels.conv.triton import causal_conv1d as convolve
    else:
        from claimbench.kernels.conv.naive import causal_conv1d as convolve
    return convolve(x, weight, bias, activation is not None)

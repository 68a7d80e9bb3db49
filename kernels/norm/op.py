"""`rms_norm`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from typing import overload

from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["rms_norm"]


@overload
def rms_norm(
    x: Tensor, weight: Tensor | None = None, eps: float = 1e-5, residual: None = None, backend: Backend | None = None
) -> Tensor: ...


@overload
def rms_norm(
    x: Tensor, weight: Tensor | None = None, eps: float = 1e-5, *, residual: Tensor, backend: Backend | None = None
) -> tuple[Tensor, Tensor]: ...


def rms_norm(
    x: Tensor,
    weight: Tensor | None = None,
    eps: float = 1e-5,
    residual: Tensor | None = None,
    backend: Backend | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Root-mean-square normalisation over the last dimension (arXiv 1910.07467), x / √(mean x² + eps) · weight.

    With a residual, the sum in front of the norm of a pre-norm block is part of it: s = x + residual, and both
    rms_norm(s) and s come back. Differentiable once in every tensor, through both. Statistics are float32 (float64
    where a tensor is), whatever the inputs are.

    Args:
        x: (..., dim).
        weight: (dim,).
        eps: Added to the mean square.
        residual: Shape of x; a wider dtype keeps the stream of residuals in it.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: (..., dim) of x's dtype, contiguous, or (that, s) with s of the dtype that x and residual promote to.

    Raises ValueError for shapes or devices that do not fit, TypeError for dtypes that are not real floating point.
    """
    chosen = choose(backend, x=x, weight=weight, residual=residual)
    shape = x.shape
    if not shape or 0 in shape:
        raise ValueError(f"x has shape {tuple(shape)}; it must be (..., dim), none of them 0")
    if weight is not None and weight.shape != shape[-1:]:
        raise ValueError(f"weight has shape {tuple(weight.shape)}; it must be (dim,) = {tuple(shape[-1:])}")
    if residual is not None and residual.shape != shape:
        raise ValueError(f"residual has shape {tuple(residual.shape)}; it must be that of x, {tuple(shape)}")
    if chosen == "cpu":
        from claimbench.kernels.norm.cpu import rms_norm as norm
    elif chosen == "triton":
        from claimbench.kernels.norm.triton import rms_norm as norm
    else:
        from claimbench.kernels.norm.naive import rms_norm as norm
    return norm(x, weight, eps, residual)

"""`rope`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["rope"]


def rope(x: Tensor, cos: Tensor, sin: Tensor, interleaved: bool = False, backend: Backend | None = None) -> Tensor:
    """Rotary position embedding (RoFormer, arXiv 2104.09864, Section 3.2.2): pairs of dimensions turned by an angle.

    (a, b) becomes (a cos - b sin, b cos + a sin) for each pair among the first rotary dimensions; the others pass.
    Differentiable once in x, backward being the turn back. A slice of a fused projection is read where it lies.

    Args:
        x: (batch, length, heads, dim).
        cos: (length, rotary / 2), cosines of the angles, rotary ≤ dim; a constant.
        sin: Shape of cos; a constant.
        interleaved: whether pairs are neighbours, (2i, 2i + 1), as in RoFormer and GPT-J, or (i, i + rotary / 2), as in
            GPT-NeoX and Llama.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: (batch, length, heads, dim) of x's dtype, contiguous.

    Raises ValueError for shapes or devices that do not fit or angles that require a gradient, TypeError for dtypes that
    are not real floating point.
    """
    chosen = choose(backend, x=x, cos=cos, sin=sin)
    shape, angles = x.shape, cos.shape
    if len(shape) != 4 or 0 in shape:
        raise ValueError(f"x has shape {tuple(shape)}; it must be (batch, length, heads, dim), none of them 0")
    if len(angles) != 2 or angles[0] != shape[1] or not 0 < 2 * angles[1] <= shape[3]:
        raise ValueError(
            f"cos has shape {tuple(angles)}; it must be (length, rotary / 2) with length {shape[1]}, as x has, and "
            f"rotary from 2 to dim {shape[3]}"
        )
    if sin.shape != angles:
        raise ValueError(f"sin has shape {tuple(sin.shape)}; it must be that of cos, {tuple(angles)}")
    if cos.requires_grad or sin.requires_grad:
        name = "cos" if cos.requires_grad else "sin"
        raise ValueError(f"{name} requires a gradient, which is given to x alone: pass {name}.detach()")
    if chosen == "cpu":
        from claimbench.kernels.rotary.cpu import rope as turn
    elif chosen == "triton":
        from claimbench.kernels.rotary.triton import rope as turn
    else:
        from claimbench.kernels.rotary.naive import rope as turn
    return turn(x, cos, sin, interleaved)

"""`swiglu`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["swiglu"]


def swiglu(gate: Tensor, up: Tensor, backend: Backend | None = None) -> Tensor:
    """SiLU(gate) · up, the elementwise part of a SwiGLU block (arXiv 2002.05202, Section 2).

    Differentiable once in both, keeping nothing but them. Halves of one wider matrix are read where they lie.

    Args:
        gate: (..., dim).
        up: Shape and dtype of gate.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: a contiguous tensor of gate's shape and dtype.

    Raises ValueError for shapes or devices that do not fit, TypeError for dtypes that differ or are not real floating
    point.
    """
    chosen = choose(backend, gate=gate, up=up)
    shape = gate.shape
    if not shape or 0 in shape:
        raise ValueError(f"gate has shape {tuple(shape)}; it must have dimensions, none of them 0")
    if up.shape != shape:
        raise ValueError(f"up has shape {tuple(up.shape)}; it must be that of gate, {tuple(shape)}")
    if gate.dtype is not up.dtype:
        names = (str(x.dtype).removeprefix("torch.") for x in (up, gate))
        raise TypeError("up is {}, gate {}: convert one to the other's dtype".format(*names))
    if chosen == "cpu":
        from claimbench.kernels.gated.cpu import swiglu as multiply
    elif chosen == "triton":
        from claimbench.kernels.gated.triton import swiglu as multiply
    else:
        from claimbench.kernels.gated.naive import swiglu as multiply
    return multiply(gate, up)

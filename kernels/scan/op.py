"""`selective_scan`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from typing import Literal, overload

from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["selective_scan"]


@overload
def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: Literal[False] = False,
    initial_state: Tensor | None = None,
    backend: Backend | None = None,
) -> Tensor: ...


@overload
def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    *,
    return_last_state: Literal[True],
    initial_state: Tensor | None = None,
    backend: Backend | None = None,
) -> tuple[Tensor, Tensor]: ...


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
    initial_state: Tensor | None = None,
    backend: Backend | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Selective scan (Mamba, arXiv 2312.00752, Section 3.2 and Algorithm 2), with mamba_ssm's arguments.

    For each channel, with Δ = delta + delta_bias, passed through softplus where asked,

        h_t = exp(Δ_t A) h_{t-1} + Δ_t u_t B_t        y_t = C_t·h_t + D u_t        out_t = y_t SiLU(z_t)

    Differentiable in every tensor, through the output and through the last state. States are float32 (float64 where
    u, delta, A, B or C is float64) whatever the inputs are. The fast layout has channels contiguous in memory:
    (batch, length, dim), transposed.

    Args:
        u: (batch, dim, length), the input.
        delta: (batch, dim, length), the step size.
        A: (dim, state), real.
        B: (batch, state, length), or (batch, groups, state, length) where `groups` divides dim, or (dim, state),
            the same at all times.
        C: as B; B and C need not have the same form.
        D: (dim,), the skip connection.
        z: (batch, dim, length), the gate.
        delta_bias: (dim,).
        delta_softplus: whether Δ passes through softplus, after the bias.
        return_last_state: whether to return (out, state after the last step), the latter (batch, dim, state).
        initial_state: (batch, dim, state), the state before the first step; zero where not given.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns:
        out (batch, dim, length) of u's dtype, or (out, last_state) with last_state float32 or float64.

    Raises ValueError for shapes or devices that do not fit, TypeError for dtypes that are not real floating point.
    """
    chosen = choose(
        backend, u=u, delta=delta, A=A, B=B, C=C, D=D, z=z, delta_bias=delta_bias, initial_state=initial_state
    )
    _check_shapes(u, delta, A, B, C, D, z, delta_bias, initial_state)
    if chosen == "cpu":
        from claimbench.kernels.scan.cpu import selective_scan as scan
    elif chosen == "triton":
        from claimbench.kernels.scan.triton import selective_scan as scan
    else:
        from claimbench.kernels.scan.naive import selective_scan as scan
    out, last_state = scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus, initial_state)
    return (out, last_state) if return_last_state else out


def _check_shapes(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    delta_bias: Tensor | None,
    initial_state: Tensor | None,
) -> None:
    if u.ndim != 3 or 0 in u.shape:
        raise ValueError(f"u has shape {tuple(u.shape)}; it must be (batch, dim, length), none of them 0")
    batch, dim, length = u.shape
    if A.ndim != 2 or A.shape[0] != dim or A.shape[1] == 0:
        raise ValueError(f"A has shape {tuple(A.shape)}; it must be (dim, state) with dim {dim}, as u has")
    state = A.shape[1]
    expected = {
        "delta": (delta, (batch, dim, length), "(batch, dim, length)"),
        "z": (z, (batch, dim, length), "(batch, dim, length)"),
        "D": (D, (dim,), "(dim,)"),
        "delta_bias": (delta_bias, (dim,), "(dim,)"),
        "initial_state": (initial_state, (batch, dim, state), "(batch, dim, state)"),
    }
    for name, (tensor, shape, meaning) in expected.items():
        if tensor is not None and tensor.shape != shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; it must be {meaning} = {shape}")
    for name, weights in (("B", B), ("C", C)):
        fits = (
            weights.shape == (dim, state)
            or weights.shape == (batch, state, length)
            or (
                weights.ndim == 4
                and (weights.shape[0], weights.shape[2], weights.shape[3]) == (batch, state, length)
                and weights.shape[1] > 0
                and dim % weights.shape[1] == 0
            )
        )
        if not fits:
            raise ValueError(
                f"{name} has shape {tuple(weights.shape)}; it must be (batch, state, length) = "
                f"{(batch, state, length)}, "
                f"(batch, groups, state, length) with groups a divisor of dim {dim}, or (dim, state) = {(dim, state)}"
            )

"""`selective_state_update`: checks its arguments and hands them to a backend."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = ["selective_state_update"]


def selective_state_update(
    state: Tensor,
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    dt_bias: Tensor | None = None,
    dt_softplus: bool = False,
    backend: Backend | None = None,
) -> Tensor:
    """One token of a selective scan, its state updated in place: the step of decoding, with mamba_ssm's arguments.

    For each channel, with Δ = dt + dt_bias, passed through softplus where asked,

        state ← exp(Δ A) state + Δ x B        out = (C·state + D x) SiLU(z)

    It has no gradient. It computes in float32, in float64 where state, x, dt, A, B or C is float64. A state of a
    narrower dtype is rounded to nearest as it is written; out comes from the state before that rounding.

    Args:
        state: (batch, dim, state), or (batch, heads, dim, state): then every tensor below has its second form. It may
            share no memory with the others, nor have elements that share theirs.
        x: (batch, dim) or (batch, heads, dim), the input.
        dt: as x, the step size.
        A: (dim, state) or (heads, dim, state).
        B: (batch, state) or (batch, groups, state), in either form; `groups` divides the heads, or dim without heads.
        C: as B, perhaps with other groups.
        D: (dim,) or (heads, dim), the skip connection.
        z: as x, the gate.
        dt_bias: as D.
        dt_softplus: whether Δ passes through softplus, after the bias.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Returns: as x, of its dtype.

    Raises ValueError for shapes or devices that do not fit or a state that cannot be written, TypeError for dtypes that
    are not real floating point, RuntimeError where autograd would have to record the step.
    """
    chosen = choose(backend, state=state, x=x, dt=dt, A=A, B=B, C=C, D=D, z=z, dt_bias=dt_bias)
    _check_shapes(state, x, dt, A, B, C, D, z, dt_bias)
    _check_writable(state)
    if torch.is_grad_enabled() and any(
        tensor is not None and tensor.requires_grad for tensor in (state, x, dt, A, B, C, D, z, dt_bias)
    ):
        raise RuntimeError(
            "selective_state_update has no gradient: decode under torch.no_grad(), or train with selective_scan"
        )
    if chosen == "cpu":
        from claimbench.kernels.scan.step_cpu import selective_state_update as update
    elif chosen == "triton":
        from claimbench.kernels.scan.step_triton import selective_state_update as update
    else:
        from claimbench.kernels.scan.step_naive import selective_state_update as update
    return update(state, x, dt, A, B, C, D, z, dt_bias, dt_softplus)


def _check_shapes(
    state: Tensor,
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    dt_bias: Tensor | None,
) -> None:
    shape = tuple(state.shape)
    if len(shape) not in (3, 4) or 0 in shape:
        raise ValueError(
            f"state has shape {shape}; it must be (batch, dim, state) or (batch, heads, dim, state), none of them 0"
        )
    batch, *channels, states = shape
    form = "(heads, dim" if len(channels) == 2 else "(dim"
    rows, matrix, vector = shape[:-1], shape[1:], shape[1:-1]
    for name, tensor, expected, meaning in (
        ("x", x, rows, f"(batch, {form[1:]})"),
        ("dt", dt, rows, f"(batch, {form[1:]})"),
        ("A", A, matrix, f"{form}, state)"),
        ("D", D, vector, f"{form})" if len(channels) == 2 else f"{form},)"),
        ("z", z, rows, f"(batch, {form[1:]})"),
        ("dt_bias", dt_bias, vector, f"{form})" if len(channels) == 2 else f"{form},)"),
    ):
        if tensor is not None and tensor.shape != expected:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; it must be {meaning} = {expected}")
    for name, weights in (("B", B), ("C", C)):
        if weights.shape == (batch, states):
            continue
        given = tuple(weights.shape)
        if len(given) != 3 or (given[0], given[2]) != (batch, states) or 0 in given or channels[0] % given[1]:
            raise ValueError(
                f"{name} has shape {given}; it must be (batch, state) = {(batch, states)}, or (batch, groups, state) "
                f"with groups a divisor of {'heads' if len(channels) == 2 else 'dim'} {channels[0]}"
            )


def _check_writable(state: Tensor) -> None:
    """Raises ValueError unless every element of `state` has memory of its own that may be written."""
    reach = 0
    for stride, size in sorted(zip(state.stride(), state.shape, strict=True)):
        if size > 1:
            if stride <= reach:
                raise ValueError("state has elements that share memory, as an expanded tensor has: pass a copy")
            reach += (size - 1) * stride
    if state.is_inference() and not torch.is_inference_mode_enabled():
        raise ValueError("state was made under torch.inference_mode(), outside of which it is read-only: pass a clone")

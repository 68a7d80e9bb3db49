"""One decoding step on a processor: a single call of a numba kernel, one thread, the same bits every time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from claimbench.kernels._arrays import of_dtype
from claimbench.kernels._backend import working_dtype
from claimbench.kernels._memory import SCALARS, address
from claimbench.kernels._simd import LANES
from claimbench.kernels.scan._forms import strides_with
from claimbench.kernels.scan._step_cpu_kernel import update

__all__ = ["selective_state_update", "warm"]


def selective_state_update(
    state: Tensor,
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    dt_bias: Tensor | None,
    dt_softplus: bool,
) -> Tensor:
    """Shapes as in `claimbench.kernels.selective_state_update`."""
    dtype = working_dtype(state, x, dt, A, B, C)
    shape = state.shape
    h, B, C = _states(state, dtype), _states(B, dtype), _states(C, dtype)
    u, step, A = of_dtype(x, dtype), of_dtype(dt, dtype), of_dtype(A, dtype)
    D, z, bias = _of(D, dtype), _of(z, dtype), _of(dt_bias, dtype)
    tied = A.stride(-1) == 0 and shape[-1] % LANES == 0  # one number for all states of a channel, as in Mamba-2
    if not tied:
        A = _states(A, dtype)
    groups_b, groups_c = 1 if B.ndim == 2 else B.shape[1], 1 if C.ndim == 2 else C.shape[1]
    out = torch.empty_like(u, memory_format=torch.contiguous_format)
    update(
        SCALARS[dtype](0),
        shape[0],
        shape[1] if len(shape) == 4 else 1,
        shape[-2],
        shape[-1],
        groups_b if groups_b == groups_c else math.lcm(groups_b, groups_c),
        address(h),
        strides_with(1, h, 4),
        address(u),
        strides_with(1, u, 3),
        address(step),
        strides_with(1, step, 3),
        address(A),
        strides_with(0, A, 3),
        tied,
        address(B),
        strides_with(1, B, 3),
        groups_b,
        address(C),
        strides_with(1, C, 3),
        groups_c,
        address(D),
        strides_with(0, D, 2),
        address(z),
        strides_with(1, z, 3),
        address(bias),
        strides_with(0, bias, 2),
        dt_softplus,
        out.data_ptr(),
    )
    if h is state:
        torch.autograd.graph.increment_version(state)
    else:
        state.copy_(h)
    return out if x.dtype is dtype else out.to(x.dtype)


def _of(x: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    return None if x is None else of_dtype(x, dtype)


def _states(x: Tensor, dtype: torch.dtype) -> Tensor:
    """x in `dtype`, its last dimension contiguous; x itself if it can be."""
    x = of_dtype(x, dtype)
    return x if x.stride(-1) == 1 or x.shape[-1] == 1 else x.contiguous()


def warm() -> None:
    """Compiles the kernel for both dtypes that it computes in, or fetches it from the cache."""
    for dtype in (torch.float32, torch.float64):
        x = torch.zeros(1, 1, dtype=dtype)
        selective_state_update(x[None].clone(), x, x, x, x, x, None, None, None, False)

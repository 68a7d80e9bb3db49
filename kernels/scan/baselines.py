"""Full selective scans in plain PyTorch, the strongest of their kinds that we know, for claims about speed.

They take the arguments of `claimbench.kernels.selective_scan` but for its fixed forms of B and C, one group a call, and
compute the same; neither builds a graph for backward. States lie (…, state, dim), so that the read-out is one batched
matrix product over contiguous channels, and time comes first, so that a step, or every second one, is a view.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["loop_scan", "parallel_scan"]

_CHUNK = 16
"""Steps whose decays and inputs are formed at once; they stay in cache. 8 and 16 were fastest of 4 to 64."""


@torch.no_grad()
def loop_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
) -> Tensor:
    """One step after the other: stands for mamba_ssm's `selective_scan_ref` and transformers' `mamba_selective_scan`.

    The best of its kind because the loop holds one call: exp(ΔA) and ΔuB are formed for a chunk of steps in buffers
    that are used again, the recurrence is a fused multiply-add in place, and a chunk is read out by one product.
    """
    x, step = _time_first(u, delta, delta_bias, delta_softplus)
    length, batch, dim = x.shape
    decay_of = A.t().contiguous()
    B, C = B.permute(2, 0, 1), C.permute(2, 0, 1)
    step_x = step * x
    y = torch.empty_like(x)
    decay, states = x.new_empty(2, _CHUNK, batch, A.shape[1], dim)
    h = x.new_zeros(batch, A.shape[1], dim)
    for start in range(0, length, _CHUNK):
        now = slice(start, min(start + _CHUNK, length))
        n = now.stop - start
        torch.mul(step[now, :, None], decay_of, out=decay[:n]).exp_()
        torch.mul(step_x[now, :, None], B[now, ..., None], out=states[:n])
        for a, state in zip(decay[:n].unbind(), states[:n].unbind(), strict=True):
            h = state.addcmul_(a, h)
        torch.matmul(C[now, :, None], states[:n], out=y[now, :, None])
        h = h.clone()  # the next chunk overwrites it
    return _finish(y, x, D, z)


@torch.no_grad()
def parallel_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
) -> Tensor:
    """All steps at once by an associative scan, unfused: stands for mambapy's `pscan` and the paper's PyTorch baseline.

    The best of its kind because it is work-efficient (fewer than 2 combinations a step, where a doubling scan takes
    log2 of the length), in place, and free of padding to a power of two.
    """
    x, step = _time_first(u, delta, delta_bias, delta_softplus)
    decay = (step[:, :, None] * A.t().contiguous()).exp_()
    states = (step * x)[:, :, None] * B.permute(2, 0, 1)[..., None]
    _scan_in_place(decay, states)
    y = torch.matmul(C.permute(2, 0, 1)[:, :, None], states)[:, :, 0]
    return _finish(y, x, D, z)


def _scan_in_place(a: Tensor, h: Tensor) -> None:
    """h_t ← a_t h_{t-1} + h_t for all t, h_{-1} being 0: pairs, then the scan of the pairs, then what lies between."""
    if len(h) < 2:
        return
    odd_a, odd_h = a[1::2], h[1::2]
    n = len(odd_h)
    odd_h.addcmul_(odd_a, h[0::2][:n])
    if n > 1:
        odd_a.mul_(a[0::2][:n])
    _scan_in_place(odd_a, odd_h)
    between = h[2::2]
    between.addcmul_(a[2::2], odd_h[: len(between)])


def _time_first(u: Tensor, delta: Tensor, bias: Tensor | None, softplus: bool) -> tuple[Tensor, Tensor]:
    """u and Δ as (length, batch, dim)."""
    x, step = u.permute(2, 0, 1).contiguous(), delta.permute(2, 0, 1)
    if bias is not None:
        step = step + bias
    return x, (F.softplus(step) if softplus else step.contiguous())


def _finish(y: Tensor, x: Tensor, D: Tensor | None, z: Tensor | None) -> Tensor:
    """Skip, gate, and back to (batch, dim, length)."""
    if D is not None:
        y.addcmul_(D, x)
    if z is not None:
        y.mul_(F.silu(z.permute(2, 0, 1)))
    return y.permute(1, 2, 0)

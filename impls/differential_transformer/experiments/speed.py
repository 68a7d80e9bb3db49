"""Time of one differential attention, ours against PyTorch's own attention in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from claimbench.errors import UnknownName
from claimbench.impls.common.initialise import generator
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.attend import attend
from claimbench.impls.differential_transformer.sdpa import chosen_kernel
from claimbench.kernels import differential, differential_attention
from claimbench.kernels.differential.baselines import four_calls, one_call, two_calls, two_padded_calls
from claimbench.papers.differential_transformer.workloads import Pairs
from claimbench.trial import Timed, Trial

__all__ = ["attention"]

_LAMBDA = 0.5
_FORMS: dict[str, Callable[..., Tensor]] = {
    "fused": differential_attention,
    "two_calls": two_calls,
    "two_padded_calls": two_padded_calls,
    "four_calls": four_calls,
    "one_call": one_call,
}


def attention(trial: Trial) -> Timed:
    """DT-20, DT-23 and DT-24: what the workload's `of` names, by the arm's `form` and PyTorch's `kernel`, if any.

    The reference, Equation 1 with its maps written out, would take long for all pairs: every trial has one set of
    inputs and is checked on one pair, which its seed names, so that trials together check all. Values and what comes
    back have mean one, so that λ's gradient, a sum over everything, does not cancel to nothing.
    """
    work = workload_of(trial, Pairs)
    name = str(trial.option("form"))
    if name not in _FORMS:
        raise UnknownName("form of differential attention", name, _FORMS)
    kernel = chosen_kernel(trial)
    random = generator(trial.seeds[0], "attention")
    of_pair = partial(_of_pair, trial.seeds[0] % work.pairs, work.pairs)

    def calculate(*leaves: Tensor) -> Tensor:
        with kernel():
            return _FORMS[name](*leaves)

    def draw(heads: int, width: int, mean: float = 0.0) -> Tensor:
        x = mean + torch.randn(work.batch, heads, work.length, width, generator=random)
        return x.to(trial.device, getattr(torch, work.dtype))

    def qkv() -> tuple[Tensor, ...]:
        q, k = (draw(2 * work.pairs, work.head_dim) for _ in range(2))
        return q, k, draw(work.pairs, 2 * work.head_dim, mean=1.0)

    def back() -> tuple[Tensor]:
        return (draw(work.pairs, 2 * work.head_dim, mean=1.0),)

    if work.of == "backward":
        given = qkv()
        inputs = back()
        run = _backward(calculate, *given)
        exact = _backward(attend, *(x.double() for x in of_pair(given)))
    else:
        inputs = (*qkv(), *(back() if work.of == "both" else ()))
        does = _both if work.of == "both" else _forward
        run, exact = partial(does, calculate), partial(does, attend)
    return Timed(
        lambda *tensors: of_pair(run(*tensors)),
        [inputs],
        lambda *tensors: exact(*of_pair(tensors)),
        *_cost(work),
    )


def _forward(calculate: Callable[..., Tensor], *qkv: Tensor) -> tuple[Tensor, ...]:
    with torch.no_grad():
        return (calculate(*qkv, _rates(qkv[2])),)


def _both(calculate: Callable[..., Tensor], *tensors: Tensor) -> tuple[Tensor, ...]:
    """The output, and the gradients of q, k, v and λ for what comes back, the last of `tensors`."""
    leaves = _leaves(*tensors[:3])
    out = calculate(*leaves)
    return out.detach(), *torch.autograd.grad(out, leaves, tensors[3])


def _backward(calculate: Callable[..., Tensor], *qkv: Tensor) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """A call that takes what comes back to the gradients of q, k, v and λ; the forward pass is done, and kept."""
    leaves = _leaves(*qkv)
    out = calculate(*leaves)
    return lambda grad: torch.autograd.grad(out, leaves, grad, retain_graph=True)


def _leaves(*qkv: Tensor) -> tuple[Tensor, ...]:
    return tuple(x.detach().requires_grad_() for x in (*qkv, _rates(qkv[2])))


def _rates(v: Tensor) -> Tensor:
    """λ of every pair, float32 at least."""
    return v.new_full((v.shape[1],), _LAMBDA, dtype=torch.promote_types(v.dtype, torch.float32))


def _of_pair(pair: int, pairs: int, tensors: Sequence[Tensor]) -> tuple[Any, ...]:
    """What of (batch, heads, …), and of (pairs,), belongs to one pair; heads are one or two a pair."""
    return tuple(x.chunk(pairs, 1)[pair] if x.ndim > 1 else x[pair : pair + 1] for x in tensors)


def _cost(work: Pairs) -> tuple[float, float]:
    """Operations and bytes of a call at least, whoever does it."""
    sizes = (work.length, work.length, work.head_dim, 2 * work.head_dim)
    itemsize = getattr(torch, work.dtype).itemsize
    passes = [way for way, of in ((False, "forward"), (True, "backward")) if work.of in (of, "both")]
    return (
        float(sum(differential.flops(work.batch, work.pairs, *sizes, backward=way) for way in passes)),
        float(
            sum(
                differential.bytes(work.batch, work.pairs, work.pairs, *sizes, itemsize=itemsize, backward=way)
                for way in passes
            )
        ),
    )

"""Time: the fused scan against its unfused forms, and against attention over growing lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.ssm import discretize, recurrence
from claimbench.kernels import scan, selective_scan
from claimbench.papers.mamba.workloads import AttentionShape, LayerShape, Lengths, ScanShape
from claimbench.trial import Sweep, Timed, Trial

__all__ = ["half_precision", "over_lengths", "selective_scan_forward"]

_INPUT_SETS = 3
_BLOCK = 64
_ATTENTION = {"flash": SDPBackend.FLASH_ATTENTION, "cudnn": SDPBackend.CUDNN_ATTENTION}


def selective_scan_forward(trial: Trial) -> Timed:
    """The forward pass of one selective scan with everything that a block asks of it: bias, softplus, D and gate.

    The arm's option `scan` names the form. Activations are (B, L, D) in memory, as the block makes them.
    """
    work = workload_of(trial, ScanShape)
    form = _form(cast(str, trial.option("scan")))
    random = generator(trial.seeds[0], "scan")
    inputs = [_scan_inputs(work.batch, work.channels, work.states, work.length, random) for _ in range(_INPUT_SETS)]
    return _timed_scan(form, inputs, work.batch, work.channels, work.states, work.length)


def half_precision(trial: Trial) -> Timed:
    """One layer's scan or attention in bfloat16, forward: the arm `fused`, `parallel`, `flash` or `cudnn`.

    States, A, D and the bias of Δ are float32; the parallel scan, which keeps its states in the dtype that it is given,
    gets float32. `flash` and `cudnn` are PyTorch's two kernels for attention on a GPU; elsewhere there is one.
    """
    work = workload_of(trial, LayerShape)
    random = generator(trial.seeds[0], trial.arm)
    if trial.arm in _ATTENTION:
        timed = _timed_attention(work.attention, work.length, random, _INPUT_SETS)
        inputs = [tuple(x.to(trial.device, torch.bfloat16) for x in some) for some in timed.inputs]
        kernel = _ATTENTION[trial.arm] if trial.device == "cuda" else SDPBackend.FLASH_ATTENTION

        def attend(*qkv: Tensor) -> Tensor:
            with sdpa_kernel(kernel):
                return timed.call(*qkv)

        return replace(timed, call=attend, inputs=inputs, bytes=timed.bytes / 2)
    form = _form(trial.arm)
    inputs = [_scan_inputs(work.batch, work.channels, work.states, work.length, random) for _ in range(_INPUT_SETS)]
    half = [tuple(x.to(trial.device, torch.bfloat16 if x.ndim == 3 else None) for x in some) for some in inputs]

    def in_float32(*tensors: Tensor, **options: bool) -> Tensor:
        return form(*(x.float() for x in tensors), **options).bfloat16()

    timed = _timed_scan(
        in_float32 if trial.arm == "parallel" else form, half, work.batch, work.channels, work.states, work.length
    )
    return replace(timed, bytes=float(scan.bytes(work.batch, work.channels, work.length, work.states, itemsize=2)))


def over_lengths(trial: Trial) -> Sweep:
    """The arm `scan` or `attention` at every length of the workload."""
    work = workload_of(trial, Lengths)
    random = generator(trial.seeds[0], trial.arm)

    def scan_at(length: int) -> Timed:
        inputs = [_scan_inputs(1, work.channels, work.states, length, random)]
        return _timed_scan(selective_scan, inputs, 1, work.channels, work.states, length)

    def attention_at(length: int) -> Timed:
        return _timed_attention(work.attention, length, random)

    at = {"scan": scan_at, "attention": attention_at}[trial.arm]
    return Sweep({float(length): partial(at, length) for length in work.lengths})


def _form(name: str) -> Callable[..., Tensor]:
    if name == "fused":
        return selective_scan
    from claimbench.kernels.scan import baselines

    return {"loop": baselines.loop_scan, "parallel": baselines.parallel_scan}[name]


def _scan_inputs(batch: int, channels: int, states: int, length: int, random: torch.Generator) -> tuple[Tensor, ...]:
    """u, delta, A, B, C, D, z, delta_bias as they are at the start of training."""

    def activations(width: int) -> Tensor:
        return torch.randn(batch, length, width, generator=random).transpose(1, 2)

    A = -torch.arange(1, states + 1, dtype=torch.float32).repeat(channels, 1)
    bias = torch.empty(channels).uniform_(-6.9, -2.3, generator=random)  # Δ log-uniform from 0.001 to 0.1
    u, delta, z = (activations(channels) for _ in range(3))
    return u, 0.1 * delta, A, activations(states), activations(states), torch.ones(channels), z, bias


def _timed_scan(
    form: Callable[..., Tensor],
    inputs: list[tuple[Tensor, ...]],
    batch: int,
    channels: int,
    states: int,
    length: int,
) -> Timed:
    @torch.no_grad()
    def call(*tensors: Tensor) -> Tensor:
        return form(*tensors, delta_softplus=True)

    return Timed(
        call,
        inputs,
        _reference_scan,
        flops=float(scan.flops(batch, channels, length, states)),
        bytes=float(scan.bytes(batch, channels, length, states)),
    )


@torch.no_grad()
def _reference_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, bias: Tensor
) -> Tensor:
    """Equations 2 and 4 by the loop of `ssm.py`, a few steps at a time so that what it makes stays in cache."""
    x, gate = u.transpose(1, 2), F.silu(z.transpose(1, 2))
    step = F.softplus(delta.transpose(1, 2) + bias)
    h, outputs = None, []
    for begin in range(0, x.shape[1], _BLOCK):
        now = slice(begin, begin + _BLOCK)
        A_bar, B_bar = discretize(step[:, now], A, B[:, :, now].transpose(1, 2), "euler")
        y, h = recurrence(A_bar, B_bar, C[:, :, now].transpose(1, 2), x[:, now], h)
        outputs.append((y + D * x[:, now]) * gate[:, now])
    return torch.cat(outputs, dim=1).transpose(1, 2)


def _timed_attention(shape: AttentionShape, length: int, random: torch.Generator, sets: int = 1) -> Timed:
    size = (1, shape.heads, length, shape.head_dim)
    inputs = [tuple(torch.randn(size, generator=random) for _ in range(3)) for _ in range(sets)]

    @torch.no_grad()
    def call(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    @torch.no_grad()
    def reference(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        # A few queries at a time: the whole matrix of scores would need length² doubles.
        rows = []
        for begin in range(0, length, _BLOCK):
            end = min(begin + _BLOCK, length)
            scores = q[:, :, begin:end] @ k[:, :, :end].mT * shape.head_dim**-0.5
            later = torch.ones(end - begin, end, dtype=torch.bool, device=q.device).triu(begin + 1)
            rows.append(scores.masked_fill(later, -torch.inf).softmax(dim=-1) @ v[:, :, :end])
        return torch.cat(rows, dim=2)

    pairs = shape.heads * length * (length + 1) / 2
    return Timed(
        call,
        inputs,
        reference,
        flops=4.0 * shape.head_dim * pairs,
        bytes=4.0 * inputs[0][0].nbytes,
    )

"""Our RMSNorm, SwiGLU and rotary embedding beside PyTorch's and transformers' on a processor, one thread:
`python -P benchmarks/transformer_kernels.py`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from claimbench.kernels import rms_norm, rope, swiglu

try:
    from transformers.models.gptj import modeling_gptj as gptj
    from transformers.models.llama import modeling_llama as llama
except ImportError:
    gptj = llama = None

ROUNDS = 21
SAMPLE_S = 2e-3
"""Calls are repeated until a sample takes about this long."""
ROWS = [(1, 1, 32), (32, 36, 32), (2048, 64), (2048, 128), (2048, 256), (2048, 512)]
"""(…, dim)."""
HEADS = [(32, 36, 4, 8), (8, 256, 4, 16), (8, 256, 4, 64), (1, 2048, 8, 128)]
"""(batch, length, heads, dim)."""

Call = Callable[..., Tensor | tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Case:
    """One operation at one shape: who computes it, of what."""

    name: str
    leaves: list[Tensor]
    calls: dict[str, Call] = field(repr=False)
    """Ours first."""


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def cases_of_norm(shape: tuple[int, ...]) -> list[Case]:
    dim = shape[-1]
    calls: dict[str, Call] = {"ours": rms_norm, "PyTorch": lambda x, w: F.rms_norm(x, (dim,), w, 1e-5)}
    if llama is not None:
        module = llama.LlamaRMSNorm(dim, eps=1e-5)
        del module.weight

        def norm(x: Tensor, weight: Tensor) -> Tensor:
            module.weight = weight
            return module(x)

        calls["transformers"] = norm

    def summed(x: Tensor, weight: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
        s = x + residual
        return F.rms_norm(s, (dim,), weight, 1e-5), s

    both: dict[str, Call] = {"ours": lambda x, w, r: rms_norm(x, w, residual=r), "PyTorch": summed}
    return [
        Case(f"rms_norm {shape}", [normal(*shape), normal(dim)], calls),
        Case(f"rms_norm of a sum {shape}", [normal(*shape), normal(dim), normal(*shape)], both),
    ]


def cases_of_gate(shape: tuple[int, ...]) -> list[Case]:
    calls: dict[str, Call] = {"ours": swiglu, "PyTorch": lambda gate, up: F.silu(gate) * up}
    return [Case(f"swiglu {shape}", [normal(*shape), normal(*shape)], calls)]


def cases_of_turn(shape: tuple[int, ...]) -> list[Case]:
    angle = normal(shape[1], shape[3] // 2)
    cos, sin = angle.cos(), angle.sin()
    twice = [torch.cat((value, value), -1)[:, None] for value in (cos, sin)]

    def halves(x: Tensor) -> Tensor:
        first, second = x.chunk(2, -1)
        return x * twice[0] + torch.cat((-second, first), -1) * twice[1]

    def neighbours(x: Tensor) -> Tensor:
        first, second, c, s = x[..., 0::2], x[..., 1::2], cos[:, None], sin[:, None]
        return torch.stack((first * c - second * s, second * c + first * s), -1).flatten(-2)

    by_halves: dict[str, Call] = {"ours": lambda x: rope(x, cos, sin), "PyTorch": halves}
    by_neighbours: dict[str, Call] = {"ours": lambda x: rope(x, cos, sin, interleaved=True), "PyTorch": neighbours}
    if llama is not None and gptj is not None:
        cos_twice, sin_twice = (value[None, :, 0] for value in twice)
        no_key = normal(*shape[:2], 0, shape[3])
        by_halves["transformers"] = lambda x: llama.apply_rotary_pos_emb(x, no_key, cos_twice, sin_twice, 2)[0]
        by_neighbours["transformers"] = lambda x: gptj.apply_rotary_pos_emb(x, sin[None], cos[None])
    return [
        Case(f"rope {shape}", [normal(*shape)], by_halves),
        Case(f"rope, interleaved {shape}", [normal(*shape)], by_neighbours),
    ]


def measured(case: Case, backward: bool) -> dict[str, list[float]]:
    """Seconds a call, for each who computes it, measured in turns."""
    leaves = [x.clone().requires_grad_(backward) for x in case.leaves]
    grads = [torch.ones(case.leaves[0].shape)] * 2

    @torch.set_grad_enabled(backward)
    def run(call: Call, repeats: int = 1) -> None:
        for _ in range(repeats):
            out = call(*leaves)
            if backward:
                outputs = out if isinstance(out, tuple) else (out,)
                torch.autograd.grad(outputs, leaves, grads[: len(outputs)])

    seconds: dict[str, list[float]] = {who: [] for who in case.calls}
    for call in case.calls.values():
        run(call)
    start = time.perf_counter()
    run(case.calls["ours"])
    repeats = max(1, round(SAMPLE_S / (time.perf_counter() - start)))
    for _ in range(ROUNDS):
        for who, call in case.calls.items():
            start = time.perf_counter()
            run(call, repeats)
            seconds[who].append((time.perf_counter() - start) / repeats)
    return seconds


def main() -> None:
    torch.set_num_threads(1)
    print("| | pass | ours µs | PyTorch µs | ratio | transformers µs | ratio |\n|---|---|---|---|---|---|---|")
    cases = [case for shape in ROWS for case in cases_of_norm(shape)]
    cases += [case for shape in ROWS for case in cases_of_gate(shape)]
    cases += [case for shape in HEADS for case in cases_of_turn(shape)]
    for case in sorted(cases, key=lambda case: case.name.split(" (")[0]):
        for backward in (False, True):
            seconds = measured(case, backward)
            ours = seconds.pop("ours")
            cells = [case.name, "both" if backward else "forward", f"{1e6 * statistics.median(ours):.0f}"]
            for who in ("PyTorch", "transformers"):
                if theirs := seconds.get(who):
                    ratio = statistics.median(t / o for t, o in zip(theirs, ours, strict=True))
                    cells += [f"{1e6 * statistics.median(theirs):.0f}", f"{ratio:.1f}"]
                else:
                    cells += ["", ""]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

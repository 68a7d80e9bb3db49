"""How much faster our selective scan is on a processor than what people run: `python -P benchmarks/selective_scan.py`.

One thread; the contenders take turns within each round, and a ratio is the median over rounds of the ratio within a
round, so that a slow moment of the machine falls on all. Needs the `peers` extra. `--compiled` adds the per-step loop
under torch.compile, a chunk of steps to a kernel.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from mambapy.pscan import pscan
from torch import Tensor
from transformers.models.mamba.modeling_mamba import mamba_selective_scan

from claimbench.kernels import selective_scan
from claimbench.kernels.scan.baselines import loop_scan, parallel_scan

FORWARD = (1, 768, 16, 2048)
TRAINING = ((32, 64, 16, 36), (8, 128, 16, 128), (8, 256, 16, 256))
"""(batch, dim, state, length)."""
BARS = {"per-step loop": 5, "transformers": 20, "mambapy": 14}
TRAINING_BAR = 8


def inputs(batch: int, dim: int, state: int, length: int) -> dict[str, Tensor]:
    """Arguments in float32, channels contiguous."""
    generator = torch.Generator().manual_seed(0)

    def rows(width: int) -> Tensor:
        return torch.randn(batch, length, width, generator=generator).transpose(1, 2)

    return {
        "u": rows(dim),
        "delta": rows(dim) - 3,
        "A": -torch.arange(1.0, state + 1).repeat(dim, 1),
        "B": rows(state),
        "C": rows(state),
        "D": torch.ones(dim),
        "z": rows(dim),
        "delta_bias": torch.randn(dim, generator=generator) / 4,
    }


def with_mambapy(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, delta_bias: Tensor
) -> Tensor:
    """The whole computation through mambapy's parallel scan, as its MambaBlock does it."""
    x, step, B, C = (t.transpose(1, 2) for t in (u, F.softplus(delta + delta_bias[:, None]), B, C))
    states = pscan(torch.exp(step[..., None] * A), step[..., None] * B[:, :, None] * x[..., None])
    y = (states @ C[..., None]).squeeze(3) + D * x
    return (y * F.silu(z.transpose(1, 2))).transpose(1, 2)


def compiled_loop() -> Callable[..., Tensor]:
    """The per-step loop with 16 steps to a compiled kernel."""

    def chunk(h: Tensor, step: Tensor, x: Tensor, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        y = []
        for t in range(len(step)):
            h = torch.exp(step[t, :, None] * A) * h + (step[t] * x[t])[:, None] * B[t, ..., None]
            y.append((h * C[t, ..., None]).sum(1))
        return h, torch.stack(y)

    chunk = torch.compile(chunk, dynamic=False)

    def scan(
        u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, delta_bias: Tensor
    ) -> Tensor:
        x, step, B, C = (t.permute(2, 0, 1).contiguous() for t in (u, F.softplus(delta + delta_bias[:, None]), B, C))
        h, parts, A = u.new_zeros(u.shape[0], A.shape[1], A.shape[0]), [], A.t().contiguous()
        for start in range(0, len(x), 16):
            now = slice(start, start + 16)
            h, y = chunk(h, step[now], x[now], A, B[now], C[now])
            parts.append(y)
        return ((torch.cat(parts) + D * x) * F.silu(z.permute(2, 0, 1))).permute(1, 2, 0)

    return scan


def rounds(contenders: dict[str, Callable[[], object]], n: int) -> dict[str, list[float]]:
    """Seconds of each contender in each of `n` rounds."""
    for call in contenders.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(n):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def show(title: str, seconds: dict[str, list[float]], bars: dict[str, float]) -> bool:
    """Print medians, fastest times and ratios; whether every bar is met."""
    print(f"\n{title}\n\n| who | median ms | fastest ms | ratio | bar |\n|---|---|---|---|---|")
    met = True
    for name, values in seconds.items():
        ratio = statistics.median(theirs / ours for theirs, ours in zip(values, seconds["ours"], strict=True))
        bar = bars.get(name)
        met &= bar is None or ratio >= bar
        print(
            f"| {name} | {1e3 * statistics.median(values):.1f} | {1e3 * min(values):.1f} | {ratio:.1f} "
            f"| {'' if bar is None else f'≥ {bar}'} |"
        )
    return met


def check(contenders: dict[str, Callable[[], Tensor]]) -> None:
    """All compute the same as the truth in float64."""
    ours = contenders["ours"]()
    for name, call in contenders.items():
        error = float((call() - ours).norm() / ours.norm())
        assert error < 1e-5, f"{name} is off by {error:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)

    x = inputs(*FORWARD)
    order = ("u", "delta", "A", "B", "C", "D", "z", "delta_bias")
    contenders = {
        "ours": lambda: selective_scan(**x, delta_softplus=True),
        "per-step loop": lambda: loop_scan(**x, delta_softplus=True),
        "parallel scan": lambda: parallel_scan(**x, delta_softplus=True),
        "transformers": lambda: mamba_selective_scan(*(x[name] for name in order), delta_softplus=True),
        "mambapy": lambda: with_mambapy(**x),
    }
    if options.compiled:
        loop = compiled_loop()
        contenders["per-step loop, compiled"] = lambda: loop(**x)
    with torch.no_grad():
        check(contenders)
        met = show(f"forward, (batch, dim, state, length) = {FORWARD}", rounds(contenders, options.rounds), BARS)

    for shape in TRAINING:
        leaves = {name: value.requires_grad_() for name, value in inputs(*shape).items()}
        weights = torch.randn(shape[0], shape[3], shape[1]).transpose(1, 2)

        def train(scan: Callable[[], Tensor], leaves: dict[str, Tensor] = leaves, weights: Tensor = weights) -> None:
            torch.autograd.grad(scan(), list(leaves.values()), weights)

        seconds = rounds(
            {
                "ours": lambda x=leaves, train=train: train(lambda: selective_scan(**x, delta_softplus=True)),
                "transformers": lambda x=leaves, train=train: train(
                    lambda: mamba_selective_scan(*(x[name] for name in order), delta_softplus=True)
                ),
                "mambapy": lambda x=leaves, train=train: train(lambda: with_mambapy(**x)),
            },
            5,
        )
        met &= show(f"forward and backward, {shape}", seconds, {"transformers": TRAINING_BAR})
    print(f"\nbars {'met' if met else 'missed'}")
    raise SystemExit(not met)


if __name__ == "__main__":
    main()

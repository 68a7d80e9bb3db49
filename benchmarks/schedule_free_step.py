"""Our fused Schedule-Free AdamW step beside PyTorch's fused AdamW and the package `schedulefree`, on a processor:

    python -P benchmarks/schedule_free_step.py [--threads 2] [--millions 20] [--decay 0.1] [--rounds 15]
    python -P benchmarks/schedule_free_step.py --tensors 300 --elements 20000

Parameters are those of a Transformer of about that size, many tensors of unlike sizes, or so many tensors of so many
elements each. The contenders take turns within each round, and a ratio is the median over rounds of the ratio within a
round. Results are compared first. Gradients are the same memory every time; the package overwrites them, so it is
handed a fresh copy outside of the timed region.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.kernels.schedule_free import bytes, cpu

WIDTH = 512


def parameters(millions: float) -> list[Tensor]:
    """Weights of blocks of a Transformer, about so many in all."""
    block = [(3 * WIDTH, WIDTH), (WIDTH, WIDTH), (4 * WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (WIDTH,), (WIDTH,)]
    per_block = sum(torch.Size(shape).numel() for shape in block)
    random = torch.Generator().manual_seed(0)
    blocks = max(1, round(millions * 1e6 / per_block))
    return [torch.randn(shape, generator=random) / 50 for _ in range(blocks) for shape in block]


def alike(tensors: int, elements: int) -> list[Tensor]:
    """So many tensors of so many elements."""
    return list(torch.randn(tensors, elements, generator=torch.Generator().manual_seed(0)) / 50)


def contenders(decay: float) -> dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]]:
    """Who takes a step, by name."""
    settings = {"lr": 1e-3, "betas": (0.9, 0.99), "weight_decay": decay}
    made: dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]] = {
        "ours": lambda params: AdamWScheduleFree(params, **settings),
        "torch AdamW, fused": lambda params: torch.optim.AdamW(params, fused=True, **settings),
        "torch AdamW, foreach": lambda params: torch.optim.AdamW(params, foreach=True, **settings),
    }
    try:
        import schedulefree
    except ImportError:
        return made
    return made | {
        "schedulefree, foreach": lambda params: schedulefree.AdamWScheduleFree(params, foreach=True, **settings),
        "schedulefree, loop": lambda params: schedulefree.AdamWScheduleFree(params, foreach=False, **settings),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--millions", type=float, default=20.0)
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tensors", type=int)
    parser.add_argument("--elements", type=int, default=20_000)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cpu.warm()
    start = alike(options.tensors, options.elements) if options.tensors else parameters(options.millions)
    random = torch.Generator().manual_seed(1)
    grads = [torch.randn(p.shape, generator=random) for p in start]
    runs: dict[str, tuple[list[Tensor], torch.optim.Optimizer]] = {}
    for who, make in contenders(options.decay).items():
        params = [p.clone().requires_grad_() for p in start]
        for p in params:
            p.grad = torch.empty_like(p)
        runs[who] = params, make(params)
        getattr(runs[who][1], "train", lambda: None)()
    seconds: dict[str, list[float]] = {who: [] for who in runs}
    for turn in range(options.rounds + 2):
        for who, (params, optimiser) in runs.items():
            with torch.no_grad():
                torch._foreach_copy_([p.grad for p in params], grads)
            begin = time.perf_counter()
            optimiser.step()
            if turn >= 2:
                seconds[who].append(time.perf_counter() - begin)
        if turn == 0 and "schedulefree, foreach" in runs:
            for p, q in zip(runs["ours"][0], runs["schedulefree, foreach"][0], strict=True):
                assert torch.allclose(p, q, rtol=1e-5, atol=1e-6)
    count = sum(p.numel() for p in start)
    print(f"{count / 1e6:.1f} million parameters in {len(start)} tensors, {options.threads} threads\n")
    print("| who | median ms | fastest ms | GB/s at 28 bytes | ratio |\n|---|---|---|---|---|")
    for who, times in seconds.items():
        ratio = statistics.median(t / ours for t, ours in zip(times, seconds["ours"], strict=True))
        median = statistics.median(times)
        print(
            f"| {who} | {1e3 * median:.1f} | {1e3 * min(times):.1f} | {bytes(count) / median / 1e9:.1f} | {ratio:.2f} |"
        )


if __name__ == "__main__":
    main()

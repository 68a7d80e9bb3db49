"""Our causal convolution beside PyTorch's on a processor, one thread: `python -P benchmarks/causal_conv1d.py`."""

from __future__ import annotations

import statistics
import time

import torch

from claimbench.kernels import causal_conv1d

SHAPE = (1, 768, 2048, 4)
"""(batch, dim, length, width)."""
ROUNDS = 15


def main() -> None:
    torch.set_num_threads(1)
    batch, dim, length, width = SHAPE
    generator = torch.Generator().manual_seed(0)
    x, grad = (torch.randn(batch, length, dim, generator=generator).transpose(1, 2) for _ in range(2))
    weight, bias = torch.randn(dim, width, generator=generator), torch.randn(dim, generator=generator)
    leaves = [v.clone().requires_grad_() for v in (x, weight, bias)]

    def forward(backend: str) -> None:
        with torch.no_grad():
            causal_conv1d(x, weight, bias, "silu", backend=backend)

    def both(backend: str) -> None:
        torch.autograd.grad(causal_conv1d(*leaves, "silu", backend=backend), leaves, grad)

    print("| pass | ours ms | PyTorch ms | ratio |\n|---|---|---|---|")
    for name, call in (("forward", forward), ("forward and backward", both)):
        seconds: dict[str, list[float]] = {"cpu": [], "naive": []}
        for backend in seconds:
            call(backend)
        for _ in range(ROUNDS):
            for backend, values in seconds.items():
                start = time.perf_counter()
                call(backend)
                values.append(time.perf_counter() - start)
        ratio = statistics.median(n / c for n, c in zip(seconds["naive"], seconds["cpu"], strict=True))
        ours, theirs = (1e3 * statistics.median(values) for values in seconds.values())
        print(f"| {name} | {ours:.1f} | {theirs:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()

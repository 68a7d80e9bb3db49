"""Microseconds of one decoding step on a processor, ours beside what people run:
`python -P benchmarks/selective_state_update.py`.

One thread; the contenders take turns within each round, and a ratio is the median over rounds of the ratio within a
round, so that a slow moment of the machine falls on all. transformers is left out where it is missing.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from claimbench.kernels import selective_state_update

SHAPES = ((1, 128, 16), (1, 1536, 16), (64, 1536, 16))
"""(batch, dim, state)."""
BARS = {"naive": 2}
ROUNDS = 25


def inputs(batch: int, dim: int, state: int) -> dict[str, Tensor]:
    """Arguments in float32."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return {
        "state": normal(batch, dim, state),
        "x": normal(batch, dim),
        "dt": normal(batch, dim) - 3,
        "A": -torch.arange(1.0, state + 1).repeat(dim, 1),
        "B": normal(batch, state),
        "C": normal(batch, state),
        "D": torch.ones(dim),
        "z": normal(batch, dim),
        "dt_bias": normal(dim) / 4,
    }


def steps(given: dict[str, Tensor]) -> dict[str, Callable[[], Tensor]]:
    """The contenders' steps, each with a state of its own."""

    def update(backend: str) -> Callable[[], Tensor]:
        x = given | {"state": given["state"].clone()}
        return lambda: selective_state_update(**x, dt_softplus=True, backend=backend)

    found = {"ours": update("cpu"), "naive": update("naive")}
    if importlib.util.find_spec("transformers") is not None:
        from transformers.models.mamba.modeling_mamba import mamba_selective_state_update

        order = ("x", "dt", "A", "B", "C", "D", "dt_bias")
        x, state = [given[name] for name in order], given["state"].clone()
        found["transformers"] = lambda: mamba_selective_state_update(state, *x, True, given["z"])
    return found


def microseconds(calls: dict[str, Callable[[], Tensor]], repeats: int) -> dict[str, list[float]]:
    """Mean time of a call in each round."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            taken[name].append(1e6 * (time.perf_counter() - start) / repeats)
    return taken


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    met = True
    for shape in SHAPES:
        calls = steps(inputs(*shape))
        outs = {name: call() for name, call in calls.items()}
        for name, out in outs.items():
            error = float((out - outs["ours"]).norm() / out.norm())
            assert error < 1e-5, f"{name} is off by {error:.2g}"
        taken = microseconds(calls, 2 if shape[0] > 1 else 50)
        print(
            f"\n(batch, dim, state) = {shape}\n\n| who | median µs | fastest µs | ratio | bar |\n|---|---|---|---|---|"
        )
        for name, values in taken.items():
            ratio = statistics.median(theirs / ours for theirs, ours in zip(values, taken["ours"], strict=True))
            bar = BARS.get(name)
            met &= bar is None or ratio >= bar
            print(
                f"| {name} | {statistics.median(values):.1f} | {min(values):.1f} | {ratio:.1f} "
                f"| {'' if bar is None else f'≥ {bar}'} |"
            )
    print(f"\nbars {'met' if met else 'missed'}")
    raise SystemExit(not met)


if __name__ == "__main__":
    main()

"""Milliseconds of one training step, ours and transformers', at the shapes that the smoke tier trains.

    .venv/bin/python -P benchmarks/mamba_training_step.py

One thread, both in one process, in turns; the median over the turns. transformers is left out where it is missing.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.mamba.block import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM

TURNS = 9


class Shape(NamedTuple):
    batch: int
    length: int
    d_model: int
    d_state: int
    n_layer: int
    vocabulary: int


SHAPES = (
    Shape(32, 36, 32, 16, 2, 16),
    Shape(16, 128, 64, 16, 2, 256),
)


def ours(shape: Shape, *, recompute: bool = False) -> nn.Module:
    block = BlockConfig(shape.d_model, shape.d_state, recompute=recompute)
    return MambaLM(MambaConfig(shape.vocabulary, shape.n_layer, block))


def theirs(shape: Shape) -> nn.Module:
    import transformers

    model = transformers.MambaForCausalLM(
        transformers.MambaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.d_model,
            state_size=shape.d_state,
            num_hidden_layers=shape.n_layer,
        )
    )

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, tokens: Tensor) -> Tensor:
            return self.model(tokens, use_cache=False).logits

    return Logits()


def stepper(model: nn.Module, tokens: Tensor) -> Callable[[], None]:
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        optimiser.zero_grad()
        logits = model(tokens[:, :-1])
        F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return step


def medians_ms(steps: dict[str, Callable[[], None]]) -> dict[str, float]:
    for step in steps.values():
        step()
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(TURNS):
        for name, step in steps.items():
            begin = time.perf_counter()
            step()
            taken[name].append(1e3 * (time.perf_counter() - begin))
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    torch.set_num_threads(1)
    peer = importlib.util.find_spec("transformers") is not None
    print(f"torch {torch.__version__}, one thread, median of {TURNS}\n")
    print(f"{'batch length  D  N layers':<26}{'ours':>10}{'recompute':>11}{'transformers':>14}{'ratio':>8}")
    for shape in SHAPES:
        random = torch.Generator().manual_seed(0)
        tokens = torch.randint(shape.vocabulary, (shape.batch, shape.length + 1), generator=random)
        models = {"ours": ours(shape), "recompute": ours(shape, recompute=True)}
        if peer:
            models["transformers"] = theirs(shape)
        found = medians_ms({name: stepper(model, tokens) for name, model in models.items()})
        label = f"{shape.batch:5d} {shape.length:6d} {shape.d_model:3d} {shape.d_state:2d} {shape.n_layer:6d}"
        line = f"{label:<26}{found['ours']:>7.1f} ms{found['recompute']:>8.1f} ms"
        if peer:
            line += f"{found['transformers']:>11.1f} ms{found['transformers'] / found['ours']:>7.1f}x"
        print(line)


if __name__ == "__main__":
    main()

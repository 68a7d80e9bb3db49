"""Milliseconds of a training step, ours and our peers', at shapes that the tiers train and at a million parameters.

    .venv/bin/python -P benchmarks/mamba_training_step.py

One thread, all in one process, in turns; the median over the turns. The bar: three times as fast as transformers'
MambaForCausalLM with a million parameters. Needs the `peers` extra.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import mambapy.mamba
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor, nn

from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM

TURNS = 5
BAR = 3.0


class Shape(NamedTuple):
    batch: int
    length: int
    d_model: int
    n_layer: int
    vocabulary: int


SHAPES = (Shape(32, 68, 32, 2, 16), Shape(8, 256, 64, 4, 256), Shape(8, 128, 128, 8, 256))


class Ours(nn.Module):
    def __init__(self, shape: Shape, *, recompute: bool = False) -> None:
        super().__init__()
        block = BlockConfig(shape.d_model, recompute=recompute)
        self.model = MambaLM(MambaConfig(shape.vocabulary, shape.n_layer, block))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(tokens)


class Transformers(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        config = transformers.MambaConfig(
            vocab_size=shape.vocabulary, hidden_size=shape.d_model, state_size=16, num_hidden_layers=shape.n_layer
        )
        self.model = transformers.MambaForCausalLM(config)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(tokens, use_cache=False).logits


class Mambapy(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.vocabulary, shape.d_model)
        self.model = mambapy.mamba.Mamba(mambapy.mamba.MambaConfig(d_model=shape.d_model, n_layers=shape.n_layer))
        self.norm = nn.RMSNorm(shape.d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.linear(self.norm(self.model(self.embedding(tokens))), self.embedding.weight)


def stepper(model: nn.Module, tokens: Tensor) -> Callable[[], None]:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        logits = model(tokens[:, :-1])
        F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return step


def seconds(steps: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    """What each step takes in each of the turns."""
    for step in steps.values():
        step()
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(TURNS):
        for name, step in steps.items():
            begin = time.perf_counter()
            step()
            taken[name].append(time.perf_counter() - begin)
    return taken


def main() -> None:
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, float32, one thread, median of {TURNS}; a ratio is the median within a turn\n")
    print("| batch | length | D | layers | parameters | who | ms | ratio |\n|---|---|---|---|---|---|---|---|")
    reached = 0.0
    for shape in SHAPES:
        tokens = torch.randint(
            shape.vocabulary, (shape.batch, shape.length + 1), generator=torch.Generator().manual_seed(0)
        )
        models = {
            "ours": Ours(shape),
            "ours, recomputing": Ours(shape, recompute=True),
            "transformers": Transformers(shape),
            "mambapy": Mambapy(shape),
        }
        taken = seconds({name: stepper(model, tokens) for name, model in models.items()})
        for name, times in taken.items():
            size = sum(parameter.numel() for parameter in models[name].parameters())
            ratio = statistics.median(theirs / ours for theirs, ours in zip(times, taken["ours"], strict=True))
            cells = (*shape[:4], f"{size:,}", name, f"{1e3 * statistics.median(times):.1f}", f"{ratio:.2f}")
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            if name == "transformers":
                reached = ratio
    print(f"\nbar {'met' if reached >= BAR else 'missed'}: {reached:.1f} times transformers', {BAR:g} asked")
    raise SystemExit(reached < BAR)


if __name__ == "__main__":
    main()

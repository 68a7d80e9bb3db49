"""Several seeds as one batched program, or one after the other: `python -P benchmarks/seeds_together.py`.

Milliseconds a step and seed of `impls.common.training`, both ways in one process, in turns; the median over the turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from claimbench.impls.common.initialise import generator, initialise
from claimbench.impls.common.learner import Learner, Learning
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM

SEEDS = tuple(range(8))
TURNS, STEPS = 7, 5


def perceptron(width: int, seed: int) -> nn.Module:
    model = nn.Sequential(
        nn.Embedding(16, width),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 16),
    )
    initialise(
        model, seed, lambda name, p, random: p.uniform_(-(p.shape[-1] ** -0.5), p.shape[-1] ** -0.5, generator=random)
    )
    return model


def mamba(width: int, seed: int) -> nn.Module:
    return MambaLM(MambaConfig(16, 2, BlockConfig(width), tied=False), seed)


def transformer(width: int, seed: int) -> nn.Module:
    return Transformer(TransformerConfig(16, 2, width, 4, tied=False), seed)


CASES: dict[str, tuple[Callable[[int], nn.Module], int, int]] = {
    "perceptron, width 16": (partial(perceptron, 16), 32, 1),
    "perceptron, width 128": (partial(perceptron, 128), 256, 1),
    "Mamba, width 8": (partial(mamba, 8), 4, 16),
    "Mamba, width 32 (MA-01)": (partial(mamba, 32), 32, 36),
    "Transformer++, width 16": (partial(transformer, 16), 4, 16),
    "Transformer++, width 64": (partial(transformer, 64), 16, 64),
}


def learning(model: Callable[[int], nn.Module], batch: int, length: int) -> Learning:
    def tokens(seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = torch.randint(16, (batch, length + 1), generator=generator(seed, f"{step}"))
        return drawn[:, :-1], drawn[:, 1:]

    return Learning(
        model, tokens, lambda net, given: F.cross_entropy(net(given[0]).flatten(0, 1), given[1].flatten()), lambda _: {}
    )


def stepper(task: Learning, groups: list[tuple[int, ...]]) -> Callable[[], None]:
    learners = [Learner(task, group) for group in groups]
    optimisers = [torch.optim.AdamW(learner.groups(0.0), fused=True) for learner in learners]

    def steps() -> None:
        for learner, optimiser in zip(learners, optimisers, strict=True):
            for step in range(STEPS):
                optimiser.zero_grad()
                learner.loss(step).backward()
                learner.clip_gradients(1.0)
                optimiser.step()

    return steps


def main() -> None:
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, {len(SEEDS)} seeds, median of {TURNS}\n")
    print("| model | batch | length | alone, ms | together, ms | ratio |\n|---|---|---|---|---|---|")
    for name, (model, batch, length) in CASES.items():
        task = learning(model, batch, length)
        ways = {"alone": stepper(task, [(seed,) for seed in SEEDS]), "together": stepper(task, [SEEDS])}
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for steps in ways.values():
            steps()
        for _ in range(TURNS):
            for way, steps in ways.items():
                begin = time.perf_counter()
                steps()
                taken[way].append(1e3 * (time.perf_counter() - begin) / STEPS / len(SEEDS))
        alone, together = (statistics.median(taken[way]) for way in ("alone", "together"))
        print(f"| {name} | {batch} | {length} | {alone:.3f} | {together:.3f} | {alone / together:.2f} |", flush=True)


if __name__ == "__main__":
    main()

"""What training reaches: selective copying and text, with and without selection."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.data import cpython_topics
from claimbench.impls.common.initialise import generator
from claimbench.impls.common.text import VOCABULARY, bigram_bits_per_byte, split_blocks
from claimbench.impls.common.training import Batch, History, Recipe, train
from claimbench.impls.mamba.block import BlockConfig, selection
from claimbench.impls.mamba.experiments.workload import workload_of
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.impls.mamba.tasks import selective_copying as copying_batch
from claimbench.papers.mamba.workloads import Copying, Text
from claimbench.record import Curve
from claimbench.trial import Quality, Trial

__all__ = ["language_model", "selective_copying"]

_TEST_SEED = 2**31
_TEST_WINDOWS = 64


def selective_copying(trial: Trial) -> Quality:
    """Accuracy on selective copying, token by token and of whole sequences, one value a seed.

    Every arm is the whole Mamba block, so that selection is all they differ in. Options of the arm: `selective`,
    `learning_rate`.
    """
    work = workload_of(trial, Copying)
    config = MambaConfig(work.vocabulary, work.n_layer, _block(trial, work), tied=False, embedding_std=1.0)
    test = _copying(work, work.evaluation_sequences, generator(_TEST_SEED, "test"))

    def batches(seed: int) -> Iterator[Batch]:
        order = generator(seed, "data")
        while True:
            yield _copying(work, work.batch_size, order)

    def answers(model: nn.Module, tokens: Tensor) -> Tensor:
        return model(tokens)[:, -work.data_tokens :]

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(answers(model, batch[0]).flatten(0, 1), batch[1].flatten())

    def evaluate(model: nn.Module) -> dict[str, float]:
        right = answers(model, test[0]).argmax(dim=-1) == test[1]
        return {
            "token_accuracy": right.float().mean().item(),
            "sequence_accuracy": right.all(dim=1).float().mean().item(),
        }

    recipe = Recipe(work.steps, cast(float, trial.option("learning_rate")))
    histories = [
        train(MambaLM(config, seed), batches(seed), loss, evaluate, recipe, trial, run=run, runs=len(trial.seeds))
        for run, seed in enumerate(trial.seeds)
    ]
    return _quality(histories)


def language_model(trial: Trial) -> Quality:
    """Bits a byte on held-out blocks of CPython's reference text, one value a seed.

    Options of the arm: `selective` and `learning_rate`; an arm with `bigram` counts instead of training.
    """
    work = workload_of(trial, Text)
    text = split_blocks(cpython_topics(), work.block_bytes, work.held_out_every)
    if trial.options.get("bigram"):
        return Quality({"bits_per_byte": [bigram_bits_per_byte(text, work.length) for _ in trial.seeds]})
    config = MambaConfig(VOCABULARY, work.n_layer, _block(trial, work))
    inputs, targets = text.tests(work.length)

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())

    def evaluate(model: nn.Module) -> dict[str, float]:
        nats = sum(
            F.cross_entropy(model(some).flatten(0, 1), right.flatten(), reduction="sum").item()
            for some, right in zip(inputs.split(_TEST_WINDOWS), targets.split(_TEST_WINDOWS), strict=True)
        )
        return {"bits_per_byte": nats / targets.numel() / math.log(2)}

    recipe = Recipe(work.steps, cast(float, trial.option("learning_rate")), warmup=work.steps // 10, evaluations=3)
    histories = [
        train(
            MambaLM(config, seed),
            text.batches(work.length, work.batch_size, generator(seed, "data")),
            loss,
            evaluate,
            recipe,
            trial,
            run=run,
            runs=len(trial.seeds),
        )
        for run, seed in enumerate(trial.seeds)
    ]
    return _quality(histories)


def _block(trial: Trial, work: Copying | Text) -> BlockConfig:
    return BlockConfig(work.d_model, work.d_state, selective=selection(cast(str, trial.option("selective"))))


def _copying(work: Copying, batch: int, order: torch.Generator) -> Batch:
    return copying_batch(batch, work.length, work.data_tokens, work.vocabulary, order)


def _quality(histories: list[History]) -> Quality:
    """One value and one line a seed for every metric."""
    metrics, steps = histories[0].values, tuple(map(float, histories[0].steps))
    return Quality(
        values={metric: [history.final(metric) for history in histories] for metric in metrics},
        curves={metric: Curve(x=steps, y=tuple(history.values[metric] for history in histories)) for metric in metrics},
    )

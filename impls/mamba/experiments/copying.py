"""Selective copying (Table 1): what training reaches, with and without selection, in three blocks."""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.common.training import Recipe, quality, train
from claimbench.impls.mamba.experiments.models import model_of
from claimbench.impls.mamba.experiments.workload import workload_of
from claimbench.impls.mamba.tasks import selective_copying as copying_batch
from claimbench.papers.mamba.workloads import Copying
from claimbench.trial import Quality, Trial

__all__ = ["selective_copying"]

_TEST_SEED = 2**31


def selective_copying(trial: Trial) -> Quality:
    """Accuracy token by token and of whole sequences on a fixed test set, one value a seed.

    Options of the arm: `learning_rate` and those of `model_of`.
    """
    work = workload_of(trial, Copying)

    def sequences(count: int, seed: int, name: str) -> Batch:
        return copying_batch(count, work.length, work.data_tokens, work.vocabulary, generator(seed, name))

    test = sequences(work.evaluation_sequences, _TEST_SEED, "test")

    def answers(model: Model, tokens: Tensor) -> Tensor:
        return model(tokens)[:, -work.data_tokens :]

    def evaluate(model: nn.Module) -> dict[str, float]:
        right = answers(model, test[0]).argmax(dim=-1) == test[1]
        return {
            "token_accuracy": right.float().mean().item(),
            "sequence_accuracy": right.all(dim=1).float().mean().item(),
        }

    learning = Learning(
        model=model_of(trial, work, work.vocabulary, tied=False, embedding_std=1.0),
        batch=lambda seed, step: sequences(work.batch_size, seed, f"sequences {step}"),
        loss=lambda model, batch: F.cross_entropy(answers(model, batch[0]).flatten(0, 1), batch[1].flatten()),
        evaluate=evaluate,
    )
    return quality(train(learning, Recipe(work.steps, cast(float, trial.option("learning_rate"))), trial))

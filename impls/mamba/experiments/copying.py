"""Selective copying (Table 1): what training reaches, with and without selection, in three blocks."""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.common.training import Recipe, quality, train
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.experiments.models import ssm_of
from claimbench.impls.mamba.tasks import selective_copying as copying_batch
from claimbench.papers.mamba.workloads import Copying
from claimbench.trial import Quality, Trial

__all__ = ["selective_copying"]

_TEST_SEED = 2**31


def selective_copying(trial: Trial) -> Quality:
    """Accuracy token by token and of whole sequences on a fixed test set, one value a seed.

    Options of the arm: `learning_rate` and those of `ssm_of`.
    """
    work = workload_of(trial, Copying)

    def sequences(count: int, seed: int, name: str) -> Batch:
        return copying_batch(count, work.length, work.data_tokens, work.vocabulary, generator(seed, name))

    test = sequences(work.evaluation_sequences, _TEST_SEED, "test")

    def answers(model: Model, tokens: Tensor) -> Tensor:
        return model(tokens)[:, -work.data_tokens :]

    def evaluate(model: nn.Module) -> dict[str, float]:
        tokens, targets = (x.to(trial.device) for x in test)
        right = answers(model, tokens).argmax(dim=-1) == targets
        return {
            "token_accuracy": right.float().mean().item(),
            "sequence_accuracy": right.all(dim=1).float().mean().item(),
        }

    learning = Learning(
        model=ssm_of(trial, work, work.vocabulary, tied=False, embedding_std=1.0),
        batch=lambda seed, step: sequences(work.batch_size, seed, f"sequences {step}"),
        loss=lambda model, batch: F.cross_entropy(answers(model, batch[0]).flatten(0, 1), batch[1].flatten()),
        evaluate=evaluate,
    )
    return quality(train(learning, Recipe(work.steps, cast(float, trial.option("learning_rate"))), trial))

"""Language modelling on bytes: ablations of selection, of the state's size, and against Transformer++."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.data import cpython_topics
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.common.text import (
    VOCABULARY,
    ByteText,
    bigram_bits_per_byte,
    documents,
    split_blocks,
    split_documents,
    split_end,
)
from claimbench.impls.common.training import Recipe, Trained, quality, train
from claimbench.impls.mamba.experiments.models import model_of
from claimbench.impls.mamba.experiments.workload import workload_of
from claimbench.papers.mamba.workloads import Text
from claimbench.trial import Quality, Trial

__all__ = ["gain_of_states", "language_model"]

_AT_ONCE = 64
"""Windows that are evaluated at once."""
_ONE_IN = 10
"""One block or novel in so many is held out."""


def language_model(trial: Trial) -> Quality:
    """Bits a byte on held-out text, one value a seed.

    Options of the arm: `learning_rate` and those of `model_of`; an arm with `bigram` counts instead of training. The
    gate `parameters` is how far a model is from the size that the workload asks for, as a share of it.
    """
    work = workload_of(trial, Text)
    if trial.options.get("bigram"):
        return Quality({"bits_per_byte": [bigram_bits_per_byte(_text(trial, work), work.length) for _ in trial.seeds]})
    runs = _trained(trial, work)
    if work.parameters is not None:
        size = sum(parameter.numel() for parameter in runs[0].model.parameters())
        trial.gate("parameters", abs(size / work.parameters - 1))
    return quality(runs)


def gain_of_states(trial: Trial) -> Quality:
    """Bits a byte that a model gains by N = `work.d_state` states a channel over one, one value a seed.

    Both models of a seed share data and, where they share parameters, initial values.
    """
    work = workload_of(trial, Text)
    runs = {states: _trained(_with_states(trial, states), work) for states in (1, work.d_state)}
    bits = {states: [run.final("bits_per_byte") for run in trained] for states, trained in runs.items()}
    gains = [few - many for few, many in zip(bits[1], bits[work.d_state], strict=True)]
    return Quality(values={"gain_bits": gains} | {f"bits_per_byte_{states}": found for states, found in bits.items()})


def _with_states(trial: Trial, states: int) -> Trial:
    """The trial with N = `states`, and checkpoints of its own."""
    scratch = trial.scratch and trial.scratch / str(states)
    return replace(trial, options={**trial.options, "d_state": states}, scratch=scratch)


def _trained(trial: Trial, work: Text) -> list[Trained]:
    text = _text(trial, work)
    inputs, targets = (x.to(trial.device) for x in text.tests(work.length, work.test_windows))

    def loss(model: Model, batch: Batch, reduction: str = "mean") -> Tensor:
        return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten(), reduction=reduction)

    def evaluate(model: nn.Module) -> dict[str, float]:
        parts = zip(inputs.split(_AT_ONCE), targets.split(_AT_ONCE), strict=True)
        nats = sum(loss(model, part, "sum").item() for part in parts)
        return {"bits_per_byte": nats / targets.numel() / math.log(2)}

    learning = Learning(
        model=model_of(trial, work, VOCABULARY),
        batch=lambda seed, step: text.batch(work.length, work.batch_size, seed, step),
        loss=loss,
        evaluate=evaluate,
    )
    recipe = Recipe(
        work.steps,
        cast(float, trial.option("learning_rate")),
        schedule="cosine",
        warmup=work.steps // 10,
        floor=0.1,
        betas=(0.9, 0.95),
        weight_decay=0.1,
    )
    return train(learning, recipe, trial)


def _text(trial: Trial, work: Text) -> ByteText:
    match work.corpus:
        case "cpython_topics":
            return split_blocks(cpython_topics(), work.block_bytes, _ONE_IN)
        case "tinyshakespeare":
            return split_end(trial.data("tinyshakespeare").read_bytes(), 1 / _ONE_IN)
        case "english_novels":
            return split_documents(documents(trial.data("english_novels")), work.block_bytes, _ONE_IN)

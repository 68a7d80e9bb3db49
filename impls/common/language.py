"""Language modelling on bytes: what every paper's model learns from the same text by the same recipe."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.data import cpython_topics
from claimbench.errors import SpecError
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.common.ngram import ngram_bits_per_byte
from claimbench.impls.common.text import VOCABULARY, ByteText, documents, split_blocks, split_documents, split_end
from claimbench.impls.common.training import Recipe, quality, train
from claimbench.trial import Quality, Trial
from claimbench.workloads import Text

__all__ = ["VOCABULARY", "byte_language_model", "byte_text", "nats_per_byte", "next_byte_loss", "ngram_language_model"]

_AT_ONCE = 64
"""Windows that are evaluated at once."""
_SIZE = 0.01
"""Largest deviation from the size that a workload asks for, as a share of it."""
_ONE_IN = 10
"""One block or novel in so many is held out, of Shakespeare the last such part."""


def byte_language_model(trial: Trial, work: Text, model: Callable[[int], nn.Module]) -> Quality:
    """Bits a byte on held-out text, one value a seed, of the model that `model` makes of a seed.

    Option of the arm: `learning_rate`. Raises SpecError where the workload asks for a size and the model is not within
    a hundredth of it.
    """
    text = byte_text(trial, work)
    windows = _on(trial.device, text.tests(work.length, work.test_windows))
    size = sum(parameter.numel() for parameter in model(trial.seeds[0]).parameters())
    if work.parameters is not None and abs(size / work.parameters - 1) > _SIZE:
        raise SpecError(
            f"{trial.claim}, arm {trial.arm}: {size} parameters, and the workload asks for {work.parameters}"
        )

    learning = Learning(
        model=model,
        batch=lambda seed, step: text.batch(work.length, work.batch_size, seed, step),
        loss=next_byte_loss,
        evaluate=lambda model: {"bits_per_byte": nats_per_byte(model, windows) / math.log(2)},
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
    return quality(train(learning, recipe, trial))


def ngram_language_model(trial: Trial, work: Text) -> Quality:
    """Bits a byte of an n-gram on the same text, the same for every seed; its order is the arm's option `ngram`."""
    text = byte_text(trial, work)
    order = cast(int, trial.option("ngram"))
    bits = ngram_bits_per_byte(text.train, *text.tests(work.length, work.test_windows), order)
    return Quality({"bits_per_byte": [bits for _ in trial.seeds]})


def next_byte_loss(model: Model, batch: Batch, reduction: str = "mean") -> Tensor:
    """Cross-entropy of the bytes that follow, in nats."""
    return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten(), reduction=reduction)


def nats_per_byte(model: nn.Module, windows: Batch) -> float:
    """Mean loss over many windows, some at a time."""
    inputs, targets = windows
    parts = zip(inputs.split(_AT_ONCE), targets.split(_AT_ONCE), strict=True)
    return sum(next_byte_loss(model, part, "sum").item() for part in parts) / targets.numel()


def byte_text(trial: Trial, work: Text) -> ByteText:
    """The corpus that a workload names, split; raises DataMissing."""
    match work.corpus:
        case "cpython_topics":
            return split_blocks(cpython_topics(), work.block_bytes, _ONE_IN)
        case "tinyshakespeare":
            return split_end(trial.data("tinyshakespeare").read_bytes(), 1 / _ONE_IN)
        case "english_novels":
            return split_documents(documents(trial.data("english_novels")), work.block_bytes, _ONE_IN)


def _on(device: str, batch: Batch) -> Batch:
    return batch[0].to(device), batch[1].to(device)

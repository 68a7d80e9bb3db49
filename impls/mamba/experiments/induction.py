"""Induction heads (Table 11): learned at one length, tested at growing ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Learning
from claimbench.impls.common.training import Recipe, train
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.experiments.models import ssm_of
from claimbench.impls.mamba.experiments.transformer import transformer_of
from claimbench.impls.mamba.model import MambaLM
from claimbench.impls.mamba.tasks import induction_heads as induction_batch
from claimbench.papers.mamba.workloads import Induction
from claimbench.record import Curve
from claimbench.trial import Quality, Trial

__all__ = ["accuracy", "induction_heads", "octaves"]

_TEST_SEED = 2**31
_TEST_TOKENS = 2**18
_SEQUENCES = (16, 256)
"""Fewest and most sequences of a test; between them so many that they hold `_TEST_TOKENS`."""
_CHUNK = 512
"""Tokens of a sequence that a recurrent model reads at a time."""
_AT_ONCE = 2**16
"""Tokens that are evaluated at once, so that memory stays bounded."""


def induction_heads(trial: Trial) -> Quality:
    """How far beyond the training length a model answers, one value a seed.

    `octaves`: by how many doublings of the training length the accuracy stays at `work.learned` or above; −1 where it
    is below that at the training length itself. `mean_accuracy` is over the lengths, and the curve is the accuracy at
    each. Recurrent models are tested at all lengths; attention, whose cost grows with the square, up to
    `work.longest_attention`. Raises ValueError where attention does not fail by then. Options of the arm:
    `learning_rate` and those of `ssm_of`, or with `n_head` those of `transformer_of`.
    """
    work = workload_of(trial, Induction)
    attends = "n_head" in trial.options
    model_of = transformer_of if attends else ssm_of
    learning = Learning(
        model=model_of(trial, work, work.vocabulary, tied=False, embedding_std=1.0),
        batch=lambda seed, step: induction_batch(
            work.batch_size, work.length, work.vocabulary, generator(seed, f"sequences {step}")
        ),
        loss=lambda model, batch: F.cross_entropy(model(batch[0])[:, -1], batch[1]),
        evaluate=lambda model: {"accuracy": accuracy(model, work.length, work.vocabulary)},
    )
    recipe = Recipe(
        work.steps,
        cast(float, trial.option("learning_rate")),
        schedule="cosine",
        warmup=work.steps // 20,
        evaluations=10,
    )
    lengths = [work.length * 2**doublings for doublings in range(work.doublings + 1)]
    if attends:
        lengths = [length for length in lengths if length <= work.longest_attention]
    reached: list[float] = []
    lines: list[tuple[float, ...]] = []
    for run in train(learning, recipe, trial):
        diverged = math.isnan(run.final("accuracy"))
        line = tuple(math.nan if diverged else accuracy(run.model, length, work.vocabulary) for length in lengths)
        reached.append(math.nan if diverged else octaves(line, work.learned))
        lines.append(line)
        if reached[-1] == len(lengths) - 1 < work.doublings:
            raise ValueError(f"attention still answers at {lengths[-1]}; raise longest_attention")
    means = [sum(line) / len(line) for line in lines]
    over_lengths = Curve(x=tuple(map(float, range(len(lengths)))), y=tuple(lines), x_name="doublings of the length")
    return Quality(values={"octaves": reached, "mean_accuracy": means}, curves={"accuracy": over_lengths})


def octaves(accuracies: Sequence[float], learned: float) -> float:
    """Doublings up to the last of an unbroken row of accuracies of at least `learned`; −1 where the first is below."""
    row = next((index for index, value in enumerate(accuracies) if not value >= learned), len(accuracies))
    return float(row - 1)


@torch.no_grad()
def accuracy(model: nn.Module, length: int, vocabulary: int) -> float:
    """Share of right answers on test sequences of `length`, the same for every model."""
    count = max(_SEQUENCES[0], min(_SEQUENCES[1], _TEST_TOKENS // length))
    tokens, targets = induction_batch(count, length, vocabulary, generator(_TEST_SEED, f"test {length}"))
    rows = max(1, _AT_ONCE // (min(length, _CHUNK) if isinstance(model, MambaLM) else length))
    device = next(model.parameters()).device
    answers = [_last_logits(model, some.to(device)).argmax(dim=-1).cpu() for some in tokens.split(rows)]
    return (torch.cat(answers) == targets).double().mean().item()


def _last_logits(model: nn.Module, tokens: Tensor) -> Tensor:
    """Logits at the last position; a recurrent model reads in chunks that carry its state."""
    if not isinstance(model, MambaLM):
        return model(tokens)[:, -1]
    states = model.initial_states(len(tokens))
    logits = tokens
    for chunk in tokens.split(_CHUNK, dim=1):
        logits, states = model.prefill(chunk, states)
    return logits[:, -1]

"""The small trainings that Schedule-Free learning and schedules are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from torch import nn

from claimbench.impls.common.language import VOCABULARY, byte_text, nats_per_byte, next_byte_loss
from claimbench.impls.common.learner import Learning
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.impls.schedule_free.networks import classification, conv_net, mlp, refresh_statistics, split
from claimbench.papers.schedule_free.workloads import Training
from claimbench.trial import Trial
from claimbench.workloads import Text

__all__ = ["Lesson", "lesson"]

_NOISE = 0.1
"""Share of the digits' training labels that are drawn anew, so that they cannot all be learned from the pictures."""
_NOVELS = Text(corpus="english_novels", length=64, batch_size=16, d_model=64, steps=1, test_windows=256)
_TRANSFORMER = TransformerConfig(VOCABULARY, n_layer=2, d_model=_NOVELS.d_model, n_head=4)
_MAMBA = MambaConfig(VOCABULARY, n_layer=2, block=BlockConfig(_NOVELS.d_model))


@dataclass(frozen=True)
class Lesson:
    """What is learned, and how seeds are trained."""

    learning: Learning
    """Models, batches, loss, metrics."""
    together: bool
    """Whether seeds are trained as one batched program."""


def lesson(trial: Trial, work: Training, *, refresh: bool = True) -> Lesson:
    """The workload's task; raises DataMissing. Without `refresh` BatchNorm keeps the statistics of training."""
    match work.task:
        case "digits_mlp":
            digits = split("digits", trial.data, _NOISE)
            return Lesson(classification(digits, partial(mlp, 65, 128, digits.classes), 64), together=True)
        case "letter_mlp":
            letters = split("letter", trial.data)
            return Lesson(classification(letters, partial(mlp, 17, 64, letters.classes), 128), together=True)
        case "digits_conv":
            digits = split("digits", trial.data, _NOISE)

            def calibrate(model: nn.Module) -> None:
                if refresh:
                    refresh_statistics(model, digits.train[0])

            return Lesson(classification(digits, partial(conv_net, digits.classes), 64, calibrate), together=False)
        case "transformer":
            return _language(trial, partial(Transformer, _TRANSFORMER))
        case "mamba":
            return _language(trial, partial(MambaLM, _MAMBA))


def _language(trial: Trial, model: partial[Transformer] | partial[MambaLM]) -> Lesson:
    text = byte_text(trial, _NOVELS)
    lessons, tests = (part(_NOVELS.length, _NOVELS.test_windows) for part in (text.lessons, text.tests))

    def evaluate(model: nn.Module) -> dict[str, float]:
        return {"train_loss": nats_per_byte(model, lessons), "test_loss": nats_per_byte(model, tests)}

    learning = Learning(
        model=model,
        batch=lambda seed, step: text.batch(_NOVELS.length, _NOVELS.batch_size, seed, step),
        loss=next_byte_loss,
        evaluate=evaluate,
    )
    return Lesson(learning, together=False)

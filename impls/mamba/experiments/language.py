"""Language modelling on bytes: ablations of selection and of the state's size, and against Transformer++."""

from __future__ import annotations

from claimbench.impls.common.language import VOCABULARY, byte_language_model, ngram_language_model
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.experiments.models import ssm_of
from claimbench.impls.mamba.experiments.transformer import transformer_of
from claimbench.trial import Quality, Trial
from claimbench.workloads import Text

__all__ = ["against_transformer", "language_model"]


def language_model(trial: Trial) -> Quality:
    """Bits a byte of an SSM on held-out text, one value a seed; an arm with the option `ngram` is an n-gram instead."""
    work = workload_of(trial, Text)
    if "ngram" in trial.options:
        return ngram_language_model(trial, work)
    return byte_language_model(trial, work, ssm_of(trial, work, VOCABULARY))


def against_transformer(trial: Trial) -> Quality:
    """As `language_model`; the arm `transformer` is the Transformer that `transformer_of` makes."""
    if trial.arm != "transformer":
        return language_model(trial)
    work = workload_of(trial, Text)
    return byte_language_model(trial, work, transformer_of(trial, work, VOCABULARY))

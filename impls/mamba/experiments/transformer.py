"""From an arm's options to the Transformer that Mamba is compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.mamba.experiments.models import options_of
from claimbench.trial import Trial
from claimbench.workloads import Network

__all__ = ["transformer_of"]

_OPTIONS = ("n_layer", "d_model", "n_head", "d_ff", "positions")


def transformer_of(
    trial: Trial, work: Network, vocabulary: int, *, tied: bool = True, embedding_std: float = 0.02
) -> Callable[[int], Transformer]:
    """Seed → the arm's model, of the workload's sizes unless the arm's options have their own.

    Options: `n_head` (needed), `d_ff`, `positions`, `n_layer`, `d_model`. Raises UnknownName for any other that is not
    of the training itself.
    """
    trial.option("n_head")
    sizes: dict[str, Any] = {"n_layer": work.n_layer, "d_model": work.d_model}
    options = sizes | options_of(trial, _OPTIONS)
    config = TransformerConfig(vocabulary=vocabulary, tied=tied, embedding_std=embedding_std, **options)
    return lambda seed: Transformer(config, seed)

"""From an arm's options to the model that it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from torch import nn

from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.mamba.config import BlockConfig, selection
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.papers.mamba.workloads import Network
from claimbench.trial import Trial

__all__ = ["model_of"]


def model_of(
    trial: Trial, work: Network, vocabulary: int, *, tied: bool = True, embedding_std: float = 0.02
) -> Callable[[int], nn.Module]:
    """Seed → the arm's model, of the workload's sizes unless the arm's options have their own.

    Options of an SSM: `architecture`, `mixer`, `selective`, `expand`, `d_state`. With `model` "transformer": `n_head`,
    `positions`, `d_ff`. Of either: `n_layer`, `d_model`.
    """
    options = cast("dict[str, Any]", dict(trial.options))
    n_layer, width = options.get("n_layer", work.n_layer), options.get("d_model", work.d_model)
    if options.get("model") == "transformer":
        transformer = TransformerConfig(
            vocabulary,
            n_layer,
            width,
            n_head=options["n_head"],
            d_ff=options.get("d_ff"),
            positions=options.get("positions", "rope"),
            tied=tied,
            embedding_std=embedding_std,
        )
        return lambda seed: Transformer(transformer, seed)
    block = BlockConfig(
        width,
        options.get("d_state", work.d_state),
        architecture=options.get("architecture", "mamba"),
        mixer=options.get("mixer", "selective"),
        selective=selection(options.get("selective", "")),
        expand=options.get("expand", 2),
    )
    mamba = MambaConfig(vocabulary, n_layer, block, tied=tied, embedding_std=embedding_std)
    return lambda seed: MambaLM(mamba, seed)

"""From an arm's options to the SSM that it trains."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from claimbench.errors import UnknownName
from claimbench.impls.mamba.config import BlockConfig, selection
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.trial import Trial
from claimbench.workloads import Network

__all__ = ["options_of", "ssm_of"]

_OPTIONS = ("architecture", "mixer", "selective", "expand", "n_layer", "d_model", "d_state")


def ssm_of(
    trial: Trial, work: Network, vocabulary: int, *, tied: bool = True, embedding_std: float = 0.02
) -> Callable[[int], MambaLM]:
    """Seed → the arm's model, of the workload's sizes unless the arm's options have their own.

    Options: `selective` (needed where the mixer is not S4D), `architecture`, `mixer`, `expand`, `n_layer`, `d_model`,
    `d_state`. Raises UnknownName for any other that is not of the training itself.
    """
    options = options_of(trial, _OPTIONS)
    if options.get("mixer", "selective") == "selective":
        options["selective"] = selection(str(trial.option("selective")))
    n_layer = options.pop("n_layer", work.n_layer)
    sizes: dict[str, Any] = {"d_model": work.d_model, "d_state": work.d_state}
    block = BlockConfig(**(sizes | options))
    config = MambaConfig(vocabulary, n_layer, block, tied=tied, embedding_std=embedding_std)
    return lambda seed: MambaLM(config, seed)


def options_of(trial: Trial, known: Collection[str]) -> dict[str, Any]:
    """The arm's options that make its model; raises UnknownName for one that is neither known nor of the training."""
    for name in trial.options:
        if name not in known and name != "learning_rate":
            raise UnknownName(f"option of arm {trial.arm}", name, known)
    return {name: value for name, value in trial.options.items() if name in known}

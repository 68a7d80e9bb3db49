"""Parameter counts, on tensors that hold no memory."""

from __future__ import annotations

import torch

from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.papers.mamba.workloads import ModelSize, ModelSizes
from claimbench.trial import Exact, Trial

__all__ = ["count_parameters", "parameters"]

_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9}


def count_parameters(size: ModelSize) -> int:
    """Parameters of a model of this size, a tied head counted once."""
    config = MambaConfig(size.vocabulary, size.n_layer, BlockConfig(size.d_model), tied=size.tied)
    with torch.device("meta"):
        model = MambaLM(config)
    return sum(parameter.numel() for parameter in model.parameters())


def parameters(trial: Trial) -> Exact:
    """Parameters of every model of the workload, in the unit that its name ends in: `1.4B` in billions."""
    sizes = workload_of(trial, ModelSizes).sizes
    units = {name: _UNITS[name.split()[0][-1]] for name in sizes}
    return Exact({name: count_parameters(size) / units[name] for name, size in sizes.items()})

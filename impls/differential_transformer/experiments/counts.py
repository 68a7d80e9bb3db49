"""What differential attention costs, counted: parameters, and operations with and without maps written out."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.accounting import (
    Path,
    additional_parameters,
    parameters,
    training_flops,
)
from claimbench.impls.differential_transformer.model import ComparedTransformer, Kind, attention_layers
from claimbench.impls.differential_transformer.published import MODEL_3B
from claimbench.papers.differential_transformer.workloads import Counted
from claimbench.trial import Exact, Trial

__all__ = ["count_operations", "count_parameters", "operations_of_kernels"]

_PATHS: tuple[Path, ...] = ("two_calls", "four_calls", "fused", "fused_two_passes")


def count_parameters(trial: Trial) -> Exact:
    """DT-17: parameters beyond Transformer's, of a layer in units of d, and of the 3B model in per cent."""
    work = workload_of(trial, Counted)
    config = _config(work)
    with torch.device("meta"):
        sizes = {kind: sum(p.numel() for p in ComparedTransformer(config, 0, kind).parameters()) for kind in _KINDS}
    beyond = (sizes["paper"] - sizes["softmax"]) / config.n_layer / config.head_dim
    return Exact({"per_layer": beyond, "share_of_3b": 100 * additional_parameters(MODEL_3B) / parameters(MODEL_3B)})


def count_operations(trial: Trial) -> Exact:
    """DT-17b: operations of DIFF Transformer over Transformer's where both write out their maps, forward and backward.

    PyTorch's own count of the matrix products that were run.
    """
    work = workload_of(trial, Counted)
    counts = {kind: _operations(work, kind, trial.seeds[0]) for kind in _KINDS}
    forward, backward = (ours / theirs for ours, theirs in zip(counts["paper"], counts["softmax"], strict=True))
    return Exact({"forward": forward, "backward": backward})


def operations_of_kernels(trial: Trial) -> Exact:
    """DT-17c: operations of training the 3B model over those of its Transformer, by kernels that keep no maps."""
    transformer = training_flops(MODEL_3B, "transformer")
    return Exact({path: training_flops(MODEL_3B, path) / transformer for path in _PATHS})


_KINDS: tuple[Kind, ...] = ("softmax", "paper")


def _config(work: Counted) -> TransformerConfig:
    return TransformerConfig(work.vocabulary, work.n_layer, work.d_model, work.n_head)


def _operations(work: Counted, kind: Kind, seed: int) -> tuple[int, int]:
    model = ComparedTransformer(_config(work), seed, kind)
    for attention in attention_layers(model):
        attention.written_out = True
    tokens = torch.arange(work.length).remainder(work.vocabulary)[None]
    with FlopCounterMode(display=False) as forward:
        logits = model(tokens)
    with FlopCounterMode(display=False) as backward:
        logits.square().sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()

"""Gradients at initialisation, of DIFF Transformer over those of Transformer."""

from __future__ import annotations

import numpy as np

from claimbench.data import cpython_topics
from claimbench.impls.common.text import VOCABULARY, split_blocks
from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.attention import Options
from claimbench.impls.differential_transformer.gradients import MATRICES, Matrix, gradient_norms
from claimbench.impls.differential_transformer.model import ComparedTransformer
from claimbench.papers.differential_transformer.workloads import Gradients
from claimbench.trial import Exact, Trial

__all__ = ["factor_brings_nearer", "gradients_with_factor", "gradients_without_factor"]

Ratios = dict[Matrix, np.ndarray]
_BLOCK_BYTES = 2**12
_MODELS_APART = 1000
"""Between the seeds of two initialisations of a trial."""


def gradients_with_factor(trial: Trial) -> Exact:
    """DT-16: for each of W_Q, W_K, W_V and W_O the least and the greatest ratio over the layers."""
    ratios = _ratios(trial, factor=True)
    least = {f"{matrix}_least": float(of.min()) for matrix, of in ratios.items()}
    return Exact(least | {f"{matrix}_greatest": float(of.max()) for matrix, of in ratios.items()})


def gradients_without_factor(trial: Trial) -> Exact:
    """DT-16b: by what factor the gradient that is farthest from Transformer's is off, without 1 − λ_init."""
    ratios = _ratios(trial, factor=False)
    return Exact({"worst": 2 ** max(float(np.abs(np.log2(of)).max()) for of in ratios.values())})


def factor_brings_nearer(trial: Trial) -> Exact:
    """DT-16c: by how many octaves 1 − λ_init brings gradients nearer to Transformer's, root mean square over layers."""
    without, with_factor = (_ratios(trial, factor=factor) for factor in (False, True))
    nearer = {matrix: _octaves(without[matrix]) - _octaves(with_factor[matrix]) for matrix in MATRICES}
    return Exact(nearer)


def _octaves(ratios: np.ndarray) -> float:
    return float(np.sqrt(np.square(np.log2(ratios)).mean()))


def _ratios(trial: Trial, *, factor: bool) -> Ratios:
    """Matrix → ratio in each layer, a geometric mean over the initialisations."""
    work = workload_of(trial, Gradients)
    text = split_blocks(cpython_topics(), _BLOCK_BYTES, 10)
    config = TransformerConfig(VOCABULARY, work.n_layer, work.d_model, work.n_head)
    logs: dict[Matrix, list[np.ndarray]] = {matrix: [] for matrix in MATRICES}
    for draw in range(work.models):
        seed = trial.seeds[0] + _MODELS_APART * draw
        batches = [text.batch(work.length, work.batch_size, seed, step) for step in range(work.batches)]
        transformer = gradient_norms(ComparedTransformer(config, seed, "softmax"), batches)
        ours = gradient_norms(ComparedTransformer(config, seed, "paper", Options(factor=factor)), batches)
        for matrix in MATRICES:
            logs[matrix].append(np.log(ours[matrix]) - np.log(transformer[matrix]))
        trial.progress(draw + 1, work.models)
    return {matrix: np.exp(np.mean(found, axis=0)) for matrix, found in logs.items()}

"""Memory: what a layer keeps for backward, what decoding carries, what a training step takes at its peak."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.measure.memory import PeakMemory, saved_bytes
from claimbench.papers.mamba.workloads import BlockShape, StateSizes, TrainingMemory
from claimbench.trial import Exact, Trial

__all__ = ["activation_bytes", "state_bytes", "training_peak"]

_TOKENS = 2048
"""Tokens whose logits exist at a time."""


def activation_bytes(trial: Trial) -> Exact:
    """Bytes that one Mamba block keeps for backward, over tokens × D.

    In 16 bits the projections and the convolution are bfloat16 and A, D and the bias of Δ stay float32, as in the
    authors' mixed precision. `float32_unfused` is the block whose scan is the loop of `ssm.py`, without recomputation;
    `growth_with_length` is the bytes at twice the length over twice the bytes.
    """
    work = workload_of(trial, BlockShape)
    recomputed = BlockConfig(work.d_model, work.d_state, recompute=True)
    unfused = BlockConfig(work.d_model, work.d_state, discretization="zoh")

    def kept(config: BlockConfig, length: int, dtype: torch.dtype) -> int:
        model = MambaLM(MambaConfig(work.vocabulary, 1, config), trial.seeds[0]).narrowed(dtype)
        (block,) = model.blocks()
        random = generator(trial.seeds[0], "input")
        u = torch.randn(work.batch, length, work.d_model, generator=random).to(dtype).requires_grad_()
        return saved_bytes(block, u)

    unit = work.batch * work.length * work.d_model
    once = kept(recomputed, work.length, torch.float32)
    return Exact(
        {
            "float32": once / unit,
            "bfloat16": kept(recomputed, work.length, torch.bfloat16) / unit,
            "float32_unfused": kept(unfused, work.length, torch.float32) / unit,
            "growth_with_length": kept(recomputed, 2 * work.length, torch.float32) / (2 * once),
        }
    )


@torch.no_grad()
def state_bytes(trial: Trial) -> Exact:
    """Bytes a sequence that decoding carries after a short and a long prompt, both really read.

    `growth` is their ratio, `mamba_1.4B` the state of the model of that name (float32, the convolution's inputs in 16
    bits) in MB, and `cache_tokens` the tokens whose keys and values a GPT-3 of 1.3B parameters keeps in as many bytes.
    """
    work = workload_of(trial, StateSizes)
    model = MambaLM(MambaConfig(work.vocabulary, work.n_layer, BlockConfig(work.d_model, work.d_state)), trial.seeds[0])
    carried: list[int] = []
    for length in (work.short, work.long):
        random = generator(trial.seeds[0], f"tokens {length}")
        states = model.initial_states(1)
        for chunk in torch.randint(work.vocabulary, (1, length), generator=random).split(work.short, dim=1):
            _, states = model.prefill(chunk, states)
        carried.append(sum(part.untyped_storage().nbytes() for state in states for part in state))
    with torch.device("meta"):
        large = MambaLM(MambaConfig(work.vocabulary, 48, BlockConfig(2048))).narrowed(torch.bfloat16)
        gpt = Transformer(TransformerConfig(work.vocabulary, 24, 2048, 16)).bfloat16()
        state = sum(part.nbytes for state in large.initial_states(1) for part in state)
        a_token = sum(part.nbytes for cache in gpt.empty_caches(1, 1) for part in cache)
    return Exact({"growth": carried[1] / carried[0], "mamba_1.4B": state / 1e6, "cache_tokens": state / a_token})


def training_peak(trial: Trial) -> Exact:
    """Peak memory of one training step, Mamba's over Transformer++'s, at every batch size of the workload.

    Mixed precision in bfloat16, AdamW, recomputation inside Mamba's blocks; the loss is taken a slice of tokens at a
    time and computed again in the backward pass, so that logits do not outweigh everything else. A step before the one
    that is measured creates the optimiser's state.
    """
    work = workload_of(trial, TrainingMemory)
    mamba = MambaConfig(work.vocabulary, work.mamba_layers, BlockConfig(work.d_model, recompute=True))
    transformer = TransformerConfig(work.vocabulary, work.transformer_layers, work.d_model, work.n_head)
    ratios: dict[str, float | tuple[float, float]] = {}
    for done, batch in enumerate(work.batches):
        ours = _peak_of_a_step(partial(MambaLM, mamba), work, batch, trial)
        theirs = _peak_of_a_step(partial(Transformer, transformer), work, batch, trial)
        ratios[f"batch {batch}"] = ours / theirs
        trial.progress(done + 1, len(work.batches))
    return Exact(ratios)


def _peak_of_a_step(make: Callable[[], MambaLM | Transformer], work: TrainingMemory, batch: int, trial: Trial) -> int:
    gc.collect()  # what came before must be gone
    model = make().to(trial.device)
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    random = generator(trial.seeds[0], f"tokens {batch}")
    tokens = torch.randint(work.vocabulary, (batch, work.length + 1), generator=random).to(trial.device)

    def loss_of(features: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(model.head(features).float(), targets, reduction="sum")

    def step() -> None:
        with torch.autocast(trial.device, torch.bfloat16):
            slices = model.features(tokens[:, :-1]).flatten(0, 1).split(_TOKENS)
            targets = tokens[:, 1:].flatten().split(_TOKENS)
            losses = [checkpoint(loss_of, *part, use_reentrant=False) for part in zip(slices, targets, strict=True)]
        torch.stack(losses).sum().backward()
        optimiser.step()
        optimiser.zero_grad()

    step()
    with PeakMemory(trial.device) as memory:
        step()
    return memory.peak_bytes

"""Decoding (Figure 8, right): tokens of many sequences after a prompt, by the recurrence and by attention."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.block import BlockState
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.papers.mamba.workloads import Decoding
from claimbench.trial import Timed, Trial

__all__ = ["generate"]

_INPUT_SETS = 2

Decoder = Callable[[Tensor], Tensor]
"""Tokens (batch, tokens) → logits (batch, tokens, vocabulary), one token after the other."""


def generate(trial: Trial) -> Timed:
    """The arm `mamba` or `transformer` reads given tokens one after the other, as it would read its own.

    Weights are random, as in the paper, and so is what the prompt left behind, of the size that a real one leaves; it
    is put back in every call: Mamba's state is copied, a cache only overwritten where it grew. On a GPU the call is one
    graph in bfloat16, so that no launch is waited for. The reference is the same model in float64.
    """
    work = workload_of(trial, Decoding)
    random = generator(trial.seeds[0], "tokens")
    shape = (work.batch, work.tokens)
    inputs = [(torch.randint(work.vocabulary, shape, generator=random).to(trial.device),) for _ in range(_INPUT_SETS)]
    make = {"mamba": _mamba, "transformer": _transformer}[trial.arm]
    stored = torch.bfloat16 if trial.device == "cuda" else torch.float32
    reference, _ = make(work, trial.seeds[0], stored, torch.float64, trial.device)
    call, nbytes = make(work, trial.seeds[0], stored, stored, trial.device)
    if trial.device == "cuda":
        call = _captured(call, inputs[0][0])
    return Timed(call, inputs, reference, bytes=float(nbytes * work.tokens))


def _mamba(work: Decoding, seed: int, stored: torch.dtype, dtype: torch.dtype, device: str) -> tuple[Decoder, int]:
    """A decoder, and the bytes that a token must move: weights, and every state in and out.

    Weights and the prompt's state are rounded to `stored`, then computed with in `dtype`; states are float32 at least.
    """
    config = MambaConfig(work.vocabulary, work.mamba_layers, BlockConfig(work.d_model, work.d_state))
    model = MambaLM(config, seed).narrowed(stored).to(device)
    if dtype == torch.float64:
        model = model.double()
    states = model.initial_states(work.batch)
    for part in (part for state in states for part in state):
        part.copy_(_random(part.shape, seed, device).to(stored))
    prompt = [BlockState(state.conv.clone(), state.ssm.clone()) for state in states]

    def call(tokens: Tensor) -> Tensor:
        for state, before in zip(states, prompt, strict=True):
            state.conv.copy_(before.conv)
            state.ssm.copy_(before.ssm)
        return torch.stack([model.step(tokens[:, t], states) for t in range(work.tokens)], dim=1)

    return call, _weights(model) + 2 * sum(part.nbytes for state in states for part in state)


def _transformer(
    work: Decoding, seed: int, stored: torch.dtype, dtype: torch.dtype, device: str
) -> tuple[Decoder, int]:
    """As `_mamba`; a token must move the weights and the prompt's keys and values."""
    config = TransformerConfig(work.vocabulary, work.transformer_layers, work.d_model, work.n_head)
    model = Transformer(config, seed).to(device, stored).to(dtype)
    caches = model.empty_caches(work.batch, work.prompt + work.tokens)
    kept = [part[:, :, : work.prompt] for cache in caches for part in cache]
    for part in kept:
        part.copy_(_random(part.shape, seed, device).to(stored))

    @torch.no_grad()
    def call(tokens: Tensor) -> Tensor:
        steps = [model.prefill(tokens[:, t : t + 1], caches, work.prompt + t) for t in range(work.tokens)]
        return torch.cat(steps, dim=1)

    return call, _weights(model) + sum(part.numel() * part.element_size() for part in kept)


def _random(shape: torch.Size, seed: int, device: str) -> Tensor:
    """What a prompt left behind: the same for every model, drawn where it is needed, because it is large."""
    return torch.randn(shape, device=device, generator=torch.Generator(device).manual_seed(seed))


def _weights(model: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in model.parameters())


def _captured(call: Decoder, tokens: Tensor) -> Decoder:
    """`call` as a graph that is replayed on whatever tokens it is given."""
    given = tokens.clone()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # compiles and tunes everything, which a capture cannot
        call(given)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = call(given)

    def replay(tokens: Tensor) -> Tensor:
        given.copy_(tokens)
        graph.replay()
        return logits

    return replay

"""Time of layers of DIFF Transformer and of Transformer (Table 7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.model import ComparedTransformer, attention_layers, form
from claimbench.impls.differential_transformer.sdpa import chosen_kernel
from claimbench.papers.differential_transformer.workloads import Stack
from claimbench.trial import Timed, Trial

__all__ = ["layers"]

_INPUT_SETS = 2
_CHECKED = ("embedding.weight", "layers.0.attention.qkv_proj.weight")
"""Parameters whose gradients are checked: all others' are on the way to these."""


def layers(trial: Trial) -> Timed:
    """DT-12 and DT-22: the arm's model on random tokens, its logits, or its loss and the gradients of all parameters.

    The reference is the same model in float64 with its maps written out, one sequence after the other and each layer
    computed again in the backward pass, so that they find room. Options of the arm: `kernel`, and those of
    `model.form`.
    """
    work = workload_of(trial, Stack)
    random = generator(trial.seeds[0], "tokens")
    shape = (work.batch, work.length + 1)
    inputs = [(torch.randint(work.vocabulary, shape, generator=random).to(trial.device),) for _ in range(_INPUT_SETS)]
    kernel, model, exact = chosen_kernel(trial), _model(trial, work), _model(trial, work).double()
    run = _logits if work.of == "forward" else _gradients
    for attention in attention_layers(exact):
        attention.written_out = True
    for layer in exact.layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)

    def call(tokens: Tensor) -> tuple[Tensor, ...]:
        with kernel():
            return run(model, tokens)

    def reference(tokens: Tensor) -> tuple[Tensor, ...]:
        parts = [run(exact, sequence) for sequence in tokens.split(1)]
        join: Callable[[list[Tensor]], Tensor] = torch.cat if work.of == "forward" else _mean
        return tuple(join(list(same)) for same in zip(*parts, strict=True))

    matrices = sum(p.numel() for p in model.parameters() if p.ndim == 2)
    passes = 1 if work.of == "forward" else 3
    return Timed(call, inputs, reference, flops=2.0 * passes * matrices * work.batch * work.length)


def _model(trial: Trial, work: Stack) -> ComparedTransformer:
    options = {name: value for name, value in trial.options.items() if name != "kernel"}
    config = TransformerConfig(work.vocabulary, work.n_layer, work.d_model, work.n_head)
    return ComparedTransformer(config, trial.seeds[0], *form(options)).to(trial.device, getattr(torch, work.dtype))


@torch.no_grad()
def _logits(model: nn.Module, tokens: Tensor) -> tuple[Tensor, ...]:
    return (model(tokens[:, :-1]),)


def _gradients(model: nn.Module, tokens: Tensor) -> tuple[Tensor, ...]:
    """The loss, and of all gradients those that are checked."""
    logits = model(tokens[:, :-1])
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    parameters = dict(model.named_parameters())
    gradients = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True))
    return loss.detach(), *(gradients[name] for name in _CHECKED)


def _mean(parts: list[Tensor]) -> Tensor:
    return torch.stack(parts).mean(0)

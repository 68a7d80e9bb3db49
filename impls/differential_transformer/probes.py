"""What is looked at inside a model: where attention goes, how large logits and states grow, what rounding does.

Attention of differential heads can be negative and its rows sum to 1 − λ. Shares are therefore of the absolute map,
W = |A| / Σ|A| over the keys that a query sees, so that they lie in [0, 1] and sum to 1 for every head; for softmax
attention W is the map itself. The paper speaks of normalised scores and does not say how it normalises.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.transformer import Transformer
from claimbench.impls.differential_transformer.attend import causal
from claimbench.impls.differential_transformer.attention import SoftmaxAttention
from claimbench.impls.differential_transformer.model import attention_layers
from claimbench.impls.differential_transformer.retrieval import Needles

__all__ = ["attention_shares", "largest", "order_flips", "retrieval_quality", "rounded_losses"]


@torch.no_grad()
def retrieval_quality(model: Transformer, tests: Needles) -> dict[str, float]:
    """`accuracy` and `loss`, in nats, over all queries."""
    logits = model(tests.inputs)[:, -tests.targets.shape[1] :]
    hits = (logits.argmax(dim=-1) == tests.targets).double().mean().item()
    return {"accuracy": hits, "loss": F.cross_entropy(logits.flatten(0, 1), tests.targets.flatten()).item()}


@torch.no_grad()
def attention_shares(model: Transformer, tests: Needles) -> dict[str, float]:
    """Shares of the attention that queries pay, as a mean over queries, of W.

    `answer` and `noise`: to the place of the answer, and to distractors together, mean over heads and layers;
    `answer_best` and `noise_best`: of the head, in any layer, that pays most to the answer.
    """
    slots, queries = tests.needles.shape[1], tests.targets.shape[1]
    answers: list[Tensor] = []
    noises: list[Tensor] = []
    for attention, x in _inputs(model, tests.inputs):
        maps = attention.maps(x)[:, :, -queries:].abs()  # [B, H, Q, L]
        shares = (maps / maps.sum(dim=-1, keepdim=True))[..., :slots]
        places = tests.places[:, None, :, None].expand(-1, shares.shape[1], -1, 1)
        answers.append(shares.gather(-1, places).mean(dim=(0, 2, 3)))
        noises.append((shares * ~tests.needles[:, None, None]).sum(dim=-1).mean(dim=(0, 2)))
    answer, noise = torch.cat(answers), torch.cat(noises)
    best = int(answer.argmax())
    return {
        "answer": answer.mean().item(),
        "noise": noise.mean().item(),
        "answer_best": answer[best].item(),
        "noise_best": noise[best].item(),
    }


@torch.no_grad()
def largest(model: Transformer, inputs: Tensor) -> dict[str, float]:
    """The largest and the median |q · k| / √d that attention sees, and |x| in the residual stream after a layer.

    As `top_logit`, `median_logit`, `top_state`, `median_state`, over all layers together.
    """
    logits = [
        (found := attention.logits(x).abs())[..., causal(found)].flatten() for attention, x in _inputs(model, inputs)
    ]
    states = torch.cat([state.abs().flatten() for state in _states(model, inputs)])
    every = torch.cat(logits)
    return {
        "top_logit": every.amax().item(),
        "median_logit": every.median().item(),
        "top_state": states.amax().item(),
        "median_state": states.median().item(),
    }


@torch.no_grad()
def rounded_losses(model: Transformer, loss: Callable[[Transformer], float], bits: Sequence[int]) -> dict[int, float]:
    """Bits → by how much the model's loss rises where attention logits are rounded to them in every layer."""
    exact = loss(model)
    rises: dict[int, float] = {}
    for b in bits:
        with _rounded(model, b):
            rises[b] = loss(model) - exact
    return rises


@torch.no_grad()
def order_flips(model: Transformer, tests: Needles, permutations: int, generator: torch.Generator) -> float:
    """How often a query is answered rightly in one order of its context and wrongly in another.

    Over all pairs of the permutations drawn, mean over queries. Raises ValueError for fewer than two permutations.
    """
    if permutations < 2:
        raise ValueError(f"{permutations} orders make no pair: take 2 or more")
    right = torch.zeros(tests.targets.shape, dtype=torch.double, device=tests.targets.device)
    for _ in range(permutations):
        shown = tests.reordered(generator)
        logits = model(shown.inputs)[:, -tests.targets.shape[1] :]
        right += logits.argmax(dim=-1) == tests.targets
    pairs = permutations * (permutations - 1) / 2
    return (right * (permutations - right) / pairs).mean().item()


def _inputs(model: Transformer, inputs: Tensor) -> list[tuple[SoftmaxAttention, Tensor]]:
    """Every layer's attention and what it is given."""
    attentions = attention_layers(model)
    return list(zip(attentions, _seen(model, inputs, attentions), strict=True))


def _states(model: Transformer, inputs: Tensor) -> list[Tensor]:
    """The residual stream after every layer, as the next norm adds it up."""
    found: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[Tensor, ...], outputs: tuple[Tensor, Tensor]) -> None:
        found.append(outputs[1])

    norms = [cast(nn.Module, layer.norm) for layer in model.layers][1:]
    with ExitStack() as hooks:
        for norm in [*norms, model.norm]:
            hooks.callback(norm.register_forward_hook(keep).remove)
        model(inputs)
    return found


def _seen(model: Transformer, inputs: Tensor, modules: list[SoftmaxAttention]) -> list[Tensor]:
    found: list[Tensor] = []
    with ExitStack() as hooks:
        for module in modules:
            hooks.callback(module.register_forward_pre_hook(lambda _, given: found.append(given[0])).remove)
        model(inputs)
    return found


@contextmanager
def _rounded(model: Transformer, bits: int) -> Generator[None]:
    attentions = attention_layers(model)
    for attention in attentions:
        attention.bits = bits
    try:
        yield
    finally:
        for attention in attentions:
            attention.bits = None

"""Transformers that differ in their attention alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import torch
from torch import Tensor

from claimbench.errors import UnknownName
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.differential_transformer.attention import DifferentialAttention, Options, SoftmaxAttention
from claimbench.impls.differential_transformer.second import SecondAttention

__all__ = ["ATTENTIONS", "ComparedTransformer", "Kind", "attention_layers", "form"]

Kind = Literal["softmax", "paper", "v2"]
ATTENTIONS: tuple[Kind, ...] = ("softmax", "paper", "v2")
_OPTIONS = ("norm", "factor", "constant", "learned")
_LAMBDA_STD = 0.1


class ComparedTransformer(Transformer):
    """Transformer++ with one of three attentions; for one seed all that they share starts from the same values.

    `kind`: softmax attention, the paper's differential attention, or the second version of it. `options` are the
    paper's.
    """

    def __init__(
        self, config: TransformerConfig, seed: int = 0, kind: Kind = "paper", options: Options | None = None
    ) -> None:
        def attention(config: TransformerConfig, index: int) -> SoftmaxAttention:
            match kind:
                case "softmax":
                    return SoftmaxAttention(config)
                case "paper":
                    return DifferentialAttention(config, index, options)
                case "v2":
                    return SecondAttention(config)

        super().__init__(config, seed, attention)

    def _initialise(self, name: str, parameter: Tensor, generator: torch.Generator) -> None:
        leaf = name.rsplit(".", 1)[-1]
        if leaf == "head_norm":
            parameter.fill_(1.0)
        elif leaf in ("lambda_q1", "lambda_k1", "lambda_q2", "lambda_k2"):
            parameter.normal_(0.0, _LAMBDA_STD, generator=generator)
        else:
            super()._initialise(name, parameter, generator)


def form(options: Mapping[str, Any]) -> tuple[Kind, Options]:
    """What an arm's options name: `attention`, one of three, and for the paper's those of `Options`.

    Raises UnknownName for an attention that there is not, or another option.
    """
    kind = options.get("attention", "")
    if kind not in ATTENTIONS:
        raise UnknownName("attention", str(kind), ATTENTIONS)
    known = _OPTIONS if kind == "paper" else ()
    rest = {name: value for name, value in options.items() if name != "attention"}
    for name in rest:
        if name not in known:
            raise UnknownName(f"option of {kind} attention", name, known)
    return kind, Options(**rest)


def attention_layers(model: Transformer) -> list[SoftmaxAttention]:
    """The attentions of a model, from the first layer to the last."""
    return [cast(SoftmaxAttention, layer.attention) for layer in model.layers]

"""Outputs and gradients of a kernel, by name; what it asks of PyTorch while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def results(call: Callable[..., Any], given: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Every output of `call(**given)` in `dtype`, and every gradient of a random linear function of all outputs."""
    leaves = {name: x.detach().to(dtype).requires_grad_() for name, x in given.items()}
    outputs = call(**leaves)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    weights = [normal(*out.shape, seed=7 + i).to(out) for i, out in enumerate(outputs)]
    gradients = torch.autograd.grad(outputs, list(leaves.values()), weights)
    named = {f"output {i}": out.detach() for i, out in enumerate(outputs)}
    return named | {f"gradient of {name}": g for name, g in zip(leaves, gradients, strict=True)}


class Copies(TorchDispatchMode):
    """Names of the operations that copy a tensor while it is entered; `contiguous` and `reshape` are clones here."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, function: Any, kinds: Any, arguments: Any = (), options: Any = None) -> Any:
        name = function.__name__.split(".")[0]
        if name in ("clone", "_to_copy"):
            self.seen.append(name)
        return function(*arguments, **(options or {}))

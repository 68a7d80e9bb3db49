"""Autograd functions under the transforms of `torch.func`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["apply", "sequential"]


def apply(function: type[torch.autograd.Function], *arguments: Any) -> Any:
    """`function.apply(*arguments)`, where every argument is given.

    PyTorch's own looks up default arguments first, which takes longer than a small kernel.
    """
    if torch._C._are_functorch_transforms_active():
        return function.apply(*arguments)
    return super(torch.autograd.Function, function).apply(*arguments)  # pyright: ignore[reportAttributeAccessIssue]


def sequential(
    call: Callable[..., Any], info: Any, in_dims: tuple[int | None, ...], *arguments: Any
) -> tuple[Any, Any]:
    """The vmap rule of a function that knows no further dimension: one call a slice, the results stacked."""
    columns = [
        [argument] * info.batch_size if dim is None else argument.unbind(dim)
        for argument, dim in zip(arguments, in_dims, strict=True)
    ]
    results = [call(*slices) for slices in zip(*columns, strict=True)]
    if isinstance(results[0], tuple):
        return tuple(torch.stack(parts) for parts in zip(*results, strict=True)), (0,) * len(results[0])
    return torch.stack(results), 0

"""The vmap rule of kernels that know no further dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["sequential"]


def sequential(
    call: Callable[..., Any], info: Any, in_dims: tuple[int | None, ...], *arguments: Any
) -> tuple[Any, Any]:
    """One call for each slice of the mapped arguments, the results stacked in front: what `vmap` is to return."""
    columns = [
        [argument] * info.batch_size if dim is None else argument.unbind(dim)
        for argument, dim in zip(arguments, in_dims, strict=True)
    ]
    results = [call(*slices) for slices in zip(*columns, strict=True)]
    if isinstance(results[0], tuple):
        return tuple(torch.stack(parts) for parts in zip(*results, strict=True)), (0,) * len(results[0])
    return torch.stack(results), 0

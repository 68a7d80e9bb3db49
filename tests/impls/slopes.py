"""A small problem that optimisers descend step by step, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Make", "descend", "fresh", "slope", "values"]

Make = Callable[[list[nn.Parameter]], Any]


def fresh(dtype: torch.dtype = torch.float64) -> list[nn.Parameter]:
    """Two parameters at their initial values."""
    return [nn.Parameter(torch.linspace(-1, 1, 5, dtype=dtype)), nn.Parameter(torch.ones(2, 3, dtype=dtype))]


def slope(params: list[nn.Parameter], step: int) -> None:
    """Gradients at `step`: of least squares whose targets move, and of a quartic."""
    matrix = torch.randn(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(params[0].dtype)
    for p in params:
        p.grad = None
    ((matrix @ params[0] - step % 3).square().sum() + (params[1] - 2).pow(4).sum()).backward()


def values(params: list[nn.Parameter]) -> Tensor:
    """All parameters in one vector."""
    return torch.cat([p.detach().flatten() for p in params])


def descend(make: Make, steps: int = 40, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """y and x after every step (steps, parameters); what is printed is not."""
    params = fresh(dtype)
    optimiser = make(params)
    y, x = [], []
    with redirect_stdout(StringIO()):
        optimiser.train()
        for step in range(steps):
            slope(params, step)
            optimiser.step()
            y.append(values(params))
            optimiser.eval()
            x.append(values(params))
            optimiser.train()
    return torch.stack(y), torch.stack(x)

"""Training in bfloat16 on real data: no loss is left against float32, where the package stands almost still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.schedule_free.adamw import AdamWScheduleFree

RATE = 1e-3
"""So small that a step of y is mostly below half the spacing of bfloat16."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def digits() -> tuple[Tensor, Tensor]:
    data = pytest.importorskip("sklearn.datasets").load_digits()
    return torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)


def train_loss(make: Callable[..., Any], dtype: torch.dtype, steps: int = 300) -> float:
    """Cross-entropy in nats over all rows, in float32, after steps of 64 rows in `dtype`."""
    x, labels = digits()
    random = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    with torch.no_grad():
        for p in model.parameters():
            p.uniform_(-0.125, 0.125, generator=random)
    model.to(dtype)
    optimiser = make(model.parameters(), RATE)
    getattr(optimiser, "train", lambda: None)()
    for _ in range(steps):
        rows = torch.randint(len(labels), (64,), generator=random)
        optimiser.zero_grad()
        F.cross_entropy(model(x[rows].to(dtype)).float(), labels[rows]).backward()
        optimiser.step()
    optimiser.eval()
    with torch.no_grad():
        return F.cross_entropy(model.float()(x), labels).item()


@cache
def in_float32() -> float:
    return train_loss(AdamWScheduleFree, torch.float32)


@pytest.mark.parametrize(("narrow", "tolerance"), [("float32", 0.002), ("stochastic", 0.005)])
def test_bfloat16_reaches_the_loss_of_float32(narrow: str, tolerance: float) -> None:
    assert in_float32() < 1.0
    assert train_loss(partial(AdamWScheduleFree, narrow=narrow), torch.bfloat16) == pytest.approx(
        in_float32(), abs=tolerance
    )


def test_the_package_falls_behind_in_bfloat16_alone() -> None:
    package = pytest.importorskip("schedulefree")
    assert train_loss(package.AdamWScheduleFree, torch.float32) == pytest.approx(in_float32(), abs=1e-4)
    assert train_loss(package.AdamWScheduleFree, torch.bfloat16) > in_float32() + 0.1

"""Small networks on scikit-learn's digits and LIBSVM's letters, and what they learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator, initialise
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.schedule_free.problems import load

__all__ = ["Split", "classification", "conv_net", "mlp", "refresh_statistics", "split"]

_TEST_EVERY = 5
_EVALUATED_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to learn from and rows to be tested on."""

    train: Batch
    """Features (n, d) and classes (n,)."""
    test: Batch
    """As many columns."""
    classes: int
    """K."""


def split(problem: str, find: Callable[[str], Path], noise: float = 0.0) -> Split:
    """A problem of `problems.load`, every fifth row of it held out; a share `noise` of the training labels is drawn
    anew, once and for all.
    """
    task = load(problem, find)
    x, y = torch.from_numpy(task.x), torch.from_numpy(task.y).long()
    order = torch.randperm(len(y), generator=generator(0, f"split {problem}"))
    held_out = torch.arange(len(y)) % _TEST_EVERY == 0
    train, test = order[~held_out], order[held_out]
    labels = y[train]
    if noise:
        draw = generator(0, f"noise {problem}")
        anew = torch.rand(len(labels), generator=draw) < noise
        labels = torch.where(anew, torch.randint(task.classes, labels.shape, generator=draw), labels)
    return Split((x[train], labels), (x[test], y[test]), task.classes)


def classification(
    data: Split,
    model: Callable[[int], nn.Module],
    batch_size: int,
    calibrate: Callable[[nn.Module], None] | None = None,
) -> Learning:
    """Cross-entropy on batches without replacement; `train_loss` and `test_loss` (nats) and `test_error` (per cent).

    `calibrate` is called on a model before it is evaluated.
    """
    x, y = data.train
    batches = len(y) // batch_size

    @cache
    def order(seed: int, epoch: int) -> Tensor:
        return torch.randperm(len(y), generator=generator(seed, f"epoch {epoch}"))

    def batch(seed: int, step: int) -> Batch:
        epoch, place = divmod(step - 1, batches)
        rows = order(seed, epoch)[place * batch_size : (place + 1) * batch_size]
        return x[rows], y[rows]

    def loss(model: Model, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1])

    def evaluate(model: nn.Module) -> dict[str, float]:
        if calibrate:
            calibrate(model)
        train, test = (_logits(model, part[0]) for part in (data.train, data.test))
        return {
            "train_loss": F.cross_entropy(train, y).item(),
            "test_loss": F.cross_entropy(test, data.test[1]).item(),
            "test_error": 100 * (test.argmax(dim=-1) != data.test[1]).double().mean().item(),
        }

    return Learning(model=model, batch=batch, loss=loss, evaluate=evaluate)


def mlp(features: int, width: int, classes: int, seed: int) -> nn.Module:
    """Two hidden layers with ReLU."""
    model = nn.Sequential(
        nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes)
    )
    initialise(model, seed, _he)
    return model


def conv_net(classes: int, seed: int) -> nn.Module:
    """Two convolutions with BatchNorm on 8 × 8 digits, given as rows of 64 numbers and a constant."""
    model = nn.Sequential(
        _Image(),
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 16, classes),
    )
    initialise(model, seed, _he)
    return model


@torch.no_grad()
def refresh_statistics(model: nn.Module, x: Tensor) -> None:
    """Take BatchNorm's statistics anew, at the parameters as they are, over the rows of x; leaves evaluation mode on.

    Schedule-Free trains at y, so statistics that training kept up belong to y, and evaluation is at x (Section 4.3).
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = 1.0
    model.train()
    model(x)
    model.eval()
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum


class _Image(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, :-1].reshape(-1, 1, 8, 8)


def _he(name: str, parameter: Tensor, draw: torch.Generator) -> None:
    """Normal with variance 2 / fan-in; BatchNorm's factors 1, biases 0."""
    if parameter.ndim > 1:
        parameter.normal_(0.0, math.sqrt(2 / parameter[0].numel()), generator=draw)
    else:
        parameter.fill_(0.0 if name.endswith("bias") else 1.0)


def _logits(model: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([model(part) for part in x.split(_EVALUATED_AT_ONCE)])

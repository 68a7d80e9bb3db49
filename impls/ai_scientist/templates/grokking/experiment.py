"""Grokking in small: a network with one hidden layer learns addition modulo 23 from part of the table.

Runs by itself: reads settings.json beside it and writes final_info.json into --out_dir. All seeds train side by side,
as one batch of networks.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

MODULUS = 23
WIDTH = 96
STEPS = 1200
EVERY = 30
TRAIN, VALIDATION = 320, 100
"""Cells of the table, of 529, that are learned from and that settings are chosen by; the rest is for the test."""

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "square": torch.square}


def splits(seeds: list[int]) -> tuple[Tensor, Tensor]:
    """Inputs (S, 529, 46) and sums (S, 529) in each seed's own order: first training, then validation, then test."""
    table = torch.cartesian_prod(torch.arange(MODULUS), torch.arange(MODULUS))
    orders = [torch.randperm(len(table), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    cells = torch.stack([table[order] for order in orders])
    return F.one_hot(cells, MODULUS).flatten(2).float(), cells.sum(2) % MODULUS


def start(seeds: list[int], scale: float) -> list[Tensor]:
    """Weights (S, 46, W) and (S, W, 23) of variance 1 / fan-in, times `scale`; the same for a seed at any scale."""
    drawn: list[tuple[Tensor, Tensor]] = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 2**31)
        first = torch.randn(2 * MODULUS, WIDTH, generator=generator) / 2**0.5  # two of the inputs are 1
        drawn.append((first, torch.randn(WIDTH, MODULUS, generator=generator) / WIDTH**0.5))
    return [(scale * torch.stack(layer)).requires_grad_() for layer in zip(*drawn, strict=True)]


def run(settings: dict[str, Any], seeds: list[int], evaluate_on: str) -> dict[str, Any]:
    """Train a network a seed; `error` is the error on the held-out cells, a mean over all of training, in %."""
    x, y = splits(seeds)
    held_out = slice(TRAIN, TRAIN + VALIDATION) if evaluate_on == "validation" else slice(TRAIN + VALIDATION, None)
    weights = start(seeds, settings["init_scale"])
    activation = ACTIVATIONS[settings["activation"]]
    optimiser = torch.optim.AdamW(
        weights,
        lr=settings["learning_rate"],
        betas=(0.9, settings["beta2"]),
        weight_decay=settings["weight_decay"],
    )

    def logits(inputs: Tensor) -> Tensor:
        return activation(inputs @ weights[0]) @ weights[1]

    def loss(outputs: Tensor, sums: Tensor) -> Tensor:
        if settings["loss"] == "squared_error":
            return (outputs - F.one_hot(sums, MODULUS)).square().sum(2).mean(1)
        return F.cross_entropy(outputs.transpose(1, 2), sums, reduction="none").mean(1)

    def errors(part: slice) -> Tensor:
        return 100 * (logits(x[:, part]).argmax(2) != y[:, part]).float().mean(1)

    steps: list[int] = []
    curve: list[Tensor] = []
    fitted: list[Tensor] = []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            with torch.no_grad():
                steps.append(step)
                curve.append(errors(held_out))
                fitted.append(errors(slice(TRAIN)))
        if step < STEPS:
            optimiser.zero_grad()
            loss(logits(x[:, :TRAIN]), y[:, :TRAIN]).sum().backward()
            optimiser.step()
    lines = torch.stack(curve, dim=1).double()
    return {
        "settings": settings,
        "seeds": seeds,
        "evaluate_on": evaluate_on,
        "values": {
            "error": lines.mean(1).tolist(),
            "last_error": lines[:, -1].tolist(),
            "last_training_error": fitted[-1].tolist(),
        },
        "curve": {"x": steps, "y": lines.tolist()},
    }


def main() -> None:
    """Run what settings.json asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out_dir", type=Path, required=True)
    out = parser.parse_args().out_dir
    asked = json.loads((Path(__file__).parent / "settings.json").read_text())
    torch.set_num_threads(1)
    began = time.perf_counter()
    found = run(asked["settings"], asked["seeds"], asked["evaluate_on"])
    found["wall_seconds"] = time.perf_counter() - began
    out.mkdir(parents=True, exist_ok=True)
    (out / "final_info.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()

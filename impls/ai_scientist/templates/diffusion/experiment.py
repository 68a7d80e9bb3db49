"""Diffusion in two dimensions: a small network learns to denoise points of a spiral, and samples new ones.

Runs by itself: reads settings.json beside it and writes final_info.json into --out_dir. All seeds train side by side,
as one batch of networks.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 40
"""Noise levels, and steps of sampling."""
WIDTH = 64
HIDDEN = 3
EXAMPLES = 76_800
"""Points learned from, however large the batch is."""
POINTS = 2000
"""Training points; as many of each of the held-out sets, and samples, as half of them."""
EVERY = 0.1
"""Share of the training between two values of the curve."""

ACTIVATIONS = {"relu": F.relu, "silu": F.silu, "tanh": torch.tanh}
Denoiser = Callable[[Tensor, Tensor], Tensor]


def spiral(n: int, generator: torch.Generator) -> Tensor:
    """Points (n, 2) of a spiral of one and a half turns, with some noise."""
    t = torch.rand(n, generator=generator)
    radius, angle = 0.4 + 1.6 * t, 3 * math.pi * t
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return points + 0.05 * torch.randn(n, 2, generator=generator)


def signal(schedule: str) -> Tensor:
    """ᾱ (LEVELS,): how much of a point's variance is left at each noise level."""
    t = torch.arange(1, LEVELS + 1) / LEVELS
    if schedule == "cosine":
        kept = torch.cos((t + 0.008) / 1.008 * math.pi / 2).square()
    else:
        kept = torch.cumprod(1 - torch.linspace(0.1, 20.0, LEVELS) / LEVELS, dim=0)
    return kept.clamp(1e-4, 0.9999)


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """2 E|a - b| - E|a - a'| - E|b - b'| of point sets (S, n, 2), by all pairs: never negative, 0 for equal sets."""
    between = torch.cdist(a, b).mean((1, 2))
    return 2 * between - torch.cdist(a, a).mean((1, 2)) - torch.cdist(b, b).mean((1, 2))


def network(seeds: list[int]) -> list[Tensor]:
    """Weights and biases of each layer in turn, with a leading axis for seeds."""
    sizes = [2 + 16] + [WIDTH] * HIDDEN + [2]
    generators = [torch.Generator().manual_seed(seed + 2**31) for seed in seeds]
    layers: list[Tensor] = []
    for index, (inner, outer) in enumerate(pairwise(sizes)):
        std = (2 / inner) ** 0.5 if index < HIDDEN else 0.1 * inner**-0.5
        drawn = [torch.randn(inner, outer, generator=generator) for generator in generators]
        layers += [std * torch.stack(drawn), torch.zeros(len(seeds), 1, outer)]
    return [layer.requires_grad_() for layer in layers]


def sample(denoise: Denoiser, kept: Tensor, draw: Callable[[], Tensor]) -> Tensor:
    """Points from noise, by ancestral sampling (Ho et al., 2020) through all levels; `denoise` gives clean points."""
    x = draw()
    for level in reversed(range(LEVELS)):
        now, before = kept[level], kept[level - 1] if level else torch.tensor(1.0)
        clean = denoise(x, torch.full(x.shape[:2], level)).clamp(-4, 4)
        step = 1 - now / before
        x = (before.sqrt() * step * clean + (now / before).sqrt() * (1 - before) * x) / (1 - now)
        if level:
            x = x + ((1 - before) / (1 - now) * step).sqrt() * draw()
    return x


def run(settings: dict[str, Any], seeds: list[int], evaluate_on: str) -> dict[str, Any]:
    """Train a network a seed; `distance` is 1000 times the energy distance of its samples to held-out points.

    `floor` is the same of as many training points: what a perfect sampler would have, about.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    training, validation, test = (
        torch.stack([spiral(n, generator) for generator in generators]) for n in (POINTS, POINTS // 2, POINTS // 2)
    )
    held_out = validation if evaluate_on == "validation" else test

    def normal(n: int) -> Tensor:
        return torch.stack([torch.randn(n, 2, generator=generator) for generator in generators])

    def integers(high: int, n: int) -> Tensor:
        return torch.stack([torch.randint(high, (n,), generator=generator) for generator in generators])

    kept = signal(settings["noise_schedule"])
    waves = torch.arange(1, LEVELS + 1)[:, None] / LEVELS * math.pi / 2 * 2.0 ** torch.arange(8)
    embedded = torch.cat([waves.sin(), waves.cos()], dim=1)
    activation = ACTIVATIONS[settings["activation"]]

    def forward(layers: list[Tensor], x: Tensor, level: Tensor) -> Tensor:
        h = torch.cat([x, embedded[level]], dim=2)
        for index in range(HIDDEN + 1):
            h = torch.baddbmm(layers[2 * index + 1], h, layers[2 * index])
            h = activation(h) if index < HIDDEN else h
        return h

    def clean(layers: list[Tensor], x: Tensor, level: Tensor) -> Tensor:
        """Points without noise, from what the network predicts."""
        out, a = forward(layers, x, level), kept[level][..., None]
        if settings["target"] == "noise":
            return (x - (1 - a).sqrt() * out) / a.sqrt()
        return a.sqrt() * x - (1 - a).sqrt() * out if settings["target"] == "velocity" else out

    layers = network(seeds)
    average = [layer.detach().clone() for layer in layers]
    optimiser = torch.optim.AdamW(layers, lr=settings["learning_rate"], weight_decay=0.0)
    batch = settings["batch_size"]
    steps = EXAMPLES // batch
    for step in range(steps):
        if settings["decay"] == "cosine":
            optimiser.param_groups[0]["lr"] = settings["learning_rate"] * (1 + math.cos(math.pi * step / steps)) / 2
        elif settings["decay"] == "linear":
            optimiser.param_groups[0]["lr"] = settings["learning_rate"] * (1 - step / steps)
        points = torch.gather(training, 1, integers(POINTS, batch)[..., None].expand(-1, -1, 2))
        level, noise = integers(LEVELS, batch), normal(batch)
        a = kept[level][..., None]
        noisy = a.sqrt() * points + (1 - a).sqrt() * noise
        targets = {"noise": noise, "velocity": a.sqrt() * noise - (1 - a).sqrt() * points, "clean": points}
        optimiser.zero_grad()
        (forward(layers, noisy, level) - targets[settings["target"]]).square().mean((1, 2)).sum().backward()
        optimiser.step()
        with torch.no_grad():
            # A short memory at first, that the start is forgotten; in examples, that batches may differ.
            memory = (
                min(settings["averaging"] ** (batch / 128), (step + 1) / (step + 10)) if settings["averaging"] else 0
            )
            for mean, layer in zip(average, layers, strict=True):
                mean.lerp_(layer, 1 - memory)
    with torch.no_grad():
        samples = sample(lambda x, level: clean(average, x, level), kept, lambda: normal(POINTS // 2))
        return {
            "settings": settings,
            "seeds": seeds,
            "evaluate_on": evaluate_on,
            "values": {
                "distance": (1000 * energy_distance(samples, held_out).double()).tolist(),
                "floor": (1000 * energy_distance(training[:, : POINTS // 2], held_out).double()).tolist(),
            },
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

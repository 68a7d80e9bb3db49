"""A language model in small: one Transformer layer learns the next byte of Python's reference text.

Runs by itself: reads settings.json beside it and writes final_info.json into --out_dir. The text comes with CPython.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, HEADS = 48, 3
LENGTH = 48
WINDOWS = 1920
"""Windows of text learned from, however large the batch is: whole steps of each, in CURVE parts."""
TESTED = 192
"""Windows of held-out text."""
BLOCK = 4096
"""Bytes; of every ten blocks of the text one is for validation and one for the test."""
CURVE = 6

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "squared_relu": lambda x: F.relu(x).square()}


def blocks() -> dict[str, Tensor]:
    """The text in blocks (N, BLOCK): training, validation, test."""
    text = "\n\n".join(topics[name] for name in sorted(topics)).encode()
    cut = torch.frombuffer(bytearray(text[: len(text) // BLOCK * BLOCK]), dtype=torch.uint8).long().view(-1, BLOCK)
    place = torch.arange(len(cut)) % 10
    return {"training": cut[place < 8], "validation": cut[place == 8], "test": cut[place == 9]}


class Model(nn.Module):
    """Bytes (B, L) → logits (B, L, 256)."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[settings["activation"]]
        self.embedding = nn.Embedding(256, WIDTH)
        self.positions = nn.Embedding(LENGTH, WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.merge = nn.Linear(WIDTH, WIDTH)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, 256, bias=False)
        for table in (self.embedding, self.positions):
            nn.init.normal_(table.weight, 0.0, 0.02)
        nn.init.normal_(self.head.weight, 0.0, 0.02)
        if settings["head"] == "tied":
            self.head.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        """Attention and an MLP, each before a norm of its own, around the residual stream."""
        x = self.embedding(tokens) + self.positions.weight[: tokens.shape[1]]
        q, k, v = self.qkv(self.norms[0](x)).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.merge(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        x = x + self.down(self.activation(self.up(self.norms[1](x))))
        return self.head(self.norms[2](x))


def factor(step: int, steps: int, settings: dict[str, Any]) -> float:
    """Of the learning rate: up to 1 over the warm-up, then by the schedule, which the warm-up is a part of."""
    warm = settings["warmup"] * steps
    rise = min(1.0, (step + 1) / warm) if warm else 1.0
    left = 1 - step / steps
    shape = {"constant": 1.0, "linear": left, "cosine": (1 - math.cos(math.pi * left)) / 2}
    return rise * shape[settings["schedule"]]


def train(settings: dict[str, Any], seed: int, text: Tensor, tests: Tensor) -> list[float]:
    """Bits a byte of held-out windows after each part of the training."""
    with torch.random.fork_rng():
        torch.manual_seed(seed + 2**31)
        model = Model(settings)
    generator = torch.Generator().manual_seed(seed)
    batch = settings["batch_size"]
    steps = WINDOWS // batch
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=settings["learning_rate"],
        betas=(0.9, settings["beta2"]),
        weight_decay=settings["weight_decay"],
    )
    lines: list[float] = []
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = settings["learning_rate"] * factor(step, steps, settings)
        block = torch.randint(len(text), (batch, 1), generator=generator)
        first = torch.randint(BLOCK - LENGTH, (batch, 1), generator=generator)
        windows = text[block, first + torch.arange(LENGTH + 1)]
        optimiser.zero_grad()
        F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % (steps // CURVE) == 0:
            with torch.no_grad():
                loss = F.cross_entropy(model(tests[:, :-1]).flatten(0, 1), tests[:, 1:].flatten())
            lines.append(float(loss) / math.log(2))
    return lines


def run(settings: dict[str, Any], seeds: list[int], evaluate_on: str) -> dict[str, Any]:
    """Train a model a seed; `bits` are bits a byte of held-out text after training."""
    text = blocks()
    windows = text[evaluate_on].unfold(1, LENGTH + 1, LENGTH).flatten(0, 1)
    tests = windows[torch.arange(TESTED) * len(windows) // TESTED]
    lines = [train(settings, seed, text["training"], tests) for seed in seeds]
    return {
        "settings": settings,
        "seeds": seeds,
        "evaluate_on": evaluate_on,
        "values": {"bits": [line[-1] for line in lines]},
        "curve": {"x": [WINDOWS // CURVE * part for part in range(1, CURVE + 1)], "y": lines},
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

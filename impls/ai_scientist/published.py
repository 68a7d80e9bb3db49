"""What the paper prints, as data: arXiv 2408.06292v3, Tables 1 to 5."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = ["HUMAN", "RUNS", "SELECTED", "Figure", "Model", "Run", "Template"]

Template = Literal["diffusion", "nanogpt", "grokking"]
Model = Literal["sonnet", "gpt4o", "deepseek", "llama"]
_COST_HALF = 5.0


@dataclass(frozen=True)
class Figure:
    """A number with the digits that are printed."""

    text: str
    """As printed."""

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)

    @property
    def ends(self) -> tuple[float, float]:
        """Every number that prints as this one."""
        value = Decimal(self.text)
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        half = Decimal(1).scaleb(exponent) / 2
        return float(value - half), float(value + half)


@dataclass(frozen=True)
class Run:
    """A row of Tables 3 to 5: what one model made of one template."""

    template: Template
    """Diffusion modelling (Table 3), language modelling (Table 4) or grokking (Table 5)."""
    model: Model
    """Claude 3.5 Sonnet, GPT-4o, DeepSeek Coder or Llama 3.1 405B."""
    ideas: int
    """Total ideas."""
    novel: int
    """Ideas that the model found to be novel."""
    passed: int
    """Ideas whose experiments passed."""
    completed: int
    """Papers completed."""
    mean: Figure
    """Mean score."""
    best: Figure
    """Highest score."""
    cost_usd: float
    """Total cost as printed, with "∼" before it."""

    @property
    def cost_ends_usd(self) -> tuple[float, float]:
        """Every cost that rounds to the printed one, all of which are in tens."""
        return self.cost_usd - _COST_HALF, self.cost_usd + _COST_HALF


def _run(template: Template, model: Model, counts: tuple[int, int, int, int], mean: str, best: str, cost: float) -> Run:
    return Run(template, model, *counts, Figure(mean), Figure(best), cost)


HUMAN = {
    "balanced_accuracy": Figure("0.66"),
    "accuracy": Figure("0.73"),
    "f1": Figure("0.49"),
    "auc": Figure("0.65"),
    "fpr": Figure("0.17"),
    "fnr": Figure("0.52"),
}
"""Table 1, Human (NeurIPS): two committees of the consistency experiment of 2021, one against the other."""

RUNS = (
    _run("diffusion", "sonnet", (51, 49, 38, 38), "3.82", "6.0", 250),
    _run("diffusion", "gpt4o", (51, 41, 17, 16), "3.70", "5.0", 300),
    _run("diffusion", "deepseek", (51, 42, 32, 31), "3.32", "5.0", 10),
    _run("diffusion", "llama", (51, 31, 21, 21), "2.30", "3.0", 120),
    _run("nanogpt", "sonnet", (52, 50, 20, 20), "4.05", "5.0", 250),
    _run("nanogpt", "gpt4o", (52, 44, 30, 16), "3.25", "5.0", 300),
    _run("nanogpt", "deepseek", (52, 37, 23, 23), "3.21", "4.0", 10),
    _run("nanogpt", "llama", (52, 41, 21, 21), "2.31", "3.0", 120),
    _run("grokking", "sonnet", (51, 47, 25, 25), "3.44", "5.0", 250),
    _run("grokking", "gpt4o", (51, 51, 22, 13), "2.92", "3.0", 300),
    _run("grokking", "deepseek", (51, 46, 38, 36), "3.13", "4.0", 10),
    _run("grokking", "llama", (51, 36, 30, 30), "2.00", "3.0", 120),
)
"""Tables 3 to 5."""

SELECTED = {
    "adaptive_dual_scale_denoising": 5,
    "grid_based_noise_adaptation": 4,
    "gan_diffusion": 3,
    "dual_expert_denoiser": 5,
    "multi_style_adapter": 5,
    "rl_lr_adaptation": 3,
    "weight_initialization_grokking": 5,
    "layerwise_lr_grokking": 4,
    "mdl_grokking_correlation": 3,
    "data_augmentation_grokking": 5,
}
"""Table 2: scores of ten papers, under the names of their ideas."""

"""Sizes and options of a block; the options turn it into its own ablations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from claimbench.impls.mamba.ssm import Discretization

__all__ = ["S4", "S6", "Architecture", "BlockConfig", "Mixer", "Parameter", "selection"]

Architecture = Literal["mamba", "h3", "plain"]
Mixer = Literal["selective", "s4d"]
Parameter = Literal["delta", "B", "C"]
S4: frozenset[Parameter] = frozenset()
S6: frozenset[Parameter] = frozenset(("delta", "B", "C"))


def selection(names: str) -> frozenset[Parameter]:
    """Selective parameters from their names, such as `"delta B C"`; an empty string is S4."""
    chosen = frozenset(name for name in names.split())
    if not chosen <= S6:
        raise ValueError(f"selective parameters are delta, B and C; got {sorted(chosen - S6)}")
    return frozenset(name for name in S6 if name in chosen)


@dataclass(frozen=True)
class BlockConfig:
    """Sizes and options of one block."""

    d_model: int
    """D: width of the residual stream."""
    d_state: int = 16
    """N: states a channel."""
    architecture: Architecture = "mamba"
    """The block around the SSM (Figure 3; Table 1, column "Arch.")."""
    mixer: Mixer = "selective"
    """The SSM inside: one with real A and selection, or S4D, time-invariant with complex A."""
    selective: frozenset[Parameter] = S6
    """Which of Δ, B and C depend on the input (Section 3.2); S4D has no such choice."""
    expand: int = 2
    """E: the block works on E·D channels."""
    d_conv: int = 4
    """Width of the causal convolution (Mamba) or of the shift (H3)."""
    conv_bias: bool = True
    """Whether the convolution has a bias; the paper's text has none, the authors' code does."""
    dt_rank: int | None = None
    """R: rank of the projection that Δ comes from; default ⌈D/16⌉."""
    discretization: Discretization = "euler"
    """How B becomes B̄; `zoh` is the paper's Equation 4, `euler` what the authors' code computes."""
    dt_init: Literal["log_uniform", "uniform"] = "log_uniform"
    """Distribution of softplus(Δ bias) at the start: uniform in the paper's text, log-uniform in the authors' code."""
    dt_min: float = 1e-3
    """Smallest Δ at the start."""
    dt_max: float = 1e-1
    """Largest Δ at the start."""
    recompute: bool = False
    """Keep only the input, the projected x and z and the gated output for backward, and compute the rest again."""

    @property
    def d_inner(self) -> int:
        """E·D, the channels of the SSM."""
        return self.expand * self.d_model

    @property
    def constant(self) -> tuple[Parameter, ...]:
        """Those of B and C that do not depend on the input."""
        return tuple(name for name in ("B", "C") if name not in self.selective)

    @property
    def rank(self) -> int:
        """R."""
        return math.ceil(self.d_model / 16) if self.dt_rank is None else self.dt_rank

"""The Mamba block: Algorithm 2 (SSM + Selection) inside the architecture of Figure 3.

Every tensor is (B, L, channels) in memory; the kernels, whose convention is (B, channels, L), get transposed views.
The options turn the block into its own ablations: which of Δ, B, C depend on the input (none: the time-invariant
S4 with real A; all three: S6), whether the block is gated, and how B is discretised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from claimbench.impls.mamba.ssm import Discretization, discretize, recurrence
from claimbench.kernels import causal_conv1d, selective_scan

__all__ = ["S4", "S6", "BlockConfig", "BlockState", "MambaBlock", "selection"]

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
    expand: int = 2
    """E: the block works on E·D channels."""
    d_conv: int = 4
    """Width of the causal convolution; 0 leaves it out."""
    conv_bias: bool = True
    """Whether the convolution has a bias; the paper's text has none, the authors' code does."""
    dt_rank: int | None = None
    """R: rank of the projection that Δ comes from; default ⌈D/16⌉."""
    selective: frozenset[Parameter] = S6
    """Which of Δ, B and C depend on the input (Section 3.2)."""
    gated: bool = True
    """Whether the output is multiplied by SiLU(z), a second branch (Figure 3); otherwise it passes GELU, as in S4."""
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
    def rank(self) -> int:
        """R."""
        return math.ceil(self.d_model / 16) if self.dt_rank is None else self.dt_rank


class BlockState(NamedTuple):
    """What a block carries from one token to the next; its size does not depend on how many there were."""

    conv: Tensor
    """Last inputs of the convolution, (B, d_conv − 1, E·D)."""
    ssm: Tensor
    """h, (B, E·D, N)."""


class MambaBlock(nn.Module):
    """(B, L, D) → (B, L, D); `step` is the same map, one token at a time."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.config = config
        channels, states, rank = config.d_inner, config.d_state, config.rank
        self.in_proj = nn.Linear(config.d_model, channels, bias=False)
        if config.gated:
            self.z_proj = nn.Linear(config.d_model, channels, bias=False)
        if config.d_conv:
            self.conv_weight = nn.Parameter(torch.empty(channels, config.d_conv))
            self.conv_bias = nn.Parameter(torch.empty(channels)) if config.conv_bias else None
        if "delta" in config.selective:
            self.s_delta = nn.Linear(channels, rank, bias=False)
            self.dt_proj = nn.Linear(rank, channels, bias=False)
        self.dt_bias = nn.Parameter(torch.empty(channels))
        if "B" in config.selective:
            self.s_B = nn.Linear(channels, states, bias=False)
        else:
            self.B = nn.Parameter(torch.empty(channels, states))
        if "C" in config.selective:
            self.s_C = nn.Linear(channels, states, bias=False)
        else:
            self.C = nn.Parameter(torch.empty(channels, states))
        self.A_log = nn.Parameter(torch.empty(channels, states))
        self.D = nn.Parameter(torch.empty(channels))
        self.out_proj = nn.Linear(channels, config.d_model, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        """All tokens at once."""
        x, z = self._project(u)
        if self.config.recompute:
            y = checkpoint(self._inner, x, z, use_reentrant=False, preserve_rng_state=False)
        else:
            y = self._inner(x, z)
        return self.out_proj(y)

    def prefill(self, u: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        """All tokens at once, going on from `state`; returns the state after the last of them."""
        x, z = self._project(u)
        x, tail = self._convolve_from(x, state.conv)
        y, h = self._scan(x, z, state.ssm)
        return self.out_proj(y), BlockState(tail, h)

    def step(self, u: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        """One token, u (B, D), by the recurrence itself."""
        x, z = self._project(u[:, None])
        x, tail = self._convolve_from(x, state.conv)
        delta, B, C = self._parameters_at(x)
        A_bar, B_bar = discretize(F.softplus(delta + self.dt_bias), self._A(), B, self.config.discretization)
        y, h = recurrence(A_bar, B_bar, C, x, state.ssm)
        y = self._gate(y + self.D * x, z)
        return self.out_proj(y[:, 0]), BlockState(tail, h)

    def initial_state(self, batch: int) -> BlockState:
        """The state before the first token."""
        config, like = self.config, self.D
        return BlockState(
            conv=like.new_zeros(batch, max(config.d_conv - 1, 0), config.d_inner),
            ssm=like.new_zeros(batch, config.d_inner, config.d_state),
        )

    def _project(self, u: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.in_proj(u), self.z_proj(u) if self.config.gated else None

    def _inner(self, x: Tensor, z: Tensor | None) -> Tensor:
        """Everything between the two projections: what `recompute` does not keep."""
        if self.config.d_conv:
            x = self._convolve(x)
        return self._scan(x, z, None)[0]

    def _convolve(self, x: Tensor) -> Tensor:
        y = causal_conv1d(x.transpose(1, 2), self.conv_weight, self.conv_bias, activation="silu")
        return y.transpose(1, 2)

    def _convolve_from(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """The convolution of x after the inputs `tail`, and the tail for what follows."""
        if not self.config.d_conv:
            return x, tail
        before = tail.shape[1]
        extended = torch.cat([tail, x], dim=1)
        return self._convolve(extended)[:, before:], extended[:, extended.shape[1] - before :]

    def _parameters_at(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """s_Δ(x) before its bias and softplus, s_B(x) and s_C(x); constants where they are not selective."""
        chosen = self.config.selective
        delta = self.dt_proj(self.s_delta(x)) if "delta" in chosen else x.new_zeros(1).expand_as(x)
        return delta, self.s_B(x) if "B" in chosen else self.B, self.s_C(x) if "C" in chosen else self.C

    def _scan(self, x: Tensor, z: Tensor | None, h: Tensor | None) -> tuple[Tensor, Tensor]:
        """Steps 3 to 6 of Algorithm 2 and the gate; returns the gated output and the last state."""
        delta, B, C = self._parameters_at(x)
        if self.config.discretization == "zoh":
            A_bar, B_bar = discretize(F.softplus(delta + self.dt_bias), self._A(), B, "zoh")
            y, last = recurrence(A_bar, B_bar, C, x, h)
            return self._gate(y + self.D * x, z), last
        y, last = selective_scan(
            x.transpose(1, 2),
            delta.transpose(1, 2),
            self._A(),
            _channels_first(B),
            _channels_first(C),
            self.D,
            z=None if z is None else z.transpose(1, 2),
            delta_bias=self.dt_bias,
            delta_softplus=True,
            return_last_state=True,
            initial_state=h,
        )
        y = y.transpose(1, 2)
        return (y if z is not None else F.gelu(y)), last

    def _gate(self, y: Tensor, z: Tensor | None) -> Tensor:
        return F.gelu(y) if z is None else y * F.silu(z)

    def _A(self) -> Tensor:
        return -torch.exp(self.A_log)


def _channels_first(parameter: Tensor) -> Tensor:
    """(B, L, N) → (B, N, L) for the kernel; a constant (D, N) stays."""
    return parameter.transpose(1, 2) if parameter.dim() == 3 else parameter

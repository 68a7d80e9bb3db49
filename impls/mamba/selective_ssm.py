"""Algorithm 2: the SSM whose Δ, B and C depend on the input, or some of them, or none.

Every tensor is (B, L, channels) in memory; the kernel, whose convention is (B, channels, L), gets transposed views.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.mamba.config import BlockConfig, Parameter
from claimbench.impls.mamba.ssm import discretize, recurrence
from claimbench.kernels import selective_scan, selective_state_update

__all__ = ["SelectiveSSM"]


class SelectiveSSM(nn.Module):
    """x (B, L, ED) → y (B, L, ED), gated by SiLU(z) where z is given.

    Without selection it is S4 with the real diagonal A of the paper's S6, a convolution (Equation 3).
    """

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.config = config
        channels, states = config.d_inner, config.d_state
        if "delta" in config.selective:
            self.s_delta = nn.Linear(channels, config.rank, bias=False)
            self.dt_proj = nn.Linear(config.rank, channels, bias=False)
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
        # A and D as in the authors' code, a constant B as in S4's.
        for name in {"A_log", "D", "B"} & {name for name, _ in self.named_parameters()}:
            self.get_parameter(name).no_decay = True  # pyright: ignore[reportAttributeAccessIssue]

    def forward(self, x: Tensor, z: Tensor | None = None, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """y for all tokens at once and the last state (B, ED, N); `h` is the state before the first, default 0."""
        delta, B, C = self._parameters_at(x)
        if self.config.discretization == "zoh":
            return self._explicitly(x, z, h, delta, B, C)
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
        return y.transpose(1, 2), last

    def step(self, x: Tensor, z: Tensor | None, h: Tensor) -> Tensor:
        """y of one token, x (B, ED); h (B, ED, N) is overwritten."""
        delta, B, C = self._parameters_at(x[:, None])
        if B.dim() == C.dim() == 3 and self.config.discretization == "euler":
            return selective_state_update(
                h, x, delta[:, 0], self._A(), B[:, 0], C[:, 0], self.D, z, self.dt_bias, dt_softplus=True
            )
        # The kernel has one B and one C for all channels of a head; an S4 has its own for each.
        y, last = self._explicitly(x[:, None], None if z is None else z[:, None], h, delta, B, C)
        h.copy_(last)
        return y[:, 0]

    def _parameters_at(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """s_Δ(x) before its bias and softplus, s_B(x) and s_C(x); constants where they are not selective."""
        # One matrix product for all that depend on x: its gradient is then one product as well, not a sum of three.
        layers: dict[Parameter, nn.Linear] = {}
        if "delta" in self.config.selective:
            layers["delta"] = self.s_delta
        if "B" in self.config.selective:
            layers["B"] = self.s_B
        if "C" in self.config.selective:
            layers["C"] = self.s_C
        found: dict[Parameter, Tensor] = {}
        if layers:
            joined = F.linear(x, torch.cat([layer.weight for layer in layers.values()]))
            parts = joined.split([layer.out_features for layer in layers.values()], dim=-1)
            found = dict(zip(layers, parts, strict=True))
        delta = self.dt_proj(found["delta"]) if "delta" in found else x.new_zeros(1).expand_as(x)
        for name in self.config.constant:
            found[name] = self.get_parameter(name)
        return delta, found["B"], found["C"]

    def _explicitly(
        self, x: Tensor, z: Tensor | None, h: Tensor | None, delta: Tensor, B: Tensor, C: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Equations 2 and 4 as they are written."""
        A_bar, B_bar = discretize(F.softplus(delta + self.dt_bias), self._A(), B, self.config.discretization)
        y, last = recurrence(A_bar, B_bar, C, x, h)
        y = y + self.D * x
        return (y if z is None else y * F.silu(z)), last

    def _A(self) -> Tensor:
        return -torch.exp(self.A_log)


def _channels_first(parameter: Tensor) -> Tensor:
    """(B, L, N) → (B, N, L) for the kernel; a constant (D, N) stays."""
    return parameter.transpose(1, 2) if parameter.dim() == 3 else parameter

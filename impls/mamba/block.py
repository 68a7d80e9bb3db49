"""The blocks of Table 1 around one selective SSM: Mamba (Figure 3), H3, and a plain block without a gate.

Each maps (B, L, D) to (B, L, D) in three ways that compute the same: all tokens at once (`forward`), all tokens going
on from a state (`prefill`), and one token at a time (`step`), in memory that does not grow.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.s4d import S4D
from claimbench.impls.mamba.selective_ssm import SelectiveSSM
from claimbench.kernels import causal_conv1d

__all__ = ["Block", "BlockState", "H3Block", "MambaBlock", "PlainBlock", "make_block"]


class BlockState(NamedTuple):
    """What a block carries from one token to the next; its size does not depend on how many there were."""

    conv: Tensor
    """Last inputs of the convolution, (B, d_conv − 1, E·D)."""
    ssm: Tensor
    """h, (B, E·D, N)."""


class Block(nn.Module):
    """What the three blocks share: an SSM, a projection back to D, and the state."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.config = config
        self.ssm = SelectiveSSM(config) if config.mixer == "selective" else S4D(config)
        self.out_proj = nn.Linear(config.d_inner, config.d_model, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        """All tokens at once."""
        raise NotImplementedError

    def prefill(self, u: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        """All tokens at once, going on from `state`; returns the state after the last of them."""
        raise NotImplementedError

    def step(self, u: Tensor, state: BlockState) -> Tensor:
        """One token, u (B, D), by the recurrence itself; `state` is overwritten."""
        raise NotImplementedError

    def initial_state(self, batch: int) -> BlockState:
        """The state before the first token; h is float32 at least, as the scan has it (the authors' code keeps it in
        the parameters' dtype, in which a long decoding drifts).
        """
        like = self.out_proj.weight
        conv = like.new_zeros(batch, self._window - 1, self.config.d_inner)
        dtype = torch.promote_types(like.dtype, torch.float32)
        return BlockState(conv, like.new_zeros(batch, self.config.d_inner, self.config.d_state, dtype=dtype))

    @property
    def _window(self) -> int:
        return self.config.d_conv


class _Convolution(nn.Module):
    """A short causal convolution of every channel, with or without a SiLU behind it."""

    def __init__(self, config: BlockConfig, *, activated: bool, bias: bool) -> None:
        super().__init__()
        self.activation: Literal["silu"] | None = "silu" if activated else None
        self.weight = nn.Parameter(torch.empty(config.d_inner, config.d_conv))
        self.bias = nn.Parameter(torch.empty(config.d_inner)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """x (B, L, ED), nothing before it."""
        return causal_conv1d(x.transpose(1, 2), self.weight, self.bias, self.activation).transpose(1, 2)

    def following(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """The convolution of x after the inputs `before`, and the last inputs for what follows."""
        extended = torch.cat([before, x], dim=1)
        kept = before.shape[1]
        # A copy: a view would keep the whole prompt.
        return self(extended)[:, kept:], extended[:, extended.shape[1] - kept :].clone()


class MambaBlock(Block):
    """x, z = in(u); out(SSM(SiLU(conv(x))) ∘ SiLU(z))."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__(config)
        self.in_proj = nn.Linear(config.d_model, 2 * config.d_inner, bias=False)
        self.conv = _Convolution(config, activated=True, bias=config.conv_bias)

    def forward(self, u: Tensor) -> Tensor:
        x, z = self.in_proj(u).chunk(2, dim=-1)
        if self.config.recompute:
            y = checkpoint(self._inner, x, z, use_reentrant=False, preserve_rng_state=False)
        else:
            y = self._inner(x, z)
        return self.out_proj(y)

    def prefill(self, u: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        x, z = self.in_proj(u).chunk(2, dim=-1)
        x, conv = self.conv.following(x, state.conv)
        y, h = self.ssm(x, z, state.ssm)
        return self.out_proj(y), BlockState(conv, h)

    def step(self, u: Tensor, state: BlockState) -> Tensor:
        x, z = self.in_proj(u).chunk(2, dim=-1)
        x, conv = self.conv.following(x[:, None], state.conv)
        state.conv.copy_(conv)
        return self.out_proj(self.ssm.step(x[:, 0], z, state.ssm))

    def _inner(self, x: Tensor, z: Tensor) -> Tensor:
        """Everything between the projections: what `recompute` does not keep."""
        return self.ssm(self.conv(x), z)[0]


class PlainBlock(Block):
    """out(GELU(SSM(in(u)))): no gate, no convolution (Table 1, "No gate")."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__(config)
        self.in_proj = nn.Linear(config.d_model, config.d_inner, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        return self.out_proj(F.gelu(self.ssm(self.in_proj(u))[0]))

    def prefill(self, u: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        y, h = self.ssm(self.in_proj(u), None, state.ssm)
        return self.out_proj(F.gelu(y)), BlockState(state.conv, h)

    def step(self, u: Tensor, state: BlockState) -> Tensor:
        return self.out_proj(F.gelu(self.ssm.step(self.in_proj(u), None, state.ssm)))

    @property
    def _window(self) -> int:
        return 1


class H3Block(Block):
    """q, k, v = qkv(u); out(q ∘ SSM(shift(k) ∘ v)) (H3, arXiv 2212.14052; the shift is a short convolution)."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__(config)
        self.qkv_proj = nn.Linear(config.d_model, 3 * config.d_inner, bias=False)
        self.shift = _Convolution(config, activated=False, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        q, k, v = self.qkv_proj(u).chunk(3, dim=-1)
        return self.out_proj(q * self.ssm(self.shift(k) * v)[0])

    def prefill(self, u: Tensor, state: BlockState) -> tuple[Tensor, BlockState]:
        q, k, v = self.qkv_proj(u).chunk(3, dim=-1)
        k, conv = self.shift.following(k, state.conv)
        y, h = self.ssm(k * v, None, state.ssm)
        return self.out_proj(q * y), BlockState(conv, h)

    def step(self, u: Tensor, state: BlockState) -> Tensor:
        q, k, v = self.qkv_proj(u[:, None]).chunk(3, dim=-1)
        k, conv = self.shift.following(k, state.conv)
        state.conv.copy_(conv)
        return self.out_proj(q[:, 0] * self.ssm.step((k * v)[:, 0], None, state.ssm))


def make_block(config: BlockConfig) -> Block:
    """The block that `config.architecture` names; raises ValueError where it cannot do what the config asks for."""
    if config.recompute and config.architecture != "mamba":
        raise ValueError(f"recompute is for Mamba's block, not for {config.architecture}")
    return {"mamba": MambaBlock, "h3": H3Block, "plain": PlainBlock}[config.architecture](config)

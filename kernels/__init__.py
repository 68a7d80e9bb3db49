"""Kernels, one mathematical object a folder: `from claimbench.kernels import selective_scan`.

Every public function is fetched when it is first asked for, so importing this package loads neither torch nor numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimbench.kernels._warm import warm
    from claimbench.kernels.conv import causal_conv1d
    from claimbench.kernels.differential import differential_attention
    from claimbench.kernels.gated import swiglu
    from claimbench.kernels.norm import rms_norm
    from claimbench.kernels.rotary import rope
    from claimbench.kernels.scan import selective_scan, selective_state_update
    from claimbench.kernels.schedule_free import schedule_free_step
    from claimbench.kernels.votes import bootstrap_ratings, elo_lanes, fold_votes

__all__ = [
    "bootstrap_ratings",
    "causal_conv1d",
    "differential_attention",
    "elo_lanes",
    "fold_votes",
    "rms_norm",
    "rope",
    "schedule_free_step",
    "selective_scan",
    "selective_state_update",
    "swiglu",
    "warm",
]

_HOME = {
    "bootstrap_ratings": "votes",
    "causal_conv1d": "conv",
    "differential_attention": "differential",
    "elo_lanes": "votes",
    "fold_votes": "votes",
    "rms_norm": "norm",
    "rope": "rotary",
    "schedule_free_step": "schedule_free",
    "selective_scan": "scan",
    "selective_state_update": "scan",
    "swiglu": "gated",
    "warm": "_warm",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOME))

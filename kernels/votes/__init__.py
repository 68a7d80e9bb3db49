"""Votes between models: folded into counts, bootstrapped, replayed as online Elo."""

from claimbench.kernels.votes._bootstrap import Bootstrap, Status
from claimbench.kernels.votes.bootstrap_op import bootstrap_ratings
from claimbench.kernels.votes.cost import (
    bootstrap_bytes,
    bootstrap_flops,
    elo_bytes,
    elo_flops,
    fold_bytes,
    fold_flops,
)
from claimbench.kernels.votes.elo_op import elo_lanes
from claimbench.kernels.votes.op import fold_votes, pairs_of

__all__ = [
    "Bootstrap",
    "Status",
    "bootstrap_bytes",
    "bootstrap_flops",
    "bootstrap_ratings",
    "elo_bytes",
    "elo_flops",
    "elo_lanes",
    "fold_bytes",
    "fold_flops",
    "fold_votes",
    "pairs_of",
]

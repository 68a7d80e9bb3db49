"""Votes between models: folded into counts, bootstrapped, replayed as online Elo."""

from claimbench.kernels.votes._bootstrap import Bootstrap, Status
from claimbench.kernels.votes.bootstrap_op import bootstrap_ratings
from claimbench.kernels.votes.elo_op import elo_lanes
from claimbench.kernels.votes.op import fold_votes, pairs_of

__all__ = ["Bootstrap", "Status", "bootstrap_ratings", "elo_lanes", "fold_votes", "pairs_of"]

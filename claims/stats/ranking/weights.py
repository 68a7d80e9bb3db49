"""Weights that undo an uneven choice of pairs.

Where Bradley-Terry does not hold exactly, the ratings that votes tend to depend on which pairs were shown. Chatbot
Arena (arXiv 2403.04132), equation 7, weights each vote by 1/P(its pair) and so targets pairs shown equally often.
(Its loss has the sign of equation 3; here, as everywhere, a larger rating wins.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats
from claimbench.stats.ranking.votes import Battles

__all__ = ["inverse_probability", "uniform_pairs"]

LEAST = 50
"""Votes below which a pair's weight no longer grows: arena-rank's clipping."""


def uniform_pairs(battles: Battles, least: float = LEAST) -> Battles:
    """Votes of each pair weighted by 1/max(n, `least`), n being its votes: every pair counts alike, rare ones less.

    Raises VotesError where a pair has no votes and `least` is 0.
    """
    counted = np.maximum(battles.games, least)
    if not np.all(counted > 0):
        raise VotesError("a pair without votes has no weight: let least be above 0")
    return battles.weighted(1 / counted)


def inverse_probability(battles: Battles, probability: ArrayLike) -> Battles:
    """Votes weighted by 1/P of their pair; P (E,), the probabilities with which the pairs were drawn.

    Raises VotesError for a probability outside (0, 1].
    """
    p: Floats = np.asarray(probability, dtype=np.float64)
    if not np.all((p > 0) & (p <= 1)):
        raise VotesError("a probability outside (0, 1]: give one for each pair that met")
    return battles.weighted(1 / p)

"""Bradley–Terry scores from reweighted votes (equation 7), with sandwich intervals, for many replications at once.

Every vote is weighted by 1/P(A), so that the scores are those of an arena that draws its pairs uniformly. The paper
anchors ξ_1 = 0. Its loss as printed turns the scores upside down, as 1/(1 + e^{ξ_2 − ξ_1}) is the probability that the
first model wins; here σ(ξ_2 − ξ_1) is the probability that the second does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import MeasurementRefused
from claimbench.impls.chatbot_arena.replications import laplacians
from claimbench.impls.chatbot_arena.win_matrix import Estimate, Tally
from claimbench.stats.ranking.arrays import Floats

__all__ = ["Scores"]

_TOLERANCE = 1e-8
_STEPS = 50
_LONGEST_STEP = 2.0


class Scores:
    """An estimator of the scores of M models, to be asked again as votes come in: it starts where it last stopped."""

    def __init__(self, first: NDArray[np.intp], second: NDArray[np.intp], models: int) -> None:
        """Pair a is (`first[a]`, `second[a]`), H = 1 a win of the second; model 0 is the anchor."""
        self.first, self.second, self.models = first, second, models
        pairs = np.arange(len(first))
        self._difference = np.zeros((len(first), models))
        self._difference[pairs, second] += 1.0
        self._difference[pairs, first] -= 1.0
        self._last: Floats | None = None

    def __call__(self, tally: Tally) -> Estimate:
        """Scores relative to the anchor's and their sandwich variances (replications, M − 1).

        With wins and losses weighted by 1/P, L the Laplacian of the weights p(1 − p) and B that of the squared scores
        of single votes, V = L⁻¹ B L⁻¹ without the anchor's row and column. Raises MeasurementRefused where the votes
        of a replication have no finite maximum: a group of models then won, or lost, every vote against the rest.
        """
        wins, losses = tally.wins[1], tally.losses[1]
        xi = np.zeros((len(wins), self.models)) if self._last is None else self._last
        longest = np.full((1, 1), np.inf)
        for _ in range(_STEPS):
            p = self.probability(xi)
            gradient = ((wins - (wins + losses) * p) @ self._difference)[:, 1:]
            try:
                step = np.linalg.solve(self._laplacian((wins + losses) * p * (1 - p)), gradient[..., None])[..., 0]
            except np.linalg.LinAlgError:
                break
            # Far from the maximum a full step may overshoot; near it all steps are short.
            longest = np.abs(step).max(axis=-1, keepdims=True)
            xi[:, 1:] += step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, _LONGEST_STEP))
            if longest.max() < _TOLERANCE:
                break
        if not longest.max() < _TOLERANCE:
            raise MeasurementRefused(
                "the votes of a replication have no largest Bradley–Terry likelihood: some models won or lost every "
                "vote against the rest; give more start-up votes"
            )
        self._last = xi
        p = self.probability(xi)
        bread = np.linalg.inv(self._laplacian((wins + losses) * p * (1 - p)))
        meat = self._laplacian(tally.wins[2] * (1 - p) ** 2 + tally.losses[2] * p**2)
        return Estimate(xi[:, 1:].copy(), np.einsum("rij,rjk,rki->ri", bread, meat, bread))

    def probability(self, xi: Floats) -> Floats:
        """P(H = 1) = σ(ξ_second − ξ_first) of every pair; `xi` is (replications, M)."""
        return 1 / (1 + np.exp(xi[:, self.first] - xi[:, self.second]))

    def _laplacian(self, weights: Floats) -> Floats:
        """Laplacian of the complete graph with these weights, without the anchor (replications, M − 1, M − 1)."""
        return laplacians(weights, self.first, self.second, self.models)[:, 1:, 1:]

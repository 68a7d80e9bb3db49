"""The graph of the pairs that met, and the weighted Laplacian that every information matrix here is.

With X the incidence matrix (a row of +1 and −1 for each pair) and w the weights of the pairs, L = Xᵀ diag(w) X. Its
null vector is the constant one: only differences of ratings are determined. Solutions here have mean zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from claimbench.errors import VotesError
from claimbench.stats.ranking.arrays import Floats, Integers, summed

__all__ = ["DENSE_MODELS", "NoSolution", "PairGraph"]

DENSE_MODELS = 2500
"""Models up to which a Laplacian is ever a dense matrix (50 MB)."""
_DIRECT_MODELS = 500
"""Models up to which Cholesky's factorisation is the faster; beyond, it stands by for conjugate gradients."""
_CG_ITERATIONS = 5000


class NoSolution(ArithmeticError):
    """A Laplacian that is singular to working precision, or on which conjugate gradients do not converge."""


class PairGraph:
    """Sums over the edges of a graph, and solutions of its Laplacian systems.

    Args:
        first, second: (E,), the ends of each edge, first < second, no edge twice.
        size: number M of nodes.
    """

    def __init__(self, first: Integers, second: Integers, size: int) -> None:
        self.first, self.second, self.size = first, second, size
        self.cells = first * size + second

    def differences(self, ratings: Floats) -> Floats:
        """X θ, (E,): what the first of each pair is ahead."""
        return ratings[self.first] - ratings[self.second]

    def divergence(self, flow: Floats) -> Floats:
        """Xᵀ r, (M,): `flow` (E,) summed into the first of each pair, minus that into the second."""
        return summed(self.first, flow, self.size) - summed(self.second, flow, self.size)

    def degrees(self, weights: Floats) -> Floats:
        """(M,), sum of the weights (E,) of the edges at each node."""
        return summed(self.first, weights, self.size) + summed(self.second, weights, self.size)

    def laplacian(self, weights: Floats) -> Floats:
        """L, (M, M)."""
        self._refuse_dense()
        matrix = np.zeros(self.size * self.size)
        matrix[self.cells] = -weights
        square = matrix.reshape(self.size, self.size)
        square += square.T
        matrix[:: self.size + 1] = self.degrees(weights)
        return square

    def solve(self, weights: Floats, right: Floats, tolerance: float = 1e-8) -> Floats:
        """L⁺ b for `right`, (M,) or columns (M, k), each summing to zero.

        By Cholesky's factorisation, or by conjugate gradients to a relative residual of `tolerance` where models are
        many. Raises NoSolution.
        """
        if self.size > _DIRECT_MODELS:
            columns = right.reshape(self.size, -1).T
            try:
                solved = [self._conjugate_gradients(weights, column, tolerance) for column in columns]
                return np.stack(solved, axis=1).reshape(right.shape)
            except NoSolution:
                if self.size > DENSE_MODELS:
                    raise
        solution, _ = _lapack().dpotrs(self._factor(weights), right, lower=1)
        return solution - solution.mean(axis=0)

    def pseudo_inverse(self, weights: Floats) -> Floats:
        """L⁺, (M, M). Raises NoSolution, and VotesError beyond DENSE_MODELS."""
        self._refuse_dense()
        inverse, _ = _lapack().dpotri(self._factor(weights), lower=1, overwrite_c=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        # Centring takes the completion away again, and the rounding that came with it.
        inverse -= inverse.mean(axis=0)
        inverse -= inverse.mean(axis=1)[:, None]
        return (inverse + inverse.T) / 2

    def _factor(self, weights: Floats) -> Floats:
        """Cholesky's factor, in the lower triangle, of L + c 11ᵀ; c such that the new eigenvalue is the mean degree."""
        degrees = self.degrees(weights)
        completion = degrees.mean() / self.size or 1.0  # a single model has no degree
        matrix = np.full(self.size * self.size, completion)
        # first < second: the upper triangle by rows, which is the lower one by columns.
        matrix[self.cells] = completion - weights
        matrix[:: self.size + 1] = completion + degrees
        factor, failed = _lapack().dpotrf(matrix.reshape(self.size, self.size).T, lower=1, overwrite_a=1, clean=0)
        pivots = factor.diagonal()
        # What rounding leaves of a pivot is no information, though it be positive.
        if failed or not pivots.min() > 1e-7 * pivots.max():
            raise NoSolution("the Laplacian is singular to working precision")
        return factor

    def _conjugate_gradients(self, weights: Floats, right: Floats, tolerance: float) -> Floats:
        """With the degrees as preconditioner; the system is singular but consistent, so they converge."""
        from scipy.sparse import csr_array
        from scipy.sparse.linalg import cg

        degrees = self.degrees(weights)
        if not degrees.min() > 0:
            raise NoSolution("a model without information")
        edges, columns, starts = self._adjacency
        shape = (self.size, self.size)
        adjacency: Any = csr_array((weights[edges], columns, starts), shape=shape)
        solution, failed = cg(
            _operator(shape, lambda x: degrees * x - adjacency @ x),
            right - right.mean(),
            rtol=tolerance,
            maxiter=_CG_ITERATIONS,
            M=_operator(shape, lambda x: x / degrees),
        )
        if failed:
            raise NoSolution(f"{failed} iterations of conjugate gradients did not reach {tolerance:g}")
        return solution - solution.mean()

    @cached_property
    def incidence(self) -> Any:
        """X, sparse (E, M): for many vectors of ratings at once."""
        from scipy.sparse import csr_array

        edges = self.first.size
        columns = np.stack([self.first, self.second], axis=1).ravel()
        return csr_array((np.tile([1.0, -1.0], edges), columns, np.arange(edges + 1) * 2), shape=(edges, self.size))

    @cached_property
    def _adjacency(self) -> tuple[Integers, Integers, Integers]:
        """Edges of each node, both ways: (number of the edge, the other end, where each node begins)."""
        ends, others = np.concatenate([self.first, self.second]), np.concatenate([self.second, self.first])
        order = np.argsort(ends, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=self.size))])
        return order % self.first.size, others[order], starts

    def _refuse_dense(self) -> None:
        if self.size > DENSE_MODELS:
            raise VotesError(
                f"a matrix over {self.size} models: at most {DENSE_MODELS}; take a subset of them, "
                "or the variance of one contrast at a time"
            )


def _lapack() -> Any:
    """Called directly: scipy's own checks take longer than a factorisation of a hundred models."""
    from scipy.linalg import lapack

    return lapack


def _operator(shape: tuple[int, int], product: Callable[[Floats], Floats]) -> Any:
    from scipy.sparse import linalg

    operator: Any = linalg.LinearOperator
    return operator(shape, matvec=product, dtype=np.float64)

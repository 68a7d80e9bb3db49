"""The rate that is taken from a grid."""

from __future__ import annotations

import math

import pytest

from claimbench.impls.common.rates import choose_rate

INF = math.inf


@pytest.mark.parametrize(
    ("scores", "ties", "best", "edge"),
    [
        pytest.param([3, 1, 2, 4], [0, 0, 0, 0], 1, False, id="inside"),
        pytest.param([1, 2, 3, 4], [0, 0, 0, 0], 1, True, id="the first is best"),
        pytest.param([4, 3, 2, 1], [0, 0, 0, 0], 2, True, id="the last is best"),
        pytest.param([1, 1, 1, 1], [0, 5, 4, 0], 2, False, id="of equals the least loss, inside"),
        pytest.param([math.nan, 2, math.nan, 3], [1, 1, 1, 1], 1, False, id="what diverged is never chosen"),
        pytest.param([1, INF, math.nan, 2], [1, 1, 1, 1], 1, True, id="nothing inside is finite"),
        pytest.param([9, 5, 7], None, 1, False, id="without ties"),
        pytest.param([4, 5, 7], None, 1, True, id="without ties, the first is best"),
        pytest.param([5, 5, 7], None, 1, False, id="an end that is only as good"),
        pytest.param([INF, INF, 8, math.nan], None, 2, False, id="one is finite"),
        pytest.param([INF, INF, INF], None, 1, True, id="none is finite"),
    ],
)
def test_the_rate_is_the_best_inside_and_an_end_that_is_better_is_told(
    scores: list[float], ties: list[float] | None, best: int, edge: bool
) -> None:
    assert choose_rate(scores, ties) == (best, edge)

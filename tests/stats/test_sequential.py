"""Looks before the end: published boundaries, and the error rate of a t interval that is looked at."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import stdtrit

from claimbench.stats.sequential import boundary, crossing_probability, shares

# Jennison and Turnbull, Group Sequential Methods (2000), table 2.3: the constant at the last look.
PUBLISHED = {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087}


@pytest.mark.parametrize(("looks", "last"), PUBLISHED.items())
def test_obrien_and_flemings_constants(looks: int, last: float) -> None:
    found = boundary(range(1, looks + 1), 0.05)
    assert found[-1] == pytest.approx(last, abs=6e-4)
    assert [z * math.sqrt(k / looks) for k, z in enumerate(found, 1)] == pytest.approx([found[-1]] * looks)


def test_three_equal_looks() -> None:
    assert boundary((10, 20, 30), 0.05) == pytest.approx((3.471, 2.454, 2.004), abs=5e-4)


def test_ten_looks_at_the_usual_level_err_one_time_in_five() -> None:
    # Armitage, McPherson and Rowe (1969), table 2: repeated tests at 5 %.
    looks = range(1, 11)
    assert crossing_probability([1.95996] * 10, [k / 10 for k in looks]) == pytest.approx(0.193, abs=5e-4)
    assert crossing_probability([1.95996] * 2, [0.5, 1.0]) == pytest.approx(0.083, abs=5e-4)


def test_a_single_look_takes_all_of_it() -> None:
    assert shares((8,), 0.05) == (0.05,)
    assert boundary((8,), 0.05) == pytest.approx((1.959964,), abs=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 40])
def test_early_looks_take_little_and_all_together_take_alpha(alpha: float) -> None:
    found = shares((200, 500, 1000), alpha)
    assert list(found) == sorted(found)
    assert found[0] < 0.001 * alpha / 0.05
    assert found[-1] < alpha < sum(found)


@pytest.mark.parametrize("looks", [(), (0, 5), (5, 5), (9, 5)])
def test_looks_ascend(looks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        boundary(looks, 0.05)


@pytest.mark.parametrize("looks", [(8, 16, 24), (10, 40), (6, 12, 18, 24)])
def test_a_t_interval_that_is_looked_at_errs_as_often_as_it_says(looks: tuple[int, ...]) -> None:
    reps, alpha = 20_000, 0.05
    x = np.random.default_rng(5).normal(0, 1, (reps, looks[-1]))
    above, covered = np.zeros(reps, dtype=bool), np.ones(reps, dtype=bool)
    for n, part in zip(looks, shares(looks, alpha), strict=True):
        mean, half = x[:, :n].mean(axis=1), stdtrit(n - 1, 1 - part / 2) * x[:, :n].std(axis=1, ddof=1) / math.sqrt(n)
        above |= mean - half > 0
        covered &= np.abs(mean) <= half
    assert above.mean() <= alpha / 2 + 3 * math.sqrt(alpha / 2 / reps)
    assert 0.94 <= covered.mean() <= 0.96, "all intervals of a run hold together"
    naive = np.any([np.abs(x[:, :n].mean(axis=1)) * math.sqrt(n) > 1.96 for n in looks], axis=0)
    assert naive.mean() > 0.07

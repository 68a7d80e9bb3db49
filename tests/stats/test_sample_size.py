"""How many units: known tables, the formulas that they come from, and scipy's noncentral t."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from claimbench.stats.intervals import one_sample_t
from claimbench.stats.sample_size import detectable, fewest_pairs, further_units, share
from claimbench.stats.signflip import sign_flip_p

TABLE = {1: 6, 2: 7, 3: 7, 4: 8, 6: 8, 7: 9, 10: 9}


@pytest.mark.parametrize(("m", "n"), TABLE.items())
def test_fewest_pairs(m: int, n: int) -> None:
    assert fewest_pairs(share(m)) == n


@pytest.mark.parametrize("m", range(1, 41))
def test_fewest_pairs_can_decide_and_one_fewer_cannot(m: int) -> None:
    n = fewest_pairs(share(m))
    assert sign_flip_p([1.0] * n) <= 0.025 / m < sign_flip_p([1.0] * (n - 1))


def test_level_is_shared_in_the_family() -> None:
    assert share(1) == 0.05
    assert share(10) == pytest.approx(0.005)


def test_twice_the_width_takes_four_times_the_units() -> None:
    assert further_units(10, 2.0, 1.0) == 30
    assert further_units(10, 0.5, 1.0) == 1, "the units at hand did not decide, so at least one more"
    assert further_units(10, 1.0, 0.0) is None
    assert further_units(10, math.inf, 1.0) is None


def test_further_units_decide_where_the_spread_stays() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0.0, 1.0, 12)
    x = (x - x.mean()) / x.std(ddof=1) + 0.3
    seen = one_sample_t(x.tolist(), 0.95)
    more = further_units(12, seen.half_width, seen.estimate)
    assert seen.low < 0
    assert more is not None
    n = 12 + more
    assert stats.t.ppf(0.975, n - 1) / math.sqrt(n) < 0.3, "the promise is on the safe side"
    assert stats.t.ppf(0.975, n // 2) / math.sqrt(n // 2) > 0.3, "and no waste"


@pytest.mark.parametrize("df", [9.0, 18.0])
@pytest.mark.parametrize("confidence", [0.95, 0.995])
def test_detectable_effect_has_the_power_it_says(df: float, confidence: float) -> None:
    effect = detectable(0.2, df, confidence)
    critical = stats.t.ppf((1 + confidence) / 2, df)
    power = 1 - stats.nct.cdf(critical, df, effect / 0.2)
    assert power == pytest.approx(0.8, abs=0.03)
    assert effect == pytest.approx((critical + stats.t.ppf(0.8, df)) * 0.2)


def test_too_few_units_detect_nothing() -> None:
    assert detectable(math.inf, 0.0, 0.95) == math.inf
    assert detectable(0.1, 0.0, 0.95) == math.inf

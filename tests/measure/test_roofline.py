"""The floor refuses the impossible and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from claimbench.measure import execute
from claimbench.measure.roofline import HEADROOM, Roofline, last_level_cache_bytes, measure_roofline
from claimbench.trial import Timed, Trial

ROOF = Roofline(bytes_per_s=1e10, flops_per_s=1e11, cache_bytes_per_s=1e11, cache_bytes=10**6)
sizes = st.floats(0, 1e12)


@pytest.fixture(scope="module")
def measured() -> Roofline:
    return measure_roofline()


@pytest.mark.parametrize(
    ("flops", "nbytes", "seconds"),
    [
        pytest.param(0, 10**6, 1e-5, id="all-in-cache"),
        pytest.param(0, 10**6 + 10**10, 1e-5 + 1, id="beyond-the-cache"),
        pytest.param(1e11, 10**6, 1.0, id="bound-by-arithmetic"),
        pytest.param(0, 0, 0.0, id="nothing"),
    ],
)
def test_floor_by_hand(flops: float, nbytes: float, seconds: float) -> None:
    assert ROOF.floor_s(flops, nbytes) == pytest.approx(seconds / HEADROOM)


@given(sizes, sizes, sizes, sizes)
def test_more_work_never_lowers_the_floor(flops: float, nbytes: float, more_flops: float, more_bytes: float) -> None:
    assert ROOF.floor_s(flops + more_flops, nbytes + more_bytes) >= ROOF.floor_s(flops, nbytes)


def test_an_unmeasured_cache_costs_nothing() -> None:
    roof = Roofline(bytes_per_s=1e9, flops_per_s=1e9, cache_bytes=100)
    assert roof.floor_s(0, 100) == 0
    assert roof.floor_s(0, 1100) == pytest.approx(1e-6 / HEADROOM)


def test_measured_rates_are_those_of_a_computer(measured: Roofline) -> None:
    assert 1e8 < measured.bytes_per_s <= measured.cache_bytes_per_s < 1e13
    assert 1e8 < measured.flops_per_s < 1e14
    assert measured.cache_bytes == last_level_cache_bytes() >= 2**18


@pytest.mark.parametrize("n", [256, 2**13, 2**17, 2**22])
def test_the_fastest_copy_is_not_refused(trial: Trial, measured: Roofline, n: int) -> None:
    rng = np.random.default_rng(n)
    sets = [(rng.normal(size=n).astype(np.float32),) for _ in range(2)]
    timed = Timed(np.copy, sets, np.copy, bytes=8.0 * n)
    got = execute(timed, trial, fresh_process=False, roofline=measured)
    assert got.floor_s is not None
    assert 0 < got.floor_s < min(got.samples["latency_s"])


def test_the_fastest_product_is_not_refused(trial: Trial, measured: Roofline) -> None:
    sets = [tuple(torch.randn(256, 256, generator=torch.Generator().manual_seed(s)) for _ in "ab") for s in (0, 1)]
    timed = Timed(torch.mm, sets, torch.mm, flops=2.0 * 256**3)
    got = execute(timed, trial, fresh_process=False, roofline=measured)
    assert got.floor_s is not None
    assert math.isfinite(got.floor_s)


def test_a_formula_that_counts_too_much_is_caught_on_the_measured_roofline(trial: Trial, measured: Roofline) -> None:
    from claimbench.errors import MeasurementRefused

    sets = [(np.ones(2**10, np.float32) * seed,) for seed in (1, 2)]
    honest = Timed(np.copy, sets, np.copy, bytes=8.0 * 2**10)
    with pytest.raises(MeasurementRefused, match="faster than this machine"):
        execute(replace(honest, bytes=8.0 * 2**34), trial, fresh_process=False, roofline=measured)

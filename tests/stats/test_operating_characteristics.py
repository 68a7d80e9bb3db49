"""How often the intervals cover and the rules err, by simulation; every number from a fixed seed.

Coverage runs on arrays; spot draws tie the arrays to the functions that judge.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from factories import FORK, HEALTHY, claim, record, timing, unpaired
from numpy.typing import NDArray
from scipy.special import stdtrit

from claimbench.expectation import AtLeast, Difference, Equivalent, NotWorse, Ratio
from claimbench.rules import Status
from claimbench.spec import Claim, Protocol
from claimbench.stats.intervals import one_sample_t, paired_t, welch_t
from claimbench.verdict import judge

REPS = 20_000
SE = math.sqrt(0.05 * 0.95 / REPS)
Array = NDArray[np.float64]


def welch(a: Array, b: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Welch intervals, one a row."""
    n, k = a.shape[1], b.shape[1]
    va, vb = a.var(axis=1, ddof=1) / n, b.var(axis=1, ddof=1) / k
    df = (va + vb) ** 2 / (va**2 / (n - 1) + vb**2 / (k - 1))
    half = stdtrit(df, (1 + level) / 2) * np.sqrt(va + vb)
    middle = a.mean(axis=1) - b.mean(axis=1)
    return middle - half, middle + half


def one_sample(x: Array, level: float = 0.95) -> tuple[Array, Array]:
    """One-sample intervals, one a row."""
    half = stdtrit(x.shape[1] - 1, (1 + level) / 2) * x.std(axis=1, ddof=1) / math.sqrt(x.shape[1])
    return x.mean(axis=1) - half, x.mean(axis=1) + half


def coverage(ends: tuple[Array, Array], truth: float) -> float:
    return float(np.mean((ends[0] <= truth) & (truth <= ends[1])))


def test_arrays_say_what_the_functions_say() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (20, 10)), rng.normal(0.2, 3, (20, 8))
    two, one, pairs = welch(a, b, 0.99), one_sample(a, 0.99), one_sample(a[:, :8] - b)
    for i in range(20):
        seen = welch_t(a[i].tolist(), b[i].tolist(), 0.99)
        assert (two[0][i], two[1][i]) == pytest.approx((seen.low, seen.high))
        seen = one_sample_t(a[i].tolist(), 0.99)
        assert (one[0][i], one[1][i]) == pytest.approx((seen.low, seen.high))
        seen = paired_t(a[i, :8].tolist(), b[i].tolist(), 0.95)
        assert (pairs[0][i], pairs[1][i]) == pytest.approx((seen.low, seen.high))


@pytest.mark.parametrize(("n", "k", "spread"), [(10, 10, 1.0), (10, 10, 4.0), (10, 20, 3.0), (20, 20, 1.0)])
def test_welch_covers_on_normal_data(n: int, k: int, spread: float) -> None:
    rng = np.random.default_rng(n * k)
    assert 0.94 <= coverage(welch(rng.normal(0, 1, (REPS, n)), rng.normal(0, spread, (REPS, k))), 0.0) <= 0.96


@pytest.mark.parametrize("n", [6, 8, 10])
def test_paired_covers_on_normal_data(n: int) -> None:
    rng = np.random.default_rng(n)
    shared = rng.normal(0, 5, (REPS, n))
    first, second = (shared + rng.normal(0, spread, (REPS, n)) for spread in (1.0, 2.0))
    ends = one_sample(first - second)
    assert 0.94 <= coverage(ends, 0.0) <= 0.96
    unpaired_width = np.subtract(*welch(first, second)[::-1]).mean()
    assert np.subtract(*ends[::-1]).mean() < 0.6 * unpaired_width, "what pairing is for"


@pytest.mark.parametrize("confidence", [1 - 0.05 / 4, 1 - 0.05 / 10])
def test_shared_levels_are_kept(confidence: float) -> None:
    rng = np.random.default_rng(5)
    missed = 1 - coverage(welch(rng.normal(0, 1, (REPS, 10)), rng.normal(0, 2, (REPS, 10)), confidence), 0.0)
    assert missed == pytest.approx(1 - confidence, abs=0.25 * (1 - confidence) + 3 * SE)


def latencies(rng: np.random.Generator, processes: int, iterations: int, reps: int) -> Array:
    """Log times: processes differ by 5 %, iterations by 5 % and now and then by a spike of half as much again."""
    between = rng.normal(0.0, 0.05, (reps, processes, 1))
    within = rng.normal(0.0, 0.05, (reps, processes, iterations))
    spikes = 0.4 * (rng.random((reps, processes, iterations)) < 0.05)
    return between + within + spikes


def test_processes_cover_and_pooled_iterations_do_not() -> None:
    rng = np.random.default_rng(7)
    reps = 5_000
    a, b = latencies(rng, 10, 20, reps), latencies(rng, 10, 20, reps)
    medians = coverage(welch(np.median(a, axis=2), np.median(b, axis=2)), 0.0)
    pooled = coverage(welch(a.reshape(reps, -1), b.reshape(reps, -1)), 0.0)
    assert 0.94 <= medians <= 0.96
    assert pooled < 0.75


@pytest.mark.parametrize(
    ("family", "n"), [("normal", 8), ("uniform", 8), ("accuracy", 8), ("laplace", 10), ("logistic", 10)]
)
def test_one_sample_covers_where_it_is_used(family: str, n: int) -> None:
    rng = np.random.default_rng(11)
    draws = {
        "normal": (lambda: rng.normal(0, 1, (REPS, n)), 0.0),
        "uniform": (lambda: rng.uniform(-1, 1, (REPS, n)), 0.0),
        "accuracy": (lambda: rng.binomial(500, 0.7, (REPS, n)) / 500, 0.7),
        "laplace": (lambda: rng.laplace(0, 1, (REPS, n)), 0.0),
        "logistic": (lambda: rng.logistic(0, 1, (REPS, n)), 0.0),
    }
    draw, truth = draws[family]
    assert coverage(one_sample(draw()), truth) >= 0.93


TRIALS = 2_000
"""Calls of `judge` for one rate."""
HALF_ALPHA = 0.025
BOUND = HALF_ALPHA + 3 * math.sqrt(HALF_ALPHA * (1 - HALF_ALPHA) / TRIALS)


def rate(of: Claim, columns: dict[str, Array], wanted: Status, m: int = 1) -> float:
    """Share of rows that `judge` gives the wanted status."""
    regime = FORK if of.protocol.unit == "process" else None
    template = {arm: [record(of, arm, (i,), regime=regime) for i in range(x.shape[1])] for arm, x in columns.items()}
    metric, hits = of.metric.name, 0
    for row in range(TRIALS):
        records = [
            one.model_copy(update={"samples": {metric: (float(value),)}})
            for arm, column in columns.items()
            for one, value in zip(template[arm], column[row], strict=True)
        ]
        hits += judge(of, "smoke", m, records, HEALTHY).status == wanted
    return hits / TRIALS


def normal(rng: np.random.Generator, mean: float, n: int, spread: float = 0.05) -> Array:
    return rng.normal(mean, spread, (TRIALS, n))


def test_false_reproduced_at_the_ratio_asked() -> None:
    rng = np.random.default_rng(21)
    of = timing(Ratio(subject="ours", baseline="theirs", at_least=2.0))
    columns = {"ours": np.exp(normal(rng, 0.0, 10)), "theirs": np.exp(normal(rng, math.log(2.0), 10, 0.1))}
    assert rate(of, columns, "REPRODUCED") <= BOUND


def paired(expectation: Difference | NotWorse | Equivalent) -> Claim:
    return claim(expectation, protocol=Protocol(unit="seed", n={"smoke": 8}, n_min=6, paired=True))


def pair_columns(rng: np.random.Generator, difference: float, n: int = 8) -> dict[str, Array]:
    shared = normal(rng, 0.5, n, 0.3)
    return {"ours": shared + normal(rng, difference, n), "theirs": shared + normal(rng, 0.0, n)}


def test_false_reproduced_at_the_difference_asked() -> None:
    of = paired(Difference(subject="ours", baseline="theirs", at_least=0.1))
    columns = pair_columns(np.random.default_rng(22), 0.1)
    assert 0.005 < rate(of, columns, "REPRODUCED") <= BOUND


def test_false_effect_where_there_is_none() -> None:
    of = paired(Difference(subject="ours", baseline="theirs", at_least=1e-6))
    columns = pair_columns(np.random.default_rng(23), 0.0)
    assert rate(of, columns, "REPRODUCED") <= BOUND
    assert rate(of, columns, "CONTRADICTED") <= BOUND


def test_false_not_worse_and_false_equivalent_at_the_margin() -> None:
    columns = pair_columns(np.random.default_rng(24), -0.1)
    assert rate(paired(NotWorse(subject="ours", baseline="theirs", margin=0.1)), columns, "REPRODUCED") <= BOUND
    assert rate(paired(Equivalent(subject="ours", baseline="theirs", margin=0.1)), columns, "REPRODUCED") <= BOUND


def test_false_not_worse_by_a_factor_at_that_factor() -> None:
    rng = np.random.default_rng(30)
    of = timing(NotWorse(subject="ours", baseline="theirs", margin=0.05, relative=True))
    columns = {"ours": np.exp(normal(rng, math.log(1.05), 10)), "theirs": np.exp(normal(rng, 0.0, 10, 0.1))}
    assert 0.01 < rate(of, columns, "REPRODUCED") <= BOUND


def test_false_reproduced_at_the_ratio_of_mean_squared_errors_asked() -> None:
    rng = np.random.default_rng(31)
    protocol = Protocol(unit="seed", n={"smoke": 12}, n_min=6, paired=True)
    of = claim(Ratio(subject="ours", baseline="theirs", at_least=1.5, of_means=True), better="lower", protocol=protocol)
    shared = normal(rng, 0.0, 12, 1.0)
    columns = {
        arm: factor * ((shared + normal(rng, 0.0, 12, 0.5)) ** 2 + 1)
        for arm, factor in (("ours", 1.0), ("theirs", 1.5))
    }
    assert 0.005 < rate(of, columns, "REPRODUCED") <= BOUND


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_false_reproduced_at_the_floor(better: str) -> None:
    of = unpaired(AtLeast(arm="ours", floor=0.5, reference=0.0 if better == "higher" else 1.0), better=better)
    columns = {"ours": normal(np.random.default_rng(25), 0.5, 8)}
    assert 0.012 < rate(of, columns, "REPRODUCED") <= BOUND


def test_family_shares_its_error() -> None:
    of = unpaired(AtLeast(arm="ours", floor=0.5, reference=0.0))
    columns = {"ours": normal(np.random.default_rng(26), 0.5, 8)}
    assert rate(of, columns, "REPRODUCED", m=10) <= 0.0025 + 3 * math.sqrt(0.0025 / TRIALS)


def test_a_large_effect_is_found() -> None:
    of = paired(Difference(subject="ours", baseline="theirs", at_least=0.1))
    columns = pair_columns(np.random.default_rng(27), 0.3)
    assert rate(of, columns, "REPRODUCED") > 0.95
    speed = timing(Ratio(subject="ours", baseline="theirs", at_least=2.0))
    rng = np.random.default_rng(28)
    faster = {"ours": np.exp(normal(rng, 0.0, 10)), "theirs": np.exp(normal(rng, math.log(2.5), 10))}
    assert rate(speed, faster, "REPRODUCED") > 0.95


def test_a_skewed_estimand_is_known_to_cover_less() -> None:
    """Documented, and why times are judged by logarithms: the mean of a heavy right tail at n = 10."""
    rng = np.random.default_rng(29)
    raw = rng.lognormal(0.0, 1.0, (REPS, 10))
    assert coverage(one_sample(raw), math.exp(0.5)) < 0.90
    assert coverage(one_sample(np.log(raw)), 0.0) >= 0.94

"""Bootstrapped ratings: the draws against scipy and the generator's published words, fits against Newton's method."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from kernels.ballots import maximum, real_table, sandwich, table
from scipy import stats
from torch import Tensor

from claimbench.kernels import bootstrap_ratings, fold_votes
from claimbench.kernels._simd import LANES, load, store
from claimbench.kernels._simd.doubles import logistic
from claimbench.kernels.votes import Status, _bootstrap, bootstrap_bytes, bootstrap_cpu, bootstrap_flops, pairs_of
from claimbench.kernels.votes import _cpu_draws as cpu_draws
from claimbench.kernels.votes import _draws as draws
from claimbench.kernels.votes._cpu_chord import _identified
from claimbench.kernels.votes._newton import strongly_connected

SCHEMES = ["poisson", "multinomial"]


def test_philox_is_the_published_one() -> None:
    """Known answers of Random123 (kat_vectors, philox4x32 10)."""
    cases = {
        (0, 0, 0, 0, 0, 0): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        (0xFFFFFFFF,) * 6: "408f276d 41c83b0e a20bc7c6 6d5451fd",
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0): "d16cfe09 94fdcceb 5001e420 24126ea1",
    }
    for (*counter, k0, k1), words in cases.items():
        found = draws.philox(k0 | k1 << 32, *(torch.tensor([c]) for c in counter))
        assert " ".join(f"{int(word):08x}" for word in found) == words


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 7, 2**63 - 1])
@pytest.mark.parametrize("stream", [0, 1, 2])
def test_both_generators_give_the_same_uniforms(stream: int, seed: int) -> None:
    even, odd = np.empty(37, np.uint64), np.empty(37, np.uint64)
    cpu_draws.words(np.uint64(seed), 5, 11, stream, even, odd)
    found = [cpu_draws.uniform(word) for pair in zip(even, odd, strict=True) for word in pair]
    assert found == draws.uniforms(seed, torch.arange(10, 84), torch.tensor(11), stream).tolist()
    assert 0 < min(found) < max(found) < 1


def drawn_on_cpu(rates: Tensor, blocks: int, seed: int, start: int = 0) -> Tensor:
    """Half votes (2, pairs, replicates)."""
    out = np.empty((blocks, rates.shape[0], 2 * LANES), np.int32)
    cpu_draws.draw_poisson(np.uint64(seed), rates.numpy(), start, out)
    return torch.from_numpy(out).view(blocks, -1, 2, LANES).permute(2, 1, 0, 3).flatten(2).long()


RATES = [0.0, 1e-9, 0.3, 0.999, 1.0, 3.7, 12.0, 63.5, 100.0, 999.0, 5956.0, 54321.7, 1e6]


def test_draws_are_quantiles() -> None:
    """Wins of one pair a rate, and nothing else, so that each count shows."""
    rates = torch.tensor(RATES, dtype=torch.float64)
    cells = torch.zeros(len(RATES), 3, dtype=torch.float64)
    cells[:, 2] = rates
    u = draws.uniforms(5, torch.arange(64, 64 + 320)[None], 3 * torch.arange(len(RATES))[:, None] + 2, 0)
    found = drawn_on_cpu(cells, 20, 5, start=64)
    assert torch.equal(found[0] // 2, draws.poisson_quantile(rates, u))
    assert not found[1].any()
    assert np.array_equal(found[0].numpy() // 2, stats.poisson.ppf(u.numpy(), rates.numpy()[:, None]))


def test_draws_at_the_ends_of_the_unit_interval() -> None:
    """Distribution functions are right to 1e-13."""
    u = torch.tensor([2.0**-53, 1e-12, 1e-9, 0.5, 1 - 1e-9, 1 - 1e-12, 1 - 2.0**-53], dtype=torch.float64)
    rates = torch.tensor(RATES[1:], dtype=torch.float64)
    k = draws.poisson_quantile(rates, u.expand(len(rates), -1)).numpy()
    assert (stats.poisson.cdf(k, rates.numpy()[:, None]) > u.numpy() - 1e-13).all()
    assert (stats.poisson.cdf(k - 1, rates.numpy()[:, None]) <= u.numpy() + 1e-13).all()


@pytest.mark.parametrize("rate", [0.4, 2.0, 7.5])
def test_small_counts_follow_poisson(rate: float) -> None:
    n = 16 * 1250
    found = drawn_on_cpu(torch.full((1, 3), rate, dtype=torch.float64), n // LANES, 1)
    lost, won = found[1, 0], found[0, 0]
    ties = 2 * draws.poisson_quantile(
        torch.tensor([rate]).double(), draws.uniforms(1, torch.arange(n)[None], torch.tensor([[1]]), 0)
    )
    wins = (won - ties[0] // 2) // 2
    values, expected = np.arange(40), stats.poisson.pmf(np.arange(40), rate) * n
    keep = expected >= 5
    seen = np.bincount(wins, minlength=40)[values]
    seen, expected = np.append(seen[keep], seen[~keep].sum()), np.append(expected[keep], n - expected[keep].sum())
    assert stats.chi2.sf(((seen - expected) ** 2 / expected).sum(), len(seen) - 1) > 1e-3
    assert int((won + lost).sum()) / 2 / n == pytest.approx(3 * rate, abs=4 * math.sqrt(3 * rate / n))


def test_moments_and_independence_of_draws() -> None:
    rates = torch.tensor([[3.0, 50.0, 400.0], [9000.0, 0.0, 25.0]], dtype=torch.float64)
    n = 16 * 1250
    first, second = drawn_on_cpu(rates, n // LANES, 3).double()
    means = torch.stack((2 * rates[:, 2] + rates[:, 1], 2 * rates[:, 0] + rates[:, 1]))
    variances = torch.stack((4 * rates[:, 2] + rates[:, 1], 4 * rates[:, 0] + rates[:, 1]))
    for found, mean, variance in zip((first, second), means, variances, strict=True):
        assert (((found.mean(1) - mean) / (variance / n).sqrt()).abs() < 4).all()
        assert ((found.var(1) / variance - 1).abs() < 4 * math.sqrt(2 / n) + 0.02).all()
    together = torch.corrcoef(torch.cat((first, second, first.roll(1, 1))))
    expected = torch.eye(6, dtype=torch.float64)
    expected[0, 2] = expected[2, 0] = 50 / math.sqrt(variances[0, 0] * variances[1, 0])  # ties are counted for both
    expected[4:, 4:] = torch.eye(2)
    assert ((together - expected)[:6, :6].abs() < 4 / math.sqrt(n)).all()


@pytest.mark.parametrize("votes", [1, 20, 64, 65, 1000])
def test_multinomial_draws_have_as_many_votes(votes: int) -> None:
    counts = torch.bincount(torch.arange(votes) ** 2 % 7, minlength=9).view(3, 3)
    numbers = torch.arange(2000)
    half_votes = draws.draw_half_votes(counts, numbers, 3, "multinomial")
    assert (half_votes.sum((0, 1)) == 2 * votes).all()
    share = half_votes_share(counts)
    error = (half_votes.double().mean(2) / (2 * votes) - share).abs()
    assert (error <= 4 * (share / (2 * votes) / 2000).sqrt() * 2 + 1e-12).all()


def half_votes_share(counts: Tensor) -> Tensor:
    return draws.half_votes_of(counts).double() / (2 * counts.sum())


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("replicates", [1, 15, 16, 17, 33])
@pytest.mark.parametrize(("votes", "models"), [(40, 2), (150, 3), (4000, 7), (3000, 17)])
def test_agrees_with_the_truth(votes: int, models: int, replicates: int, scheme: str) -> None:
    given = table(votes, models, seed=votes)
    found, truth = (bootstrap_ratings(*given, replicates, 7, scheme, backend=backend) for backend in ("cpu", "naive"))
    assert found.ratings.shape == (replicates, models)
    assert torch.equal(found.status == Status.UNIDENTIFIED, truth.status == Status.UNIDENTIFIED)
    assert not (found.status == Status.NOT_CONVERGED).any()
    assert torch.allclose(found.ratings, truth.ratings, rtol=0, atol=1e-9, equal_nan=True)
    assert float(found.ratings.nan_to_num().mean(1).abs().max()) < 1e-14


def test_the_real_table() -> None:
    first, second, counts = real_table()
    ratings = maximum(first, second, counts, 129)
    anchored = ratings * 400 / math.log(10)
    assert float(anchored.max() - anchored[77]) == pytest.approx(1315.16 - 1114, abs=0.005)  # mixtral is 1114
    found = bootstrap_ratings(first, second, counts, ratings, 160, 0)
    assert (found.status == Status.CONVERGED).all()
    truth = bootstrap_ratings(first, second, counts, ratings, 3, 0, backend="naive")
    assert torch.allclose(found.ratings[:3], truth.ratings, rtol=0, atol=1e-10)
    ratio = found.ratings.std(0) / sandwich(first, second, counts, ratings)
    assert float(ratio.median()) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_models_have_a_closed_form(scheme: str) -> None:
    counts = torch.tensor([[30, 11, 50]])
    ratings = torch.tensor([0.5, -0.5], dtype=torch.float64) * math.log(55.5 / 35.5)
    found = bootstrap_ratings(torch.tensor([0]), torch.tensor([1]), counts, ratings, 500, 4, scheme)
    first, second = draws.draw_half_votes(counts, torch.arange(500), 4, scheme)[:, 0].double()
    assert torch.allclose(found.ratings[:, 0] - found.ratings[:, 1], (first / second).log(), atol=1e-11)


def test_spread_is_that_of_the_sandwich() -> None:
    given = table(8000, 5, seed=2)
    expected = sandwich(*given)
    for scheme in SCHEMES:
        found = bootstrap_ratings(*given, 20000, 0, scheme)
        assert (found.status == Status.CONVERGED).all()
        assert ((found.ratings.std(0) / expected - 1).abs() < 0.02).all()
        assert ((found.ratings.mean(0) - given[3]).abs() < 0.05 * expected).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_replicate_depends_on_its_number_alone(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = table(3000, 9, seed=1)
    many = bootstrap_ratings(*given, 100, 5, scheme).ratings
    assert torch.equal(bootstrap_ratings(*given, 7, 5, scheme).ratings, many[:7])
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert torch.equal(bootstrap_ratings(*given, 100, 5, scheme).ratings, many)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    monkeypatch.setattr(bootstrap_cpu, "ROOM_BYTES", 1)
    assert torch.equal(bootstrap_ratings(*given, 100, 5, scheme).ratings, many)
    assert len({tuple(row) for row in many.tolist()}) == 100
    assert not (bootstrap_ratings(*given, 100, 6, scheme).ratings == many).any()


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_draws_without_a_maximum_are_marked(backend: str) -> None:
    """One win each: identified if both are drawn, with probability (1 - 1/e)² = .3996."""
    pair = torch.tensor([0])
    zeros = torch.zeros(2, dtype=torch.float64)
    found = bootstrap_ratings(pair, pair + 1, torch.tensor([[1, 0, 1]]), zeros, 3000, 0, backend=backend)
    lost = found.status == Status.UNIDENTIFIED
    assert float(lost.double().mean()) == pytest.approx(1 - (1 - 1 / math.e) ** 2, abs=4 * math.sqrt(0.24 / 3000))
    assert torch.equal(found.ratings.isnan().all(1), lost)
    assert torch.equal(found.ratings.isnan().any(1), lost)


def test_connection_lane_by_lane() -> None:
    """Random sparse draws of a ring with chords, against the truth."""
    models = 9
    first = torch.tensor([*range(models), 0, 2, 5], dtype=torch.int32)
    second = torch.tensor([*((i + 1) % models for i in range(models)), 4, 7, 1], dtype=torch.int32)
    counts = torch.ones(len(first), 3, dtype=torch.int64)
    half_votes = draws.draw_half_votes(counts, torch.arange(1600), 2, "poisson")
    truth = strongly_connected(first, second, half_votes, models)
    assert 0.1 < float(truth.double().mean()) < 0.9
    blocks = half_votes.int().view(2, -1, 100, LANES).permute(2, 1, 0, 3).contiguous().numpy()
    flat, reached = blocks.reshape(-1), np.empty(models, np.int64)
    found = [
        bool(_identified(first.numpy(), second.numpy(), flat, b * blocks[0].size, reached) >> lane & 1)
        for b in range(100)
        for lane in range(LANES)
    ]
    assert found == truth.tolist()


def test_what_chords_do_not_fit_newton_does(monkeypatch: pytest.MonkeyPatch) -> None:
    given = table(60, 4, seed=3)
    chords = bootstrap_ratings(*given, 50, 1)
    monkeypatch.setattr(bootstrap_cpu, "MOST_CHORDS", 2)
    found = bootstrap_ratings(*given, 50, 1)
    assert (found.status == Status.CONVERGED_BY_NEWTON).sum() > 30
    assert torch.allclose(found.ratings, chords.ratings, atol=1e-8, equal_nan=True)
    assert (found.steps[found.status == Status.CONVERGED_BY_NEWTON] < 15).all()


def test_lopsided_tables_are_fitted_or_marked() -> None:
    """A model that wins 400 of 401: the draws in which it loses none have no maximum, the others are far out."""
    first, second = torch.tensor([0, 0, 1]), torch.tensor([1, 2, 2])
    counts = torch.tensor([[1, 0, 200], [0, 0, 200], [5, 3, 4]])
    given = first, second, counts, maximum(first, second, counts, 3)
    found, truth = (bootstrap_ratings(*given, 400, 0, backend=backend) for backend in ("cpu", "naive"))
    assert torch.equal(found.status == Status.UNIDENTIFIED, truth.status == Status.UNIDENTIFIED)
    assert float((found.status == Status.UNIDENTIFIED).double().mean()) == pytest.approx(math.exp(-1), abs=0.1)
    assert not (found.status == Status.NOT_CONVERGED).any()
    assert torch.allclose(found.ratings, truth.ratings, rtol=0, atol=1e-8, equal_nan=True)


def test_what_newton_does_not_fit_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench.kernels.votes import _newton

    given = table(100, 3)
    monkeypatch.setattr(_newton, "MOST_STEPS", 1)
    found = bootstrap_ratings(*given, 20, 0, backend="naive")
    assert (found.status == Status.NOT_CONVERGED).all()
    assert found.ratings.isnan().all()


def test_a_model_alone() -> None:
    nothing = torch.zeros(0, dtype=torch.int32)
    for backend in ("naive", "cpu"):
        for scheme in SCHEMES:
            given = nothing, nothing, torch.zeros(0, 3, dtype=torch.int64), torch.ones(1, dtype=torch.float64)
            assert bootstrap_ratings(*given, 3, 0, scheme, backend=backend).ratings.tolist() == [[0.0]] * 3


def test_large_counts() -> None:
    counts = torch.tensor([[2**26, 3, 2**27]])
    ratings = torch.tensor([0.5, -0.5], dtype=torch.float64) * math.log(2)
    given = torch.tensor([1]), torch.tensor([0]), counts, -ratings
    found, truth = (bootstrap_ratings(*given, 17, 0, backend=backend) for backend in ("cpu", "naive"))
    assert torch.allclose(found.ratings, truth.ratings, rtol=0, atol=1e-12)
    assert float(found.ratings[:, 1].mul(2).std()) == pytest.approx(math.sqrt(2**-26 + 2**-27), rel=0.6)


def test_arguments_that_do_not_fit() -> None:
    first, second, counts, ratings = table(100, 3)
    with pytest.raises(TypeError, match="ratings is float32; it must be float64"):
        bootstrap_ratings(first, second, counts, ratings.float(), 1, 0)
    with pytest.raises(TypeError, match="counts is float64; it must be int32 or int64"):
        bootstrap_ratings(first, second, counts.double(), ratings, 1, 0)
    with pytest.raises(ValueError, match=r"they must be \(pairs,\), \(pairs,\) and \(pairs, 3\)"):
        bootstrap_ratings(first, second, counts[:, :2], ratings, 1, 0)
    with pytest.raises(ValueError, match="two different models from 0 to 1"):
        bootstrap_ratings(first, second, counts, ratings[:2], 1, 0)
    with pytest.raises(ValueError, match="two different models"):
        bootstrap_ratings(first, first, counts, ratings, 1, 0)
    with pytest.raises(ValueError, match="at least 0, and at most 268435456"):
        bootstrap_ratings(first, second, -counts, ratings, 1, 0)
    with pytest.raises(ValueError, match="at least 0, and at most 268435456"):
        bootstrap_ratings(first, second, counts + 2**28, ratings, 1, 0)
    with pytest.raises(ValueError, match="and finite"):
        bootstrap_ratings(first, second, counts, ratings * torch.inf, 1, 0)
    with pytest.raises(ValueError, match="no unique maximum"):
        bootstrap_ratings(first, second, counts * torch.tensor([0, 0, 1]), ratings, 1, 0)
    with pytest.raises(ValueError, match="replicates is 0"):
        bootstrap_ratings(first, second, counts, ratings, 0, 0)
    with pytest.raises(ValueError, match="seed is 9223372036854775808"):
        bootstrap_ratings(first, second, counts, ratings, 1, 2**63)
    with pytest.raises(ValueError, match="scheme='bayes': choose one of poisson, multinomial"):
        bootstrap_ratings(first, second, counts, ratings, 1, 0, "bayes")
    with pytest.raises(ValueError, match="tolerance is 0"):
        bootstrap_ratings(first, second, counts, ratings, 1, 0, tolerance=0)
    with pytest.raises(ValueError, match="so far apart"):
        bootstrap_ratings(first, second, counts, 1e4 * torch.arange(3.0).double(), 1, 0)


def test_sigmoid_of_float64_vectors() -> None:
    import numba

    @numba.njit
    def apply(x, out):
        for i in range(0, x.size, LANES):
            store(out, i, logistic(load(x, i)))

    x = np.concatenate((np.linspace(-40, 40, 4000), np.linspace(-700, 700, 3200)))
    out = np.empty_like(x)
    apply(x, out)
    exact = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    assert float(np.max(abs(out - exact) / exact)) < 5e-16
    ends = np.array([0.0, -0.0, 800, -800, np.inf, -np.inf, np.nan, 1e308] * 2)
    apply(ends, out)
    assert out[:6].tolist() == [0.5, 0.5, 1.0, pytest.approx(9.86e-305, rel=1e-3), 1.0, out[3]]
    assert np.isnan(out[6])
    assert out[7] == 1


def test_costs_of_a_bootstrap() -> None:
    assert bootstrap_flops(3, 2, 10, 4.5) == 45 * (27 + 10)
    assert bootstrap_bytes(3, 2, 10) == 96 + 16 + 250


def test_folded_votes_go_straight_in() -> None:
    ballots = (torch.tensor(x) for x in ([0, 1, 2, 0], [1, 2, 0, 1]))
    counts = fold_votes(*ballots, torch.tensor([2, 2, 2, 1], dtype=torch.uint8), 3)
    first, second, played = pairs_of(counts)
    found = bootstrap_ratings(first, second, played, maximum(first, second, played, 3), 8, 0)
    assert found.ratings.shape == (8, 3)
    assert _bootstrap.Status(int(found.status[0])) in Status


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("replicates", [1, 127, 1000])
def test_a_bootstrap_on_a_gpu(replicates: int, scheme: str) -> None:
    for given in (table(150, 3), table(3000, 17)):
        on_gpu = [x.cuda() for x in given]
        found, again = (bootstrap_ratings(*on_gpu, replicates, 7, scheme) for _ in range(2))
        assert torch.equal(found.ratings.nan_to_num(), again.ratings.nan_to_num())
        truth = bootstrap_ratings(*given, replicates, 7, scheme)
        assert torch.equal(found.status.cpu(), truth.status)
        assert torch.allclose(found.ratings.cpu(), truth.ratings, rtol=0, atol=1e-9, equal_nan=True)


def test_counts_whose_sum_wraps_around_are_refused() -> None:
    pair, counts = torch.tensor([0]), torch.full((1, 3), 2**62)
    with pytest.raises(ValueError, match="at most"):
        bootstrap_ratings(pair, pair + 1, counts, torch.zeros(2, dtype=torch.float64), 1, 0)

"""Votes folded into counts and replayed as online Elo: numbers by hand, the processor's kernels against the truth."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.ballots import votes
from torch import Tensor

from claimbench.kernels import elo_lanes, fold_votes
from claimbench.kernels.votes import elo_bytes, elo_flops, fold_bytes, fold_flops, pairs_of
from claimbench.kernels.votes import op as votes_op
from claimbench.kernels.votes.elo_naive import shuffled

SIZES = [0, 1, 2, 63, 1000, 4099]
MODELS = [2, 3, 17, 129]
WEIGHTS = [None, torch.float32, torch.float64]


def weighted(n: int, dtype: torch.dtype | None) -> Tensor | None:
    return None if dtype is None else torch.rand(n, generator=torch.Generator().manual_seed(1)).to(dtype)


def coded(*rows: tuple[int, int, int]) -> tuple[Tensor, Tensor, Tensor]:
    a, b, outcome = zip(*rows, strict=True)
    return torch.tensor(a), torch.tensor(b), torch.tensor(outcome, dtype=torch.uint8)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_folded_by_hand(backend: str) -> None:
    ballots = coded((0, 1, 2), (1, 0, 2), (1, 0, 1), (2, 1, 0), (1, 2, 2), (1, 2, 0))
    counts = fold_votes(*ballots, 3, backend=backend)
    assert counts.tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 2]]
    first, second, played = pairs_of(counts)
    assert (first.tolist(), second.tolist(), played.tolist()) == ([0, 1], [1, 2], [[1, 1, 1], [1, 0, 2]])
    weighted = fold_votes(*ballots, 3, torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 0.5]), backend)
    assert weighted.tolist() == [[2.0, 4.0, 1.0], [0.0, 0.0, 0.0], [0.5, 0.0, 24.0]]


@pytest.mark.parametrize("weight_dtype", WEIGHTS, ids=str)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64], ids=str)
@pytest.mark.parametrize("models", MODELS)
@pytest.mark.parametrize("n", SIZES)
def test_folding_agrees_with_the_truth(
    n: int, models: int, dtype: torch.dtype, weight_dtype: torch.dtype | None
) -> None:
    ballots = votes(n, models, dtype=dtype)
    weights = weighted(n, weight_dtype)
    found, truth = (fold_votes(*ballots, models, weights, backend) for backend in ("cpu", "naive"))
    assert found.dtype == truth.dtype == (torch.int64 if weights is None else torch.float64)
    assert torch.equal(found, truth)
    assert float(found.sum()) == pytest.approx(n if weights is None else float(weights.double().sum()), rel=1e-12)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_strided_votes_are_read_as_they_are(backend: str) -> None:
    rows = torch.stack(votes(100, 5)[:2], 1)
    outcome = votes(200, 5)[2][::2]
    a, b = rows.unbind(1)
    assert torch.equal(fold_votes(a, b, outcome, 5, backend=backend), fold_votes(a.clone(), b.clone(), outcome + 0, 5))


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 9), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_sides_order_and_names_do_not_matter(models: int, n: int, seed: int) -> None:
    a, b, outcome = votes(n, models, seed)
    counts = fold_votes(a, b, outcome, models)
    generator = torch.Generator().manual_seed(seed)
    order, swapped = torch.randperm(n, generator=generator), torch.rand(n, generator=generator) < 0.5
    sides = torch.where(swapped, b, a)[order], torch.where(swapped, a, b)[order]
    assert torch.equal(fold_votes(*sides, torch.where(swapped, 2 - outcome, outcome)[order], models), counts)
    backward = fold_votes(models - 1 - a, models - 1 - b, outcome, models)
    first, second = torch.triu_indices(models, models, 1)
    rows = {pair: row for row, pair in enumerate(zip(first.tolist(), second.tolist(), strict=True))}
    mirrored = [rows[models - 1 - j, models - 1 - i] for i, j in rows]
    assert torch.equal(backward[mirrored], counts.flip(1))


BAD = [
    ((-1, 1, 0), "1 with a model outside 0 … 6"),
    ((0, 7, 0), "1 with a model outside 0 … 6"),
    ((0, 2**62, 0), "1 with a model outside 0 … 6"),
    ((-(2**63), 1, 0), "1 with a model outside 0 … 6"),
    ((3, 4, 3), "1 with an outcome other than"),
    ((4, 3, 255), "1 with an outcome other than"),
    ((5, 5, 1), "1 of a model against itself"),
]


@pytest.mark.parametrize("where", [0, 500, 999])
@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize(("row", "reason"), BAD)
def test_what_is_no_vote_is_counted_and_refused(
    row: tuple[int, int, int], reason: str, backend: str, where: int
) -> None:
    ballots = votes(1000, 7, dtype=torch.int64)
    for column, value in zip(ballots, row, strict=True):
        column[where] = value
    for call in (fold_votes, lambda *x, **y: elo_lanes(*x, 2, **y)):
        with pytest.raises(ValueError, match=f"1 of 1000 votes cannot be counted: {reason}"):
            call(*ballots, 7, backend=backend)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("dtype", WEIGHTS[1:], ids=str)
def test_every_reason_is_counted_once(dtype: torch.dtype, backend: str) -> None:
    ballots = coded(*(row for row, _ in BAD), (5, 5, 9), (9, 9, 9), *[(0, 1, 2)] * 5)
    weights = torch.tensor([1.0] * 9 + [torch.nan, -1, torch.inf, 0, 1], dtype=dtype)
    with pytest.raises(ValueError, match="12 of 14 .* 5 with a model .* 3 with an out.* 1 of .*, 3 with a weight"):
        fold_votes(*ballots, 7, weights, backend)
    good = slice(12, 14)
    assert fold_votes(*(x[good] for x in ballots), 7, weights[good], backend)[0].tolist() == [0, 0, 1]


def test_arguments_that_do_not_fit() -> None:
    a, b, outcome = votes(10, 3)
    with pytest.raises(ValueError, match=r"claimbench\.stats\.ranking\.fold, whose table is sparse"):
        fold_votes(a, b, outcome, votes_op.MOST_MODELS + 1)
    with pytest.raises(TypeError, match="a is float32; it must be int32 or int64"):
        fold_votes(a.float(), b, outcome, 3)
    with pytest.raises(TypeError, match="b is int64; it must be int32"):
        fold_votes(a, b.long(), outcome, 3)
    with pytest.raises(TypeError, match="outcome is int64; it must be uint8"):
        fold_votes(a, b, outcome.long(), 3)
    with pytest.raises(TypeError, match="weights is float16"):
        fold_votes(a, b, outcome, 3, outcome.half())
    with pytest.raises(ValueError, match=r"outcome has shape \(9,\)"):
        fold_votes(a, b, outcome[:9], 3)
    with pytest.raises(ValueError, match=r"weights has shape \(9,\)"):
        fold_votes(a, b, outcome, 3, outcome[:9].float())
    with pytest.raises(ValueError, match=r"a has shape \(1, 10\)"):
        fold_votes(a[None], b[None], outcome[None], 3)
    with pytest.raises(ValueError, match="models is 0"):
        fold_votes(a, b, outcome, 0)
    with pytest.raises(ValueError, match="needs tensors on a GPU"):
        fold_votes(a, b, outcome, 3, backend="triton")
    with pytest.raises(ValueError, match="runs on processors only"):
        elo_lanes(a, b, outcome, 3, 2, backend="triton")
    with pytest.raises(TypeError, match="permutations is float32"):
        elo_lanes(a, b, outcome, 3, torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"permutations has shape \(2,\)"):
        elo_lanes(a, b, outcome, 3, torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="models is 32769"):
        elo_lanes(a, b, outcome, 32769, 2)
    with pytest.raises(ValueError, match="scale above 0"):
        elo_lanes(a, b, outcome, 3, 2, scale=0)
    with pytest.raises(ValueError, match="seed is -1"):
        elo_lanes(a, b, outcome, 3, 2, seed=-1)


def test_one_model_has_no_pairs() -> None:
    nothing = votes(0, 2)
    for backend in ("naive", "cpu"):
        counts = fold_votes(*nothing, 1, backend=backend)
        assert counts.shape == (0, 3)
        assert pairs_of(counts)[2].shape == (0, 3)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_elo_by_hand(backend: str) -> None:
    """The first win moves 2 points at k = 4; the second is expected with 1 / (1 + 10^(-4/400))."""
    ballots = coded((0, 1, 2), (1, 0, 0), (2, 0, 1))
    order = torch.tensor([[0, 1, 2]])
    expected = 1 / (1 + 10 ** (-4 / 400))
    winner = 1002 + 4 * (1 - expected)
    tied = 4 * (0.5 - 1 / (1 + 10 ** ((winner - 1000) / 400)))
    found = elo_lanes(*ballots, 3, order, backend=backend)[0].tolist()
    assert found == pytest.approx([winner - tied, 2000 - winner, 1000 + tied], rel=1e-15)
    doubled = elo_lanes(*ballots, 3, order[:, :1], k=8, scale=100, base=2, initial=0, backend=backend)
    assert doubled.tolist() == [[4, -4, 0]]


@pytest.mark.parametrize("n", [0, 1, 2, 63, 512, 1025])
@pytest.mark.parametrize("lanes", [0, 1, 3, 17])
def test_elo_agrees_with_the_truth(lanes: int, n: int) -> None:
    ballots = votes(n, 7)
    options = {"seed": 2**40 + 3, "k": 20.0}
    found, truth = (elo_lanes(*ballots, 7, lanes, **options, backend=backend) for backend in ("cpu", "naive"))
    assert found.shape == truth.shape == (lanes, 7)
    assert torch.allclose(found, truth, rtol=1e-13)
    assert torch.allclose(found.sum(1), torch.full((lanes,), 7000.0, dtype=torch.float64), rtol=1e-13)
    orders = [shuffled(n, lane, options["seed"]) for lane in range(lanes)]
    given = torch.tensor(orders, dtype=torch.int32).view(lanes, n)
    assert torch.equal(elo_lanes(*ballots, 7, given, k=20.0), found)


def test_elo_of_the_first_vote_repeated_and_of_an_unknown_one() -> None:
    ballots = votes(5, 4)
    order = torch.zeros(2, 9, dtype=torch.int64)
    found, truth = (elo_lanes(*ballots, 4, order, backend=backend) for backend in ("cpu", "naive"))
    assert torch.allclose(found, truth, rtol=1e-14)
    for wrong in (5, -1, 2**40):
        order[1, 3] = wrong
        for backend in ("cpu", "naive"):
            with pytest.raises(ValueError, match="1 numbers outside 0 … 4"):
                elo_lanes(*ballots, 4, order, backend=backend)


def test_a_lane_depends_neither_on_the_others_nor_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench.kernels.votes import elo_cpu

    ballots = votes(1500, 11)
    many = elo_lanes(*ballots, 11, 37, seed=5)
    assert torch.equal(elo_lanes(*ballots, 11, 5, seed=5), many[:5])
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert torch.equal(elo_lanes(*ballots, 11, 37, seed=5), many)
    finally:
        torch.set_num_threads(before)
    monkeypatch.setattr(elo_cpu, "ROOM_BYTES", 1)
    assert torch.equal(elo_lanes(*ballots, 11, 37, seed=5), many)
    assert not torch.equal(elo_lanes(*ballots, 11, 37, seed=6), many)
    assert len({tuple(row) for row in many.tolist()}) == 37


def test_all_orders_come_equally_often() -> None:
    seen = Counter(tuple(shuffled(4, lane, 9)) for lane in range(2400))
    assert set(seen) == set(permutations(range(4)))
    chi2 = sum((n - 100) ** 2 / 100 for n in seen.values())
    assert 8.6 < chi2 < 50  # .998 of a χ² of 23


def test_elo_settles_where_the_odds_are_fair() -> None:
    """Two models, the first wins about three quarters: the logarithm of the odds apart, within what k leaves."""
    rng = np.random.default_rng(0)
    n = 20000
    a, b = torch.zeros(n, dtype=torch.int32), torch.ones(n, dtype=torch.int32)
    outcome = torch.from_numpy(2 * (rng.random(n) < 0.75).astype(np.uint8))
    odds = float(outcome.double().mean()) / (2 - float(outcome.double().mean()))
    found = elo_lanes(a, b, outcome, 2, 64, k=0.5)
    assert float((found[:, 0] - found[:, 1]).mean()) == pytest.approx(400 * np.log10(odds), abs=5)


def test_costs_of_folding_and_elo() -> None:
    assert fold_flops(7) == 7
    assert fold_bytes(1000, 5, weight_itemsize=8) == 1000 * 17 + 10 * 24
    assert elo_flops(10, 3) == 270
    assert elo_bytes(10, 4, 3) == 90 + 96


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("weight_dtype", WEIGHTS, ids=str)
@pytest.mark.parametrize(("n", "models"), [(0, 3), (1, 2), (4099, 17), (1_000_003, 129)])
def test_folding_on_a_gpu(n: int, models: int, weight_dtype: torch.dtype | None) -> None:
    ballots = votes(n, models)
    weights = weighted(n, weight_dtype)
    on_gpu = [x.cuda() for x in ballots]
    found, again = (fold_votes(*on_gpu, models, None if weights is None else weights.cuda()) for _ in range(2))
    assert torch.equal(found, again)
    assert torch.allclose(found.cpu(), fold_votes(*ballots, models, weights), rtol=1e-12)
    on_gpu[0][n // 2 :] = models
    if n:
        with pytest.raises(ValueError, match=f"{n - n // 2} with a model outside"):
            fold_votes(*on_gpu, models)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_weights_whose_sum_overflows_are_refused(backend: str) -> None:
    large = torch.full((2,), 1e308, dtype=torch.float64)
    with pytest.raises(ValueError, match="common factor"):
        fold_votes(*coded((0, 1, 2), (0, 1, 2)), 2, large, backend=backend)

"""Our vote kernels beside the best forms that we know of the same, on a processor and the real votes of Chatbot Arena:

    python -P benchmarks/bench_votes.py [--threads 1]

1,670,250 votes on 129 models (leaderbot's wheel; their order is made up). The contenders take turns within each round,
and a ratio is the median over rounds of the ratio within a round, so that a slow moment of the machine falls on all.
Folding: `numpy.bincount` of 64-bit keys, and PyTorch's. Bootstrap: numpy's own Poisson draws and the same fixed-matrix
steps over all replicates at once, as products of whole arrays, and Newton's method in PyTorch. Elo: one numba loop a
lane over a permuted index, and evalica where it is installed. Every contender's result is compared with ours first.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from importlib.resources import files

import numba
import numpy as np
import torch
from torch import Tensor

from claimbench.kernels import bootstrap_ratings, elo_lanes, fold_votes, warm
from claimbench.kernels.votes import bootstrap_flops, fold_bytes, pairs_of
from claimbench.kernels.votes._bootstrap import half_inverse
from claimbench.kernels.votes._draws import half_votes_of
from claimbench.kernels.votes._newton import newton

ROUNDS = 7
REPLICATES = 1000
FEWER = 100
"""Replicates of the slow contenders; their time is scaled."""
LANES = 8

Call = Callable[[], object]


def votes() -> tuple[Tensor, Tensor, Tensor, int]:
    """a, b, outcome in a made-up order, sides tossed; and the number of models."""
    data = json.loads((files("leaderbot") / "data" / "chatbotarena_20240814.json").read_text())
    pairs, outcomes = np.array(data["X"]), np.array(data["Y"])
    counts = np.stack((outcomes[:, 1], outcomes[:, 2] + outcomes[:, 3], outcomes[:, 0]), 1)
    rng = np.random.default_rng(0)
    cell = rng.permutation(np.repeat(np.arange(counts.size), counts.ravel()))
    first, second, outcome = *pairs[cell // 3].T, cell % 3
    swapped = rng.random(cell.size) < 0.5
    a, b = np.where(swapped, second, first), np.where(swapped, first, second)
    outcome = np.where(swapped, 2 - outcome, outcome)
    as_tensor = torch.from_numpy
    return (
        as_tensor(a.astype(np.int32)),
        as_tensor(b.astype(np.int32)),
        as_tensor(outcome.astype(np.uint8)),
        len(data["models"]),
    )


def measured(calls: dict[str, Call], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds a call, for each who makes it, in turns."""
    seconds: dict[str, list[float]] = {who: [] for who in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for who, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[who].append(time.perf_counter() - start)
    return seconds


def report(what: str, seconds: dict[str, list[float]], scale: dict[str, float] | None = None) -> float:
    """Prints a row a contender, its times scaled, with ratios to the first; returns the median of that."""
    scaled = {who: [t * (scale or {}).get(who, 1) for t in times] for who, times in seconds.items()}
    ours = next(iter(scaled.values()))
    for who, times in scaled.items():
        ratio = statistics.median(t / o for t, o in zip(times, ours, strict=True))
        cells = (what, who, f"{1e3 * statistics.median(times):.1f}", f"{1e3 * min(times):.1f}", f"{ratio:.1f}")
        print(f"| {' | '.join(cells)} |", flush=True)
    return statistics.median(ours)


def folding(a: Tensor, b: Tensor, outcome: Tensor, models: int) -> dict[str, Call]:
    x, y, z = a.numpy(), b.numpy(), outcome.numpy()

    def bincount() -> np.ndarray:
        table = np.bincount((x.astype(np.int64) * models + y) * 3 + z, minlength=models * models * 3)
        table = table.reshape(models, models, 3)
        return (table + table.transpose(1, 0, 2)[..., ::-1])[np.triu_indices(models, 1)]

    def with_backend(backend: str) -> Tensor:
        return fold_votes(a, b, outcome, models, backend=backend)

    assert (with_backend("cpu").numpy() == bincount()).all()
    return {"ours": lambda: with_backend("cpu"), "numpy": bincount, "naive": lambda: with_backend("naive")}


def maximum(first: Tensor, second: Tensor, counts: Tensor, models: int) -> Tensor:
    zeros = torch.zeros(models, dtype=torch.float64)
    return newton(first, second, half_votes_of(counts)[..., None], zeros, 1e-12)[0][0]


def numpy_bootstrap(
    first: Tensor, second: Tensor, counts: Tensor, ratings: Tensor, replicates: int
) -> Callable[[], np.ndarray]:
    """Draws (replicates, cells) at once, then steps on all replicates until the last has converged."""
    i, j, cells, start = first.numpy(), second.numpy(), counts.numpy(), ratings.numpy()
    inverse = 2 * half_inverse(first, second, counts, ratings).numpy()
    incidence = np.zeros((i.size, start.size))
    incidence[np.arange(i.size), i], incidence[np.arange(i.size), j] = 1, -1
    step_of = incidence @ inverse
    rng = np.random.default_rng(0)

    def run() -> np.ndarray:
        drawn = rng.poisson(cells, (replicates, *cells.shape)).astype(float)
        score, games = drawn[..., 2] + drawn[..., 1] / 2, drawn.sum(2)
        theta = np.repeat(start[None], replicates, 0)
        while True:
            step = (score - games / (1 + np.exp(theta[:, j] - theta[:, i]))) @ step_of
            theta += step
            if np.abs(step).max() < 1e-10:
                return theta

    return run


@numba.njit(nogil=True)
def elo_loop(a: np.ndarray, b: np.ndarray, outcome: np.ndarray, order: np.ndarray, ratings: np.ndarray) -> None:
    ratings[:] = 1000
    for t in order:
        i, j = a[t], b[t]
        change = 4 * (outcome[t] / 2 - 1 / (1 + 10 ** ((ratings[j] - ratings[i]) / 400)))
        ratings[i] += change
        ratings[j] -= change


def playing(a: Tensor, b: Tensor, outcome: Tensor, models: int) -> dict[str, Call]:
    x, y, z = a.numpy(), b.numpy(), outcome.numpy()
    orders = np.stack([np.random.default_rng(lane).permutation(len(x)) for lane in range(LANES)])
    loop_rng, ratings = np.random.default_rng(1), np.empty(models)
    given = torch.from_numpy(orders)
    for lane, row in enumerate(elo_lanes(a, b, outcome, models, given)):
        elo_loop(x, y, z, orders[lane], ratings)
        assert np.abs(ratings - row.numpy()).max() < 1e-9

    def loop() -> None:
        elo_loop(x, y, z, loop_rng.permutation(len(x)), ratings)

    calls: dict[str, Call] = {
        "ours, orders drawn": lambda: elo_lanes(a, b, outcome, models, LANES),
        "ours, orders given": lambda: elo_lanes(a, b, outcome, models, given),
        "loop, order drawn": loop,
        "loop, order given": lambda: elo_loop(x, y, z, orders[0], ratings),
    }
    try:
        import evalica
    except ImportError:
        return calls
    names = [str(model) for model in range(models)]
    xs, ys = [names[i] for i in x], [names[i] for i in y]
    winner = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[k] for k in z]
    return calls | {"evalica": lambda: evalica.elo(xs, ys, winner, k=4, initial=1000)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    warm()
    a, b, outcome, models = votes()
    print("| what | who | median ms | fastest ms | ratio |\n|---|---|---|---|---|")
    took = report("fold", measured(folding(a, b, outcome, models)))
    rates = [f"fold: {fold_bytes(a.numel(), models) / took / 1e9:.1f} GB/s"]

    first, second, counts = pairs_of(fold_votes(a, b, outcome, models))
    given = first, second, counts, maximum(first, second, counts, models)
    found = bootstrap_ratings(*given, REPLICATES, 0)
    spread = numpy_bootstrap(*given, FEWER)().std(0) / found.ratings.numpy().std(0)
    assert abs(np.median(spread) - 1) < 4 / math.sqrt(2 * FEWER)
    calls: dict[str, Call] = {
        "ours": lambda: bootstrap_ratings(*given, REPLICATES, 0),
        "ours, multinomial": lambda: bootstrap_ratings(*given, REPLICATES, 0, "multinomial"),
        "numpy": numpy_bootstrap(*given, FEWER),
        "naive": lambda: bootstrap_ratings(*given, FEWER, 0, backend="naive"),
    }
    tenfold = REPLICATES / FEWER
    took = report(f"bootstrap, {REPLICATES}", measured(calls, 5), {"numpy": tenfold, "naive": tenfold})
    steps = float(found.steps.double().mean())
    work = bootstrap_flops(first.numel(), models, REPLICATES, steps)
    rates.append(f"bootstrap: {steps:.1f} steps a replicate, {work / took / 1e9:.1f} GFLOP/s")

    lanes = {"ours, orders drawn": 1 / LANES, "ours, orders given": 1 / LANES}
    report("Elo, one lane", measured(playing(a, b, outcome, models), 3), lanes)
    print("\n" + "; ".join(rates))


if __name__ == "__main__":
    main()

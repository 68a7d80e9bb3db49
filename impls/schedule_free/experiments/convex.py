"""Figure 7: final train accuracy of logistic regression, and Theorem 3's condition on the same problems."""

from __future__ import annotations

import math

import numpy as np

from claimbench.errors import UnknownName
from claimbench.impls.common.workload import workload_of
from claimbench.impls.schedule_free.conversion import Floats, Path, algorithm_1, schedule_free_sgd
from claimbench.impls.schedule_free.convex import METHODS, Outcome, Recipe, best_rate, train
from claimbench.impls.schedule_free.large_steps import LargeSteps, large_steps
from claimbench.impls.schedule_free.problems import Task, load
from claimbench.impls.schedule_free.worst_case import Problem, absolute_value, mean_absolute, polyhedral
from claimbench.papers.schedule_free.workloads import LargeRates, Regression
from claimbench.trial import Exact, Quality, Trial

__all__ = ["final_accuracy", "large_steps_condition"]

_BATCH = 16
_CONTROL_STEPS = 100


def final_accuracy(trial: Trial) -> Quality:
    """SF-06: per cent of the training rows that are classified rightly in the end, one value a seed.

    Option of the arm: `method`. The rate is the best on the workload's pilot seeds, for each problem; the gate
    `rate_on_edge` counts problems whose best rate lies at an end of the grid. Metrics `accuracy_P`, `loss_P` (nats),
    `log2_rate_P` and, if the workload wants every epoch, `average_P` (mean accuracy over epochs, per cent: how fast it
    rose) for every problem P, and means over the problems without suffix.
    """
    work = workload_of(trial, Regression)
    method = trial.option("method")
    if method not in METHODS:
        raise UnknownName("method", str(method), METHODS)
    rates = [2.0**k for k in range(work.low, work.high + 1)]
    values: dict[str, list[float]] = {}
    on_edge = 0
    for done, name in enumerate(work.problems):
        problem = load(name, trial.data)
        recipe = Recipe(epochs=_epochs(work, len(problem.y)), batch=work.batch)
        pilot = train(problem, method, rates, work.pilots, recipe)
        tuned = best_rate(pilot, rates, work.chosen_by)
        on_edge += tuned.on_edge
        found = train(problem, method, [tuned.best], trial.seeds, recipe, every_epoch=work.every_epoch)
        values[f"accuracy_{name}"] = (100 * found.accuracy[0]).tolist()
        values[f"loss_{name}"] = found.loss[0].tolist()
        if work.every_epoch:
            values[f"average_{name}"] = (100 * found.accuracies[:, 0].mean(axis=0)).tolist()
        values[f"log2_rate_{name}"] = [float(np.log2(tuned.best))] * len(trial.seeds)
        trial.progress(done + 1, len(work.problems))
    for metric in ("accuracy", "loss", *(["average"] if work.every_epoch else [])):
        columns = [values[f"{metric}_{name}"] for name in work.problems]
        values[metric] = [float(np.mean(own)) for own in zip(*columns, strict=True)]
    trial.gate("rate_on_edge", float(on_edge))
    return Quality(values)


def _epochs(work: Regression, rows: int) -> int:
    """Passes over this many rows."""
    if work.most_steps is None:
        return work.epochs
    return min(work.epochs, max(1, work.most_steps // math.ceil(rows / work.batch)))


def large_steps_condition(trial: Trial) -> Exact:
    """SF-05: Theorem 3's left side over its right, with z* = x_T, of Schedule-Free runs at their best rate.

    Option of the arm: `base`, `adam` (Algorithm 1, as Figure 7) or `sgd`, of which the theorem speaks. One check a
    problem, at the rate with the best final train accuracy, of equals that with the least loss. `counterexamples`
    counts runs by SGD at γ ≥ D / G whose condition holds and whose regret exceeds 4 D √Σ‖g‖²; functions that are not
    smooth are always among them. `control` is the condition for |x| at γ = D / G. Gates: `rate_on_edge` counts best
    rates at an end of the grid, `identity` is the largest error of equation 33 in runs by SGD.
    """
    work = workload_of(trial, LargeRates)
    base = trial.option("base")
    if base not in ("adam", "sgd"):
        raise UnknownName("base", str(base), ("adam", "sgd"))
    rates = [2.0**k for k in range(work.low, work.high + 1)]
    checks: dict[str, float | tuple[float, float]] = {}
    edges = 0
    by_sgd = [_sharp(function) for function in (absolute_value(), mean_absolute(10, 0), polyhedral(5, 8, 1))]
    checks["control"] = by_sgd[0].condition
    for name in work.problems:
        problem = load(name, trial.data)
        scores: list[tuple[float, float]] = []
        found: list[LargeSteps] = []
        for rate in rates:
            path = _run(problem, base == "adam", rate, _batches(problem, work.epochs, trial.seeds[0]))
            scores.append(_softmax(problem, path.x[-1], np.arange(len(problem.y)))[:2])
            found.append(large_steps(path, rate))
        accuracy, loss = (np.array(column)[:, None] for column in zip(*scores, strict=True))
        tuned = best_rate(Outcome(accuracy, loss, np.empty((0, len(rates), 1))), rates)
        checks[name] = found[rates.index(tuned.best)].condition
        edges += tuned.on_edge
        by_sgd += found if base == "sgd" else []
    trial.gate("rate_on_edge", float(edges))
    trial.gate("identity", float(np.max([one.identity_error for one in by_sgd])))
    return Exact(
        {
            **checks,
            # The conclusion is proved for γ ≥ D / G: its term 2 D² / γ is then at most 2 D G.
            "counterexamples": float(
                sum(one.rate_ratio >= 1 - 1e-12 and one.condition <= 1 < one.conclusion for one in by_sgd)
            ),
        }
    )


def _sharp(function: Problem) -> LargeSteps:
    """Theorem 3 at γ = D / G, about the minimiser, on a function that such steps overshoot."""
    path = schedule_free_sgd(function.gradient, function.start, function.distance, 0.9, _CONTROL_STEPS)
    return large_steps(path, function.distance, np.zeros_like(function.start))


def _run(problem: Task, adam: bool, rate: float, batches: list[np.ndarray]) -> Path:
    start = np.zeros(problem.x.shape[1] * problem.classes)

    def gradient(y: Floats, t: int) -> Floats:
        return _softmax(problem, y, batches[t - 1])[2]

    if adam:
        return algorithm_1(gradient, start, rate, 0.9, 0.95, len(batches))
    return schedule_free_sgd(gradient, start, rate, 0.9, len(batches))


def _batches(problem: Task, epochs: int, seed: int) -> list[np.ndarray]:
    """Rows of every step, each epoch in an order of its own."""
    random = np.random.default_rng([seed, len(problem.y)])
    orders = [random.permutation(len(problem.y)) for _ in range(epochs)]
    return [order[begin : begin + _BATCH] for order in orders for begin in range(0, len(order), _BATCH)]


def _softmax(problem: Task, weights: Floats, rows: np.ndarray) -> tuple[float, float, Floats]:
    """Accuracy, loss and gradient of logistic regression at weights (d · K,) on some rows, in float64."""
    x, y = problem.x[rows].astype(np.float64), problem.y[rows]
    logits = x @ weights.reshape(-1, problem.classes)
    accuracy = float((logits.argmax(axis=1) == y).mean())
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    total = p.sum(axis=1, keepdims=True)
    place = np.arange(len(y))
    loss = float((np.log(total[:, 0]) - logits[place, y]).mean())
    p /= total
    p[place, y] -= 1
    return accuracy, loss, (x.T @ p / len(y)).ravel()

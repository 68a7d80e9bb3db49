"""Convex problems of Schedule-Free: reading them, training them as others would, and choosing rates."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench import data
from claimbench.errors import DataMissing, HostError, SpecError, UnknownName
from claimbench.impls.schedule_free.convex import METHODS, Method, Outcome, Recipe, best_rate, train
from claimbench.impls.schedule_free.experiments import convex as experiments
from claimbench.impls.schedule_free.libsvm import parse_libsvm, read_libsvm
from claimbench.impls.schedule_free.problems import Task, load, parse_table, scaled, task
from claimbench.papers.schedule_free.workloads import LargeRates, Regression
from claimbench.record import Gate
from claimbench.spec import Workload
from claimbench.trial import Trial


def test_a_libsvm_file_leaves_zeros_out(tmp_path: Path) -> None:
    text = "2 1:0.5 3:-1\r\n-1 2:1e-3 \n2\n"
    found = parse_libsvm(text, "x")
    assert found.x.tolist() == [[0.5, 0, -1], [0, 1e-3, 0], [0, 0, 0]]
    assert (found.y.tolist(), found.labels) == ([1, 0, 1], (-1.0, 2.0))
    path = tmp_path / "x.svm.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert read_libsvm(path).x.tolist() == found.x.tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "no rows", id="empty"),
        pytest.param("1 1:2\n\n1 1:3\n", "line 2: empty", id="blank"),
        pytest.param("one 1:2\n", "line 1: the label 'one' is not a finite number", id="label"),
        pytest.param("nan 1:2\n", "label 'nan'", id="label-nan"),
        pytest.param("1_0 1:2\n", "label '1_0'", id="underscore"),
        pytest.param("1:2 2:3\n", "label '1:2'", id="no-label"),
        pytest.param("1 0:2\n", "'0:2': indices are whole numbers from 1 on", id="index-0"),
        pytest.param("1 -1:2\n", "whole numbers from 1 on", id="index-negative"),
        pytest.param("1 1.5:2\n", "whole numbers from 1 on", id="index-fraction"),
        pytest.param("1 qid:3 1:2\n", "whole numbers from 1 on", id="qid"),
        pytest.param("1 ²:2\n", "whole numbers from 1 on", id="superscript"),
        pytest.param("1 2:1\n1 1:2 3:1 3:4\n", "line 2: index 3 after 3: indices must ascend", id="repeated"),
        pytest.param("1 2:1 1:4\n", "index 1 after 2", id="descending"),
        pytest.param("1 1:\n", "'1:' is not index:value with a finite value", id="no-value"),
        pytest.param("1 1\n", "'1' is not index:value", id="no-colon"),
        pytest.param("1 1:inf\n", "finite value", id="infinite"),
        pytest.param("1 1:2:3\n", "finite value", id="two-colons"),
    ],
)
def test_what_is_no_libsvm_file_is_refused_by_line(text: str, message: str) -> None:
    with pytest.raises(HostError, match=message):
        parse_libsvm(text, "file")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.svm.gz"
    path.write_bytes(gzip.compress(b"1 1:2\n" * 100)[:-10])
    with pytest.raises(HostError, match="cannot be read"):
        read_libsvm(path)
    (tmp_path / "y.svm").write_bytes(b"\xff\xfe")
    with pytest.raises(HostError, match="cannot be read"):
        read_libsvm(tmp_path / "y.svm")


def test_tables_have_classes_last_and_may_state_their_size() -> None:
    found = parse_table(b"2,2,one,two\n1,2,0\n3,4.5,2\n", "t")
    assert (found.x.tolist(), found.y.tolist(), found.labels) == ([[1, 2], [3, 4.5]], [0, 1], (0.0, 2.0))
    assert parse_table(b"1,2,0\n", "t").x.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "no rows", id="empty"),
        pytest.param(b"3,2,one,two\n1,2,0\n", "states", id="rows"),
        pytest.param(b"1,2,0\n1,0\n", "equal numbers of columns", id="ragged"),
        pytest.param(b"1,x,0\n", "could not convert", id="text"),
        pytest.param(b"1,nan,0\n", "finite", id="nan"),
        pytest.param(b"1,2,0.5\n", "whole numbers from 0", id="class-fraction"),
        pytest.param(b"1,2,-1\n", "whole numbers from 0", id="class-negative"),
        pytest.param(b"\xff,1\n", "not text", id="binary"),
        pytest.param(b"1,1,one,two\n", "states", id="header-alone"),
    ],
)
def test_a_table_that_is_none_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(HostError, match=message):
        parse_table(content, "t")


def test_features_are_scaled_and_constant_ones_vanish() -> None:
    assert scaled(np.array([[0.0, 7.0], [5.0, 7.0], [10.0, 7.0]])).tolist() == [[-1, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        pytest.param("iris", (150, 5), 3, id="iris"),
        pytest.param("wine", (178, 14), 3, id="wine"),
        pytest.param("breast_cancer", (569, 31), 2, id="breast_cancer"),
        pytest.param("digits", (1797, 65), 10, id="digits"),
        pytest.param("glass", (214, 10), 6, id="glass"),
        pytest.param("vehicle", (846, 19), 4, id="vehicle"),
        pytest.param("svmguide2", (391, 21), 3, id="svmguide2"),
        pytest.param("well_conditioned", (600, 11), 3, id="well_conditioned"),
        pytest.param("ill_conditioned", (600, 11), 3, id="ill_conditioned"),
    ],
)
def test_problems_have_their_known_sizes(name: str, shape: tuple[int, int], classes: int) -> None:
    try:
        found = load(name, data.path)
    except DataMissing as error:
        pytest.skip(str(error))
    assert (found.x.shape, found.classes) == (shape, classes)
    assert (found.x[:, -1] == 1).all()
    assert np.unique(found.y).tolist() == list(range(classes))


def test_wine_scaled_here_is_libsvms() -> None:
    if not data.available("libsvm_wine"):
        pytest.skip("libsvm_wine is not here: claimbench data fetch libsvm_wine")
    theirs = read_libsvm(data.path("libsvm_wine"))
    ours = parse_table(data.wine(), "wine")
    np.testing.assert_allclose(scaled(ours.x), theirs.x, atol=2e-6)
    assert ours.y.tolist() == theirs.y.tolist()


def test_an_unknown_problem_is_named_with_those_near_it() -> None:
    with pytest.raises(UnknownName, match="did you mean vehicle"):
        load("vehicel", data.path)


def test_bundled_tables_are_checked_and_their_package_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert data.iris().startswith(b"150,4,setosa")
    data._scikit_learn.cache_clear()
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(DataMissing, match="scikit-learn"):
        data.iris()


TOY = task(
    "toy",
    np.random.default_rng(0).normal(size=(40, 3)),
    np.random.default_rng(1).integers(3, size=40).astype(np.intp),
)
SHORT = Recipe(epochs=3)


def reference(problem: Task, method: Method, rate: float, seed: int, recipe: Recipe) -> np.ndarray:
    """One run in float64, a step at a time as the paper writes it, gradients by automatic differentiation."""
    x, y = torch.tensor(problem.x, dtype=torch.float64), torch.tensor(problem.y)
    z = torch.zeros(x.shape[1], problem.classes, dtype=torch.float64)
    average, v, m = z.clone(), torch.zeros_like(z), torch.zeros_like(z)
    random = np.random.default_rng([seed, len(problem.y)])
    total, t = 0.0, 0
    steps = recipe.epochs * math.ceil(len(y) / recipe.batch)
    beta = {"schedule_free": recipe.beta1, "primal": 1.0}.get(method, 0.0)
    for _ in range(recipe.epochs):
        order = random.permutation(len(y))
        for begin in range(0, len(y), recipe.batch):
            rows, t = order[begin : begin + recipe.batch], t + 1
            point = ((1 - beta) * z + beta * average).requires_grad_()
            (g,) = torch.autograd.grad(torch.nn.functional.cross_entropy(x[rows] @ point, y[rows]), point)
            v = recipe.beta2 * v + (1 - recipe.beta2) * g**2
            gamma = (1 - recipe.beta2**t) ** 0.5
            if method in ("schedule_free", "primal"):
                z = z - rate * gamma * g / (v.sqrt() + recipe.epsilon)
            else:
                m = recipe.beta1 * m + (1 - recipe.beta1) * g
                fall = {
                    "linear_decay": 1 - (t - 1) / steps,
                    "cosine": 0.5 * (1 + math.cos(math.pi * (t - 1) / steps)),
                }.get(method, 1.0)
                z = z - rate * fall * (m / (1 - recipe.beta1**t)) / ((v / gamma**2).sqrt() + recipe.epsilon)
            total += gamma**2
            average = average + gamma**2 / total * (z - average)
    final = average if method in ("schedule_free", "primal", "polyak") else z
    return torch.nn.functional.cross_entropy(x @ final, y).numpy()


@pytest.mark.parametrize("method", METHODS)
def test_every_run_of_a_sweep_is_the_reference_run(method: Method) -> None:
    rates, seeds = (0.01, 0.1), (1000, 1001)
    found = train(TOY, method, rates, seeds, SHORT)
    expected = [[reference(TOY, method, rate, seed, SHORT) for seed in seeds] for rate in rates]
    np.testing.assert_allclose(found.loss, expected, rtol=2e-5)


def test_adam_is_torchs_adam() -> None:
    x, y = torch.tensor(TOY.x), torch.tensor(TOY.y)
    w = torch.zeros(x.shape[1], TOY.classes, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.05, betas=(0.9, 0.95))
    random = np.random.default_rng([1000, len(y)])
    for _ in range(3):
        order = random.permutation(len(y))
        for begin in range(0, len(y), 16):
            rows = order[begin : begin + 16]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(x[rows] @ w, y[rows]).backward()
            optimizer.step()
    expected = torch.nn.functional.cross_entropy(x @ w, y).item()
    assert train(TOY, "constant", [0.05], [1000], SHORT).loss[0, 0] == pytest.approx(expected, rel=1e-5)


@given(st.integers(0, 2**31), st.floats(1e-3, 1))
@settings(max_examples=10, deadline=None)
def test_a_run_does_not_depend_on_its_neighbours(seed: int, rate: float) -> None:
    alone = train(TOY, "schedule_free", [rate], [seed], Recipe(epochs=1)).loss[0, 0]
    among = train(TOY, "schedule_free", [1e-2, rate, 30.0], [7, seed], Recipe(epochs=1)).loss[1, 1]
    assert among == pytest.approx(alone, rel=1e-4)


def test_curves_end_where_training_ends() -> None:
    found = train(TOY, "polyak", [0.1, 0.2], [1000, 1001, 1002], SHORT, every_epoch=True)
    assert found.accuracies.shape == (3, 2, 3)
    np.testing.assert_array_equal(found.accuracies[-1], found.accuracy)
    assert train(TOY, "polyak", [0.1], [1000], SHORT).accuracies.shape == (0, 1, 1)
    with pytest.raises(SpecError, match="at least one rate"):
        train(TOY, "polyak", [], [1000], SHORT)


def outcome(accuracy: list[float], loss: list[float]) -> Outcome:
    return Outcome(np.array(accuracy)[:, None], np.array(loss)[:, None], np.empty((0, len(loss), 1)))


@pytest.mark.parametrize(
    ("accuracy", "loss", "best", "edge"),
    [
        pytest.param([0.5, 0.9, 0.8, 0.1], [3, 2, 1, 9], 2.0, False, id="inside"),
        pytest.param([0.9, 0.8, 0.7, 0.1], [3, 2, 1, 9], 2.0, True, id="low-end"),
        pytest.param([0.1, 0.8, 0.7, 0.9], [3, 2, 1, 9], 2.0, True, id="high-end"),
        pytest.param([1.0, 1.0, 1.0, 1.0], [3, 2, 1, 0], 4.0, False, id="all-alike"),
        pytest.param([0.1, 0.9, 0.9, 0.9], [3, math.nan, 1, 0], 4.0, False, id="diverged"),
    ],
)
def test_a_best_rate_at_an_end_is_told(accuracy: list[float], loss: list[float], best: float, edge: bool) -> None:
    found = best_rate(outcome(accuracy, loss), (1.0, 2.0, 4.0, 8.0))
    assert (found.best, found.on_edge) == (best, edge)


def test_rates_with_as_many_rows_right_are_equal_whatever_the_seeds() -> None:
    thirds = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.3, 0.2, 0.1], [0.1, 0.2, 0.3]])
    assert thirds.mean(axis=1)[0] > thirds.mean(axis=1)[1]
    found = best_rate(Outcome(thirds, np.arange(4.0)[:, None], np.empty((0, 4, 1))), (1.0, 2.0, 4.0, 8.0))
    assert (found.best, found.on_edge) == (2.0, False)


def test_rates_can_be_chosen_by_loss_and_a_grid_needs_an_inside() -> None:
    assert best_rate(outcome([1, 1, 1], [3, math.inf, 2]), (1.0, 2.0, 4.0), by="loss").on_edge
    with pytest.raises(SpecError, match="no inside"):
        best_rate(outcome([1, 1], [1, 1]), (1.0, 2.0))


def trial(workload: Workload, seeds: tuple[int, ...] = (1000,), method: str = "schedule_free") -> Trial:
    tolerances = {"rate_on_edge": 0.0, "identity": 1e-12}
    return Trial("sf.x", "smoke", workload, method, {"method": method}, seeds, tolerances=tolerances)


def test_final_accuracy_has_one_value_a_seed_and_reports_the_edge() -> None:
    work = Regression(problems=("well_conditioned",), low=-7, high=-1, pilots=(1005,), epochs=2, chosen_by="loss")
    one = trial(work, (1000, 1001))
    found = experiments.final_accuracy(one)
    assert {len(values) for values in found.values.values()} == {2}
    assert found.values["accuracy"] == pytest.approx(found.values["accuracy_well_conditioned"])
    assert 40 < found.values["accuracy"][0] < 80
    assert one.gates["rate_on_edge"] == Gate(error=0.0, tolerance=0.0)
    assert not any(name.startswith("average") for name in found.values)
    tiny = trial(work.model_copy(update={"low": -12, "high": -10}))
    experiments.final_accuracy(tiny)
    assert tiny.gates["rate_on_edge"].error == 1
    with pytest.raises(UnknownName, match="method"):
        experiments.final_accuracy(trial(work, method="adagrad"))


def test_how_fast_accuracy_rose_is_its_mean_over_epochs() -> None:
    work = Regression(
        problems=("well_conditioned",), low=-7, high=-5, pilots=(1005,), epochs=3, chosen_by="loss", every_epoch=True
    )
    found = experiments.final_accuracy(trial(work, (1000, 1001))).values
    rate = 2.0 ** found["log2_rate_well_conditioned"][0]
    curve = train(load("well_conditioned", data.path), "schedule_free", [rate], (1000, 1001), SHORT, every_epoch=True)
    assert found["average"] == pytest.approx(100 * curve.accuracies[:, 0].mean(axis=0))


@pytest.mark.parametrize(("most", "rows", "epochs"), [(None, 32_561, 100), (40_000, 32_561, 19), (40_000, 150, 100)])
def test_large_problems_may_have_fewer_epochs(most: int | None, rows: int, epochs: int) -> None:
    work = Regression(problems=("a9a",), low=-7, high=-1, pilots=(1005,), most_steps=most)
    assert experiments._epochs(work, rows) == epochs
    assert experiments._epochs(work.model_copy(update={"most_steps": 1}), rows) == 1


@pytest.mark.parametrize("base", ["adam", "sgd"])
def test_the_condition_of_theorem_3_on_a_problem(base: str) -> None:
    one = trial(LargeRates(problems=("well_conditioned",), epochs=2, low=-7, high=-1))
    one.options = {"base": base}
    checks = experiments.large_steps_condition(one).checks
    assert checks["control"] == pytest.approx(5.0)
    assert one.gates["identity"].passed
    assert checks["counterexamples"] == 0
    assert math.isfinite(checks["well_conditioned"])  # type: ignore[arg-type]
    one.options = {"base": "lion"}
    with pytest.raises(UnknownName, match="base"):
        experiments.large_steps_condition(one)


def test_algorithm_1_in_float64_is_the_trained_one() -> None:
    batches = experiments._batches(TOY, SHORT.epochs, 1000)
    path = experiments._run(TOY, True, 0.1, [*batches, batches[-1]])
    _, loss, _ = experiments._softmax(TOY, path.x[-1], np.arange(len(TOY.y)))
    assert loss == pytest.approx(float(reference(TOY, "schedule_free", 0.1, 1000, SHORT)), rel=1e-12)
    np.testing.assert_array_equal(path.x[1], path.z[1])


def test_the_gradient_in_float64_is_that_of_its_loss() -> None:
    w, step, rows = np.random.default_rng(2).normal(size=12), 1e-6, np.arange(16)
    numeric = [
        (experiments._softmax(TOY, w + step * e, rows)[1] - experiments._softmax(TOY, w - step * e, rows)[1]) / 2e-6
        for e in np.eye(12)
    ]
    np.testing.assert_allclose(experiments._softmax(TOY, w, rows)[2], numeric, atol=1e-8)

"""Small trainings by Schedule-Free learning and by schedules: what is run, at which rate, and what is reported."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from claimbench.errors import SpecError, UnknownName
from claimbench.impls.common import tuned
from claimbench.impls.common.training import Trained
from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.averaging import Averaged
from claimbench.impls.schedule_free.experiments import training as module
from claimbench.impls.schedule_free.experiments.training import front, sensitivity
from claimbench.impls.schedule_free.methods import METHODS, setting
from claimbench.impls.schedule_free.networks import classification, conv_net, mlp, refresh_statistics, split
from claimbench.impls.schedule_free.sgd import SGDScheduleFree
from claimbench.papers.schedule_free.workloads import Training
from claimbench.spec import Scalar
from claimbench.trial import Quality, Trial

TINY = Training(task="digits_mlp", steps=16, low=-8, high=-6, pilots=(1000,), chosen_by=("train_loss", "test_error"))


def trial(work: Training = TINY, seeds: tuple[int, ...] = (900, 901), **options: Scalar) -> Trial:
    return Trial("sf.test", "cpu", work, "arm", options, seeds, tolerances={"rate_on_edge": 0.0})


def nowhere(name: str) -> None:  # type: ignore[return]
    raise AssertionError(f"{name} is not needed")


def test_one_run_serves_all_lengths_and_a_schedule_has_one_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[int, float, tuple[int, ...], str]] = []
    real = tuned.train

    def spy(learning, recipe, one, optimisers):  # type: ignore[no-untyped-def]
        runs.append((recipe.steps, recipe.learning_rate, one.seeds, recipe.schedule))
        return real(learning, recipe, one, optimisers)

    monkeypatch.setattr(tuned, "train", spy)
    free = front(trial(method="schedule_free"))
    assert {steps for steps, *_ in runs} == {16}
    assert [rate for _, rate, seeds, _ in runs if seeds == (1000,)] == [2**-8, 2**-7, 2**-6]
    assert 1 <= len([seeds for *_, seeds, _ in runs if seeds == (900, 901)]) <= 2
    runs.clear()
    cosine = front(trial(method="cosine"))
    assert sorted({steps for steps, *_ in runs}) == [4, 8, 16]
    assert {schedule for *_, schedule in runs} == {"cosine"}
    marks = {f"{metric}_{mark}" for metric in TINY.chosen_by for mark in ("quarter", "half", "full")}
    assert set(cosine.values) == marks | {f"log2_rate_{name}" for name in marks}
    assert set(free.values) == marks | {"log2_rate_train_loss_full", "log2_rate_test_error_full"}
    assert all(len(column) == 2 for found in (free, cosine) for column in found.values.values())


def test_each_metric_has_the_rate_that_pilots_find_best_for_itself_at_each_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pilots and seeds that judge prefer opposite rates; the pilots' preference counts."""
    best = {4: {"train_loss": -7, "test_error": -6}, 8: {"train_loss": -6, "test_error": -7}, 16: {"train_loss": -5}}

    def known(learning, recipe, one, optimisers):  # type: ignore[no-untyped-def]
        rate = math.log2(recipe.learning_rate)
        sign = 1 if one.seeds == (1000,) else -1
        wanted = {"train_loss": -5, "test_error": -7} | best[recipe.steps]
        values = {name: (100.0 * recipe.steps + sign * (rate - at) ** 2,) for name, at in wanted.items()}
        return [Trained(nn.Identity(), (recipe.steps,), values) for _ in one.seeds]

    monkeypatch.setattr(tuned, "train", known)
    found = front(trial(TINY.model_copy(update={"low": -8, "high": -4}), method="cosine")).values
    rates = {name.removeprefix("log2_rate_"): column for name, column in found.items() if name.startswith("log2")}
    assert rates == {
        "train_loss_quarter": [-7, -7],
        "train_loss_half": [-6, -6],
        "train_loss_full": [-5, -5],
        "test_error_quarter": [-6, -6],
        "test_error_half": [-7, -7],
        "test_error_full": [-7, -7],
    }
    assert [found[f"train_loss_{mark}"][0] for mark in ("quarter", "half", "full")] == [400, 800, 1600]


def test_statistics_that_are_kept_are_those_of_training() -> None:
    work = TINY.model_copy(update={"task": "digits_conv", "base": "sgd", "low": -4, "high": -2})
    anew, kept = (front(trial(work, method="schedule_free", refresh=refresh)).values for refresh in (True, False))
    assert anew["train_loss_full"] != kept["train_loss_full"]
    with pytest.raises(SpecError, match="no BatchNorm"):
        front(trial(method="schedule_free", refresh=False))


@pytest.mark.parametrize("method", METHODS)
def test_schedules_are_clipped_and_all_are_warmed_up(method: str) -> None:
    recipe = setting({"method": method}, "adamw", 0.0).recipe(100, 0.5, 5, 1, together=True)
    assert recipe.clip == (math.inf if method in ("schedule_free", "primal") else 1.0)
    assert (recipe.steps, recipe.learning_rate, recipe.warmup, recipe.together) == (100, 0.5, 5, True)


@pytest.mark.parametrize("method", METHODS)
def test_a_trial_gives_the_same_numbers_again(method: str) -> None:
    first, second = (front(trial(method=method)) for _ in range(2))
    assert first.values == second.values
    assert all(math.isfinite(x) for column in first.values.values() for x in column)


def test_seeds_are_independent_of_each_other() -> None:
    both, alone = front(trial(method="schedule_free")), front(trial(seeds=(901,), method="schedule_free"))
    for name in ("train_loss_quarter", "train_loss_full"):
        assert both.values[name][1] == pytest.approx(alone.values[name][0], rel=1e-3)
        assert both.values[name][0] != pytest.approx(both.values[name][1], rel=1e-3)


def test_schedule_free_is_evaluated_at_x_and_trained_at_y() -> None:
    """The reported train loss is that of x in a loop written out here."""
    digits = split("digits", nowhere, 0.1)  # type: ignore[arg-type]
    found = front(replace(trial(seeds=(900,), method="schedule_free"), workload=TINY))
    rate = 2.0 ** found.values["log2_rate_train_loss_full"][0]
    model = mlp(65, 128, 10, 900)
    learning = classification(digits, lambda seed: model, 64)
    groups = [{"params": [p], "weight_decay": 0.0} for p in model.parameters()]
    optimiser = AdamWScheduleFree(groups, rate, (0.9, 0.95), variant="alg1")
    for step in range(1, 17):
        for group in optimiser.param_groups:
            group["lr"] = rate  # warm-up takes round(.05 · 16) = 1 step, at the full rate
        optimiser.zero_grad()
        x, y = learning.batch(900, step)
        F.cross_entropy(model(x), y).backward()
        optimiser.step()
    at_y = F.cross_entropy(model(digits.train[0]), digits.train[1]).item()
    optimiser.eval()
    at_x = F.cross_entropy(model(digits.train[0]), digits.train[1]).item()
    assert found.values["train_loss_full"][0] == pytest.approx(at_x, rel=1e-4)
    assert at_y != pytest.approx(at_x, rel=1e-3)


def test_a_best_rate_at_an_end_of_the_grid_voids_the_claim() -> None:
    low = trial(TINY.model_copy(update={"low": -20, "high": -17}), method="cosine")
    front(low)
    assert low.gates["rate_on_edge"].error > 0


def test_how_tolerant_a_method_is_of_its_rate_is_counted_in_octaves() -> None:
    work = TINY.model_copy(update={"low": -10, "high": -4, "chosen_by": ("train_loss",)})
    found = {near: sensitivity(trial(work, method="schedule_free", near=near)) for near in (0.1, 0.5, 1e9)}
    assert isinstance(found[0.1], Quality)
    assert found[1e9].values["width"] == [6.0, 6.0]
    assert all(0 < a < b <= 6 for a, b in zip(found[0.1].values["width"], found[0.5].values["width"], strict=True))
    assert found[0.1].curves["sensitivity"].x == tuple(range(-10, -3))


@pytest.mark.parametrize(
    ("line", "width"),
    [
        pytest.param([2.0, 0.0, 2.0], 1.0, id="half an octave on both sides"),
        pytest.param([0.5, 0.0, 0.5], 2.0, id="all near"),
        pytest.param([3.0, 0.0, math.inf], 1 / 3, id="what diverged is not near"),
    ],
)
def test_width_is_linear_between_rates(line: list[float], width: float) -> None:
    assert module._width(np.arange(3.0), np.array(line), 1.0) == pytest.approx(width)


def test_every_method_has_its_optimiser_and_its_course() -> None:
    parameter = nn.Parameter(torch.zeros(2, 2))
    kinds = {
        ("schedule_free", "adamw"): AdamWScheduleFree,
        ("schedule_free", "sgd"): SGDScheduleFree,
        ("primal", "adamw"): AdamWScheduleFree,
        ("polyak", "sgd"): Averaged,
        ("cosine", "adamw"): torch.optim.AdamW,
        ("stable_decay", "sgd"): torch.optim.SGD,
    }
    for (method, base), kind in kinds.items():
        how = setting({"method": method}, base, 0.1)  # type: ignore[arg-type]
        recipe = how.recipe(10, 0.5, 1, 1, together=False)
        made = how.optimiser([{"params": [parameter], "weight_decay": 0.1}], recipe)
        assert type(made) is kind
        assert made.param_groups[0]["weight_decay"] == 0.1
        assert (recipe.schedule == "constant") == (not how.needs_horizon)
    primal = setting({"method": "primal"}, "adamw", 0.0)
    made = primal.optimiser([{"params": [parameter]}], primal.recipe(10, 0.5, 1, 1, together=False))
    assert made.param_groups[0]["beta1"] == 1.0


def test_options_that_a_method_does_not_have_are_refused() -> None:
    with pytest.raises(UnknownName, match="cosin"):
        setting({"method": "cosin"}, "adamw", 0.0)
    with pytest.raises(UnknownName, match="gamma"):
        setting({"method": "cosine", "gamma": 1}, "adamw", 0.0)
    with pytest.raises(SpecError, match="SGD has one form"):
        setting({"method": "schedule_free", "variant": "alg1"}, "sgd", 0.0)
    with pytest.raises(SpecError, match="cosine has no option 'beta'"):
        setting({"method": "cosine", "beta": 0.5}, "adamw", 0.0)


def test_some_labels_are_wrong_and_the_same_rows_are_always_held_out() -> None:
    clean, noisy = split("digits", nowhere), split("digits", nowhere, 0.1)  # type: ignore[arg-type]
    assert torch.equal(clean.test[0], noisy.test[0])
    assert torch.equal(clean.test[1], noisy.test[1])
    assert len(clean.train[1]) == 1437
    assert len(clean.test[1]) == 360
    # A tenth is drawn anew, of which a tenth stays right.
    assert 0.07 < (clean.train[1] != noisy.train[1]).double().mean() < 0.11
    assert torch.equal(split("digits", nowhere, 0.1).train[1], noisy.train[1])  # type: ignore[arg-type]


def test_an_epoch_has_every_row_at_most_once() -> None:
    digits = split("digits", nowhere)  # type: ignore[arg-type]
    learning = classification(digits, lambda seed: mlp(65, 8, 10, seed), 64)
    epoch = torch.cat([learning.batch(5, step)[0] for step in range(1, 1437 // 64 + 1)])
    _, counts = torch.cat([epoch, digits.train[0]]).unique(dim=0, return_counts=True)
    assert counts.max() <= 2 + (digits.train[0].unique(dim=0).shape[0] < 1437)
    assert not torch.equal(learning.batch(5, 1)[0], learning.batch(5, 1 + 1437 // 64)[0])


def test_statistics_are_taken_anew_over_all_rows() -> None:
    digits = split("digits", nowhere)  # type: ignore[arg-type]
    model = conv_net(10, 0)
    norm = model[2]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    norm.running_mean.fill_(7.0)
    refresh_statistics(model, digits.train[0])
    inner = model[1](model[0](digits.train[0]))
    assert norm.running_var is not None
    assert torch.allclose(norm.running_mean, inner.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(norm.running_var, inner.var((0, 2, 3)), atol=1e-4)
    second = model[5]
    assert isinstance(second, nn.BatchNorm2d)
    assert second.running_mean is not None
    hidden = model[4](torch.relu(F.batch_norm(inner, None, None, norm.weight, norm.bias, training=True)))
    assert torch.allclose(second.running_mean, hidden.mean((0, 2, 3)), atol=1e-4)
    assert not model.training
    assert norm.momentum == 0.1

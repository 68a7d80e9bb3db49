"""The training loop: what it does to a model, that a seed fixes its numbers, and that a stopped run goes on to them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from claimbench.impls.common import training
from claimbench.impls.common.initialise import generator, initialise
from claimbench.impls.common.learner import Batch, Learner, Learning, Model
from claimbench.impls.common.schedules import multiplier
from claimbench.impls.common.training import Recipe, quality, train
from claimbench.spec import Workload
from claimbench.trial import Trial


def trial(**changes: object) -> Trial:
    fields: dict[str, object] = {
        "claim": "toy.better",
        "tier": "smoke",
        "workload": Workload(),
        "arm": "ours",
        "options": {},
        "seeds": (0,),
    }
    return Trial(**(fields | changes))  # type: ignore[arg-type]


def line(seed: int) -> nn.Module:
    model = nn.Linear(3, 1)
    initialise(model, seed, lambda name, parameter, random: parameter.normal_(generator=random))
    return model


def batch(seed: int, step: int) -> Batch:
    x = torch.randn(16, 3, generator=generator(seed, f"data {step}"))
    return x, x @ torch.tensor([[1.0], [-2.0], [0.5]])


def loss(model: Model, given: Batch) -> Tensor:
    return (model(given[0]) - given[1]).square().mean()


LEARNING = Learning(line, batch, loss, lambda model: {"loss": loss(model, batch(99, 1)).item()})


def perceptron(seed: int) -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    initialise(model, seed, lambda name, parameter, random: parameter.normal_(generator=random))
    return model


def test_learns_and_reports_the_curve():
    said: list[tuple[int, int]] = []
    runs = train(
        LEARNING,
        Recipe(steps=300, learning_rate=0.05, evaluations=3),
        trial(seeds=(0, 1), on_progress=lambda done, total: said.append((done, total))),
    )
    assert [run.steps for run in runs] == [(100, 200, 300)] * 2
    assert all(run.final("loss") < 1e-9 < run.values["loss"][0] for run in runs)
    assert all(loss(run.model, batch(99, 1)).item() == run.final("loss") for run in runs)
    assert said == [(done, 600) for done in range(1, 601)]
    outcome = quality(runs)
    assert outcome.values["loss"] == [run.final("loss") for run in runs]
    assert outcome.curves["loss"].y == tuple(run.values["loss"] for run in runs)


def test_the_same_seed_gives_the_same_numbers():
    recipe = Recipe(steps=20, learning_rate=0.01)
    one, other, third = (train(LEARNING, recipe, trial(seeds=(seed,)))[0].values for seed in (3, 3, 4))
    assert one == other
    assert one != third


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
def test_a_run_that_was_stopped_goes_on_to_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: bool
):
    recipe = Recipe(steps=40, learning_rate=0.01, weight_decay=0.1, schedule="cosine", warmup=5, together=together)
    whole = [run.values for run in train(LEARNING, recipe, trial(seeds=(0, 1)))]
    calls = itertools.count()

    def stops(model: Model, given: Batch) -> Tensor:
        if next(calls) == 27:
            raise KeyboardInterrupt
        return loss(model, given)

    stopped = Learning(line, batch, stops, LEARNING.evaluate)
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        train(stopped, recipe, trial(seeds=(0, 1), scratch=tmp_path / "scratch"))
    seen: list[int] = []
    watched = Learning(line, lambda seed, step: (seen.append(step), batch(seed, step))[1], loss, LEARNING.evaluate)
    again = train(watched, recipe, trial(seeds=(0, 1), scratch=tmp_path / "scratch"))
    assert [run.values for run in again] == whole
    assert min(seen) > 1 or not together, "it began anew"
    assert len(seen) < 80


def test_a_deadline_says_so_and_what_was_done_is_kept(tmp_path: Path):
    recipe = Recipe(steps=5, learning_rate=0.1)
    with pytest.raises(TimeoutError, match="step 1 of 5"):
        train(LEARNING, recipe, trial(deadline_s=-1.0))
    passing = iter([1.0, 1.0, 1.0, -1.0])
    stopping = trial(scratch=tmp_path)
    stopping.remaining_s = lambda: next(passing)  # type: ignore[method-assign]
    with pytest.raises(TimeoutError, match="step 4 of 5"):
        train(LEARNING, recipe, stopping)
    seen: list[int] = []
    watched = Learning(line, lambda seed, step: (seen.append(step), batch(seed, step))[1], loss, LEARNING.evaluate)
    (run,) = train(watched, recipe, trial(scratch=tmp_path))
    assert seen == [4, 5]
    assert run.values == train(LEARNING, recipe, trial())[0].values


def test_the_gradient_is_clipped():
    # Adam does not see the gradient's scale, but its first moments do see a clip that acts on one step alone.
    def data(seed: int, step: int) -> Batch:
        return (torch.full((1, 3), 1e3), torch.zeros(1, 1)) if step == 1 else batch(seed, step)

    weights = []
    for clip in (1e-3, 1e9):
        learning = Learning(line, data, loss, LEARNING.evaluate)
        (run,) = train(learning, Recipe(steps=2, learning_rate=0.1, clip=clip), trial())
        weights.append(run.model.get_parameter("weight").detach().clone())
    assert (weights[0] - weights[1]).abs().max() > 1e-3


def test_weights_decay_but_for_vectors_and_what_is_exempt():
    class Still(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.matrix, self.exempt = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2, 2))
            self.vector = nn.Parameter(torch.ones(2))
            self.exempt.no_decay = True

        def forward(self, x: Tensor) -> Tensor:
            return (self.matrix.sum() + self.exempt.sum() + self.vector.sum()) * 0 * x.sum()

    learning = Learning(lambda seed: Still(), batch, lambda model, given: model(given[0]), lambda model: {"x": 0.0})
    (run,) = train(learning, Recipe(steps=1, learning_rate=0.1, weight_decay=0.5), trial())
    assert torch.allclose(run.model.get_parameter("matrix"), torch.tensor(0.95))
    assert (run.model.get_parameter("exempt") == 1).all()
    assert (run.model.get_parameter("vector") == 1).all()


def test_the_learning_rate_follows_its_schedule():
    model = line(0)
    before = model.get_parameter("weight").detach().clone()
    (run,) = train(LEARNING, Recipe(steps=1, learning_rate=0.1, warmup=10), trial())
    # Adam's first step is the learning rate itself, whatever the gradient.
    assert (run.model.get_parameter("weight") - before).abs().max().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("schedule", "step", "expected"),
    [
        pytest.param("constant", 100, 1.0, id="constant"),
        pytest.param("linear", 5, 0.5, id="warm-up"),
        pytest.param("linear", 10, 1.0, id="peak"),
        pytest.param("linear", 55, 0.55, id="line-middle"),
        pytest.param("linear", 100, 0.1, id="line-end"),
        pytest.param("cosine", 55, 0.55, id="cosine-middle"),
        pytest.param("cosine", 100, 0.1, id="cosine-end"),
        pytest.param("cosine", 10 + 90 // 3, 0.1 + 0.9 * 0.75, id="cosine-third"),
    ],
)
def test_schedules(schedule, step: int, expected: float):
    assert multiplier(schedule, step, steps=100, warmup=10, floor=0.1) == pytest.approx(expected)


def test_a_schedule_without_warm_up_starts_at_its_peak_and_ends_at_nothing():
    assert multiplier("constant", 1, steps=5, warmup=0, floor=0.0) == 1.0
    assert multiplier("cosine", 5, steps=5, warmup=0, floor=0.0) == pytest.approx(0.0)


def test_seeds_that_are_trained_together_reach_what_they_reach_alone():
    learning = Learning(perceptron, batch, loss, lambda model: {"loss": loss(model, batch(99, 1)).item()})
    runs = {
        together: train(
            learning, Recipe(200, 0.02, weight_decay=0.1, clip=0.1, together=together), trial(seeds=(0, 1, 2))
        )
        for together in (False, True)
    }
    for alone, together in zip(runs[False], runs[True], strict=True):
        assert together.values["loss"] == pytest.approx(alone.values["loss"], rel=1e-3)
        for name, parameter in alone.model.named_parameters():
            assert torch.allclose(together.model.get_parameter(name), parameter, atol=1e-4), name
    assert len({run.final("loss") for run in runs[True]}) == 3


def test_gradients_of_seeds_are_clipped_apart():
    learner = Learner(LEARNING, (0, 1))
    learner.loss(1).backward()
    (weight,) = (p for name, p in learner.parameters.items() if name == "weight")
    assert weight.grad is not None
    weight.grad[1] *= 1e-3
    small = weight.grad[1].clone()
    learner.clip_gradients(0.5)
    norms = torch.stack([p.grad.flatten(1).square().sum(1) for p in learner.parameters.values()]).sum(0).sqrt()  # type: ignore[union-attr]
    assert norms[0].item() == pytest.approx(0.5, rel=1e-4)
    assert norms[1].item() <= 0.5 * (1 + 1e-4)
    assert torch.allclose(weight.grad[1] / weight.grad[1].norm(), small / small.norm())


def test_parameters_with_one_name_start_alike():
    class Wider(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.extra = nn.Linear(5, 2)
            self.line = nn.Linear(3, 1)

    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(3, 1)

    models = [Wider(), Plain()]
    for model in models:
        initialise(model, 7, lambda name, parameter, random: parameter.normal_(generator=random))
    assert torch.equal(models[0].line.weight, models[1].line.weight)
    assert not torch.equal(models[0].extra.bias[:1], models[0].line.bias)

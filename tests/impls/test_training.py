"""The training loop: what it does to a model, and that the same seed does the same twice."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator, initialise
from claimbench.impls.common.training import Batch, Recipe, train
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


def line(seed: int) -> nn.Linear:
    model = nn.Linear(3, 1)
    initialise(model, seed, lambda name, parameter, random: parameter.normal_(generator=random))
    return model


def batches(seed: int):
    random = generator(seed, "data")
    while True:
        x = torch.randn(16, 3, generator=random)
        yield x, x @ torch.tensor([[1.0], [-2.0], [0.5]])


def loss(model: nn.Module, batch: Batch) -> Tensor:
    return (model(batch[0]) - batch[1]).square().mean()


def evaluate(model: nn.Module) -> dict[str, float]:
    return {"loss": loss(model, next(batches(99))).item()}


def test_learns_and_reports_the_curve():
    said: list[tuple[int, int]] = []
    history = train(
        line(0),
        batches(0),
        loss,
        evaluate,
        Recipe(steps=300, learning_rate=0.05, evaluations=3),
        trial(on_progress=lambda done, total: said.append((done, total))),
        run=1,
        runs=2,
    )
    assert history.steps == (100, 200, 300)
    assert history.final("loss") < 1e-4
    assert history.values["loss"][0] > history.final("loss")
    assert said[0] == (301, 600)
    assert said[-1] == (600, 600)


def test_the_same_seed_gives_the_same_numbers():
    recipe = Recipe(steps=20, learning_rate=0.01)
    one, other, third = (train(line(s), batches(s), loss, evaluate, recipe, trial()) for s in (3, 3, 4))
    assert one == other
    assert one != third


def test_the_gradient_is_clipped():
    # Adam does not see the gradient's scale, but its first moments do see a clip that acts on one step alone.
    weights = []
    for clip in (1e-3, 1e9):
        model = line(0)
        huge = itertools.chain([(torch.full((1, 3), 1e3), torch.zeros(1, 1))], batches(0))
        train(model, huge, loss, evaluate, Recipe(steps=2, learning_rate=0.1, clip=clip), trial())
        weights.append(model.weight.detach().clone())
    assert (weights[0] - weights[1]).abs().max() > 1e-3


def test_the_learning_rate_rises():
    model = line(0)
    before = model.weight.detach().clone()
    train(model, batches(0), loss, evaluate, Recipe(steps=1, learning_rate=0.1, warmup=10), trial())
    # Adam's first step is the learning rate itself, whatever the gradient.
    assert (model.weight - before).abs().max().item() == pytest.approx(0.01, rel=1e-3)


def test_a_run_that_will_not_fit_stops_with_its_cause():
    with pytest.raises(TimeoutError, match="step 1 of 5"):
        train(line(0), batches(0), loss, evaluate, Recipe(steps=5, learning_rate=0.1), trial(deadline_s=-1.0))


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

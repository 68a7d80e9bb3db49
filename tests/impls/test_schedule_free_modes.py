"""The switch between y and x, checkpoints in either mode, parameters of 16 bits, restarts, the training loop."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from impls.slopes import fresh, slope, values
from torch import nn

from claimbench.impls.common.learner import Learning
from claimbench.impls.common.training import Recipe, train
from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.divergence import DivergenceDetector
from claimbench.impls.schedule_free.optimiser import ScheduleFree
from claimbench.impls.schedule_free.radam import RAdamScheduleFree
from claimbench.impls.schedule_free.sgd import SGDScheduleFree
from claimbench.spec import Workload
from claimbench.trial import Trial

MAKES: list[Any] = [
    pytest.param(lambda p: AdamWScheduleFree(p, 0.05, (0.9, 0.95), weight_decay=0.1, warmup_steps=4), id="adamw"),
    pytest.param(lambda p: AdamWScheduleFree(p, 0.05, (0.7, 0.95), variant="algoperf"), id="algoperf"),
    pytest.param(lambda p: AdamWScheduleFree(p, 0.05, (0.9, 0.95), narrow="stochastic", seed=3), id="stochastic"),
    pytest.param(lambda p: SGDScheduleFree(p, 0.01, 0.8), id="sgd"),
    pytest.param(lambda p: RAdamScheduleFree(p, 0.05, (0.9, 0.95)), id="radam"),
]
DTYPES = [torch.float64, torch.float32, torch.bfloat16]


def run(params: list[nn.Parameter], optimiser: ScheduleFree, first: int, last: int) -> None:
    for step in range(first, last):
        slope(params, step)
        optimiser.step()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("make", MAKES)
def test_a_look_at_x_changes_no_bit_of_training(make: Any, dtype: torch.dtype) -> None:
    plain, looked = fresh(dtype), fresh(dtype)
    one, other = make(plain), make(looked)
    for step in range(20):
        slope(plain, step)
        one.step()
        slope(looked, step)
        other.step()
        before = copy.deepcopy(other.state_dict()["state"])
        y = values(looked)
        for _ in range(5):
            other.eval()
            other.eval()
            x = values(looked)
            other.train()
            other.train()
        assert torch.equal(values(looked), y)
        after = other.state_dict()["state"]
        assert all(torch.equal(before[k][name], after[k][name]) for k in after for name in after[k])
        assert before.keys() == after.keys()
    assert torch.equal(values(plain), values(looked))
    assert not torch.equal(x, y)


@pytest.mark.parametrize("into", ["train", "eval"])
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("make", MAKES)
def test_a_checkpoint_in_either_mode_goes_on_to_the_same_bits(
    make: Any, dtype: torch.dtype, mode: str, into: str
) -> None:
    """Whatever the optimiser that loads it did before, and in whichever mode it was."""
    whole = fresh(dtype)
    optimiser = make(whole)
    run(whole, optimiser, 0, 24)

    first = fresh(dtype)
    optimiser_before = make(first)
    run(first, optimiser_before, 0, 11)
    getattr(optimiser_before, mode)()
    file = io.BytesIO()
    torch.save({"model": [p.detach() for p in first], "optimiser": optimiser_before.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)

    second = fresh(dtype)
    resumed = make(second)
    run(second, resumed, 3, 5)
    getattr(resumed, into)()
    with torch.no_grad():
        for p, value in zip(second, saved["model"], strict=True):
            p.copy_(value)
    resumed.load_state_dict(saved["optimiser"])
    assert resumed.training == (mode == "train")
    resumed.train()
    run(second, resumed, 11, 24)
    assert torch.equal(values(whole), values(second))
    optimiser.eval()
    resumed.eval()
    assert torch.equal(values(whole), values(second))


def test_a_checkpoint_is_not_tied_to_who_loaded_it() -> None:
    params = fresh()
    optimiser = SGDScheduleFree(params, 0.01)
    run(params, optimiser, 0, 3)
    saved = optimiser.state_dict()
    z = [entry["z"].clone() for entry in saved["state"].values()]
    others = fresh()
    resumed = SGDScheduleFree(others, 0.01)
    resumed.load_state_dict(saved)
    run(others, resumed, 3, 6)
    assert all(torch.equal(entry["z"], kept) for entry, kept in zip(saved["state"].values(), z, strict=True))


def test_a_step_in_evaluation_mode_is_an_error() -> None:
    params = fresh()
    optimiser = AdamWScheduleFree(params)
    run(params, optimiser, 0, 2)
    optimiser.eval()
    slope(params, 2)
    with pytest.raises(RuntimeError, match=r"call train\(\) first"):
        optimiser.step()


def test_in_evaluation_mode_before_the_first_step_parameters_are_what_they_were() -> None:
    params = fresh()
    optimiser = AdamWScheduleFree(params)
    optimiser.eval()
    assert torch.equal(values(params), values(fresh()))
    optimiser.train()
    run(params, optimiser, 0, 1)


def test_a_group_joins_in_the_present_mode() -> None:
    params = fresh()
    optimiser = AdamWScheduleFree(params[:1])
    optimiser.eval()
    optimiser.add_param_group({"params": params[1:]})
    assert not optimiser.training
    optimiser.train()
    assert optimiser.training


def _distance(dtype: torch.dtype, steps: int = 300, **options: Any) -> float:
    """Root mean square, over 1000 coordinates, from the minimum of a quadratic after small steps."""
    random = torch.Generator().manual_seed(0)
    target = torch.randn(1000, generator=random)
    p = nn.Parameter((target + torch.randn(1000, generator=random)).to(dtype))
    optimiser = AdamWScheduleFree([p], 1e-3, (0.9, 0.99), **options)
    for _ in range(steps):
        p.grad = (p.detach().float() - target).to(dtype)
        optimiser.step()
    optimiser.eval()
    return (p.detach().float() - target).square().mean().sqrt().item()


def test_narrow_parameters_keep_learning_where_rounding_to_nearest_stands_still() -> None:
    wide = _distance(torch.float32)
    assert wide < 0.9 * _distance(torch.float32, steps=0)
    assert _distance(torch.bfloat16) == pytest.approx(wide, abs=0.004)
    assert _distance(torch.float16) == pytest.approx(wide, abs=0.002)
    assert _distance(torch.bfloat16, narrow="stochastic") == pytest.approx(wide, abs=0.02)


def test_the_package_stands_still_in_bfloat16() -> None:
    package = pytest.importorskip("schedulefree")
    p = nn.Parameter(torch.full((100,), 2.0, dtype=torch.bfloat16))
    optimiser = package.AdamWScheduleFree([p], 1e-3)
    optimiser.train()
    for _ in range(300):
        p.grad = torch.ones_like(p)
        optimiser.step()
    assert (p == 2.0).all()


def test_float16_is_not_rounded_stochastically() -> None:
    p = nn.Parameter(torch.ones(3, dtype=torch.float16))
    optimiser = AdamWScheduleFree([p], narrow="stochastic")
    p.grad = torch.ones_like(p)
    with pytest.raises(TypeError, match="bfloat16 alone"):
        optimiser.step()


def test_float32_states_beside_narrow_parameters_survive_a_checkpoint() -> None:
    """PyTorch's own `load_state_dict` gives every state the parameter's dtype."""
    params = fresh(torch.bfloat16)
    optimiser = AdamWScheduleFree(params)
    run(params, optimiser, 0, 2)
    resumed = AdamWScheduleFree(fresh(torch.bfloat16))
    resumed.load_state_dict(optimiser.state_dict())
    assert {x.dtype for state in resumed.state.values() for x in state.values()} == {torch.float32}


def test_groups_round_by_bits_of_their_own() -> None:
    p, q = (nn.Parameter(torch.full((1000,), 1.0, dtype=torch.bfloat16)) for _ in range(2))
    optimiser = AdamWScheduleFree([{"params": [p]}, {"params": [q]}], 1e-3, narrow="stochastic")
    p.grad, q.grad = torch.ones_like(p), torch.ones_like(q)
    optimiser.step()
    assert not torch.equal(p, q)


def test_a_divergence_starts_anew_at_half_the_rate() -> None:
    params = fresh()
    optimiser = AdamWScheduleFree(params, 0.05, variant="algoperf")
    detector = DivergenceDetector(optimiser, larger_is_better=False, first_step=3)
    run(params, optimiser, 0, 6)
    assert [detector.observe(value, step) for step, value in enumerate((1.0, 1.0, 1.0, 1.0))] == [False] * 4
    assert detector.observe(float("nan"), 4)
    assert torch.equal(values(params), values(fresh()))
    assert optimiser.param_groups[0]["lr"] == 0.025
    assert optimiser.param_groups[0]["k"] == 0
    again = fresh()
    run(params, optimiser, 0, 6)
    expected = AdamWScheduleFree(again, 0.025, variant="algoperf")
    run(again, expected, 0, 6)
    assert torch.equal(values(params), values(again))


@pytest.mark.parametrize(
    ("metric", "larger", "expected"),
    [
        pytest.param([0.1, 0.2, 0.3, 0.4, 0.5], True, False, id="rising"),
        pytest.param([0.1, 0.1, 0.1, 0.1], True, True, id="flat"),
        pytest.param([0.5, 0.4, 0.3, 0.2], True, True, id="falling"),
        pytest.param([0.5, 0.4, 0.3, 0.2], False, False, id="falling-loss"),
        pytest.param([0.1, 0.5, 0.5, 0.5, 0.5], True, False, id="flat-but-above-the-first"),
        pytest.param([0.5, 0.1, 0.2, 0.2, 0.2], True, False, id="one-rise-among-the-last-four"),
        pytest.param([0.5, 0.1, 0.2, 0.2, 0.2, 0.2], True, True, id="no-rise-among-the-last-four"),
        pytest.param([0.1, 0.1, 0.1], True, False, id="too-few"),
    ],
)
def test_what_counts_as_divergence(metric: list[float], larger: bool, expected: bool) -> None:
    detector = DivergenceDetector(AdamWScheduleFree(fresh()), larger_is_better=larger)
    assert [detector.observe(value, 10) for value in metric][-1] == expected


def test_a_detector_goes_on_from_its_checkpoint() -> None:
    detector = DivergenceDetector(AdamWScheduleFree(fresh()), larger_is_better=True)
    for _ in range(3):
        detector.observe(0.5, 10)
    params = fresh()
    with torch.no_grad():
        params[0].zero_()
    resumed = DivergenceDetector(AdamWScheduleFree(params), larger_is_better=True)
    resumed.load_state_dict(detector.state_dict())
    assert resumed.observe(0.5, 11)
    assert torch.equal(values(params), values(fresh()))


def test_the_training_loop_evaluates_and_returns_x(tmp_path: Path) -> None:
    def model(seed: int) -> nn.Module:
        line = nn.Linear(3, 1)
        with torch.no_grad():
            line.weight.fill_(1.0)
            line.bias.fill_(float(seed))
        return line

    def batch(seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
        return x, x.sum(1, keepdim=True) * 2

    made: list[AdamWScheduleFree] = []

    def optimisers(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
        made.append(AdamWScheduleFree(groups, recipe.learning_rate, recipe.betas))
        return made[-1]

    def weight(model: nn.Module) -> dict[str, float]:
        return {"weight": next(model.parameters()).detach().sum().item()}

    learning = Learning(model, batch, lambda f, b: (f(b[0]) - b[1]).square().mean(), weight)
    trial = Trial(
        claim="toy.x", tier="smoke", workload=Workload(), arm="ours", options={}, seeds=(1,), scratch=tmp_path
    )  # type: ignore[call-arg]
    (trained,) = train(learning, Recipe(steps=12, learning_rate=0.05, evaluations=3), trial, optimisers)
    assert trained.final("weight") == weight(trained.model)["weight"]
    assert not made[0].training
    made[0].train()
    assert trained.final("weight") != weight(trained.model)["weight"]
    (again,) = train(learning, Recipe(steps=12, learning_rate=0.05, evaluations=3), trial, optimisers)
    assert again.values == trained.values
    assert again.final("weight") == weight(again.model)["weight"]

"""Schedule-Free optimisers step by step: against the package, the submission, and the paper written out."""

from __future__ import annotations

import importlib.util
import math
import sys
import types
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from impls.slopes import Make, descend, fresh, slope, values
from torch import Tensor

from claimbench.errors import UnknownName
from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.optimiser import ScheduleFree
from claimbench.impls.schedule_free.radam import RAdamScheduleFree
from claimbench.impls.schedule_free.sgd import SGDScheduleFree
from claimbench.impls.schedule_free.variants import ALG1, ALGOPERF

ADAM: dict[str, Any] = {"lr": 0.05, "betas": (0.9, 0.95), "weight_decay": 0.1, "r": 0.5}
SGD: dict[str, Any] = {"lr": 0.01, "momentum": 0.8, "weight_decay": 0.1, "warmup_steps": 5, "r": 0.5}
WARM = ADAM | {"warmup_steps": 5}
SUBMITTED: dict[str, Any] = {"lr": 0.05, "betas": (0.9, 0.95), "weight_decay": 0.1, "warmup_steps": 5}


def assert_same_trajectory(ours: Make, theirs: Make, tolerance: float = 1e-12) -> None:
    for name, found, truth in zip("yx", descend(ours), descend(theirs), strict=True):
        assert (found - truth).abs().max() <= tolerance, name
    assert (truth[-1] - truth[0]).abs().max() > 0.1


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        pytest.param(AdamWScheduleFree, "AdamWScheduleFreeReference", WARM, id="adamw-reference"),
        pytest.param(AdamWScheduleFree, "AdamWScheduleFree", WARM | {"weight_lr_power": 0.0}, id="adamw"),
        pytest.param(SGDScheduleFree, "SGDScheduleFreeReference", SGD, id="sgd-reference"),
        pytest.param(SGDScheduleFree, "SGDScheduleFree", SGD | {"weight_lr_power": 1.0}, id="sgd"),
        pytest.param(RAdamScheduleFree, "RAdamScheduleFree", ADAM, id="radam"),
        pytest.param(RAdamScheduleFree, "RAdamScheduleFree", ADAM | {"silent_sgd_phase": False}, id="radam-sgd"),
    ],
)
def test_is_the_package(ours: Any, theirs: str, settings: dict[str, Any]) -> None:
    package = pytest.importorskip("schedulefree")
    assert_same_trajectory(
        lambda params: ours(params, **settings), lambda params: getattr(package, theirs)(params, **settings)
    )


def test_decay_at_z_is_the_packages() -> None:
    package = pytest.importorskip("schedulefree")
    assert_same_trajectory(
        lambda params: AdamWScheduleFree(params, decay_at="z", **WARM),
        lambda params: package.AdamWScheduleFreeReference(params, decay_at_z=True, **WARM),
    )


def test_algorithm_1_is_the_packages_paper_version() -> None:
    package = pytest.importorskip("schedulefree")
    assert_same_trajectory(
        lambda params: AdamWScheduleFree(params, variant=ALG1, **WARM),
        lambda params: package.AdamWScheduleFreePaper(params, **WARM),
    )


class Anything(types.ModuleType):
    """A module that has whatever is asked of it, and is whatever is asked of that."""

    def __getattr__(self, name: str) -> Any:
        return Anything(name)

    def __call__(self) -> tuple[bool]:
        return (False,)


@pytest.fixture
def submission(monkeypatch: pytest.MonkeyPatch) -> Any:
    """AlgoPerf's winning submission, as the package ships it, without the competition's own code."""
    package = pytest.importorskip("schedulefree")
    path = Path(package.__file__).parent / "algoperf" / "self_tuning" / "schedule_free_adamw" / "submission.py"
    if not path.exists():
        pytest.skip(f"no {path}")
    for name in ("absl", "algorithmic_efficiency", "algorithmic_efficiency.pytorch_utils"):
        monkeypatch.setitem(sys.modules, name, Anything(name))
    spec = importlib.util.spec_from_file_location("submission_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def submitted(submission: Any, moment: torch.dtype, dtype: torch.dtype) -> Tensor:
    """x after every step of the submission's optimiser, v kept in `moment`."""
    params = fresh(dtype)
    optimiser = submission.AdamWScheduleFree(params, r=0.75, **SUBMITTED)
    for p in params:
        optimiser.state[p].update(
            z=p.detach().clone(), exp_avg_sq=torch.zeros_like(p, dtype=moment), x0=p.detach().clone()
        )
    x = []
    for step in range(40):
        optimiser.step(lambda: slope(params, step))  # noqa: B023
        x.append(values(params))
    return torch.stack(x)


def test_algoperf_is_the_submission_but_for_its_second_moments_dtype(submission: Any) -> None:
    truth = submitted(submission, torch.float64, torch.float64)

    def ours(params: list[Any]) -> AdamWScheduleFree:
        optimiser = AdamWScheduleFree(params, variant=ALGOPERF, **SUBMITTED)
        for group in optimiser.param_groups:
            group["second_moment"] = None
        return optimiser

    _, x = descend(ours)
    assert (x - truth).abs().max() <= 1e-12


def test_algoperf_keeps_second_moments_in_bfloat16_rounded_once(submission: Any) -> None:
    truth = submitted(submission, torch.bfloat16, torch.float32)
    params = fresh(torch.float32)
    optimiser = AdamWScheduleFree(params, variant="algoperf", **SUBMITTED)
    for step in range(40):
        slope(params, step)
        optimiser.step()
    assert {optimiser.state[p]["exp_avg_sq"].dtype for p in params} == {torch.bfloat16}
    optimiser.eval()
    moved = (truth[-1] - values(fresh(torch.float32))).norm()
    assert (values(params) - truth[-1]).norm() < 0.02 * moved  # the submission rounds twice a step


def test_a_second_moment_in_bfloat16_can_never_fall_where_beta2_is_near_one() -> None:
    """(1 - 2^-9) v rounds to v: above .998 a single large gradient stays for ever, in the submission's form."""
    for beta2, falls in ((0.999, False), (0.9955159689799007, True)):
        p = torch.nn.Parameter(torch.zeros(3))
        optimiser = AdamWScheduleFree([p], variant="algoperf", betas=(0.9, beta2))
        p.grad = torch.tensor([10.0, 11.0, 13.0])
        optimiser.step()
        first = optimiser.state[p]["exp_avg_sq"].clone()
        p.grad = torch.zeros(3)
        for _ in range(50):
            optimiser.step()
        assert (optimiser.state[p]["exp_avg_sq"] < first).all().item() == falls


def written_out(
    steps: int, gamma: float, beta1: float, beta2: float, eps: float, decay: float, warmup: int
) -> tuple[Tensor, Tensor]:
    """Algorithm 1 line by line, x, y and z kept: y before and x after every step."""
    params = fresh()
    x = z = values(params)
    v, weights = torch.zeros_like(x), 0.0
    ys, xs = [], []
    for t in range(1, steps + 1):
        y = (1 - beta1) * z + beta1 * x
        with torch.no_grad():
            params[0].copy_(y[:5])
            params[1].copy_(y[5:].view(2, 3))
        slope(params, t - 1)
        g = torch.cat([p.grad.flatten() for p in params])  # type: ignore[union-attr]
        v = beta2 * v + (1 - beta2) * g**2
        gamma_t = gamma * math.sqrt(1 - beta2**t) * min(1.0, t / warmup)
        z = z - gamma_t * g / (v.sqrt() + eps) - gamma_t * decay * y
        weights += gamma_t**2
        c = gamma_t**2 / weights
        x = (1 - c) * x + c * z
        ys.append((1 - beta1) * z + beta1 * x)
        xs.append(x)
    return torch.stack(ys), torch.stack(xs)


@pytest.mark.parametrize("beta1", [0.9, 0.5, 1.0])
def test_algorithm_1_is_the_paper_line_by_line(beta1: float) -> None:
    truth = written_out(40, 0.05, beta1, 0.95, 1e-8, 0.1, 5)
    found = descend(
        lambda params: AdamWScheduleFree(params, 0.05, (beta1, 0.95), weight_decay=0.1, warmup_steps=5, variant="alg1")
    )
    for one, other in zip(found, truth, strict=True):
        assert (one - other).abs().max() <= 1e-12


def test_the_first_step_is_adams_without_momentum() -> None:
    """c_1 = 1, so x, y and z are one point after it."""
    ours, theirs = fresh(), fresh()
    slope(ours, 0)
    slope(theirs, 0)
    optimiser = AdamWScheduleFree(ours, 0.05, (0.9, 0.95))
    optimiser.step()
    torch.optim.AdamW(theirs, 0.05, (0.0, 0.95), weight_decay=0.0).step()
    assert torch.allclose(values(ours), values(theirs), rtol=1e-14)
    assert all(torch.equal(p, optimiser.state[p]["z"]) for p in ours)
    before = values(ours)
    optimiser.eval()
    assert torch.equal(values(ours), before)


def test_decay_points_differ() -> None:
    found = [descend(lambda params: AdamWScheduleFree(params, decay_at=at, **WARM))[1][-1] for at in "xyz"]  # type: ignore[arg-type]  # noqa: B023
    assert all((a - b).abs().max() > 1e-4 for a, b in pairwise(found))


def test_weights_follow_a_falling_rate_in_algorithm_1_and_its_largest_value_in_the_package() -> None:
    shares = {}
    for variant in ("alg1", "package"):
        params = fresh()
        optimiser = AdamWScheduleFree(params, 0.1, variant=variant, betas=(0.9, 0.0))
        for step, rate in enumerate((0.1, 0.05)):
            optimiser.param_groups[0]["lr"] = rate
            slope(params, step)
            optimiser.step()
        shares[variant] = optimiser.param_groups[0]["weight_sum"]
    assert shares == pytest.approx({"alg1": 0.1**2 + 0.05**2, "package": 2 * 0.1**2})


def test_the_correction_moves_the_average_and_not_z() -> None:
    """README: γ √b g / (√v + ε) = γ g / (√v̂ + ε / √b), but weights grow with b: t c_t = 1.95 at 100, not 1."""
    random = torch.Generator().manual_seed(0)
    params = {name: torch.nn.Parameter(torch.zeros(1000, dtype=torch.float64)) for name in ("alg1", "package")}
    optimisers = {name: AdamWScheduleFree([p], variant=name) for name, p in params.items()}
    for _ in range(100):
        noise = torch.randn(1000, dtype=torch.float64, generator=random)
        for name, p in params.items():
            p.grad = noise
            optimisers[name].step()
    z = {name: optimisers[name].state[p]["z"] for name, p in params.items()}
    assert (z["alg1"] - z["package"]).norm() < 1e-5 * z["package"].norm()
    assert (params["alg1"] - params["package"]).norm() > 0.2 * params["package"].norm()
    group = optimisers["alg1"].param_groups[0]
    assert 100 * 0.0025**2 * (1 - 0.999**100) / group["weight_sum"] == pytest.approx(1.948, abs=1e-3)


OPTIMISERS: list[Any] = [
    pytest.param(lambda params, **more: AdamWScheduleFree(params, **(WARM | more)), id="adamw"),
    pytest.param(lambda params, **more: AdamWScheduleFree(params, variant="algoperf", **(WARM | more)), id="algoperf"),
    pytest.param(lambda params, **more: SGDScheduleFree(params, **(SGD | more)), id="sgd"),
    pytest.param(lambda params, **more: RAdamScheduleFree(params, **(ADAM | more)), id="radam"),
]


@pytest.mark.parametrize("make", OPTIMISERS)
def test_gradients_are_left_alone(make: Make) -> None:
    params = fresh()
    optimiser = make(params)
    slope(params, 0)
    before = [p.grad.clone() for p in params]  # type: ignore[union-attr]
    optimiser.step()
    assert all(torch.equal(p.grad, grad) for p, grad in zip(params, before, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("make", OPTIMISERS)
def test_a_parameter_without_a_gradient_stays_where_it_is(make: Make) -> None:
    params = fresh()
    optimiser = make(params)
    for step in range(8):
        slope(params, step)
        params[1].grad = None
        optimiser.step()
    optimiser.eval()
    assert torch.equal(params[1], fresh()[1])
    assert not torch.equal(params[0], fresh()[0])
    assert params[1] not in optimiser.state or not optimiser.state[params[1]]


@pytest.mark.parametrize("variant", ["alg1", "package"])
def test_a_late_first_gradient_makes_no_leap(variant: str) -> None:
    """The package's first step of it is √((1 - β2^100) / (1 - β2)) times the learning rate: here 9.8 times."""
    p, late = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    optimiser = AdamWScheduleFree([p, late], 0.01, (0.9, 0.999), variant=variant)
    for step in range(100):
        p.grad = torch.ones(1)
        late.grad = torch.ones(1) if step == 99 else None
        optimiser.step()
    rate = 0.01 * (math.sqrt(1 - 0.999**100) if variant == "alg1" else 1.0)
    moved = -optimiser.state[late]["z"].item()
    # Algorithm 1 takes the correction for every parameter's; the late one is corrected by as much.
    assert moved == pytest.approx(0.01 if variant == "alg1" else rate, rel=1e-4)


def test_without_parameters_that_learn_a_step_is_nothing() -> None:
    params = fresh()
    optimiser = AdamWScheduleFree(params)
    optimiser.step()
    optimiser.eval()
    assert torch.equal(values(params), values(fresh()))


def test_a_closure_computes_gradients_and_its_value_comes_back() -> None:
    params = fresh()
    optimiser = SGDScheduleFree(params, lr=0.01)

    def closure() -> float:
        slope(params, 0)
        return 3.5

    assert optimiser.step(closure) == 3.5
    assert not torch.equal(values(params), values(fresh()))


@pytest.mark.parametrize(
    ("make", "reference", "dtype"),
    [
        pytest.param(AdamWScheduleFree, torch.optim.AdamW, torch.float32, id="adamw"),
        pytest.param(RAdamScheduleFree, torch.optim.AdamW, torch.float32, id="radam"),
        pytest.param(partial(AdamWScheduleFree, narrow="stochastic"), torch.optim.AdamW, torch.bfloat16, id="narrow"),
        pytest.param(SGDScheduleFree, partial(torch.optim.SGD, momentum=0.9), torch.float32, id="sgd"),
    ],
)
def test_states_are_as_large_as_those_of_the_base_with_momentum(make: Any, reference: Any, dtype: torch.dtype) -> None:
    held = []
    for build in (make, reference):
        p = torch.nn.Parameter(torch.ones(1000, dtype=dtype))
        p.grad = torch.ones_like(p)
        optimiser = build([p], lr=0.1)
        optimiser.step()
        tensors = [x for x in optimiser.state[p].values() if isinstance(x, Tensor) and x.ndim]
        held.append(sum(x.numel() * x.element_size() for x in tensors))
    assert held[0] == held[1]


@pytest.mark.parametrize("make", OPTIMISERS)
def test_a_learning_rate_of_zero_changes_nothing(make: Make) -> None:
    params = fresh()
    optimiser = make(params, lr=0.0)  # type: ignore[call-arg]
    for step in range(8):
        slope(params, step)
        optimiser.step()
    assert torch.equal(values(params), values(fresh()))
    optimiser.eval()
    assert torch.equal(values(params), values(fresh()))


def test_numbers_out_of_range_are_refused() -> None:
    params = fresh()
    for make, words in (
        (lambda: AdamWScheduleFree(params, betas=(0.0, 0.9)), "polyak_ruppert"),
        (lambda: SGDScheduleFree(params, momentum=0.0), "polyak_ruppert"),
        (lambda: AdamWScheduleFree(params, betas=(1.1, 0.9)), "beta1 is 1.1"),
        (lambda: AdamWScheduleFree(params, betas=(0.9, 1.0)), "beta2 is 1.0"),
        (lambda: AdamWScheduleFree(params, lr=-1.0), "lr is -1.0"),
        (lambda: AdamWScheduleFree(params, eps=-1.0), "eps is -1.0"),
        (lambda: AdamWScheduleFree(params, weight_decay=-1.0), "weight_decay is -1.0"),
        (lambda: SGDScheduleFree(params, warmup_steps=-1), "warmup_steps is -1"),
        (lambda: AdamWScheduleFree(params, narrow="none"), "narrow='none'"),  # type: ignore[arg-type]
        (lambda: RAdamScheduleFree(params, betas=(0.9, 0.6)), "never defined"),
    ):
        with pytest.raises(ValueError, match=words):
            make()
    with pytest.raises(UnknownName, match="did you mean package"):
        AdamWScheduleFree(params, variant="packag")


def test_sparse_gradients_are_refused() -> None:
    layer = torch.nn.Embedding(5, 3, sparse=True)
    optimiser: ScheduleFree = SGDScheduleFree(layer.parameters())
    layer(torch.tensor([1, 2])).sum().backward()
    with pytest.raises(RuntimeError, match="sparse=False"):
        optimiser.step()


def test_groups_have_settings_of_their_own() -> None:
    params = fresh()
    optimiser = SGDScheduleFree([{"params": params[:1], "lr": 0.01}, {"params": params[1:], "lr": 0.0}])
    slope(params, 0)
    optimiser.step()
    assert not torch.equal(params[0], fresh()[0])
    assert torch.equal(params[1], fresh()[1])


def test_rates_follow_pytorchs_schedulers() -> None:
    params = fresh()
    optimiser = AdamWScheduleFree(params, 0.1)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimiser, 0.5, 1.0, 4)
    for step in range(6):
        slope(params, step)
        optimiser.step()
        scheduler.step()
    assert optimiser.param_groups[0]["weight_sum"] == pytest.approx(
        sum((0.1 * min(1.0, 0.5 + k / 8)) ** 2 for k in range(6))
    )

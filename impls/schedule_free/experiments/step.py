"""What a step costs: the bytes of its states, and its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from claimbench.errors import UnknownName
from claimbench.impls.common.initialise import generator
from claimbench.impls.common.workload import workload_of
from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.optimiser import ScheduleFree
from claimbench.impls.schedule_free.radam import RAdamScheduleFree
from claimbench.impls.schedule_free.sgd import SGDScheduleFree
from claimbench.kernels import schedule_free, schedule_free_step
from claimbench.kernels.schedule_free import Scalars
from claimbench.papers.schedule_free.workloads import States, Steps
from claimbench.trial import Exact, Timed, Trial

__all__ = ["state_bytes", "three_steps"]

_PAIRS: dict[str, tuple[Callable[..., ScheduleFree], Callable[..., torch.optim.Optimizer]]] = {
    "adamw": (AdamWScheduleFree, torch.optim.AdamW),
    "sgd": (SGDScheduleFree, partial(torch.optim.SGD, momentum=0.9)),
    "radam": (RAdamScheduleFree, torch.optim.RAdam),
}
_STEPS = 3
_SAMPLED = 61
"""Every so many elements of a tensor one is compared with the reference."""
_INPUT_SETS = 2
_RATE, _BETA1, _EPS = 0.5, 0.9, 1e-8
_FORGET, _BETA2, _DECAY = 1 / _RATE, 0.99, 0.1
"""Decay of the first two steps, at which nothing is left of what a parameter was; β2 and decay of the third."""


def state_bytes(trial: Trial) -> Exact:
    """SF-14: bytes a parameter that optimisers of a small float32 model keep after a step, step counters left out.

    Checks: `O` for every optimiser O of adamw, sgd and radam, `O_beyond_base`, ours minus PyTorch's base with momentum;
    `algoperf`, AdamW with the submission's second moments; `O_evaluating`, what evaluation mode adds.
    """
    workload_of(trial, States)
    checks: dict[str, float] = {}
    for name, (ours, base) in _PAIRS.items():
        training, evaluating = _kept(ours)
        checks[name] = training
        checks[f"{name}_beyond_base"] = training - _kept(base)[0]
        checks[f"{name}_evaluating"] = evaluating - training
    checks["algoperf"] = _kept(partial(AdamWScheduleFree, variant="algoperf"))[0]
    return Exact(checks)


def _kept(make: Callable[..., torch.optim.Optimizer]) -> tuple[float, float]:
    """Bytes of state a parameter after a step, and then in evaluation mode, where the optimiser has one."""
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimiser = make(model.parameters(), lr=0.01)
    model(torch.ones(8, 64)).square().sum().backward()
    optimiser.step()
    training = _state_bytes(model, optimiser)
    if isinstance(optimiser, ScheduleFree):
        optimiser.eval()
    return training, _state_bytes(model, optimiser)


def _state_bytes(model: nn.Module, optimiser: torch.optim.Optimizer) -> float:
    states = [x for p in model.parameters() for x in optimiser.state[p].values() if isinstance(x, Tensor) and x.ndim]
    return sum(x.nbytes for x in states) / sum(p.numel() for p in model.parameters())


@dataclass(frozen=True)
class _Contender:
    """An optimiser, how it is told what a step is, and the same three steps in float64."""

    make: Callable[[list[nn.Parameter]], torch.optim.Optimizer]
    forget: dict[str, Any]
    """Settings of the first two steps, after which parameters and states depend on their gradients alone."""
    learn: dict[str, Any]
    """Settings of the third."""
    reference: Callable[[Tensor, Tensor], tuple[Tensor, ...]]
    """Parameters and states, in the order of the optimiser's, after two steps on one gradient and one on another."""


def three_steps(trial: Trial) -> Timed:
    """SF-14b to SF-14e: three steps of the arm `schedule_free`, `adamw` or `package`.

    What a step makes depends on all steps before it, and a call that is to be checked must depend on what it is given.
    So the first two steps, on one gradient, take a decay of 1/γ, β2 = 0 and c = 1 (AdamW: β1 = 0), which leaves nothing
    of before; twice, because decay acts at y and takes z off only where it is y. The third, on another gradient,
    has ordinary settings. An optimiser's time does not depend on these numbers. Every 61st element of parameters and
    states is checked.
    """
    work = workload_of(trial, Steps)
    contender = _contender(trial.arm)
    random = generator(trial.seeds[0], "gradients")
    if work.gradients == "given":
        shapes = [(work.tensors, work.elements)] * 2
    else:  # gradients of rank one, as a layer's on a single row
        shapes = [(work.tensors,), (work.elements,)] * 2
    inputs = [
        tuple(torch.randn(shape, generator=random).to(trial.device) for shape in shapes) for _ in range(_INPUT_SETS)
    ]
    params, kept = _parameters(work, contender, trial.device)
    optimiser = kept.optimiser
    group = optimiser.param_groups[0]
    own = torch.empty(work.tensors, work.elements, device=trial.device) if work.gradients == "written" else None

    def step(settings: dict[str, Any], *gradient: Tensor) -> None:
        group.update(settings)
        whole = gradient[0] if own is None else torch.outer(*gradient, out=own)
        for p, grad in zip(params, whole.unbind(), strict=True):
            p.grad = grad
        optimiser.step()

    @torch.no_grad()
    def call(*gradients: Tensor) -> tuple[Tensor, ...]:
        first, second = gradients[: len(gradients) // 2], gradients[len(gradients) // 2 :]
        kept.counters.zero_()
        step(contender.forget, *first)
        step(contender.forget, *first)
        step(contender.learn, *second)
        return kept.sampled

    @torch.no_grad()
    def reference(*gradients: Tensor) -> tuple[Tensor, ...]:
        half = len(gradients) // 2
        both = [x[0] if len(x) == 1 else torch.outer(*x) for x in (gradients[:half], gradients[half:])]
        return contender.reference(*(x[:, ::_SAMPLED].contiguous() for x in both))

    parameters = work.tensors * work.elements
    return Timed(
        call,
        inputs,
        reference,
        flops=float(_STEPS * schedule_free.flops(parameters)) if trial.arm == "schedule_free" else 0.0,
        bytes=float(_STEPS * schedule_free.bytes(parameters)),
    )


@dataclass(frozen=True)
class _Kept:
    optimiser: torch.optim.Optimizer
    sampled: tuple[Tensor, ...]
    """Views of the parameters' and the states' sampled elements, (tensors, samples) each."""
    counters: Tensor
    """What AdamW counts its steps in, (tensors,); the others count elsewhere."""


def _parameters(work: Steps, contender: _Contender, device: str) -> tuple[list[nn.Parameter], _Kept]:
    """Parameters and an optimiser that has taken a step, each kind of them rows of one tensor."""
    values = torch.zeros(work.tensors, work.elements, device=device)
    params = [nn.Parameter(row) for row in values]
    for p in params:
        p.grad = torch.zeros_like(p)
    optimiser = contender.make(params)
    getattr(optimiser, "train", lambda: None)()
    optimiser.step()
    counters = torch.zeros(work.tensors, device=device)
    for p, counter in zip(params, counters, strict=True):
        if "step" in optimiser.state[p]:
            optimiser.state[p]["step"] = counter
    kinds = [values]
    for name in [name for name, x in optimiser.state[params[0]].items() if x.ndim]:
        kinds.append(torch.zeros_like(values))
        for p, row in zip(params, kinds[-1], strict=True):
            optimiser.state[p][name] = row
    return params, _Kept(optimiser, tuple(kind[:, ::_SAMPLED] for kind in kinds), counters)


def _contender(arm: str) -> _Contender:
    known = {"schedule_free": _schedule_free, "adamw": _adamw, "package": _package}
    if arm not in known:
        raise UnknownName("arm", arm, known)
    return known[arm]()


def _schedule_free() -> _Contender:
    start = {"k": 0, "weight_sum": 0.0, "largest": 0.0}
    return _Contender(
        lambda params: AdamWScheduleFree(params, _RATE, (_BETA1, _BETA2), _EPS),
        forget=start | {"beta2": 0.0, "weight_decay": _FORGET},
        learn={"beta2": _BETA2, "weight_decay": _DECAY},
        reference=_schedule_free_reference,
    )


def _package() -> _Contender:
    from schedulefree import AdamWScheduleFree as Package  # pyright: ignore[reportMissingImports]

    start = {"k": 0, "weight_sum": 0.0, "lr_max": -1.0}
    return _Contender(
        lambda params: cast("torch.optim.Optimizer", Package(params, _RATE, (_BETA1, _BETA2), _EPS, foreach=True)),
        forget=start | {"betas": (_BETA1, 0.0), "weight_decay": _FORGET},
        learn={"betas": (_BETA1, _BETA2), "weight_decay": _DECAY},
        reference=_schedule_free_reference,
    )


def _adamw() -> _Contender:
    return _Contender(
        lambda params: torch.optim.AdamW(params, _RATE, (_BETA1, _BETA2), _EPS, fused=True),
        forget={"betas": (0.0, 0.0), "weight_decay": _FORGET},
        learn={"betas": (_BETA1, _BETA2), "weight_decay": _DECAY},
        reference=_adamw_reference,
    )


def _schedule_free_reference(first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
    """y, z and v; the third step is the second of its count, and its z weighs as much as the one before."""
    y, z, v = (torch.zeros_like(first) for _ in range(3))
    forget = Scalars(_RATE, 1.0, _BETA1, 0.0, 1.0, _EPS, _FORGET)
    learn = Scalars(_RATE, 0.5, _BETA1, _BETA2, 1 - _BETA2**2, _EPS, _DECAY)
    for gradient, scalars in ((first, forget), (first, forget), (second, learn)):
        schedule_free_step([y], [gradient], [z], [v], scalars, backend="naive")
    return y, z, v


def _adamw_reference(first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
    """Parameters, m and v of AdamW (arXiv 1711.05101, Algorithm 2) after the third step of its count."""
    p = -_RATE * first / (first.abs() + _EPS)
    m = _BETA1 * first + (1 - _BETA1) * second
    v = _BETA2 * first**2 + (1 - _BETA2) * second**2
    bias1, bias2 = 1 - _BETA1**_STEPS, 1 - _BETA2**_STEPS
    p = (1 - _RATE * _DECAY) * p - _RATE * (m / bias1) / ((v / bias2).sqrt() + _EPS)
    return p, m, v

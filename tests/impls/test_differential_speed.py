"""What Differential Transformer's claims about speed and rounding measure, at small sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from claimbench.errors import MeasurementRefused, UnknownName
from claimbench.impls.differential_transformer.experiments import speed as speeds
from claimbench.impls.differential_transformer.experiments.rounding import rounding
from claimbench.impls.differential_transformer.sdpa import chosen_kernel
from claimbench.kernels import differential_attention
from claimbench.kernels.differential import baselines
from claimbench.measure import execute
from claimbench.papers.differential_transformer import CLAIMS, speed, throughput
from claimbench.papers.differential_transformer.workloads import Pairs, Stack
from claimbench.run.plan import BUDGET_CORE_SECONDS
from claimbench.spec import Arm, Claim
from claimbench.trial import Timed, Trial

TIMED = [claim for claim in (*speed.CLAIMS, *throughput.CLAIMS) if claim.kind == "speed"]
ARMS = [pytest.param(claim, arm, id=f"{claim.label}-{arm.name}") for claim in TIMED for arm in claim.arms]
SMALL: dict[type, dict[str, Any]] = {
    Pairs: {"pairs": 3, "length": 70, "head_dim": 8},
    Stack: {"d_model": 32, "n_head": 4, "length": 70, "n_layer": 2, "vocabulary": 30},
}
FORMS = [baselines.two_calls, baselines.two_padded_calls, baselines.four_calls, baselines.one_call]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trial(claim: Claim, arm: Arm, seed: int = 901, **changes: object) -> Trial:
    ((tier, work),) = claim.workloads.items()
    small = work.model_copy(update=SMALL[type(work)] | changes)
    return Trial(claim.id, tier, small, arm.name, arm.options, (seed,), tolerances=claim.gates)


def timed(given: Trial, claim: Claim) -> Timed:
    module, name = claim.experiment.split(":")
    return getattr(import_module(module), name)(given)


def outputs(made: Any) -> tuple[Tensor, ...]:
    return made if isinstance(made, tuple) else (made,)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("queries", [1, 9])
def test_pytorchs_forms_compute_the_same(form: Callable[..., Tensor], queries: int) -> None:
    random = torch.Generator().manual_seed(0)
    q = torch.randn(2, 6, queries, 4, dtype=torch.float64, generator=random)
    k = torch.randn(2, 6, 9, 4, dtype=torch.float64, generator=random)
    v = torch.randn(2, 3, 9, 8, dtype=torch.float64, generator=random)
    for rate in (torch.tensor(0.3), torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)):
        truth = differential_attention(q, k, v, rate, backend="naive")
        assert torch.allclose(form(q, k, v, rate), truth, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("claim", "arm"), ARMS)
def test_what_is_timed_is_right_before_and_after(claim: Claim, arm: Arm) -> None:
    given = trial(claim, arm)
    call = timed(given, claim)
    assert execute(call, given, fresh_process=False).samples["latency_s"]
    assert set(given.gates) == {"before", "after"}
    assert all(gate.error <= gate.tolerance for gate in given.gates.values())
    assert call.flops > 0


@pytest.mark.parametrize("claim", TIMED, ids=lambda claim: claim.label)
def test_arms_of_one_seed_are_given_the_same_and_of_another_seed_not(claim: Claim) -> None:
    first, *others = (timed(trial(claim, arm), claim).inputs for arm in claim.arms)
    another = timed(trial(claim, claim.arms[0], seed=902), claim).inputs
    for inputs in others:
        assert all(torch.equal(a, b) for a, b in zip(first[0], inputs[0], strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first[0], another[0], strict=True))


@pytest.mark.parametrize("of", ["forward", "backward", "both"])
def test_trials_together_check_every_pair(of: str) -> None:
    """A form that is wrong in one pair alone is found by the trial whose seed names that pair."""
    claim, arm = speed.BOTH, speed.BOTH.arms[0]
    refused: list[int] = []

    def wrong(q: Tensor, k: Tensor, v: Tensor, rates: Tensor) -> Tensor:
        off = torch.ones(v.shape[1]).index_fill(0, torch.tensor([1]), 1.01)
        return differential_attention(q, k, v, rates) * off[:, None, None]

    for seed in range(900, 903):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(speeds._FORMS, "fused", wrong)
            given = trial(claim, arm, seed, of=of)
            try:
                execute(timed(given, claim), given, fresh_process=False)
            except MeasurementRefused:
                refused.append(seed)
    assert refused == [901]


def test_a_backward_pass_depends_on_what_comes_back_alone_and_can_be_had_again() -> None:
    claim = speed.BACKWARD_ON_GPU
    call = timed(trial(claim, claim.arms[0]), claim)
    (grad,) = call.inputs[0]
    first, again, other = (call.call(x) for x in (grad, grad, grad.flip(2)))
    assert len(first) == 4
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_operations_and_bytes_by_hand() -> None:
    """One pair, two tokens of width 8: three visible scores; in units of them times width 4 forward, 10 backward."""
    claim = speed.BOTH
    given = trial(claim, claim.arms[1], pairs=1, length=2, head_dim=8)
    assert timed(given, claim).flops == 2 * 3 * 8 * (4 + 10)
    qkv, out = 3 * 2 * 16, 2 * 16
    assert timed(given, claim).bytes == 4 * ((qkv + out) + (2 * qkv + out))
    claim = throughput.SMALL
    work = {"n_layer": 1, "d_model": 8, "n_head": 2, "length": 3, "vocabulary": 5, "batch": 2}
    matrices = 5 * 8 + 4 * 8 * 8 + 3 * 8 * 24
    assert timed(trial(claim, claim.arms[1], **work), claim).flops == 6 * matrices * 6


def test_layers_at_3b_are_as_wide_as_the_papers() -> None:
    work = throughput.TRAINING_4K.workloads["gpu"]
    assert isinstance(work, Stack)
    assert (work.d_model // work.n_head, work.d_model // work.n_head * 24) == (128, 3072)
    pairs = speed.FORWARD_ON_GPU.workloads["gpu"]
    assert isinstance(pairs, Pairs)
    assert (pairs.head_dim, 2 * pairs.pairs, pairs.length) == (128, work.n_head, work.length)


def test_a_kernel_is_chosen_on_a_gpu_alone_and_names_that_are_none_are_refused() -> None:
    claim = speed.FORWARD_ON_GPU
    given = replace(trial(claim, claim.arms[0]), options={"form": "fused", "kernel": "flash"})
    assert chosen_kernel(given)() is not None
    with pytest.raises(UnknownName, match="kernel"):
        chosen_kernel(replace(given, options={"kernel": "fast"}))
    with pytest.raises(UnknownName, match="form"):
        timed(replace(given, options={"form": "three_calls"}), claim)


def test_rounding_is_of_the_draws_and_small_where_maps_differ() -> None:
    claim = speed.ROUNDING
    work = claim.workloads["smoke"].model_copy(update={"length": 128, "draws": 2})
    given = Trial(claim.id, "smoke", work, "ours", {}, (901,))
    found = rounding(given).checks
    assert found["two_calls"] > 4 * found["ours"]  # type: ignore[operator]
    apart = replace(given, workload=work.model_copy(update={"correlation": 0.0, "lambda_": 0.5}))
    assert rounding(apart).checks["two_calls"] < 1e-2  # type: ignore[operator]
    assert rounding(replace(given, seeds=(902,))).checks != found


def test_tiers_are_within_their_budgets_and_the_overhead_is_measured_with_the_papers_claim() -> None:
    gpu = {
        c.measure_sha(): c.needs.core_seconds["gpu"] for c in CLAIMS if isinstance(c, Claim) and "gpu" in c.workloads
    }
    assert sum(gpu.values()) <= BUDGET_CORE_SECONDS["gpu"]
    assert throughput.OURS.measure_sha() == throughput.TRAINING_4K.measure_sha()

"""Every experiment that a claim names runs through at a tiny size, and its outcome has the shape the claim judges."""

from __future__ import annotations

import pytest
import torch

from claimbench.expectation import Exact as ExactExpectation
from claimbench.measure import execute
from claimbench.papers.mamba import CLAIMS
from claimbench.papers.mamba.workloads import Copying, Lengths, ScanShape, Text
from claimbench.run.worker import _resolve
from claimbench.spec import Claim, Workload
from claimbench.trial import Quality, Sweep, Timed, Trial

TESTABLE = {claim.id: claim for claim in CLAIMS if isinstance(claim, Claim)}
EXACT = [claim for claim in TESTABLE.values() if isinstance(claim.expectation, ExactExpectation)]


def trial(claim: Claim, arm: str, workload: Workload, seeds: tuple[int, ...] = (1000,)) -> Trial:
    return Trial(
        claim=claim.id,
        tier="smoke",
        workload=workload,
        arm=arm,
        options=claim.arm(arm).options,
        seeds=seeds,
        tolerances=claim.gates,
    )


@pytest.mark.parametrize("claim", [pytest.param(claim, id=claim.label) for claim in EXACT])
def test_exact_experiments_report_what_is_judged(claim: Claim):
    workload = claim.workloads["smoke"]
    found = _resolve(claim.experiment)(trial(claim, "ours", workload, seeds=(0,)))
    assert isinstance(claim.expectation, ExactExpectation)
    assert set(found.checks) == set(claim.expectation.boxes)


@pytest.mark.parametrize(
    ("name", "workload", "metrics"),
    [
        pytest.param(
            "mamba.selective_copying",
            Copying(length=6, data_tokens=2, d_model=8, d_state=2, batch_size=4, steps=5, evaluation_sequences=8),
            {"token_accuracy", "sequence_accuracy"},
            id="copying",
        ),
        pytest.param(
            "mamba.language_model",
            Text(
                length=32, d_model=8, d_state=2, n_layer=1, batch_size=2, steps=3, block_bytes=512, held_out_every=100
            ),
            {"bits_per_byte"},
            id="text",
        ),
    ],
)
def test_training_experiments_give_one_value_a_seed(name: str, workload: Workload, metrics: set[str]):
    claim = TESTABLE[name]
    for arm in claim.arms:
        outcomes = [_resolve(claim.experiment)(trial(claim, arm.name, workload, (1000, 1001))) for _ in range(2)]
        assert isinstance(outcomes[0], Quality)
        assert set(outcomes[0].values) == metrics
        assert all(len(values) == 2 for values in outcomes[0].values.values())
        assert outcomes[0] == outcomes[1], "same seeds, other numbers"


def test_bits_per_byte_of_a_trained_model_are_below_eight_and_above_zero():
    claim = TESTABLE["mamba.language_model"]
    workload = Text(length=64, d_model=16, d_state=4, n_layer=1, batch_size=8, steps=60, held_out_every=30)
    (bits,) = _resolve(claim.experiment)(trial(claim, "s6", workload)).values["bits_per_byte"]
    assert 2.0 < bits < 5.5


@pytest.mark.parametrize("name", ["mamba.fused_scan_loop", "mamba.fused_scan_parallel"])
def test_timed_forms_agree_with_the_reference(name: str):
    claim = TESTABLE[name]
    for arm in claim.arms:
        given = trial(claim, arm.name, ScanShape(batch=2, channels=5, states=3, length=37))
        timed = _resolve(claim.experiment)(given)
        assert isinstance(timed, Timed)
        assert len(timed.inputs) >= 3
        assert timed.flops > 0
        assert timed.bytes > 0
        measured = execute(timed, given, fresh_process=False)
        assert len(measured.samples["latency_s"]) >= 3
        assert all(gate.passed for gate in given.gates.values())


def test_sweeps_agree_with_the_reference_at_every_length():
    claim = TESTABLE["mamba.linear_time"]
    shape = claim.workloads["cpu"].attention.model_copy(update={"heads": 2, "head_dim": 8})
    workload = Lengths(lengths=(1, 2, 5, 64, 257, 300), channels=4, states=2, attention=shape)
    for arm in ("scan", "attention"):
        given = trial(claim, arm, workload)
        sweep = _resolve(claim.experiment)(given)
        assert isinstance(sweep, Sweep)
        curve = execute(sweep, given, fresh_process=False).curves["latency_s"]
        assert curve.x == tuple(map(float, workload.lengths))
        assert all(gate.passed for gate in given.gates.values())


def test_identities_hold_for_other_seeds_too():
    claim = TESTABLE["mamba.recurrent_is_parallel"]
    workload = claim.workloads["smoke"].model_copy(update={"length": 13})
    for seed in (1, 2, 3):
        checks = _resolve(claim.experiment)(trial(claim, "ours", workload, (seed,))).checks
        assert checks["step_float64"] < 1e-12
        assert checks["split_float64"] < 1e-12
        assert checks["step_float32"] > checks["step_float64"] > 0, (
            "an error of exactly zero compares a thing with itself"
        )


def test_an_experiment_refuses_another_workload():
    claim = TESTABLE["mamba.gated_rnn"]
    with pytest.raises(Exception, match="needs a BlockShape"):
        _resolve(claim.experiment)(trial(claim, "ours", ScanShape(channels=1, length=1)))


def test_activation_bytes_count_what_the_caveat_says():
    # u 4 + x 8 + z 8 + gated output 8 bytes a token and unit of width, in float32.
    claim = TESTABLE["mamba.activation_bytes"]
    checks = _resolve(claim.experiment)(trial(claim, "ours", claim.workloads["smoke"])).checks
    assert checks["float32"] == pytest.approx(28.0)
    assert checks["bfloat16"] == pytest.approx(14.0)
    assert torch.is_grad_enabled()

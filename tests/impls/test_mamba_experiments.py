"""Every experiment that a claim names runs through at a tiny size, and its outcome has the shape the claim judges."""

from __future__ import annotations

import io
import math
import tarfile
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from claimbench import data
from claimbench.data import cpython_topics
from claimbench.errors import SpecError, UnknownName
from claimbench.expectation import Exact as ExactExpectation
from claimbench.expectation import leaves
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.experiments import induction
from claimbench.impls.mamba.experiments.induction import accuracy, octaves
from claimbench.impls.mamba.experiments.models import ssm_of
from claimbench.impls.mamba.experiments.transformer import transformer_of
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.measure import execute
from claimbench.papers.mamba import CLAIMS
from claimbench.papers.mamba.workloads import Copying, Induction, LayerShape, StateSizes
from claimbench.run.worker import _resolve
from claimbench.spec import Claim, Tier, Workload
from claimbench.trial import Quality, Trial
from claimbench.workloads import Text

TESTABLE = {claim.id: claim for claim in CLAIMS if isinstance(claim, Claim)}
EXACT = [
    claim
    for claim in TESTABLE.values()
    if isinstance(claim.expectation, ExactExpectation) and "smoke" in claim.workloads
]


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


TINY: dict[type[Workload], dict[str, object]] = {
    Copying: {
        "length": 6,
        "data_tokens": 2,
        "d_model": 8,
        "d_state": 2,
        "batch_size": 4,
        "steps": 5,
        "evaluation_sequences": 8,
    },
    Induction: {
        "length": 8,
        "d_model": 8,
        "d_state": 2,
        "batch_size": 4,
        "steps": 10,
        "doublings": 2,
        "longest_attention": 16,
    },
    Text: {
        "length": 32,
        "d_model": 8,
        "d_state": 2,
        "n_layer": 1,
        "batch_size": 2,
        "steps": 10,
        "block_bytes": 512,
        "test_windows": 4,
        "parameters": None,
    },
}


def corpus(folder: Path) -> Callable[[str], Path]:
    """Stand-ins for the data sets, made of CPython's reference text."""
    text = cpython_topics()
    (folder / "tinyshakespeare").write_bytes(text[:60_000])
    with tarfile.open(folder / "english_novels", "w:gz") as tar:
        for number in range(10):
            content = text[number * 6_000 : (number + 1) * 6_000]
            info = tarfile.TarInfo(f"book_{number}.txt")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return lambda name: folder / name


TRAINED = [
    pytest.param(claim, arm.name, tier, id=f"{claim.label}-{tier}-{arm.name}")
    for claim in TESTABLE.values()
    for tier, workload in claim.workloads.items()
    if type(workload) in TINY
    for arm in claim.arms
]


@pytest.mark.parametrize(("claim", "arm", "tier"), TRAINED)
def test_training_experiments_give_one_value_a_seed(
    claim: Claim, arm: str, tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every arm of every claim trains, at a tiny size, and reports the metric that the claim judges."""
    work = claim.workloads[tier].model_copy(update=TINY[type(claim.workloads[tier])])
    small = {"d_model": 8, "n_layer": 1, "n_head": 2, "d_state": 2}
    given = trial(claim, arm, work, (1000, 1001))
    given.options = {name: small.get(name, value) for name, value in given.options.items()}
    given.tolerances = dict.fromkeys(claim.gates, math.inf)
    monkeypatch.setattr(data, "path", corpus(tmp_path))
    outcomes = [_resolve(claim.experiment)(given) for _ in range(2)]
    assert isinstance(outcomes[0], Quality)
    assert {leaf.metric or claim.metric.name for leaf in leaves(claim.expectation)} <= set(outcomes[0].values)  # type: ignore[union-attr]
    assert all(len(values) == 2 for values in outcomes[0].values.values())
    assert outcomes[0] == outcomes[1], "same seeds, other numbers"
    if claim.tuning and claim.tuning.metric:
        assert claim.tuning.metric in outcomes[0].values


def test_bits_per_byte_of_a_trained_model_are_below_eight_and_above_zero():
    claim = TESTABLE["mamba.language_model"]
    work = Text(corpus="cpython_topics", length=64, d_model=16, d_state=4, n_layer=1, batch_size=8, steps=60)
    (bits,) = _resolve(claim.experiment)(trial(claim, "s6", work)).values["bits_per_byte"]
    assert 2.0 < bits < 5.5


def test_octaves_end_at_the_first_length_that_is_not_answered():
    assert octaves([1.0, 0.995, 0.99], learned=0.99) == 2
    assert octaves([1.0, 0.98, 1.0], learned=0.99) == 0
    assert octaves([0.5, 1.0], learned=0.99) == -1
    assert octaves([math.nan, 1.0], learned=0.99) == -1


class Knows(torch.nn.Module):
    """Finds the trigger and says what follows it: right at every length up to `reach`."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        place = (tokens == tokens[:, -1:]).int().argmax(dim=1, keepdim=True)
        answer = tokens.gather(1, place + 1) if tokens.shape[1] <= self.reach else torch.zeros_like(tokens[:, :1])
        return torch.nn.functional.one_hot(answer, 16).float().expand(-1, tokens.shape[1], -1)


def test_accuracy_is_one_for_a_model_that_knows_and_chance_for_one_that_does_not():
    assert accuracy(Knows(64), 64, 16) == 1.0
    assert accuracy(Knows(64), 128, 16) == pytest.approx(1 / 15, abs=0.06)


def test_a_recurrent_model_reads_in_chunks_what_it_would_read_at_once(monkeypatch: pytest.MonkeyPatch):
    model = MambaLM(MambaConfig(16, 2, BlockConfig(8, 2), tied=False))
    tokens = torch.randint(16, (3, 50), generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(induction, "_CHUNK", 7)
    with torch.no_grad():
        assert torch.allclose(induction._last_logits(model, tokens), model(tokens)[:, -1], atol=1e-6)


def test_attention_that_does_not_fail_is_refused(monkeypatch: pytest.MonkeyPatch):
    claim = TESTABLE["mamba.induction_heads"]
    work = claim.workloads["cpu"].model_copy(update=TINY[Induction] | {"steps": 1})
    monkeypatch.setattr(induction, "accuracy", lambda *_: 1.0)
    given = trial(claim, "xpos", work)
    given.options = {**given.options, "d_model": 8, "n_head": 2}
    with pytest.raises(ValueError, match="raise longest_attention"):
        _resolve(claim.experiment)(given)


def test_a_model_of_another_size_than_the_workload_asks_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    claim = TESTABLE["mamba.against_transformer_shakespeare"]
    monkeypatch.setattr(data, "path", corpus(tmp_path))
    work = claim.workloads["cpu"].model_copy(update={"parameters": 150_000})
    with pytest.raises(SpecError, match="147264 parameters, and the workload asks for 150000"):
        _resolve(claim.experiment)(trial(claim, "mamba", work))


def test_an_option_that_no_model_has_is_refused():
    claim = TESTABLE["mamba.selective_copying"]
    given = trial(claim, "s6", claim.workloads["smoke"])
    for options, message in (({"selectiv": "B"}, "option of arm s6 'selectiv'"), ({}, "option of arm s6 'selective'")):
        given.options = options
        with pytest.raises(UnknownName, match=message):
            ssm_of(given, claim.workloads["smoke"], 16)
    claim = TESTABLE["mamba.induction_heads"]
    given = trial(claim, "xpos", claim.workloads["cpu"])
    given.options = {**given.options, "heads": 4}
    with pytest.raises(UnknownName, match="did you mean n_head"):
        transformer_of(given, claim.workloads["cpu"], 16)


def test_what_diverged_has_no_metric():
    claim = TESTABLE["mamba.induction_heads"]
    work = claim.workloads["cpu"].model_copy(update=TINY[Induction])
    given = trial(claim, "s6", work)
    given.options = {**given.options, "d_model": 8, "learning_rate": math.inf}
    found = _resolve(claim.experiment)(given)
    assert math.isnan(found.values["octaves"][0])
    claim = TESTABLE["mamba.selective_copying"]
    work = claim.workloads["smoke"].model_copy(update=TINY[Copying])
    given = trial(claim, "s4", work)
    given.options = {**given.options, "learning_rate": math.inf}
    assert math.isnan(_resolve(claim.experiment)(given).values["token_accuracy"][0])


@pytest.mark.parametrize("arm", ["mamba", "transformer"])
def test_decoding_agrees_with_its_reference_and_starts_from_the_same_state_every_time(arm: str):
    claim = TESTABLE["mamba.decoding"]
    work = claim.workloads["gpu"].model_copy(
        update={"batch": 2, "prompt": 5, "tokens": 3, "d_model": 16, "n_head": 2, "vocabulary": 11}
    )
    given = trial(claim, arm, work)
    timed = _resolve(claim.experiment)(given)
    first, again = (timed.call(*timed.inputs[0]) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (2, 3, 11)
    execute(timed, given, fresh_process=False)
    assert all(gate.error < 1e-5 for gate in given.gates.values())


def test_the_models_that_decode_have_about_as_many_parameters():
    work = TESTABLE["mamba.decoding"].workloads["gpu"]
    with torch.device("meta"):
        mamba = MambaLM(MambaConfig(work.vocabulary, work.mamba_layers, BlockConfig(work.d_model)))
        transformer = Transformer(
            TransformerConfig(work.vocabulary, work.transformer_layers, work.d_model, work.n_head)
        )
    sizes = [sum(parameter.numel() for parameter in model.parameters()) for model in (mamba, transformer)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)


@pytest.mark.parametrize("arm", ["fused", "parallel", "flash", "cudnn"])
def test_a_layer_in_half_precision_agrees_with_its_reference(arm: str):
    claim = TESTABLE["mamba.scan_against_attention_4k"]
    small = claim.workloads["gpu"].attention.model_copy(update={"heads": 2, "head_dim": 8})
    work = LayerShape(channels=5, states=3, length=70, attention=small)
    given = trial(claim, "fused", work)
    given.arm = arm
    timed = _resolve(claim.experiment)(given)
    assert all(x.dtype == torch.bfloat16 for x in timed.inputs[0] if x.ndim >= 3)
    assert execute(timed, given, fresh_process=False).samples["latency_s"]
    assert all(0 < gate.error < 2e-2 for gate in given.gates.values())


def test_the_peak_of_a_training_step_is_compared_at_every_batch_size(monkeypatch: pytest.MonkeyPatch):
    claim = TESTABLE["mamba.training_memory"]
    work = claim.workloads["gpu"].model_copy(
        update={"length": 16, "d_model": 16, "n_head": 2, "vocabulary": 50, "mamba_layers": 2, "transformer_layers": 1}
    )
    alive: list[weakref.ref[torch.nn.Module]] = []
    models: list[int] = []
    step = torch.optim.AdamW.step

    def watched(self: torch.optim.AdamW, *arguments: object) -> object:
        models.append(sum(model() is not None for model in alive))
        return step(self, *arguments)

    for kind in (MambaLM, Transformer):
        made = kind.__init__
        monkeypatch.setattr(
            kind, "__init__", lambda self, *a, made=made: (made(self, *a), alive.append(weakref.ref(self)))[0]
        )
    monkeypatch.setattr(torch.optim.AdamW, "step", watched)
    checks = _resolve(claim.experiment)(trial(claim, "ours", work)).checks
    assert set(checks) == set(claim.expectation.boxes)
    assert len(models) == 2 * 2 * len(checks)
    assert set(models) == {1}, "another model took memory beside the one that was measured"
    # On a processor the peak is that of the whole process, about the same for both.
    assert all(0.5 < ratio < 2 for ratio in checks.values())


def test_the_state_of_the_large_model_by_hand():
    checks = _resolve("claimbench.impls.mamba.experiments.memory:state_bytes")(
        trial(TESTABLE["mamba.state_bytes"], "ours", StateSizes(short=3, long=12, d_model=8))
    ).checks
    # 48 blocks of 4096 channels with 16 float32 states and 3 inputs of 16 bits; 24 layers of keys and values of 2048.
    assert checks["mamba_1.4B"] == pytest.approx(48 * 4096 * (16 * 4 + 3 * 2) / 1e6)
    assert checks["cache_tokens"] == pytest.approx(48 * 4096 * 70 / (24 * 2 * 2048 * 2))
    assert checks["growth"] == 1.0

"""The machine, the doctor and the house's controls."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import numpy as np
import pytest
import torch

from claimbench import doctor
from claimbench.errors import SpecError
from claimbench.measure import execute
from claimbench.measure import machine as machine_module
from claimbench.measure.controls import elementwise_rounds, elementwise_rounds_on_gpu
from claimbench.measure.machine import machine
from claimbench.papers.house import CLAIMS, PLACEBO, PLACEBO_GPU, POSITIVE_CONTROL, POSITIVE_CONTROL_GPU, ControlWork
from claimbench.spec import Claim
from claimbench.trial import Trial


def test_the_machine_is_stable_but_for_its_load() -> None:
    one, other = (machine().model_copy(update={"load_1m": 0.0}) for _ in range(2))
    assert one == other
    assert one.cores == len(os.sched_getaffinity(0))
    assert one.memory_bytes > 2**28
    assert one.cpu
    assert os.uname().release not in one.os, "the kernel release changes with every update and changes no number"


class FakeNvml(types.ModuleType):
    """The driver's library, with two cards."""

    class NVMLError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.nvmlInit = self.nvmlShutdown = lambda: None
        self.nvmlDeviceGetHandleByIndex = lambda index: ("Card A", "Card B")[index]
        self.nvmlDeviceGetHandleByUUID = lambda uuid: f"card {uuid}"
        self.nvmlDeviceGetName = lambda handle: handle
        self.nvmlSystemGetDriverVersion = lambda: "570.1"


@pytest.mark.parametrize(
    ("visible", "gpu"),
    [(None, "Card A"), ("1", "Card B"), ("1,0", "Card B"), ("GPU-7", "card GPU-7"), ("", None), ("-1", None)],
)
def test_the_first_visible_gpu_is_named(monkeypatch: pytest.MonkeyPatch, visible: str | None, gpu: str | None) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    machine_module._nvidia.cache_clear()
    try:
        assert (machine().gpu, machine().gpu_driver) == (gpu, gpu and "570.1")
    finally:
        machine_module._nvidia.cache_clear()


def test_the_doctor_looks_at_everything_and_says_what_to_do() -> None:
    threads = torch.get_num_threads()
    findings = doctor.diagnose()
    names = [finding.name for finding in findings]
    assert len(set(names)) == len(names)
    for wanted in ("python", "torch", "triton", "numba", "load", "memory", "disk", "clock", "threads", "timing noise"):
        assert wanted in names
    for finding in findings:
        assert finding.detail
        assert bool(finding.remedy) == (finding.status != "ok"), finding
    assert torch.get_num_threads() == threads


def test_the_doctor_fails_an_old_torch_and_a_missing_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "triton":
            raise doctor.metadata.PackageNotFoundError(name)
        return {"torch": "2.9.1+cpu", "numba": "0.61.0"}[name]

    monkeypatch.setattr(doctor.metadata, "version", version)
    found = {finding.name: finding for finding in doctor._versions()}
    assert {name: found[name].status for name in ("torch", "triton", "numba")} == {
        "torch": "fail",
        "triton": "fail",
        "numba": "ok",
    }
    assert found["torch"].remedy == "pip install 'torch>=2.11'"


def test_the_doctor_fails_a_full_disk_and_a_closed_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    usage = types.SimpleNamespace(free=10)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert doctor._disk().status == "fail"
    (blocked := os.path.join(tmp_path, "file"))
    with open(blocked, "w", encoding="utf-8") as file:
        file.write("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", os.path.join(blocked, "cache"))
    finding = doctor._cache_folder()
    assert finding.status == "fail"
    assert "XDG_CACHE_HOME" in finding.remedy


def run(claim: Claim, arm: str, seed: int = 0, elements: int = 500) -> Trial:
    return Trial(
        claim=claim.id,
        tier="smoke",
        workload=ControlWork(elements=elements),
        arm=arm,
        options=claim.arm(arm).options,
        seeds=(seed,),
        tolerances=claim.gates,
    )


def test_the_placebo_does_the_same_on_both_sides() -> None:
    for experiment, claim in ((elementwise_rounds, PLACEBO), (elementwise_rounds_on_gpu, PLACEBO_GPU)):
        one, other = (experiment(run(claim, arm)) for arm in ("a", "b"))
        assert (one.flops, one.bytes) == (other.flops, other.bytes)
        for mine, theirs in zip(one.inputs, other.inputs, strict=True):
            assert np.array_equal(one.call(*mine), other.call(*theirs))


def test_the_positive_control_does_half_as_much_again() -> None:
    for experiment, claim in (
        (elementwise_rounds, POSITIVE_CONTROL),
        (elementwise_rounds_on_gpu, POSITIVE_CONTROL_GPU),
    ):
        fast, slow = (experiment(run(claim, arm)) for arm in ("fast", "slow"))
        assert slow.flops == 1.5 * fast.flops
        assert not np.array_equal(fast.call(*fast.inputs[0]), slow.call(*slow.inputs[0]))


def test_numpy_and_torch_do_the_same_rounds() -> None:
    by_numpy, by_torch = elementwise_rounds(run(PLACEBO, "a")), elementwise_rounds_on_gpu(run(PLACEBO, "a"))
    assert (by_numpy.flops, by_numpy.bytes) == (by_torch.flops, by_torch.bytes)
    (x,) = by_torch.inputs[0]
    assert (x.dtype, x.min().item() > 0.1, x.max().item() < 0.9) == (torch.float32, True, True)
    wide = x.double()
    assert np.allclose(by_torch.reference(wide).numpy(), by_numpy.reference(wide.numpy()), rtol=1e-12)
    assert not torch.equal(x, by_torch.inputs[1][0])
    assert torch.equal(x, elementwise_rounds_on_gpu(run(PLACEBO, "b")).inputs[0][0])


def test_each_kind_of_device_has_both_controls() -> None:
    of_tier = {tier: [c for c in CLAIMS if tier in c.workloads] for tier in ("smoke", "cpu", "gpu")}
    assert of_tier["smoke"] == of_tier["cpu"] == [PLACEBO, POSITIVE_CONTROL]
    assert of_tier["gpu"] == [PLACEBO_GPU, POSITIVE_CONTROL_GPU]
    for tier, claims in of_tier.items():
        for claim in claims:
            assert claim.needs.device == ("cuda" if tier == "gpu" else "cpu")
            assert claim.units(tier) == 10, "half a control is none"
            assert claim.comparisons() == 0, "controls must not widen anybody's family of tests"


@pytest.mark.parametrize(
    ("claim", "measure_sha"),
    [
        pytest.param(PLACEBO, "96615b0047be53504c21600070af6b705a01f58c1e51c17082518eb383e5d3a2", id="placebo"),
        pytest.param(
            POSITIVE_CONTROL, "e46fb03fe9eb5e952349922815e7a9ed2f7df272be27466f700b0af47f581ce1", id="control"
        ),
    ],
)
def test_what_was_published_of_a_processor_s_controls_is_still_theirs(claim: Claim, measure_sha: str) -> None:
    assert claim.measure_sha() == measure_sha


@pytest.mark.parametrize("claim", [PLACEBO, POSITIVE_CONTROL], ids=lambda claim: claim.id)
def test_the_controls_pass_their_own_gates(claim: Claim) -> None:
    for arm in claim.arms:
        trial = run(claim, arm.name, seed=5)
        assert len(execute(elementwise_rounds(trial), trial, fresh_process=False).samples["latency_s"]) == 20


def test_the_controls_refuse_another_workload(trial: Trial) -> None:
    for experiment in (elementwise_rounds, elementwise_rounds_on_gpu):
        with pytest.raises(SpecError, match="ControlWork"):
            experiment(trial)


def test_measuring_imports_no_torch_by_itself() -> None:
    code = (
        "import sys, claimbench.measure, claimbench.measure.controls, claimbench.measure.machine;"
        "claimbench.measure.machine.machine();"
        "print(sorted({'torch', 'scipy', 'pandas', 'numba', 'psutil'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"

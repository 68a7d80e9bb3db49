"""The Triton kernels: their meaning under the interpreter, their builds for four targets, their results on a GPU."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from kernels.gradients import results
from kernels.scans import Case
from torch import Tensor

from claimbench.kernels import rms_norm, rope, swiglu
from kernels import scans, test_rms_norm, test_rope, test_swiglu

triton = pytest.importorskip("triton")

KERNELS = Path(__file__).parents[2] / "kernels"


def test_meaning_under_the_interpreter() -> None:
    cases = Path(__file__).with_name("interpreted.py")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", str(cases), "-q", "-p", "no:cacheprovider"],
        env=os.environ | {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"1[6-9]\d passed", done.stdout), done.stdout


def _builds() -> list[object]:
    from claimbench.kernels import aot

    return [
        pytest.param(kernel, target, id=f"{kernel.name}-{target}")
        for kernel in aot.BUILDS
        for target, *_ in aot.TARGETS
    ]


@pytest.mark.parametrize(("kernel", "target"), _builds())
def test_builds_ahead_of_time_without_spilling_as_the_readme_states(kernel, target: str) -> None:
    from claimbench.kernels import aot

    used = aot.build(kernel, target)
    assert used.spilled == 0
    assert 0 < used.registers <= 512
    readme = (KERNELS / kernel.family / "README.md").read_text(encoding="utf-8")
    if f"Triton {triton.__version__}" in readme:
        row = f"| `{kernel.name}` | {target} | {used.registers} | {used.spilled} | {used.shared_bytes} |"
        assert row in readme, (
            f"run python -P -m claimbench.kernels.aot and put this row into {kernel.family}/README.md: {row}"
        )


def test_no_lane_waits_for_another_in_the_forward_scan() -> None:
    from claimbench.kernels import aot

    forward = next(kernel for kernel in aot.BUILDS if kernel.name == "selective_scan_fwd")
    assert all(aot.build(forward, target).shared_bytes == 0 for target, *_ in aot.TARGETS)


def test_a_processor_is_refused() -> None:
    with pytest.raises(ValueError, match="needs tensors on a GPU"):
        scans.results(scans.inputs(Case()), "triton", torch.float32)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "case",
    [
        Case(batch=3, dim=65, length=1134, state=16),
        Case(batch=1, dim=96, length=129, state=7, groups=3),
        Case(batch=2, dim=33, length=70, b_fixed=True, z=False, last=False),
        Case(batch=2, dim=33, length=127, c_fixed=True, initial=False),
    ],
    ids=str,
)
def test_results_on_a_gpu(case: Case, dtype: torch.dtype) -> None:
    on_gpu = {k: x.cuda().to(dtype) if isinstance(x, torch.Tensor) else x for k, x in scans.inputs(case).items()}
    exact = {k: x.cpu().double() if isinstance(x, torch.Tensor) else x for k, x in on_gpu.items()}
    found = scans.results(on_gpu, "triton", dtype, case.last)
    again = scans.results(on_gpu, "triton", dtype, case.last)
    assert all(torch.equal(found[name], again[name]) for name in found)
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 3e-2, torch.float16: 5e-3}[dtype]
    truth = scans.results(exact, "naive", torch.float64, case.last)
    scans.assert_close({name: x.cpu() for name, x in found.items()}, truth, tolerance)


def _rope(x: Tensor, interleaved: bool, backend: str) -> Tensor:
    cos, sin = (value.to(x) for value in test_rope.angles(x.shape[1], 17, offset=0.5))
    return rope(x, cos, sin, interleaved, backend)


def _halves(both: Tensor, backend: str) -> Tensor:
    return swiglu(*both.chunk(2, -1), backend=backend)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    ("call", "given"),
    [
        pytest.param(rms_norm, test_rms_norm.inputs(20000, 129), id="norm-129"),
        pytest.param(rms_norm, test_rms_norm.inputs(5000, 4096, residual=False), id="norm-4096"),
        pytest.param(rms_norm, test_rms_norm.inputs(33, 20000), id="norm-20000"),
        pytest.param(swiglu, test_swiglu.inputs(333, 5000), id="swiglu"),
        pytest.param(_halves, {"both": test_rms_norm.normal(333, 258)}, id="swiglu-halves"),
        pytest.param(partial(_rope, interleaved=False), {"x": test_rope.normal(3, 70, 5, 40)}, id="rope-halves"),
        pytest.param(partial(_rope, interleaved=True), {"x": test_rope.normal(3, 70, 5, 40)}, id="rope-interleaved"),
    ],
)
def test_results_of_transformer_kernels_on_a_gpu(
    call: Callable[..., Any], given: dict[str, Tensor], dtype: torch.dtype
) -> None:
    on_gpu = {name: x.cuda().to(dtype) for name, x in given.items()}
    found, again = (results(partial(call, backend="triton"), on_gpu, dtype) for _ in range(2))
    assert all(torch.equal(found[name], again[name]) for name in found)
    exact = {name: x.cpu().double() for name, x in on_gpu.items()}
    truth = results(partial(call, backend="naive"), exact, torch.float64)
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 3e-2, torch.float16: 5e-3}[dtype]
    scans.assert_close({name: x.cpu() for name, x in found.items()}, truth, tolerance)

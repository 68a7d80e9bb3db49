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

from claimbench.kernels import causal_conv1d, differential_attention, rms_norm, rope, schedule_free_step, swiglu
from kernels import scans, test_causal_conv1d, test_rms_norm, test_rope, test_swiglu
from kernels import test_differential_attention as attention
from kernels import test_schedule_free_step as schedule_free
from kernels import test_selective_state_update as steps

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
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 200, done.stdout


def _builds() -> list[object]:
    from claimbench.kernels import aot

    return [
        pytest.param(kernel, target, id=f"{kernel.name}-{target}")
        for kernel in aot.BUILDS
        for target, *_ in aot.TARGETS
        if kernel.serves(target)
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


def loops(ptx: str) -> list[str]:
    """The code between a label and a jump back to it."""
    found = []
    for label in re.finditer(r"^(\$L__BB\w+):", ptx, re.MULTILINE):
        back = re.search(rf"bra(\.uni)?\s+{re.escape(label[1])};", ptx[label.end() :])
        if back:
            found.append(ptx[label.end() : label.end() + back.end()])
    return found


@pytest.mark.parametrize("target", ["sm_80", "sm_90", "sm_100"])
@pytest.mark.parametrize("name", ["selective_scan_fwd", "split_states", "split_gradients"])
def test_no_lane_needs_another_and_no_load_is_waited_for_forward(name: str, target: str) -> None:
    """A channel's states stay in one lane. All loads of the loop are asynchronous copies, which end in shared memory:
    one barrier before it is read, one before it is overwritten, for the four steps of a turn.
    """
    from claimbench.kernels import aot

    kernel = next(kernel for kernel in aot.BUILDS if kernel.name == name)
    (loop,) = loops(aot.compiled(kernel, target).asm["ptx"])
    assert loop.count("ex2.approx") >= 4 * 16
    assert "shfl" not in loop
    assert "ld.global" not in loop
    assert "cp.async" in loop
    assert loop.count("bar.sync") <= 2


def test_the_way_back_reduces_few_numbers_over_lanes() -> None:
    """∂B and ∂C over 8 lanes, three sums of four channels over 4 lanes: 24 + 24 exchanges a step, two steps a turn."""
    from claimbench.kernels import aot

    kernel = next(kernel for kernel in aot.BUILDS if kernel.name == "selective_scan_bwd")
    inner = [loop for loop in loops(aot.compiled(kernel, "sm_90").asm["ptx"]) if loop.count("$L__BB") == 1]
    assert max(loop.count("shfl.sync") for loop in inner) == 96


@pytest.mark.parametrize("length", [1, 63, 255, 256, 272, 337, 2048, 4099, 524288])
@pytest.mark.parametrize("programs", [1, 32, 200, 528, 529, 5000])
def test_splits_cover_the_sequence(programs: int, length: int) -> None:
    from claimbench.kernels.scan import _triton_launch as launch

    cut = launch.Cut(programs, launch.BLOCK_D, length, 16, 1, False, False)
    assert (cut.splits - 1) * cut.split_steps < length <= cut.splits * cut.split_steps
    assert cut.splits == 1 or cut.split_steps >= launch.SPLIT_STEPS
    assert cut.splits * programs <= max(launch.PROGRAMS, programs)
    if programs > 528 or length < 256:
        assert cut.splits == 1


def test_the_papers_shape_is_split_until_it_fills_a_gpu() -> None:
    from claimbench.kernels.scan import _triton_launch as launch

    assert launch.Cut(1, 1024, 2048, 16, 1, False, False).splits == 32
    assert launch.Cut(1, 1024, 524288, 16, 1, False, False).splits == 66


def test_a_processor_is_refused() -> None:
    with pytest.raises(ValueError, match="needs tensors on a GPU"):
        scans.results(scans.inputs(Case()), "triton", torch.float32)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_the_benchmark_says_that_it_needs_a_gpu() -> None:
    script = KERNELS.parent / "benchmarks" / "selective_scan_gpu.py"
    done = subprocess.run([sys.executable, "-P", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "needs a GPU" in done.stderr


def on_gpu_and_exact(case: Case, dtype: torch.dtype) -> tuple[dict[str, object], dict[str, object]]:
    """Arguments on the GPU, and the same numbers in float64."""
    on_gpu = {k: x.cuda().to(dtype) if isinstance(x, torch.Tensor) else x for k, x in scans.inputs(case).items()}
    return on_gpu, {k: x.cpu().double() if isinstance(x, torch.Tensor) else x for k, x in on_gpu.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "case",
    [
        Case(batch=3, dim=65, length=1134, state=16),
        Case(batch=1, dim=96, length=129, state=7, groups=3),
        Case(batch=2, dim=33, length=70, b_fixed=True, z=False, last=False),
        Case(batch=2, dim=33, length=127, c_fixed=True, initial=False),
        Case(batch=90, dim=224, length=301, state=16, last=False),
        Case(batch=1, dim=64, length=4099, state=16),
        Case(batch=1, dim=70, length=6151, state=16, groups=2, groups_c=5, initial=False, last=False),
        Case(batch=1, dim=33, length=4097, state=3, b_fixed=True, transposed=False),
        Case(batch=2, dim=40, length=4801, state=8, c_fixed=True, z=False, D=False, bias=False, softplus=False),
    ],
    ids=str,
)
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_results_on_a_gpu(case: Case, dtype: torch.dtype) -> None:
    on_gpu, exact = on_gpu_and_exact(case, dtype)
    found = scans.results(on_gpu, "triton", dtype, case.last)
    for _ in range(3):
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


@pytest.mark.parametrize("programs", [1, 10**6], ids=["whole", "split"])
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_every_element_is_written_on_a_gpu(programs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench.kernels.scan import _triton_launch as launch

    monkeypatch.setattr(launch, "PROGRAMS", programs)
    on_gpu, exact = on_gpu_and_exact(Case(batch=2, dim=70, length=4099, state=16), torch.float32)
    first = scans.results(on_gpu, "triton", torch.float32)
    new_empty = torch.Tensor.new_empty
    poisoned = lambda self, *shape, **options: new_empty(self, *shape, **options).fill_(torch.nan)  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "new_empty", poisoned)
    found = scans.results(on_gpu, "triton", torch.float32)
    assert all(torch.equal(found[name], first[name]) for name in first)
    truth = scans.results(exact, "naive", torch.float64)
    scans.assert_close({name: x.cpu() for name, x in found.items()}, truth, 1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "case",
    [
        steps.Case(batch=64, dim=1536, state=16),
        steps.Case(batch=3, dim=65, state=7),
        steps.Case(heads=6, dim=9, groups=2),
    ],
    ids=str,
)
def test_a_decoding_step_on_a_gpu(case: steps.Case, dtype: torch.dtype) -> None:
    given = steps.as_dtype(steps.inputs(case), dtype) | {"state": steps.inputs(case)["state"].float()}
    on_gpu = {name: x.cuda() if isinstance(x, Tensor) else x for name, x in given.items()}
    found = steps.results(on_gpu, "triton")
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 2e-3}[dtype]
    truth = steps.results(steps.as_dtype(given, torch.float64), "naive")
    scans.assert_close({name: x.cpu() for name, x in found.items()}, truth, tolerance)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "case",
    [
        attention.Case(batch=2, heads=4, groups=2, queries=300, keys=300, dim=64, norm=True),
        attention.Case(heads=2, groups=2, queries=129, keys=257, dim=128, lambdas="token", norm=True),
        attention.Case(batch=2, heads=3, groups=1, queries=70, keys=33, dim=40, causal=False),
        attention.Case(batch=2, heads=6, groups=2, queries=1, keys=1000, dim=64, norm=True),
    ],
    ids=str,
)
def test_differential_attention_on_a_gpu(case: attention.Case, dtype: torch.dtype) -> None:
    on_gpu = {name: x.to(dtype).cuda() for name, x in attention.inputs(case).items()}
    call = attention.call(case, "triton")
    found, again = (results(call, on_gpu, dtype) for _ in range(2))
    assert all(torch.equal(found[name], again[name]) for name in found)
    truth = results(
        attention.call(case, "naive"), {name: x.cpu().double() for name, x in on_gpu.items()}, torch.float64
    )
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 3e-2, torch.float16: 5e-3}[dtype]
    scans.assert_close({name: x.cpu() for name, x in found.items()}, truth, tolerance)
    decoded = {"output 0": call(**on_gpu).cpu()}  # nothing is kept: one query goes another way
    scans.assert_close(decoded, {"output 0": truth["output 0"]}, tolerance)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("queries", [1, 1024], ids=["decoding", "all"])
def test_correlated_maps_cancel_on_a_gpu(queries: int) -> None:
    q, k, v = (x.bfloat16().cuda() for x in attention.correlated(1024, 64))
    truth = differential_attention(q.double(), k.double(), v.double(), 0.98)[:, :, -queries:]
    found = differential_attention(q[:, :, -queries:], k, v, 0.98)
    assert float((found.double() - truth).norm() / truth.norm()) <= 3e-3


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("seed", [None, 2**40 + 1], ids=["nearest", "stochastic"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_schedule_free_step_on_a_gpu(dtype: torch.dtype, seed: int | None) -> None:
    given = schedule_free.tensors(dtype, [(3, 5), (4096, 33), (0,), (1024,), (70001,)])
    on_gpu = [[x.cuda() for x in each] for each in given]
    schedule_free_step(*on_gpu, schedule_free.SCALARS.tensor("cuda"), seed=seed)
    schedule_free_step(*given, schedule_free.SCALARS, seed=seed, backend="naive")
    for each, other in zip(on_gpu, given, strict=True):
        for found, truth in zip(each, other, strict=True):
            tolerance = 1e-5 if dtype is torch.float32 else 2.0**-7
            assert torch.allclose(found.cpu(), truth, rtol=tolerance, atol=1e-6)
            assert dtype is torch.float32 or found.numel() < 1000 or (found.cpu() == truth).float().mean() > 0.97


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_captured_schedule_free_step_reads_new_numbers_at_every_replay() -> None:
    truth, given = (schedule_free.tensors(torch.float32, [(3, 5), (70001,)]) for _ in range(2))
    given = tuple([x.cuda() for x in each] for each in given)
    numbers = [schedule_free.SCALARS._replace(average=c, step_size=c / 10) for c in (1.0, 0.5, 0.25)]
    scalars = numbers[0].tensor("cuda")
    schedule_free_step(*given, scalars)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        schedule_free_step(*given, scalars)
    for each in numbers[1:]:
        scalars.copy_(each.tensor("cpu"))
        graph.replay()
    for each in numbers:
        schedule_free_step(*truth, each, backend="naive")
    for found, expected in zip((*given[0], *given[2]), (*truth[0], *truth[2]), strict=True):
        assert torch.allclose(found.cpu(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_the_convolution_on_a_gpu(dtype: torch.dtype) -> None:
    given = test_causal_conv1d.inputs(3, 130, 1001, 4)
    on_gpu = [x.to(dtype).cuda() for x in given]
    weights = torch.randn(3, 130, 1001, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    found = _convolved(on_gpu, weights.to(dtype).cuda(), "triton")
    truth = _convolved([x.cpu().double() for x in on_gpu], weights.to(dtype).double(), "naive")
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 3e-2, torch.float16: 5e-3}[dtype]
    scans.assert_close({name: x.cpu() for name, x in found.items()}, truth, tolerance)


def _convolved(given: list[Tensor], weights: Tensor, backend: str) -> dict[str, Tensor]:
    leaves = [x.requires_grad_() for x in given]
    out = causal_conv1d(*leaves, activation="silu", backend=backend)
    gradients = torch.autograd.grad(out, leaves, weights)
    return {"out": out.detach()} | dict(zip(("x", "weight", "bias"), gradients, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_float64_on_a_gpu_takes_the_naive_path() -> None:
    x = torch.randn(3, 17, dtype=torch.float64, device="cuda")
    assert torch.equal(rms_norm(x), rms_norm(x, backend="naive"))
    with pytest.raises(TypeError, match="x is float64"):
        rms_norm(x, backend="triton")

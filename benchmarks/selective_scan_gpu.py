"""Our selective scan on a GPU beside what people run, at one sequence of 1024 channels and 16 states in bfloat16:

    python -P benchmarks/selective_scan_gpu.py [--lengths 2048 32768] [--attention-up-to 65536]

Every contender is timed by the suite's own clock for GPUs: right before and after by its first 1024 outputs, which see
no later input, cold second-level cache, device events. Peers are mamba_ssm where it is installed, a parallel scan in
plain PyTorch (forward, float32), and causal attention of the same width, 16 heads of 64. The roofline is the larger
of two times: bytes at the rate of a copy, and exponentials and reciprocals, state + 3 a step and channel each way, at
the rate at which this GPU computes exponentials; both rates are measured here.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from claimbench.errors import MeasurementRefused
from claimbench.kernels import selective_scan
from claimbench.kernels.scan import bytes as scan_bytes
from claimbench.kernels.scan.baselines import parallel_scan
from claimbench.kernels.scan.naive import selective_scan as naive_scan
from claimbench.measure.cuda import peak_rates, time_call
from claimbench.spec import Workload
from claimbench.trial import Timed, Trial

BATCH, DIM, STATE, HEADS = 1, 1024, 16, 16
LENGTHS = tuple(2**k for k in range(9, 20))
CHECKED = 1024
"""Outputs that are compared with float64."""
TOLERANCE = 2e-2
"""Of bfloat16."""
ORDER = ("u", "delta", "A", "B", "C", "D", "z", "delta_bias")
IN_TIME = ("u", "delta", "B", "C", "z")


@dataclass(frozen=True)
class Contender:
    """Something to be timed at one length."""

    who: str
    training: bool
    call: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    reference: Callable[..., Tensor]
    scan: bool = False
    """Whether the roofline of the scan holds for it."""


def scan_inputs(length: int, device: str) -> dict[str, Tensor]:
    """Arguments in bfloat16, parameters in float32, channels contiguous."""
    generator = torch.Generator(device).manual_seed(0)

    def rows(width: int) -> Tensor:
        x = torch.randn(BATCH, length, width, generator=generator, device=device, dtype=torch.bfloat16)
        return x.transpose(1, 2)

    return {
        "u": rows(DIM),
        "delta": rows(DIM) - 3,
        "A": -torch.arange(1.0, STATE + 1, device=device).repeat(DIM, 1),
        "B": rows(STATE),
        "C": rows(STATE),
        "D": torch.ones(DIM, device=device),
        "z": rows(DIM),
        "delta_bias": torch.randn(DIM, generator=generator, device=device) / 4,
    }


def first_outputs_of_scan(*x: Tensor) -> Tensor:
    """The truth of the first steps, in the dtype of the arguments."""
    named = zip(ORDER, x, strict=True)
    given = {name: value[..., :CHECKED] if name in IN_TIME else value for name, value in named}
    return naive_scan(**given, delta_softplus=True, initial_state=None)[0]


def first_outputs_of_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The truth of the first steps, in the dtype of the arguments."""
    q, k, v = (x[:, :, :CHECKED] for x in (q, k, v))
    scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
    unseen = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(unseen, -torch.inf).softmax(3) @ v


def scan_contender(who: str, training: bool, inputs: tuple[Tensor, ...], scan: Callable[..., Tensor]) -> Contender:
    """A scan with mamba_ssm's arguments, or the scan and all its gradients."""
    if training:
        inputs = tuple(x.detach().clone().requires_grad_() for x in inputs)
        call = training_step(lambda *x: scan(*x, delta_softplus=True), inputs[0], -1)
    else:

        def call(*x: Tensor) -> Tensor:
            with torch.no_grad():
                return scan(*x, delta_softplus=True)[..., :CHECKED]

    return Contender(who, training, call, inputs, no_grad(first_outputs_of_scan), scan=who != "parallel scan")


def training_step(function: Callable[..., Tensor], like: Tensor, time: int) -> Callable[..., Tensor]:
    """Output and gradients of a random linear function of it; returns the first outputs."""
    weights = torch.randn_like(like.detach())

    def call(*x: Tensor) -> Tensor:
        out = function(*x)
        torch.autograd.grad(out, x, weights)
        return out.detach().narrow(time, 0, min(CHECKED, out.shape[time]))

    return call


def no_grad(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`function` without a graph."""

    def call(*x: Tensor) -> Tensor:
        with torch.no_grad():
            return function(*x)

    return call


def scans(length: int, device: str) -> Iterator[Contender]:
    """Ours, mamba_ssm's where it is installed, and plain PyTorch's."""
    given = scan_inputs(length, device)
    x = tuple(given[name] for name in ORDER)
    theirs = None
    if importlib.util.find_spec("mamba_ssm"):
        from mamba_ssm.ops.selective_scan_interface import selective_scan_fn as theirs
    for training in (False, True):
        yield scan_contender("ours", training, x, selective_scan)
        if theirs is not None:
            yield scan_contender("mamba_ssm", training, tuple(value.contiguous() for value in x), theirs)
    yield scan_contender("parallel scan", False, tuple(value.float() for value in x), parallel_scan)


def attentions(length: int, device: str) -> Iterator[Contender]:
    """Causal attention through PyTorch's two fast backends."""
    generator = torch.Generator(device).manual_seed(0)
    shape = (BATCH, HEADS, length, DIM // HEADS)
    x = [torch.randn(shape, generator=generator, device=device, dtype=torch.bfloat16) for _ in range(3)]
    for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION):

        def attend(q: Tensor, k: Tensor, v: Tensor, backend: SDPBackend = backend) -> Tensor:
            with sdpa_kernel(backend):
                return F.scaled_dot_product_attention(q, k, v, is_causal=True)

        who = backend.name.lower().replace("_", " ")
        first = no_grad(lambda *x, attend=attend: attend(*x)[:, :, :CHECKED])
        yield Contender(who, False, first, tuple(x), no_grad(first_outputs_of_attention))
        leaves = tuple(value.detach().clone().requires_grad_() for value in x)
        yield Contender(who, True, training_step(attend, x[0], 2), leaves, no_grad(first_outputs_of_attention))


def seconds(contender: Contender) -> list[float]:
    """Samples of one contender on the current GPU."""
    trial = Trial(
        claim="benchmark.selective_scan_gpu",
        tier="gpu",
        workload=Workload(),
        arm=contender.who,
        options={},
        seeds=(0,),
        device="cuda",
        tolerances={"before": TOLERANCE, "after": TOLERANCE},
    )
    timed = Timed(contender.call, [contender.inputs], contender.reference)
    return list(time_call(timed, trial, None, fresh_process=False).samples)


@triton.jit
def exponentials_kernel(out_ptr, turns, BLOCK: tl.constexpr):
    """exp2 of numbers in registers, over and over."""
    x = tl.arange(0, BLOCK).to(tl.float32) / BLOCK
    for _ in range(turns):
        x = tl.exp2(-x)
    tl.store(out_ptr + tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), x)


def exponentials_per_s() -> float:
    """How many exponentials a second this GPU computes."""
    programs, turns, block = 8192, 1024, 1024
    out = torch.empty(programs * block, device="cuda")
    times = []
    for _ in range(6):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        exponentials_kernel[(programs,)](out, turns, BLOCK=block, num_warps=4)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1000)
    return programs * block * turns / min(times)


def roofline_s(length: int, training: bool, bytes_per_s: float, exponentials_per_s: float) -> float:
    """The shortest time of a scan on this GPU."""
    passes = (False, True) if training else (False,)
    moved = sum(scan_bytes(BATCH, DIM, length, STATE, itemsize=2, backward=backward) for backward in passes)
    computed = len(passes) * BATCH * DIM * length * (STATE + 3)
    return max(moved / bytes_per_s, computed / exponentials_per_s)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--attention-up-to", type=int, default=131072, help="longest sequence for attention")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("this benchmark needs a GPU, and PyTorch sees none: nothing was measured", file=sys.stderr)
        return 3
    copied, _, _ = peak_rates()
    computed = exponentials_per_s()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, triton {triton.__version__}")
    print(f"copy {copied / 1e12:.2f} TB/s, {computed / 1e12:.2f}e12 exponentials a second\n")
    print("| length | pass | who | median ms | fastest ms | ratio | share of roofline |\n|---|---|---|---|---|---|---|")
    for length in options.lengths:
        contenders: list[Callable[[int, str], Iterator[Contender]]] = [scans]
        if length <= options.attention_up_to:
            contenders.append(attentions)
        ours: dict[bool, float] = {}
        for contender in (each for group in contenders for each in group(length, "cuda")):
            row: list[Any] = [length, "forward and backward" if contender.training else "forward", contender.who]
            try:
                samples = seconds(contender)
            except (MeasurementRefused, RuntimeError) as error:  # out of memory, or a backend that does not exist
                print(f"| {' | '.join(map(str, row))} | {str(error).splitlines()[0][:80]} | | | |", flush=True)
                continue
            median = statistics.median(samples)
            if contender.who == "ours":
                ours[contender.training] = median
            row += [f"{1e3 * median:.4f}", f"{1e3 * min(samples):.4f}"]
            row.append(f"{median / ours[contender.training]:.2f}" if contender.training in ours else "")
            floor = roofline_s(length, contender.training, copied, computed)
            row.append(f"{floor / median:.2f}" if contender.scan else "")
            print(f"| {' | '.join(map(str, row))} |", flush=True)
        torch.cuda.empty_cache()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

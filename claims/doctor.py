"""`claimbench doctor`: whether this machine can measure, and what to mend where it cannot."""

from __future__ import annotations

import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from claimbench.measure.machine import machine

__all__ = ["Finding", "diagnose"]

Level = Literal["ok", "warn", "fail"]

_OLDEST = {"torch": (2, 11), "triton": (3, 6), "numba": (0, 61)}
_CPUFREQ = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_TURBO = (
    (Path("/sys/devices/system/cpu/intel_pstate/no_turbo"), "0"),
    (Path("/sys/devices/system/cpu/cpufreq/boost"), "1"),
)
_AA_CODE = """
import time
best = []
for _ in range(5):
    begin = time.perf_counter()
    sum(i * i for i in range(40_000))
    best.append(time.perf_counter() - begin)
print(sorted(best)[2])
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """What."""
    status: Level
    """`fail` means that nothing should be measured here before it is mended."""
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do about it; empty where nothing is needed."""


def diagnose() -> list[Finding]:
    """Look at everything; takes a few seconds, most of them for importing torch."""
    findings = [*_versions(), _processor(), _load(), _governor(), _memory(), _disk(), _cache_folder(), _compiler()]
    findings += [_gpu(), _clock(), _noise(), _threads(), *_data()]
    return findings


def _versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 11)
    yield Finding("python", "fail" if old else "ok", python, "install Python 3.11 or newer" if old else "")
    for name, oldest in _OLDEST.items():
        wanted = ".".join(map(str, oldest))
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, "fail", "not installed", f"pip install '{name}>={wanted}'")
            continue
        parts = tuple(int(part) for part in found.split("+")[0].split(".")[:2])
        if parts < oldest:
            yield Finding(name, "fail", found, f"pip install '{name}>={wanted}'")
        else:
            yield Finding(name, "ok", found)


def _processor() -> Finding:
    here = machine()
    detail = f"{here.cpu}, {here.cores} cores, {here.arch}, {here.os}"
    if here.cores < 2:
        return Finding("processor", "warn", detail, "with one core the harness itself disturbs timings")
    return Finding("processor", "ok", detail)


def _load() -> Finding:
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    detail = f"{load:.2f} over the last minute on {cores} cores"
    if load > 0.5 * cores:
        return Finding("load", "warn", detail, "stop other work before a timing claim is run")
    return Finding("load", "ok", detail)


def _governor() -> Finding:
    if not _CPUFREQ.exists():
        return Finding("frequency", "ok", "not shown to this system (usual in a virtual machine)")
    governor = _CPUFREQ.read_text().strip()
    turbo = next((path.read_text().strip() == on for path, on in _TURBO if path.exists()), None)
    detail = f"governor {governor}" + {None: "", True: ", turbo on", False: ", turbo off"}[turbo]
    if governor not in ("performance", "schedutil"):
        return Finding("frequency", "warn", detail, "ratios hold, but samples vary more; try governor performance")
    return Finding("frequency", "ok", detail)


def _memory() -> Finding:
    import psutil

    free = psutil.virtual_memory().available
    detail = f"{free / 2**30:.1f} GiB available"
    if free < 2 * 2**30:
        return Finding("memory", "fail", detail, "free at least 2 GiB; a trial may hold up to 4 GiB")
    if free < 4 * 2**30:
        return Finding("memory", "warn", detail, "larger trials may be stopped; run with --workers 1")
    return Finding("memory", "ok", detail)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    detail = f"{free / 2**30:.1f} GiB free in this folder"
    if free < 100 * 2**20:
        return Finding("disk", "fail", detail, "free some space: records could not be written")
    if free < 2 * 2**30:
        return Finding("disk", "warn", detail, "data sets of the cpu tier may not fit")
    return Finding("disk", "ok", detail)


def _cache_folder() -> Finding:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "set XDG_CACHE_HOME to a folder that you may write: kernels and data are kept there"
        return Finding("cache folder", "fail", f"cannot be written: {error.strerror}", remedy)
    return Finding("cache folder", "ok", "can be written")


def _compiler() -> Finding:
    found = os.environ.get("CC") or next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    if found is None:
        return Finding("C compiler", "warn", "none found", "install gcc: triton needs one on a GPU")
    return Finding("C compiler", "ok", Path(found).name)


def _gpu() -> Finding:
    import torch

    if not torch.cuda.is_available():
        return Finding("GPU", "ok", "none: the smoke and cpu tiers run, gpu does not")
    free, total = torch.cuda.mem_get_info()
    detail = f"{torch.cuda.get_device_name()}, {free / 2**30:.0f} of {total / 2**30:.0f} GiB free"
    if free < 0.9 * total:
        return Finding("GPU", "warn", detail, "another process holds memory there: timings need the card alone")
    return Finding("GPU", "ok", detail)


def _clock() -> Finding:
    steps: list[float] = []
    while len(steps) < 1000:
        begin = time.perf_counter()
        while (end := time.perf_counter()) == begin:
            pass
        steps.append(end - begin)
    step = statistics.median(steps)
    detail = f"perf_counter steps by {step * 1e9:.0f} ns"
    if step > 1e-6:
        return Finding("clock", "warn", detail, "a sample lasts at least 200 µs, so it may be off by over 0.5 %")
    return Finding("clock", "ok", detail)


def _noise() -> Finding:
    """Spread of the same short work over twelve fresh processes."""
    medians = [
        float(subprocess.run([sys.executable, "-I", "-S", "-c", _AA_CODE], capture_output=True, check=True).stdout)
        for _ in range(12)
    ]
    spread = statistics.stdev(math.log(median) for median in medians)
    # Two means of ten processes; 1.96 for the level, twice the variance of one side.
    smallest = math.exp(1.96 * spread * math.sqrt(2 / 10))
    detail = f"{spread:.1%} between processes: 10 a side show a ratio of {smallest:.2f}"
    if spread > 0.1:
        return Finding("timing noise", "warn", detail, "wait until the machine is idle, or small ratios stay open")
    return Finding("timing noise", "ok", detail)


def _threads() -> Finding:
    import torch

    if len(os.sched_getaffinity(0)) < 2:
        return Finding("threads", "ok", "one core: workers use one thread")
    before = torch.get_num_threads()
    matrix = torch.ones(384, 384)
    try:
        one, two = (_best(lambda: torch.mm(matrix, matrix), threads) for threads in (1, 2))
    finally:
        torch.set_num_threads(before)
    detail = f"a matrix product is {one / two:.2f} times as fast with two threads"
    if two > 1.3 * one:
        return Finding("threads", "warn", detail, "the cores are busy or shared: stop other work")
    return Finding("threads", "ok", detail)


def _best(work: Callable[[], object], threads: int) -> float:
    import torch

    torch.set_num_threads(threads)
    best = math.inf
    for _ in range(30):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def _data() -> Iterator[Finding]:
    from claimbench import data

    for entry in data.listing():
        if entry.state in ("missing", "corrupt"):
            yield Finding(f"data {entry.name}", "warn", entry.state, entry.remedy)
        else:
            yield Finding(f"data {entry.name}", "ok", entry.state)

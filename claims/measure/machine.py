"""What machine this is: processor, cores, memory, GPU; and how busy it is."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from functools import cache
from pathlib import Path

from claimbench.record import Machine

__all__ = ["machine"]


def machine() -> Machine:
    """The machine that this process runs on; stable but for the one-minute load average. Imports no torch."""
    gpu, driver = _gpu()
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        os=_os(),
        arch=platform.machine(),
        gpu=gpu,
        gpu_driver=driver,
        load_1m=os.getloadavg()[0],
    )


@cache
def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.split(":", 1)[1].split())
    # Arm and others name the model elsewhere; the package knows where, but takes a second.
    cpuinfo = importlib.import_module("cpuinfo")
    return str(cpuinfo.get_cpu_info().get("brand_raw") or platform.machine())


@cache
def _os() -> str:
    name, version = platform.libc_ver()
    return f"{platform.system()} {name} {version}".strip()


def _gpu() -> tuple[str | None, str | None]:
    """Model and driver of the first visible GPU, through the driver's own library, else through a loaded torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return None, None
    return _nvidia((visible or "0").split(",")[0].strip()) or _from_torch()


@cache
def _nvidia(first: str) -> tuple[str, str] | None:
    try:
        nvml = importlib.import_module("pynvml")
    except ModuleNotFoundError:
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None  # no driver, so no GPU of this make
    try:
        if first.isdigit():
            handle = nvml.nvmlDeviceGetHandleByIndex(int(first))
        else:
            handle = nvml.nvmlDeviceGetHandleByUUID(first)
        return str(nvml.nvmlDeviceGetName(handle)), str(nvml.nvmlSystemGetDriverVersion())
    except nvml.NVMLError:
        return None
    finally:
        nvml.nvmlShutdown()


def _from_torch() -> tuple[str | None, str | None]:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None, None
    return str(torch.cuda.get_device_name()), None

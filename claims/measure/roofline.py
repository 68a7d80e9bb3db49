"""What this machine can do at most: bytes and operations per second, measured, and the shortest honest time.

A floor must never refuse an honest kernel. So the rates are the best of many repeats, data that fits into the cache
counts at the cache's rate, and `HEADROOM` covers what the probes fail to reach or a busy moment hid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

__all__ = ["HEADROOM", "Roofline", "last_level_cache_bytes", "measure_roofline"]

HEADROOM = 2.0
"""Peak rates are taken to be this much higher than the best that was measured."""


@dataclass(frozen=True)
class Roofline:
    """Rates of one thread, or of one GPU."""

    bytes_per_s: float
    """Copy bandwidth of main memory, bytes read plus bytes written."""
    flops_per_s: float
    """Arithmetic rate of a matrix product in the fastest precision."""
    cache_bytes_per_s: float = math.inf
    """Best bandwidth of data that stays in cache; infinite where nobody measured it."""
    cache_bytes: int = 0
    """Size of the last-level cache."""

    def floor_s(self, flops: float, nbytes: float) -> float:
        """Seconds below which nobody can do `flops` operations and move `nbytes` bytes on this machine."""
        cached = min(nbytes, self.cache_bytes)
        moving = cached / self.cache_bytes_per_s + (nbytes - cached) / self.bytes_per_s
        return max(moving, flops / self.flops_per_s) / HEADROOM


def last_level_cache_bytes() -> int:
    """Size of the largest CPU cache, from sysfs; 32 MiB where that says nothing."""
    largest = 0
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        scale = {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1:], 1)
        digits = text.rstrip("KMG")
        largest = max(largest, int(digits) * scale if digits.isdigit() else 0)
    return largest or 32 * 2**20


def measure_roofline(device: str = "cpu") -> Roofline:
    """Measure the rates; about a second, on the calling thread alone.

    Call it once a run and pass the result on: rates measured beside other work are too low.
    """
    if device == "cuda":
        from claimbench.measure.cuda import peak_rates

        copy, product, second_level = peak_rates()
        # Data that the second-level cache can hold costs nothing.
        return Roofline(copy, product, math.inf, second_level)
    cache = last_level_cache_bytes()
    # Mapping larger buffers takes longer than the whole probe may; a cache above 128 MiB then holds part of the copy,
    # which only loosens the floor.
    memory = _copy_rate(min(2 * cache, 2**27), repeats=4)
    cached = max(_copy_rate(size, repeats=30) for size in (2**14, 2**17, 2**19, 2**22))
    return Roofline(memory, _matmul_rate(), max(cached, _read_rate(), memory), cache)


def _copy_rate(size: int, repeats: int) -> float:
    """Bytes read and written per second when `size` bytes are copied."""
    source, target = np.ones(size // 4, np.float32), np.empty(size // 4, np.float32)
    np.copyto(target, source)  # the first touch maps the pages
    inner = max(1, 2**19 // size)
    best = math.inf
    for _ in range(repeats):
        begin = perf_counter()
        for _ in range(inner):
            np.copyto(target, source)
        best = min(best, (perf_counter() - begin) / inner)
    return 2 * source.nbytes / best


def _read_rate() -> float:
    """Bytes read per second by dot products of vectors in the second-level cache, which beat copying there."""
    best = 0.0
    for size in (2**13, 2**15, 2**17):
        one, other = np.ones(size // 4, np.float32), np.ones(size // 4, np.float32)
        for _ in range(60):
            begin = perf_counter()
            for _ in range(8):
                np.dot(one, other)
            best = max(best, 8 * 2 * size / (perf_counter() - begin))
    return best


def _matmul_rate(size: int = 512) -> float:
    """Operations per second of the faster of float32 and bfloat16 matrix products."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        best = math.inf
        for dtype in (torch.float32, torch.bfloat16):
            one, other = torch.ones(size, size, dtype=dtype), torch.ones(size, size, dtype=dtype)
            spent = 0.0
            while spent < 0.15:
                begin = perf_counter()
                torch.mm(one, other)
                took = perf_counter() - begin
                best, spent = min(best, took), spent + took
    finally:
        torch.set_num_threads(threads)
    return 2 * size**3 / best

"""Independent pieces of work on as many threads as PyTorch may use, and work on one.

PyTorch's threads go on spinning for a while after its last operation. Threads beside them would share the cores with
them, and a step between two operations would gain nothing: hence they are what work is given to.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

__all__ = ["in_turns", "on_one_thread"]

_IMPORTED_BY = os.getpid()
_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def in_turns(call: Callable[..., Any], pieces: Sequence[tuple[Any, ...]]) -> None:
    """`call(*piece)` for each piece, in `torch.get_num_threads()` threads; in the calling one where that is 1.

    The kernels hold no lock of Python's while they run. The calling thread takes part, the others are those of
    PyTorch's own operations. In a process that was forked from the one that imported this module, where these may be
    missing, it is threads that end with the call. One that imports it only after such a fork, from a process whose
    PyTorch had run on several threads, can hang, as PyTorch itself does there.

    Raises what a piece raises, and begins no further one then.
    """
    threads = torch.get_num_threads()
    if threads <= 1 or len(pieces) <= 1:
        for piece in pieces:
            call(*piece)
        return
    waiting = iter(pieces)
    failures: list[BaseException] = []

    def work(_: int | None = None) -> None:
        try:
            for piece in waiting:
                if failures:
                    return
                call(*piece)
        except BaseException as failure:  # noqa: BLE001, it must not get into OpenMP
            failures.append(failure)

    parallel = _openmp()
    if parallel is not None and os.getpid() == _IMPORTED_BY:
        # Always all threads: OpenMP would end those that are left over, and PyTorch begin them anew.
        parallel(_BODY(work), None, threads, 0)
    else:
        others = min(threads, len(pieces)) - 1
        with ThreadPoolExecutor(others) as pool:
            for _ in range(others):
                pool.submit(work)
            work()
    if failures:
        raise failures[0]


@cache
def _openmp() -> Any:
    """`GOMP_parallel` of the OpenMP that PyTorch runs on: a function, its argument, threads, flags; None without."""
    try:
        parallel = ctypes.CDLL(torch._C.__file__).GOMP_parallel
    except (AttributeError, OSError):
        return None
    parallel.argtypes = [_BODY, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    parallel.restype = None
    return parallel


@contextmanager
def on_one_thread() -> Iterator[None]:
    """PyTorch's operations on one thread: those of linear algebra round differently on another number of them."""
    threads = torch.get_num_threads()
    if threads > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if threads > 1:
            torch.set_num_threads(threads)

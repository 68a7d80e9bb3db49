"""Independent pieces of work on as many threads as PyTorch may use, and work on one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["in_turns", "on_one_thread"]


def in_turns(call: Callable[..., Any], pieces: Sequence[tuple[Any, ...]]) -> None:
    """`call(*piece)` for each piece, in `torch.get_num_threads()` threads; in the calling one where that is 1.

    The kernels hold no lock of Python's while they run. No thread outlives the call, so a process may fork afterwards.
    """
    threads = min(torch.get_num_threads(), len(pieces))
    if threads <= 1:
        for piece in pieces:
            call(*piece)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(call, *piece) for piece in pieces]:
            done.result()


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

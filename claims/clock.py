"""A clock that can replay durations measured elsewhere, so that pytest-benchmark shows samples it never timed.

GPU work is asynchronous and the unit of a timing claim is a process, so the suite measures through the harness and
replays here: `--benchmark-timer=claimbench.clock.clock` reads queued ticks first and real time otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from time import perf_counter

__all__ = ["clock", "replaying"]

_ticks: deque[float] = deque()


def clock() -> float:
    """Seconds: the next queued tick, or real time where none is queued."""
    return _ticks.popleft() if _ticks else perf_counter()


@contextmanager
def replaying(durations_s: Sequence[float]) -> Generator[None]:
    """Queue a start and an end for every duration; ticks that nobody read are dropped at the end."""
    for duration in durations_s:
        # Every sample starts at zero: the difference is then the duration itself, bit for bit.
        _ticks.extend((0.0, duration))
    try:
        yield
    finally:
        _ticks.clear()

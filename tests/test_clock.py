"""The replay clock gives back exactly what it was given, then real time."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimbench.clock import clock, replaying


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_durations_come_back_bit_for_bit(durations: list[float]) -> None:
    read: list[float] = []
    with replaying(durations):
        for _ in durations:
            start = clock()
            read.append(clock() - start)
    assert read == durations


def test_real_time_goes_on_where_nothing_is_queued() -> None:
    first = clock()
    assert clock() >= first > 0


def test_ticks_that_nobody_read_are_dropped_even_on_an_error() -> None:
    def interrupted() -> None:
        with replaying([1.0, 2.0]):
            clock()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        interrupted()
    before = perf_counter()
    assert clock() >= before
